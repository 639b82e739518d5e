"""The decision about columns: which roles and types they have, whatever was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkit.core.errors import InputError

__all__ = ["DECIDED", "decided"]

DECIDED = 'decision "columns"'


def decided(value: object) -> dict[str, dict[str, Any]]:
    """Return a decision about columns, the roles of each in a list.

    Parameters
    ----------
    value
        ``{"roles": {column: [roles]}, "types": {column: type}}``, either left out.

    Raises
    ------
    InputError
        Where it has another form.

    Examples
    --------
    >>> decided({"roles": {"zip": "group, private"}})
    {'roles': {'zip': ['group', 'private']}}
    """
    if not isinstance(value, Mapping) or not value.keys() <= _READ.keys():
        raise _misformed(value)
    if not all(isinstance(part, Mapping) for part in value.values()):
        raise _misformed(value)
    try:
        return {
            key: {name: _READ[key](told) for name, told in part.items()}
            for key, part in value.items()
        }
    except TypeError:
        raise _misformed(value) from None


def _roles(told: object) -> list[str]:
    words = told.split(",") if isinstance(told, str) else told
    if not isinstance(words, list | tuple):
        raise TypeError
    return [_word(word).strip() for word in words]


def _word(told: object) -> str:
    if not isinstance(told, str):
        raise TypeError
    return told


_READ = {"roles": _roles, "types": _word}


def _misformed(value: object) -> InputError:
    return InputError(
        "this is no decision about columns",
        where=DECIDED,
        expected='{"roles": {column: [roles]}, "types": {column: type}}',
        got=repr(value)[:80],
        todo="""decide anew: mlkit decide columns '{"roles": {"COLUMN": ["ROLE"]}}', """
        "or drop it: mlkit decide columns --undo",
    )
