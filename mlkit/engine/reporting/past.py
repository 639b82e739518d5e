"""Past runs: what their folders say, and which run a person means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkit.core.errors import UsageError, did_you_mean
from mlkit.core.files import read_json
from mlkit.core.project import Project
from mlkit.engine.running.lock import holder

__all__ = ["before", "facts", "find", "folders", "manifest"]

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
        ``latest``, ``latest~1`` for the one before it, an id, or its beginning.

    Raises
    ------
    UsageError
        Where there is no such run, or several begin so.
    """
    ended = [f for f in folders(project) if manifest(f) is not None]
    if not ended:
        todo = "run the project first: `mlkit run`"
        raise UsageError("there is no past run", where=str(project.runs), todo=todo)
    steps_back = re.fullmatch(r"latest(?:~(\d+))?", text)
    if steps_back:
        chosen = ended[int(steps_back[1] or 0) :][:1]
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
    for step in left["steps"].values():
        for entry in step["saves"].values():
            metrics |= entry.get("metrics", {})
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
    }
