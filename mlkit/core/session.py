"""One kernel at work on one project: in a run, or by a person's hand."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkit.core import decisions
from mlkit.core.annotations import Annotation
from mlkit.core.decisions import Decision
from mlkit.core.errors import StepError, UsageError, did_you_mean
from mlkit.core.files import digest, read_state
from mlkit.core.outside import fingerprint_of
from mlkit.core.project import Project
from mlkit.core.schema import Schema
from mlkit.core.store import Entry, Store
from mlkit.core.watch import Watch, latest

__all__ = ["Session", "is_person", "notice", "session", "show", "start"]


class Session:
    """One kernel at work on one project, in a run or by hand."""

    def __init__(self, project: Project | None, job: dict[str, Any] | None) -> None:
        self.project = project
        self.job = job
        self.entries: dict[str, Entry] = {}
        self.schemas: list[Schema] = []
        self.thresholds: dict[str, float] = {}
        self.opened: list[dict[str, Any]] = []
        self.outside: dict[str, dict[str, Any]] = {}
        self.used_config: dict[str, str] = {}
        self.used_decisions: dict[str, str | None] = {}
        self.watch = Watch(project.root if project else Path.cwd())

    @property
    def store(self) -> Store:
        """The project's store."""
        return Store(self.here.state)

    @property
    def here(self) -> Project:
        """The project, or an error that says there is none."""
        if self.project is None:
            raise UsageError(
                "this notebook does not lie in an mlkit project",
                where=str(Path.cwd()),
                todo="put a file mlkit.toml with the line `format = 1` in its folder",
            )
        return self.project

    @property
    def decisions(self) -> Path:
        """The folder of decisions this kernel replays."""
        return Path(self.job["decisions"]) if self.job else self.here.decisions

    def report(self, event: str, **facts: Any) -> None:
        """Tell the engine, in a run."""
        if self.job:
            line = json.dumps({"event": event, **facts}, allow_nan=False)
            with Path(self.job["report"]).open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def report_used(self, *_: object) -> None:
        """Write the depfile as it stands; the last one counts."""
        for path in self.watch.read_files():
            self.note(str(path), "file", "changed")
        self.report(
            "depfile",
            **self.watch.used(),
            config=self.used_config,
            decisions=self.used_decisions,
            inputs={name: entry.identity for name, entry in self.entries.items()},
            outside=list(self.outside.values()),
            python=sys.version.split()[0],
            prefix=sys.prefix,
            paths=[
                p for p in sys.path if p.endswith(("site-packages", "dist-packages"))
            ],
        )

    def note(
        self,
        place: str,
        kind: str,
        refresh: str,
        fingerprint: str | None = None,
        how: Mapping[str, Any] | None = None,
    ) -> None:
        """Add one outside thing to the depfile."""
        local = kind in ("file", "folder")
        path = Path(place)
        uri = self.here.relative(path) if local else place
        key = uri if how is None else f"{uri} {digest(how)}"
        if key in self.outside:
            return
        late = local and path.exists() and latest(path) > self.watch.started
        self.outside[key] = {
            "kind": kind,
            "uri": uri,
            "refresh": refresh,
            "fingerprint": fingerprint or fingerprint_of(kind, path),
            "at": time.time(),
            **({"how": dict(how)} if how else {}),
            **({"changed": True} if late else {}),
        }

    def read(self, name: str, entry: Entry) -> Any:
        """Read an artifact from the store and remember that it was used."""
        value = self.store.get(entry)
        self.entries[name] = entry
        if entry.kind == "table":
            self.schemas.append(Schema.of(value))
        at = getattr(value, "threshold", None)
        if entry.kind == "record" and isinstance(at, int | float):
            self.thresholds[name] = float(at)
        return value

    def with_schema(self, value: Any) -> Any:
        """Give a table that lost its schema the columns of those that were loaded."""
        if type(value).__name__ != "DataFrame":
            return value
        if isinstance(value.attrs.get("schema"), Schema):
            return value
        known = {c.name: c for schema in self.schemas for c in schema}
        found = [known.get(c.name, c) for c in Schema.of(value)]
        return Schema(tuple(found)).attach(value.copy(deep=False))

    def replay(self, name: str) -> Decision | None:
        """Return a recorded decision; the step depends on it from now on."""
        made = decisions.read(self.decisions, name) if self.project else None
        self.used_decisions[name] = made.digest if made else None
        if made and made.torn:
            notice(f"the last line of {name!r} was torn by a crash, and is left out")
        return made

    def record(self, name: str, value: Any, why: str, seen: str) -> None:
        """Write down what a person chose; a label, one of many, without a word."""
        if isinstance(value, Annotation):
            decisions.annotate(self.here.decisions, name, [value])
            return
        decisions.record(self.here.decisions, name, value, why=why, seen=seen)
        notice(f"decision {name!r} is recorded; run this cell and those below")

    def entry(self, name: str) -> Entry:
        """Return what `name` means here."""
        if self.job:
            return self._job_entry(name)
        drafts, refs = self.store.drafts(), self.store.refs()
        if name in drafts:
            if "MLKIT_COPY_OF" not in os.environ:
                notice(f"using your draft of {name!r}; `mlkit run` does not see it")
            return drafts[name]
        if name in refs:
            return refs[name]
        saver = (read_state(self.here.state / "wiring.json", dict) or {}).get(name)
        until = f" --until {saver}" if saver else ""
        todo = f"run the step that saves it: `mlkit run{until}`"
        known = {*drafts, *refs}
        raise StepError(
            f"nothing called {name!r} has been saved yet",
            where=f"mk.load({name!r})",
            todo=did_you_mean(name, known) if known and not saver else todo,
        )

    def _job_entry(self, name: str) -> Entry:
        inputs = self.job["inputs"] if self.job else {}
        if name not in inputs:
            raise StepError(
                "this load was not foreseen when the notebook was read",
                where=f"mk.load({name!r})",
                expected=", ".join(sorted(inputs)) or "no load",
                todo="write mk.load with a literal name, at the top level of a cell",
            )
        return Entry(**inputs[name])


_SESSION: Session | None = None


def session() -> Session:
    """Return this process's session, made at the first call."""
    global _SESSION
    if _SESSION is None:
        place = os.environ.get("MLKIT_JOB")
        job = json.loads(Path(place).read_bytes()) if place else None
        project = Project(Path(job["root"])) if job else Project.find(Path.cwd())
        _SESSION = Session(project, job)
    return _SESSION


def start() -> None:
    """Begin to watch what this kernel uses; called by ``import mlkit`` in a run."""
    now = session()
    if now.job:
        from IPython.core.getipython import get_ipython

        now.watch.start()
        shell = get_ipython()
        if shell is not None:
            shell.events.register("post_run_cell", now.report_used)


def notice(text: str) -> None:
    """Say something in the cell's output."""
    print(f"mlkit: {text}")  # noqa: T201


def is_person() -> bool:
    """Tell whether somebody sits before this kernel."""
    signs = ("JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD")
    return "MLKIT_JOB" not in os.environ and any(sign in os.environ for sign in signs)


def show(value: object) -> None:
    """Display a value in the cell's output."""
    if "IPython" in sys.modules:
        from IPython.display import display

        display(value)
