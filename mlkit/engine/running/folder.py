"""A run's folder: the snapshot it works on, its jobs, and what it leaves behind.

::

    runs/<id>/
      snapshot/         the notebooks and decisions as they were
      04_clean.ipynb    executed notebooks
      jobs/             what each kernel was told, and what it reported
      events.jsonl      what happened, as it happened
      manifest.json     how it ended
      report.html       the same for people
    runs/latest         the newest; not one of steps alone that a plain run leaves out
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkit.core.errors import UsageError
from mlkit.core.files import write_bytes, write_json
from mlkit.core.project import Project
from mlkit.core.store import Entry
from mlkit.engine.reading import notebook
from mlkit.engine.reading.notebook import Notebook

__all__ = ["Folder", "can_be_latest"]


class Folder:
    """The folder of one run, made when it is first needed.

    Parameters
    ----------
    project
        The project.
    run
        The run's id.
    """

    def __init__(self, project: Project, run: str) -> None:
        self.project = project
        self.run = run
        self.path = project.runs / run

    @property
    def decisions(self) -> Path:
        """The decisions as they were when the run began."""
        return self.path / "snapshot" / "decisions"

    def make(self) -> None:
        """Make the folder, with the decisions and settings as they are now."""
        self.decisions.mkdir(parents=True)
        if self.project.decisions.is_dir():
            shutil.copytree(self.project.decisions, self.decisions, dirs_exist_ok=True)
        settings = self.project.root / "mlkit.toml"
        shutil.copyfile(settings, self.path / "snapshot" / "mlkit.toml")
        (self.path / "jobs").mkdir()

    def snapshot(self, nb: Notebook) -> Notebook:
        """Copy a step's notebook into the run, and return what that copy says.

        Raises
        ------
        UsageError
            Where its wiring is no longer what the run was planned by.
        """
        origin = self.project.relative(nb.path)
        copy = self.path / "snapshot" / origin
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(nb.path, copy)
            read = notebook.read(copy)
        except UsageError:  # an editor was writing it: it can be read once it has
            notebook.read(nb.path)
            shutil.copyfile(nb.path, copy)
            read = notebook.read(copy)
        if (read.loads, read.saves, read.unseals) != (nb.loads, nb.saves, nb.unseals):
            raise UsageError(
                "a notebook's loads and saves changed while the run was going on",
                where=origin,
                todo="run again",
            )
        return read

    def job(self, nb: Notebook, inputs: Mapping[str, Entry]) -> Path:
        """Write what a step's kernel is told, and return that file."""
        path = self.path / "jobs" / f"{nb.name}.json"
        job = {
            "root": str(self.project.root),
            "step": nb.name,
            "run": self.run,
            "inputs": {name: entry.to_dict() for name, entry in inputs.items()},
            "saves": list(nb.saves),
            "decisions": str(self.decisions),
            "report": str(self.report(nb.name)),
        }
        path.write_text(json.dumps(job), encoding="utf-8")
        return path

    def report(self, step: str) -> Path:
        """Return the file in which a step's kernel reports."""
        return self.path / "jobs" / f"{step}.jsonl"

    def executed(self, nb: Notebook) -> Path:
        """Return where a step's executed notebook goes."""
        return self.path / nb.path.name

    def put_back(self, nb: Notebook, origin: Path) -> bool:
        """Put an executed notebook in its origin's place, if nobody edited that."""
        if not origin.exists() or origin.read_bytes() != nb.path.read_bytes():
            return False
        mode = origin.stat().st_mode & 0o7777
        write_bytes(origin.resolve(), self.executed(nb).read_bytes())
        origin.chmod(mode)
        return True

    def leave(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest and point ``runs/latest`` here, if it may."""
        write_json(self.path / "manifest.json", manifest)
        latest = self.project.runs / "latest"
        if latest.exists() and not can_be_latest(self.project, manifest):
            return
        link = self.project.runs / f".latest-{self.run}"
        link.symlink_to(self.run)
        if latest.is_dir() and not latest.is_symlink():
            shutil.rmtree(latest)  # what followed the link when the project was copied
        link.replace(latest)


def can_be_latest(project: Project, manifest: Mapping[str, Any]) -> bool:
    """Tell whether a run went through a step of the project's plain run.

    A look by `monitor` alone is a run too, but does not tell how the project is.

    Parameters
    ----------
    project
        The project.
    manifest
        What a run left.
    """
    settings = project.config("steps", {})
    return any(not settings.get(s, {}).get("manual") for s in manifest.get("steps", ()))
