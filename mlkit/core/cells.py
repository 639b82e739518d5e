"""What the cells of a notebook call: load, save, sealed, unseal, decide, gate.

In a run, the environment variable ``MLKIT_JOB`` names a job file that says what each
name means; what the cells do is reported in a file of JSON lines beside it, and the
engine makes it visible when the step ends. Without a job a person is at work: her
saves are drafts, her loads prefer drafts.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from mlkit.core import decisions, ledger
from mlkit.core.decisions import Editor
from mlkit.core.errors import Blocked, StepError, UsageError, did_you_mean
from mlkit.core.files import digest, read_json
from mlkit.core.outside import fingerprint_of
from mlkit.core.project import Project
from mlkit.core.schema import Schema
from mlkit.core.store import Entry, Store
from mlkit.core.verdict import Verdict
from mlkit.core.watch import Watch

__all__ = [
    "Sealed",
    "config",
    "decide",
    "gate",
    "judged",
    "keep",
    "load",
    "reads",
    "root",
    "save",
    "sealed",
    "session",
    "unseal",
]

T = TypeVar("T")


@dataclass(frozen=True)
class Sealed(Generic[T]):
    """A value that is to be saved under seal."""

    value: T


class Session:
    """One kernel at work on one project, in a run or by hand."""

    def __init__(self, project: Project | None, job: dict[str, Any] | None) -> None:
        self.project = project
        self.job = job
        self.entries: dict[str, Entry] = {}
        self.schemas: list[Schema] = []
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
            note_outside(self, str(path), "file", "changed", None)
        self.report(
            "depfile",
            **self.watch.used(),
            config=self.used_config,
            decisions=self.used_decisions,
            inputs={name: entry.identity for name, entry in self.entries.items()},
            outside=list(self.outside.values()),
            python=sys.version.split()[0],
            paths=[
                p for p in sys.path if p.endswith(("site-packages", "dist-packages"))
            ],
        )

    def entry(self, name: str) -> Entry:
        """Return what `name` means here."""
        if self.job:
            return self._job_entry(name)
        drafts, refs = self.store.drafts(), self.store.refs()
        if name in drafts:
            _notice(f"using your draft of {name!r}; `mlkit run` does not see it")
            return drafts[name]
        if name in refs:
            return refs[name]
        saver = (read_json(self.here.state / "wiring.json") or {}).get(name)
        known = {*drafts, *refs}
        raise StepError(
            f"nothing called {name!r} has been saved yet",
            where=f"mk.load({name!r})",
            todo=f"run the step that saves it: `mlkit run --until {saver}`"
            if saver
            else did_you_mean(name, known),
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


def load(name: str, /) -> Any:
    """Return what was saved under `name`.

    A table is a DataFrame: its index is the row id, its schema is in ``attrs``.

    Parameters
    ----------
    name
        A literal name; the graph is read from it.

    Raises
    ------
    StepError
        Where nobody saved it yet, or it is sealed.
    """
    now = session()
    entry = now.entry(name)
    if entry.sealed:
        raise StepError(
            f"{name!r} is sealed",
            where=f"mk.load({name!r})",
            todo=f'open it with mk.unseal({name!r}, why="..."), which the ledger notes',
        )
    return _read(now, name, entry)


def save(**artifacts: Any) -> None:
    """Save each value under its keyword's name, for the steps that load it.

    Parameters
    ----------
    artifacts
        DataFrames, JSON data, matplotlib Figures, Paths to folders, models,
        or any of these `sealed`.

    Raises
    ------
    InputError
        Where mlkit does not know how to keep such a value.
    """
    now = session()
    for name, value in artifacts.items():
        plain = value.value if isinstance(value, Sealed) else value
        if now.job and name not in now.job["saves"]:
            raise StepError(
                "this save was not foreseen when the notebook was read",
                where=f"mk.save({name}=...)",
                expected=", ".join(now.job["saves"]),
                todo="write mk.save with literal keywords, at the top level of a cell",
            )
        entry = now.store.put(_with_schema(now, plain), name)
        entry = replace(entry, sealed=isinstance(value, Sealed), at=time.time())
        if now.job:
            now.report("save", name=name, entry=entry.to_dict())
        else:
            now.store.set_draft(name, entry)


def sealed(value: T, /) -> Sealed[T]:
    """Mark a value to be saved under seal: only `unseal` opens it again."""
    return Sealed(value)


def unseal(name: str, /, *, why: str, target: bool = True) -> Any:
    """Open a sealed artifact; the ledger notes who, when and why.

    Parameters
    ----------
    name
        A literal name.
    why
        The reason, such as ``"acceptance"``.
    target
        False leaves the target column out, so that nothing is learnt from it.

    Raises
    ------
    StepError
        Where nobody saved it yet.
    """
    now = session()
    entry = now.entry(name)
    facts = {
        "name": name,
        "identity": entry.identity,
        "why": why,
        "target": target,
        "models": [e.identity for e in now.entries.values() if e.kind == "model"],
    }
    if now.job:
        now.report("unseal", **facts)
    else:
        ledger.append(now.here.ledger, "unseal", step="(by hand)", run="", **facts)
    value = _read(now, name, entry)
    if target or entry.kind != "table":
        return value
    schema = Schema.of(value)
    hidden = schema.with_role("target")
    return schema.without(*hidden).attach(value.drop(columns=hidden))


def decide(name: str, editor: Editor[T], /) -> T:
    """Return the recorded decision `name`, else the editor's default.

    A person sees the widget, a run a still picture.

    Parameters
    ----------
    name
        Project-wide, like an artifact's.
    editor
        A widget's editor; its ``value`` is the stated default.
    """
    now = session()
    made = _replay(now, name)
    value = editor.value if made is None else made.value
    if made is None:
        _notice(f"no decision {name!r} is recorded: the default is used")
    elif made.seen and made.seen != editor.seen:
        strict = config("policies.decisions", "apply") == "block"
        _notice(f"decision {name!r} was made on something else, and applies here")
        if strict:
            raise Blocked(
                f"decision {name!r} was made on something else",
                where=f"mk.decide({name!r})",
                todo=f"look again and decide, or `mlkit decide {name} --undo`",
            )
    now.report("decide", name=name, value=value, default=made is None, seen=editor.seen)
    if _is_person() and now.project:
        _show(
            editor.widget(value, lambda v, why: _record(now, name, v, why, editor.seen))
        )
    else:
        _show(editor.picture(value))
    return value


def gate(verdict: Verdict, /) -> None:
    """End a step: pass, or stop here with a card that says why.

    Raises
    ------
    Blocked
        Where the verdict blocks and no person has overruled just that.
    """
    now = session()
    step = now.job["step"] if now.job else ""
    overrule = _replay(now, decisions.overrule_of(step)) if step else None
    overruled = bool(
        overrule
        and verdict.state == "blocked"
        and overrule.seen in ("", verdict.fingerprint)
    )
    now.report("gate", verdict=verdict.to_dict(), overruled=overruled)
    _show(verdict)
    if overruled and overrule:
        _notice(f"overruled by {overrule.by}: {overrule.why}")
    elif verdict.state == "blocked":
        missed = "; ".join(finding.bar for finding in verdict.blocking)
        raise Blocked(f"the gate is shut: {missed}", where=step)


def root() -> Path:
    """Return the project's root; the current folder outside of a project."""
    project = session().project
    return project.root if project else Path.cwd()


def config(key: str, default: Any = None) -> Any:
    """Return the value at a dotted `key` of ``mlkit.toml``; the step depends on it."""
    now = session()
    value = now.project.config(key) if now.project else None
    now.used_config[key] = digest(value)
    return default if value is None else value


def keep(name: str, choose: Callable[[], T]) -> T:
    """Return the choice `name`, made once by `choose` and kept in the project."""
    now = session()
    if now.project is None:
        return choose()
    made = _replay(now, name)
    if made is not None:
        return made.value  # type: ignore[no-any-return]
    value = choose()
    now.used_decisions[name] = decisions.Decision(name, value).digest
    if now.job:
        now.report("keep", name=name, value=value)
    else:
        decisions.record(now.decisions, name, value, why="chosen once, kept since")
    return value


def reads(
    place: str | Path,
    *,
    kind: str = "file",
    refresh: str = "changed",
    fingerprint: str | None = None,
) -> Path:
    """Note that the step depends on something outside, and return its full path.

    Parameters
    ----------
    place
        A path, relative to the project's root, or a URI.
    kind
        ``file``, ``folder``, or the name of a remote source.
    refresh
        ``changed``, ``always``, ``daily`` or ``never``.
    fingerprint
        A remote source's ETag, snapshot, cursor or maximum.
    """
    path = root() / place
    if session().job:
        note_outside(
            session(),
            str(path if kind in ("file", "folder") else place),
            kind,
            refresh,
            fingerprint,
        )
    return path


def judged(name: str) -> list[str]:
    """Return the models that sealed `name` has judged, this one included."""
    now = session()
    if now.project is None or name not in now.entries:
        return []
    models = ledger.judged(now.here.ledger, now.entries[name].identity)
    mine = [e.identity for e in now.entries.values() if e.kind == "model"]
    return models + [model for model in mine if model not in models]


def note_outside(
    now: Session, place: str, kind: str, refresh: str, fingerprint: str | None
) -> None:
    """Add one outside thing to a session's depfile."""
    local = kind in ("file", "folder")
    uri = now.here.relative(Path(place)) if local else place
    if uri not in now.outside:
        found = fingerprint or fingerprint_of(kind, Path(place))
        changed = (
            local
            and Path(place).exists()
            and Path(place).stat().st_mtime > now.watch.started
        )
        now.outside[uri] = {
            "kind": kind,
            "uri": uri,
            "refresh": refresh,
            "fingerprint": found,
            "at": time.time(),
            **({"changed": True} if changed else {}),
        }


def _read(now: Session, name: str, entry: Entry) -> Any:
    value = now.store.get(entry)
    now.entries[name] = entry
    if entry.kind == "table":
        now.schemas.append(Schema.of(value))
    return value


def _with_schema(now: Session, value: Any) -> Any:
    """Give a table that lost its schema the columns of those that were loaded."""
    if type(value).__name__ != "DataFrame" or isinstance(
        value.attrs.get("schema"), Schema
    ):
        return value
    known = {c.name: c for schema in now.schemas for c in schema}
    found = [known.get(c.name, c) for c in Schema.of(value)]
    return Schema(tuple(found)).attach(value.copy(deep=False))


def _replay(now: Session, name: str) -> decisions.Decision | None:
    made = decisions.read(now.decisions, name) if now.project else None
    now.used_decisions[name] = made.digest if made else None
    return made


def _record(now: Session, name: str, value: Any, why: str, seen: str) -> None:
    decisions.record(now.here.decisions, name, value, why=why, seen=seen)
    _notice(f"decision {name!r} is recorded; run the cells below to use it")


def _is_person() -> bool:
    signs = ("JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD")
    return "MLKIT_JOB" not in os.environ and any(sign in os.environ for sign in signs)


def _notice(text: str) -> None:
    if "MLKIT_QUIET" not in os.environ:
        print(f"mlkit: {text}")  # noqa: T201


def _show(value: object) -> None:
    if "IPython" in sys.modules:
        from IPython.display import display

        display(value)
