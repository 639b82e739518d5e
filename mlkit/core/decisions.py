"""Decisions: what a person clicked or set, kept in plain files that diff and commit."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mlkit.core.errors import UsageError
from mlkit.core.files import digest, read_json, write_json

__all__ = [
    "Decision",
    "Editor",
    "forget",
    "overrule_of",
    "person",
    "read",
    "read_all",
    "record",
]

T = TypeVar("T")


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
    """

    name: str
    value: Any
    by: str = ""
    at: str = ""
    why: str = ""
    seen: str = ""

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
    """Return the decision `name` from a folder of decisions, or None."""
    path = _path(folder, name)
    try:
        if not path.exists():
            return None
        return Decision(**{**read_json(path), "name": name})
    except (ValueError, TypeError) as error:
        raise UsageError(
            "a decision cannot be read",
            where=str(path),
            expected="JSON with value, by, at, why, seen",
            got=str(error),
            todo=f"mend it, or drop it with `mlkit decide {name} --undo`",
        ) from None


def read_all(folder: Path) -> dict[str, Decision]:
    """Return all decisions of a folder by name."""
    names = sorted(path.stem for path in folder.glob("*.json"))
    found = {name: read(folder, name) for name in names}
    return {name: decision for name, decision in found.items() if decision}


def record(
    folder: Path, name: str, value: Any, *, why: str = "", seen: str = ""
) -> Decision:
    """Write a decision down and return it."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    made = Decision(name, value, person(), at, why, seen)
    form = asdict(made)
    del form["name"]
    write_json(_path(folder, name), form)
    return made


def forget(folder: Path, name: str) -> bool:
    """Drop a decision; tell whether there was one."""
    path = _path(folder, name)
    there = path.exists()
    path.unlink(missing_ok=True)
    return there


def _path(folder: Path, name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
        raise UsageError(
            "this is no name for a decision",
            expected="letters, digits, _ and -, beginning with a letter",
            got=name[:80],
        )
    return folder / f"{name}.json"
