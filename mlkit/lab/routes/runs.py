"""Runs: past ones, one in full, two compared; start one, stop the one going on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlkit.core.project import Project
from mlkit.engine.reporting import past
from mlkit.engine.reporting.differ import Change, differences
from mlkit.engine.reporting.pairs import pairs
from mlkit.engine.reporting.say import words
from mlkit.engine.running.lock import holder
from mlkit.lab.command import ask, start
from mlkit.lab.places import Places
from mlkit.lab.refusal import Refusal
from mlkit.lab.routes.route import Route, aside, guarded
from mlkit.lab.told import headline, titles

__all__ = ["ID", "ROUTES", "run_folder"]

ID = r"(\d{8}-\d{6}-[0-9a-f]{4})"
ASKED = {"only": str, "from": str, "until": str, "profile": str}
TOLD = ("state", "variant", "began", "seconds", "given")
OF_A_STEP = ("state", "why", "seconds", "parameters", "verdict", "overruled", "error")


class Runs(Route):
    """``runs``: list, start, stop."""

    @guarded
    async def get(self) -> None:
        """List past runs, the newest first, and the one going on."""
        project, count = self.project, self.count("count", 30, 1000)
        places = past.folders(project)[:count]
        found = await aside(lambda: [listed(project, place) for place in places])
        facts = await aside(holder, project)
        self.reply({"runs": found, "going": facts["run"] if facts else ""})

    @guarded
    async def post(self) -> None:
        """Start a run that goes on without the server."""
        asked = self.form(**ASKED, given=dict, refresh=bool)
        self.reply(await start(self.project, asked), 201)

    @guarded
    async def delete(self) -> None:
        """Stop the run going on; what it did so far is kept."""
        project = self.project
        if not await aside(holder, project):
            raise Refusal(409, "no run is going on here")
        told = await ask("stop", "--", str(project.root), cwd=project.root)
        self.reply({"told": told.strip()})


class Run(Route):
    """``runs/ID``: how each step went."""

    @guarded
    async def get(self, run: str) -> None:
        """Tell of a run that has ended."""
        project = self.project
        folder = run_folder(self.places, project, run)
        manifest = await aside(past.manifest, folder)
        if manifest is None:
            raise Refusal(404, "this run has not ended, or left no account", got=run)
        self.reply(account(self.places, project, manifest))


class Compare(Route):
    """``compare``: what differs between two runs."""

    @guarded
    async def get(self) -> None:
        """Tell each difference: its kind, step and name, the old and the new.

        Beside them the pictures that steps showed last, where they differ.
        """
        project = self.project
        folders = [
            run_folder(self.places, project, self.word(s)) for s in ("old", "new")
        ]
        old, new = await aside(lambda: [past.manifest(folder) for folder in folders])
        if old is None or new is None:
            raise Refusal(404, "one of these runs has not ended")
        changes = differences(common(old, new), common(new, old))
        shown = await aside(pairs, project, old, new)
        told = {"old": old["began"], "new": new["began"]}
        self.reply(
            {
                **told,
                "changes": [*map(change, changes)],
                "pictures": [*map(asdict, shown)],
            }
        )


def listed(project: Project, folder: Path) -> dict[str, Any]:
    """Return what the list tells of a run."""
    found = past.facts(project, folder)
    return {
        **found,
        "trial": past.by_trial(folder),
        "titles": titles(found.get("metrics", ())),
    }


def change(one: Change) -> dict[str, Any]:
    """Return a difference; of a metric what it is called, and of what artifact.

    Examples
    --------
    >>> change(Change("metric", "evaluate", "metrics.roc_auc", 0.8, 0.9))["title"]
    'ROC AUC'
    """
    artifact, _, metric = one.name.partition(".")
    told = {"artifact": artifact, "title": words(metric)}
    return {**asdict(one), **(told if one.kind == "metric" else {})}


def run_folder(places: Places, project: Project, run: str) -> Path:
    """Return the folder of a run.

    Raises
    ------
    Refusal
        Where there is none.
    """
    if not past.ID.fullmatch(run) or not (project.runs / run).is_dir():
        raise Refusal(404, "there is no such run", got=run[:80])
    return places.inside(project.runs / run)


def common(run: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run without the steps that the other had, and was not asked for.

    Examples
    --------
    >>> whole = {"steps": {"a": {}, "b": {}}, "graph": {"a": {}, "b": {}}}
    >>> common(whole, {**whole, "steps": {"b": {}}})["steps"]
    {'b': {}}
    """
    left_out = {*other.get("graph", ())} - {*other["steps"]}
    kept = {name: s for name, s in run["steps"].items() if name not in left_out}
    return {**run, "steps": kept}


def account(
    places: Places, project: Project, manifest: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a run's manifest as the panel shows it."""
    steps = {
        name: {
            **{key: step.get(key) for key in OF_A_STEP},
            "executed": _executed(places, project, step),
            "saves": {n: entry["identity"] for n, entry in step["saves"].items()},
            "metrics": {n: entry["metrics"] for n, entry in step["saves"].items()},
            "headline": headline(step["saves"]),
        }
        for name, step in manifest["steps"].items()
    }
    told = {key: manifest.get(key) for key in TOLD}
    return {"run": manifest["run"], **told, "steps": steps}


def _executed(places: Places, project: Project, step: Mapping[str, Any]) -> str:
    path = project.root / str(step.get("notebook", ""))
    return places.name(path) if step.get("notebook") and path.is_file() else ""


ROUTES: list[tuple[str, type[Route]]] = [
    ("runs", Runs),
    (f"runs/{ID}", Run),
    ("compare", Compare),
]
