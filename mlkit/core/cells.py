"""What the cells of a notebook call: load, save, sealed, unseal, decide, gate.

In a run, the environment variable ``MLKIT_JOB`` names a job file that says what each
name means; what the cells do is reported in a file of JSON lines beside it, and the
engine makes it visible when the step ends. Without a job a person is at work: her
saves are drafts, her loads prefer drafts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from mlkit.core import bars, decisions, ledger, seals
from mlkit.core.decisions import Editor
from mlkit.core.errors import Blocked, InputError, MlkitError, StepError
from mlkit.core.files import digest
from mlkit.core.schema import Schema
from mlkit.core.session import is_person, notice, session, show
from mlkit.core.verdict import Verdict

__all__ = [
    "Sealed",
    "config",
    "decide",
    "gate",
    "keep",
    "load",
    "reads",
    "root",
    "save",
    "sealed",
    "unseal",
]

T = TypeVar("T")


@dataclass(frozen=True)
class Sealed(Generic[T]):
    """A value that is to be saved under seal."""

    value: T


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
    return now.read(name, entry)


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
        entry = now.store.put(now.with_schema(plain), name)
        entry = replace(entry, sealed=isinstance(value, Sealed), at=time.time())
        if now.job:
            now.report("save", name=name, entry=entry.to_dict())
        else:
            now.store.set_draft(name, entry)
            if is_person():
                notice(f"draft saved: {name}, {entry.summary}")


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
    UsageError
        Where it is opened with its target, and a bar of ``[goal.bars]`` makes no
        sense: no look is spent on what cannot be judged.
    """
    now = session()
    entry = now.entry(name)
    if target:
        bars.checked(now.here.config("goal.bars", {}))
    facts = {
        "name": name,
        "identity": entry.identity,
        "why": why,
        "target": target,
        "models": [e.identity for e in now.entries.values() if e.kind == "model"],
        "thresholds": sorted({*now.thresholds.values()}),
    }
    if target:
        known = ledger.lines(now.here.ledger)
        facts |= seals.facts(now.store, known, entry.identity)
    now.opened.append({"event": "unseal", **facts})
    if now.job:
        now.report("unseal", **facts)
    else:
        ledger.append(now.here.ledger, "unseal", step="(by hand)", run="", **facts)
    value = now.read(name, entry)
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

    Raises
    ------
    Blocked
        Where it was made on something else, and the project's policy forbids that.
    InputError
        Where the editor cannot read what was recorded.
    """
    now = session()
    made = now.replay(name)
    value = editor.value if made is None else made.value
    if made is None:
        if not getattr(editor, "settled", False):
            notice(f"no decision {name!r} is recorded: the default is used")
    elif made.seen and made.seen != editor.seen:
        strict = config("policies.decisions", "apply") == "block"
        notice(f"decision {name!r} was made on something else, and applies here")
        if strict:
            raise Blocked(
                f"decision {name!r} was made on something else",
                where=f"mk.decide({name!r})",
                todo=f"look again and decide, or `mlkit decide {name} --undo`",
            )
    now.report("decide", name=name, value=value, default=made is None, seen=editor.seen)
    try:
        if is_person() and now.project:
            shown = editor.widget(
                value, lambda v, why: now.record(name, v, why, editor.seen)
            )
        else:
            shown = editor.picture(value)
    except MlkitError:
        raise
    except Exception as error:
        if made is None:
            raise
        raise InputError(
            f"decision {name!r} has a form that this step cannot read",
            where=f"mk.decide({name!r})",
            expected=f"a form such as the default has: {repr(editor.value)[:120]}",
            got=f"{repr(value)[:120]} ({type(error).__name__}: {error})",
            todo=f"decide anew, or `mlkit decide {name} --undo`",
        ) from error
    show(shown)
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
    overrule = now.replay(decisions.overrule_of(step)) if step else None
    overruled = bool(
        overrule
        and verdict.state == "blocked"
        and overrule.seen in ("", verdict.fingerprint)
    )
    now.report("gate", verdict=verdict.to_dict(), overruled=overruled)
    show(verdict)
    if overruled and overrule:
        notice(f"overruled by {overrule.by}: {overrule.why}")
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
    made = now.replay(name)
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
    how: Mapping[str, Any] | None = None,
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
    how
        What is needed to look at a remote source again: its ``uri`` and ``options``,
        secrets as references.
    """
    path = root() / place
    local = kind in ("file", "folder")
    if local and not path.exists() and "MLKIT_COPY_OF" in os.environ:
        path = Path(os.environ["MLKIT_COPY_OF"]) / place
    if session().job:
        seen = str(path if local else place)
        session().note(seen, kind, refresh, fingerprint, how)
    return path
