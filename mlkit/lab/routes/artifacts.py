"""Artifacts: what names mean now or meant in a past run, with previews; the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkit.core import ledger
from mlkit.core.errors import did_you_mean
from mlkit.core.project import Project
from mlkit.core.store import Entry, Store
from mlkit.engine.reporting import past
from mlkit.lab.preview import facts, payload, preview
from mlkit.lab.refusal import Refusal
from mlkit.lab.routes.route import Route, aside, guarded
from mlkit.lab.routes.runs import run_folder

__all__ = ["ROUTES"]

NAME = r"artifacts/([A-Za-z_][A-Za-z0-9_]*)"
PICTURE = "image/png"
PLAIN = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
TYPES = {".png": PICTURE, ".md": PLAIN, ".json": PLAIN, ".txt": PLAIN, ".csv": PLAIN}


class Artifacts(Route):
    """``artifacts``: a list, of now or of a past run."""

    @guarded
    async def get(self) -> None:
        """List the artifacts by name."""
        entries = await aside(self._entries, self.project)
        self.reply([facts(name, one) for name, one in sorted(entries.items())])

    def _entries(self, project: Project) -> Mapping[str, Entry]:
        run = self.word("run", "")
        if not run:
            return Store(project.state).refs()
        left = past.manifest(run_folder(self.places, project, run)) or {}
        return {
            name: Entry(**entry)
            for step in left.get("steps", {}).values()
            for name, entry in step["saves"].items()
        }

    def _entry(self, project: Project, name: str) -> Entry:
        entries = self._entries(project)
        if name not in entries:
            trial = None if self.word("run", "") else past.last_trial(project, name)
            raise _absent(name, entries, trial)
        return entries[name]


def _absent(name: str, entries: Mapping[str, Entry], trial: Path | None) -> Refusal:
    if trial:
        what = f"only a trial has saved {name!r}"
        return Refusal(404, what, todo=f"see the report of run {trial.name}")
    what = f"nothing called {name!r} has been saved"
    return Refusal(404, what, todo=did_you_mean(name, entries))


class Artifact(Artifacts):
    """``artifacts/NAME``: what it holds, in small."""

    @guarded
    async def get(self, name: str) -> None:
        """Return its first rows, its text, its picture or its files."""
        project, rows = self.project, self.count("rows", 50, 1000)
        entry = self._entry(project, name)
        held = await aside(preview, Store(project.state), entry, rows)
        trial = await aside(past.by_trial, project.runs / entry.run)
        self.reply({**facts(name, entry), "trial": trial, **held})


class File(Artifacts):
    """``artifacts/NAME/file``: one file of it, which can do nothing in a browser."""

    @guarded
    async def get(self, name: str) -> None:
        """Send a picture or a text as such, and anything else as bytes to keep."""
        project = self.project
        entry, wanted = self._entry(project, name), self.word("path")
        path = self.places.inside(payload(Store(project.state), entry, wanted))
        kind = TYPES.get(path.suffix.lower(), BYTES)
        if kind == BYTES:
            self.set_header("Content-Disposition", "attachment")
        self.finish(await aside(path.read_bytes), set_content_type=kind)

    @property
    def content_security_policy(self) -> str:
        """Forbid everything, should a browser ever take it for a page."""
        return "sandbox; default-src 'none'"


class Ledger(Route):
    """``ledger``: its lines, the newest first."""

    @guarded
    async def get(self) -> None:
        """Return bars, seals, gates, overrules and promotions."""
        lines: list[dict[str, Any]] = await aside(ledger.lines, self.project.ledger)
        self.reply(lines[::-1][:1000])


ROUTES: list[tuple[str, type[Route]]] = [
    ("artifacts", Artifacts),
    (NAME, Artifact),
    (f"{NAME}/file", File),
    ("ledger", Ledger),
]
