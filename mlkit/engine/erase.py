"""What steps made of a source is erased: a source of which rows were forgotten.

Artifacts made from it leave the store, with images and sounds that nothing else names,
and the executed notebooks that show it leave their runs; the next run makes anew what
is still needed. What cannot go is told: models and packages, and the rows by which the
champion can be challenged.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlkit.core import ledger
from mlkit.core.project import Project
from mlkit.core.store import Store
from mlkit.engine.clean_up import drop_media
from mlkit.engine.running.champion import CHALLENGER
from mlkit.engine.running.lock import lock

__all__ = ["Erased", "erase"]

MADE = ("folder", "model")


@dataclass(frozen=True)
class Erased:
    """What was erased, and what was not.

    Parameters
    ----------
    artifacts
        How many left the store.
    files
        How many executed notebooks and reports left their runs.
    kept
        Tables that stay, as the ledger names them: with them the champion is held
        against a challenger.
    models
        How many models and packages made from the source stay.
    """

    artifacts: int
    files: int
    kept: int
    models: int


def erase(project: Project, sources: Collection[str]) -> Erased:
    """Erase what steps made of some sources, straight or through other steps.

    Parameters
    ----------
    project
        The project; it must not be running.
    sources
        Files, as a depfile names them: relative to the project's root.

    Raises
    ------
    Busy
        Where a run holds the project.
    """
    with lock(project, "forget"):
        store = Store(project.state)
        records = list(_records(store))
        made, by = _made(records, sources)
        always = _always(records, sources)
        made |= _drafts(store, made, always)
        named = {e["identity"] for _, r in records for e in r["saves"].values()}
        named |= _referred(store)
        made |= {i for i in store.objects() if i not in named}
        held = _held(project)
        rows = {i for i in made if not i.startswith(MADE)}
        gone = [i for i in rows - held if store.path(i).exists()]
        files = list(_files(project, by, always))
        for identity in gone:
            shutil.rmtree(store.path(identity))
        drop_media(store, set(store.objects()))
        for file in files:
            file.unlink()
        still = [i for i in made if store.path(i).exists()]
        models = sum(i.startswith(MADE) for i in still)
        return Erased(len(gone), len(files), len(still) - models, models)


def _records(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((store.folder / "steps").glob("*.json")):
        for record in store.records(path.stem):
            yield path.stem, record


def _reads(record: Mapping[str, Any], sources: Collection[str]) -> bool:
    return any(thing["uri"] in sources for thing in record["depfile"]["outside"])


def _made(
    records: list[tuple[str, dict[str, Any]]], sources: Collection[str]
) -> tuple[set[str], set[tuple[str, str]]]:
    """Return what was made of the sources, and by which steps of which runs."""
    made, by, before = set[str](), set[tuple[str, str]](), -1
    while len(made) > before:
        before = len(made)
        for step, record in records:
            inputs = set(record["depfile"]["inputs"].values())
            if _reads(record, sources) or inputs & made:
                made |= {entry["identity"] for entry in record["saves"].values()}
                by.add((step, str(record["run"])))
    return made, by


def _always(
    records: list[tuple[str, dict[str, Any]]], sources: Collection[str]
) -> set[str]:
    """Return the steps that never ran without reading one of the sources."""
    never = {step for step, record in records if not _reads(record, sources)}
    return {step for step, _ in records} - never


def _drafts(store: Store, made: set[str], always: set[str]) -> set[str]:
    """Return what persons' kernels saved under the names of what was made."""
    names = {
        name
        for step, record in _records(store)
        for name, entry in record["saves"].items()
        if step in always or entry["identity"] in made
    }
    return {entry.identity for n, entry in store.drafts().items() if n in names}


def _referred(store: Store) -> set[str]:
    found = {entry.identity for entry in store.drafts().values()}
    for path in (store.folder / "refs").glob("*.json"):
        found |= {entry.identity for entry in store.refs(path.stem).values()}
    return found


def _held(project: Project) -> set[str]:
    """Return the tables that the ledger names."""
    lines = ledger.lines(project.ledger)
    return {
        str(line[name])
        for line in lines
        for name in ("raw", "identity")
        if name in line
    }


def _files(
    project: Project, by: set[tuple[str, str]], always: set[str]
) -> Iterator[Path]:
    """Yield the files of runs that show what was made: all of a challenger's run."""
    for run in project.runs.glob("2*"):
        try:
            told = json.loads((run / "manifest.json").read_bytes())
        except (OSError, ValueError):
            continue
        graph, whole = told.get("graph", {}), told.get("variant") == CHALLENGER
        steps = [s for s in graph if whole or s in always or (s, run.name) in by]
        shown = [run / Path(graph[step]["notebook"]).name for step in steps]
        shown += [path for step in steps for path in (run / "jobs").glob(f"{step}.*")]
        shown = [path for path in shown if path.is_file()]
        report = run / "report.html"
        yield from [*shown, *([report] if shown and report.is_file() else [])]
