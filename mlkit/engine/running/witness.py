"""What a run would tell that has nothing to do, kept for as long as that holds.

After a run, the next one is rehearsed; if it would execute nothing, its events are
kept beside the size, times and inode of every file it looked at. While these are as
they were, `mlkit run` tells the same again without reading a notebook. A project that
was moved or copied, or another environment, begins anew.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from mlkit.core.project import Project

__all__ = ["forget", "keep", "marks", "recall", "watched"]

FILE = "witness.json"


def recall(root: str | Path, observe: Callable[[Mapping[str, Any]], None]) -> bool:
    """Tell again what a run with nothing to do told, if all is as it was.

    Parameters
    ----------
    root
        The project's root.
    observe
        Called with each event.

    Returns
    -------
    bool
        Whether it was so.
    """
    try:
        with open(os.path.join(root, ".mlkit", FILE), "rb") as file:  # noqa: PTH118, PTH123
            form = json.load(file)
        same = marks(form["marks"]) == form["marks"]
        holds = bool(form["where"] == _where(root) and same)
        events = [{**event, "time": time.time()} for event in form["events"] if holds]
    except (OSError, ValueError, TypeError, KeyError):
        return False
    for event in events:
        observe(event)
    return holds


def _where(root: str | Path) -> list[object]:
    """Name the project's place and the environment, without importing anything."""
    folders = [p for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
    return [os.path.realpath(root), sys.version, sys.prefix, folders]


def marks(paths: Iterable[str]) -> dict[str, list[int] | None]:
    """Return size, times and inode of each path; None where nothing is."""
    found: dict[str, list[int] | None] = {}
    for path in paths:
        try:
            stat = os.stat(path)  # noqa: PTH116 - several hundred, and fast
        except OSError:
            found[path] = None
        else:
            found[path] = [
                *(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
            ]
    return found


def keep(
    project: Project,
    before: Mapping[str, list[int] | None],
    events: Iterable[Mapping[str, Any]],
) -> None:
    """Keep what a run told that did nothing, and how the files stood before it."""
    from mlkit.core.files import write_json

    where = _where(project.root)
    form = {"where": where, "marks": before, "events": list(events)}
    write_json(project.state / FILE, form)


def forget(project: Project) -> None:
    """Drop what was kept: a step is about to run."""
    (project.state / FILE).unlink(missing_ok=True)


def watched(project: Project, records: Iterable[Mapping[str, Any]]) -> list[str] | None:
    """Return all that a run with nothing to do depends on; None if more than files.

    Parameters
    ----------
    project
        The project.
    records
        The records that hold, one a step.
    """
    from pathlib import Path

    from mlkit.core.store import Store
    from mlkit.core.watch import PACKAGE
    from mlkit.engine.planning.environment import own_paths
    from mlkit.engine.reading.notebook import MARKS, walk

    store = Store(project.state)
    found = {project.root / "mlkit.toml", project.state / "refs" / "main.json"}
    found.add(project.ledger)  # where it has no champion, a kept package is crowned
    found |= {Path(path) for path in own_paths()}
    for folder, files in walk(project.root):
        found |= {folder, *(f / mark for f in folder.glob("*/") for mark in MARKS)}
        found |= {folder / name for name in files if name.endswith(".ipynb")}
    found |= set(project.decisions.glob("*.json*"))
    found |= set((project.state / "steps").glob("*.json"))
    for record in records:
        depfile = record["depfile"]
        if any(
            t["kind"] != "file" or t["refresh"] != "changed" for t in depfile["outside"]
        ):
            return None
        found |= {Path(path) for path in depfile["paths"]}
        found |= {project.root / thing["uri"] for thing in depfile["outside"]}
        for name in (*depfile["modules"], *depfile["shadows"]):
            own = name.removeprefix("mlkit:")
            found.add((project.root if own == name else PACKAGE) / own)
        for entry in record["saves"].values():
            found.add(store.path(entry["identity"]) / "object.json")
            found |= set(store.files(entry["identity"]) or ())
    return sorted(map(str, found))
