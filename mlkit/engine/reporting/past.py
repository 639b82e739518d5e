"""Past runs: what their folders say, and which run a person means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkit.core.errors import UsageError, did_you_mean
from mlkit.core.files import read_json
from mlkit.core.project import Project
from mlkit.core.store import MAIN
from mlkit.engine.running.champion import is_trial
from mlkit.engine.running.folder import can_be_latest
from mlkit.engine.running.lock import holder

__all__ = [
    "before",
    "by_trial",
    "facts",
    "find",
    "folders",
    "last_trial",
    "manifest",
    "notebook",
]

ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


def folders(project: Project) -> list[Path]:
    """Return the folders of all runs, the newest first."""
    found = project.runs.iterdir() if project.runs.is_dir() else ()
    return sorted(
        (f for f in found if ID.fullmatch(f.name) and f.is_dir()), reverse=True
    )


def manifest(folder: Path) -> Mapping[str, Any] | None:
    """Return what a run left at its end; None where it left nothing."""
    try:
        found = read_json(folder / "manifest.json")
    except (ValueError, OSError):
        return None
    return found if isinstance(found, dict) else None


def find(project: Project, text: str = "latest") -> Path:
    """Return the folder of the run that `text` means.

    Parameters
    ----------
    project
        The project.
    text
        ``latest``, ``latest~1`` for the one before it, an id, or its beginning. A run
        of steps alone that a plain run leaves out is `latest` only where there is no
        other.

    Raises
    ------
    UsageError
        Where there is no such run, or several begin so.
    """
    left = {f: manifest(f) for f in folders(project)}
    ended = [f for f, found in left.items() if found is not None]
    if not ended:
        todo = "run the project first: `mlkit run`"
        raise UsageError("there is no past run", where=str(project.runs), todo=todo)
    steps_back = re.fullmatch(r"latest(?:~(\d+))?", text)
    if steps_back:
        main = [f for f in ended if can_be_latest(project, left[f] or {})] or ended
        chosen = main[int(steps_back[1] or 0) :][:1]
        if not chosen:
            raise _too_far(text, len(main))
    else:
        chosen = [f for f in ended if f.name.startswith(text) and text]
    if len(chosen) == 1:
        return chosen[0]
    names = [f.name for f in ended]
    if chosen:
        raise UsageError(
            f"several runs begin with {text!r}",
            got=", ".join(f.name for f in chosen[:5]),
            todo="write more of the one you mean",
        )
    raise UsageError(
        f"there is no run {text!r}", todo=did_you_mean(text, [*names[:10], "latest"])
    )


def _too_far(text: str, count: int) -> UsageError:
    some = "is only one run" if count == 1 else f"are only {count} runs"
    todo = "run the project again, or choose another run: `mlkit runs`"
    return UsageError(f"there {some} of the project", got=text, todo=todo)


def notebook(project: Project, step: str, run: str = "") -> Path:
    """Return the notebook that a step's last run left.

    Parameters
    ----------
    project
        The project.
    step
        The step's name.
    run
        Which run, as `find` takes it; "" for the newest that executed the step.

    Raises
    ------
    UsageError
        Where there is no such step or run, or the notebook is gone.
    """
    places = [find(project, run)] if run else folders(project)
    left = [found for place in places if (found := manifest(place))]
    told = [found["steps"][step] for found in left if step in found["steps"]]
    if not told:
        find(project)
        known = {name for found in left for name in found["steps"]}
        what = f"run {places[0].name} has no step" if run else "no run has a step"
        raise UsageError(f"{what} {step!r}", todo=did_you_mean(step, known))
    written = [str(one["notebook"]) for one in told if one["notebook"]]
    for path in (project.root / place for place in written):
        if path.is_file():
            return path
    raise UsageError(
        f"there is no executed notebook of {step!r}",
        where=written[0] if written else str(project.runs),
        todo=f"run it again: `mlkit run --only {step} --refresh`",
    )


def before(project: Project, folder: Path) -> Mapping[str, Any] | None:
    """Return the manifest of the run before the one in `folder`."""
    older = (manifest(f) for f in folders(project) if f.name < folder.name)
    return next((found for found in older if found is not None), None)


def facts(project: Project, folder: Path) -> dict[str, Any]:
    """Return what a list of runs tells of one: how it ended, when, its numbers."""
    left = manifest(folder)
    if left is None:
        going = (holder(project) or {}).get("run") == folder.name
        return {"run": folder.name, "state": "running" if going else "unfinished"}
    metrics: dict[str, float] = {}
    said = ""
    for step in left["steps"].values():
        for entry in step["saves"].values():
            metrics |= entry.get("metrics", {})
            said = entry.get("headline", {}).get("word", said)
    here = [step for step, f in left["steps"].items() if f.get("run") == left["run"]]
    return {
        "run": left["run"],
        "state": left["state"],
        "variant": left["variant"],
        "began": left["began"],
        "seconds": left["seconds"],
        "executed": here,
        "metric": project.config("goal.metric", ""),
        "metrics": metrics,
        "said": said,
    }


def by_trial(folder: Path) -> bool:
    """Tell whether a run was a trial, whose package cannot be champion."""
    return is_trial(str((manifest(folder) or {}).get("variant", MAIN)))


def last_trial(project: Project, name: str = "") -> Path | None:
    """Return the folder of the newest trial that saved a name, or anything."""
    for folder in folders(project):
        steps = (manifest(folder) or {}).get("steps", {})
        saves = {one for facts in steps.values() for one in facts["saves"]}
        if (name in saves or (saves and not name)) and by_trial(folder):
            return folder
    return None
