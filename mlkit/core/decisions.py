"""Decisions: what a person clicked or set, kept in plain files that diff and commit.

A decision is ``NAME.json``, one value that is replaced whole. Labels are many and of
several people: they are lines in ``labels.jsonl``, appended one by one.
"""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mlkit.core.annotations import Annotation, Labels, append, current
from mlkit.core.annotations import read as read_lines
from mlkit.core.errors import UsageError
from mlkit.core.files import digest, read_json, write_json

__all__ = [
    "LINES",
    "Decision",
    "Editor",
    "annotate",
    "forget",
    "overrule_of",
    "person",
    "read",
    "read_all",
    "record",
]

T = TypeVar("T")

FIELDS = ("value", "by", "at", "why", "seen")

LINES = ("judged", "labels")
"""The decisions that are kept as lines."""


class Editor(Protocol[T]):
    """What `decide` needs of a widget: a default, a picture, and the widget itself.

    Attributes
    ----------
    value
        The stated default, plain JSON data.
    seen
        A fingerprint of what the choice was made on; any stable text.

    An editor with a true attribute ``settled`` has nothing to choose: no default is
    announced.
    """

    value: T
    seen: str

    def picture(self, value: T) -> object:
        """Return a still picture of the choice."""

    def widget(self, value: T, record: Callable[[T, str], None]) -> object:
        """Return the widget; it calls ``record(value, why)`` when a person chooses."""


@dataclass(frozen=True)
class Decision:
    """One recorded choice.

    Parameters
    ----------
    name
        Project-wide, like an artifact's.
    value
        What was chosen, plain JSON data.
    by, at, why
        Who, when (ISO 8601, UTC) and the reason given.
    seen
        The fingerprint of what the person looked at; "" where it was set unseen.
    told
        The value in words, where it is too long to be printed.
    torn
        Whether a crash tore its last line, which is left out.
    """

    name: str
    value: Any
    by: str = ""
    at: str = ""
    why: str = ""
    seen: str = ""
    told: str = ""
    torn: bool = False

    @property
    def digest(self) -> str:
        """What a step that uses this decision depends on: the value, and no date."""
        return digest([self.value, self.seen])


def person() -> str:
    """Return who is deciding: ``MLKIT_USER``, else the login name."""
    try:
        return os.environ.get("MLKIT_USER") or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def overrule_of(step: str) -> str:
    """Return the name of the decision that overrules a step's gate.

    Examples
    --------
    >>> overrule_of("accept"), overrule_of("my step")
    ('overrule_accept', 'overrule_my_step-eb1da8')
    """
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", step)[:100]
    return f"overrule_{plain}" + ("" if plain == step else f"-{digest(step)[:6]}")


def read(folder: Path, name: str) -> Decision | None:
    """Return the decision `name` from a folder of decisions, or None.

    The value of labels is by row id, then by person.
    """
    path = _path(folder, name)
    made = _read_json(path, name) if path.exists() else None
    lines = path.with_suffix(".jsonl")
    return _read_lines(lines, name, made) if lines.exists() else made


def read_all(folder: Path) -> dict[str, Decision]:
    """Return all decisions of a folder by name."""
    paths = (*folder.glob("*.json"), *folder.glob("*.jsonl"))
    found = {name: read(folder, name) for name in sorted({p.stem for p in paths})}
    return {name: decision for name, decision in found.items() if decision}


def record(
    folder: Path, name: str, value: Any, *, why: str = "", seen: str = ""
) -> Decision:
    """Write a decision down and return it.

    Labels, by row id or also by person, are added to those that are there.
    """
    if name in LINES:
        annotate(folder, name, _given(name, value, why))
        return read(folder, name) or Decision(name, {})
    form = {"value": value, "by": person(), "at": _now(), "why": why, "seen": seen}
    write_json(_path(folder, name), form)
    return Decision(name, **form)


def annotate(folder: Path, name: str, given: Iterable[Annotation]) -> None:
    """Add labels as they are; one that is not signed is this person's, now."""
    append(_path(folder, name).with_suffix(".jsonl"), map(_signed, given))


def forget(folder: Path, name: str) -> bool:
    """Drop a decision; tell whether there was one.

    Labels are taken back by one more line, so that the file still tells the story.
    """
    path = _path(folder, name)
    there = path.exists()
    path.unlink(missing_ok=True)
    lines = path.with_suffix(".jsonl")
    if lines.exists() and read(folder, name) is not None:
        annotate(folder, name, [Annotation(undone=True)])
        there = True
    return there


def _read_json(path: Path, name: str) -> Decision:
    try:
        form = {**read_json(path), "name": name}
        strange = sorted(form.keys() - {"name", *FIELDS})
        if strange:
            raise ValueError(f"unknown: {', '.join(strange)}")
        return Decision(**form)
    except (ValueError, TypeError) as error:
        raise UsageError(
            "a decision cannot be read",
            where=str(path),
            expected=f"JSON with {', '.join(FIELDS)}",
            got=str(error),
            todo=f"mend it, or drop it with `mlkit decide {name} --undo`",
        ) from None


def _read_lines(path: Path, name: str, before: Decision | None) -> Decision | None:
    """Return the labels of a file of lines; None where all were taken back."""
    given, torn = read_lines(path)
    held = _by_person(before.value, before.by) if before else {}
    value = current(given, held)
    if given and not value:
        return None
    people = sorted({by for said in value.values() for by in said})
    count = sum(map(len, value.values()))
    by = ", ".join(people[:3]) + (" ..." if len(people) > 3 else "")
    told = f"{count:,} label{'s' * (count != 1)} by {len(people)} "
    told += "person" if len(people) == 1 else "people"
    at = max((one.at for one in given), default=before.at if before else "")
    return Decision(name, value, by, at, told=told, torn=torn)


def _by_person(value: Mapping[str, Any], by: str) -> Labels:
    """Return labels by row and person; those of a person alone as hers."""
    return {
        row: dict(said) if isinstance(said, Mapping) else {by: said}
        for row, said in value.items()
    }


def _given(name: str, value: Any, why: str) -> list[Annotation]:
    if not isinstance(value, Mapping):
        raise UsageError(
            f"{name} are given by row",
            expected='{"row id": "label"}',
            got=repr(value)[:80],
        )
    labels = _by_person(value, person())
    return [
        Annotation(str(row), label, by, note=why)
        for row, said in labels.items()
        for by, label in said.items()
    ]


def _signed(one: Annotation) -> Annotation:
    return replace(one, by=one.by or person(), at=one.at or _now())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _path(folder: Path, name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
        raise UsageError(
            "this is no name for a decision",
            expected="letters, digits, _ and -, beginning with a letter",
            got=name[:80],
        )
    return folder / f"{name}.json"
