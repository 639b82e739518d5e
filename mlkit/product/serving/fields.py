"""The columns of a request: which cells each takes, from the package's schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlkit.core.media import KINDS
from mlkit.core.values import number_words
from mlkit.product.serving.media import Cell

__all__ = ["Field", "fields_of"]

NUMBERS = frozenset({"number", "unit"})
CELLS: Mapping[str, Any] = {
    "number": int | float | str | None,
    "spoken": int | float | str | None,
    "category": int | float | str | bool | None,
    "text": str | None,
    "date": str | None,
    "id": int | str | None,
    **dict.fromkeys(KINDS, Cell | None),
}
"""What JSON may hold for a kind of column; ``spoken`` is text that becomes a number."""


@dataclass(frozen=True)
class Field:
    """A column of a request.

    Parameters
    ----------
    name
        As in the raw data.
    kind
        One of `CELLS`.
    used
        Whether the model looks at it.
    required
        Whether a row may do without it.
    private
        Whether it stays out of the log.
    void
        The cells that were missing when rows were collected, words and numbers.
    gaps
        The words that mean a missing cell, those that cleaning knows included.
    known
        The values that training saw, after cleaning; none where that is open.
    """

    name: str
    kind: str
    used: bool
    required: bool
    private: bool
    void: frozenset[str | float]
    gaps: frozenset[str]
    known: frozenset[str]


def fields_of(
    schema: Mapping[str, Any], cleaning: Mapping[str, Any]
) -> tuple[Field, ...]:
    """Return the columns that a package takes.

    Parameters
    ----------
    schema, cleaning
        ``schema.json`` and ``cleaning.json`` of the package.
    """
    known = {
        column["name"]: frozenset(column.get("categories", ()))
        for column in cleaning.get("outputs", {}).get("columns", ())
    }
    void = _void([w for c in schema["input"] for w in c.get("missing", ())] or [""])
    made = []
    for column in schema["input"]:
        name = column["name"]
        plays = [o for o in cleaning["operations"] if o["column"] == name]
        gaps = {word for o in plays if o["op"] == "missing" for word in o["values"]}
        gaps |= {"", *void}
        made.append(
            Field(
                name,
                _kind(column["type"], plays),
                bool(column["used"]),
                bool(column["required"]),
                "private" in column.get("roles", ()),
                void,
                frozenset(word for word in gaps if isinstance(word, str)),
                known.get(name, frozenset()),
            )
        )
    return tuple(made)


def _void(words: Sequence[str]) -> frozenset[str | float]:
    """Return words, and the numbers that some of them are, as JSON may hold either."""
    plain = (word for word in words if number_words().fullmatch(word))
    return frozenset(words) | frozenset(map(float, plain))


def _kind(kind: str, plays: Sequence[Mapping[str, Any]]) -> str:
    """Tell text that cleaning reads as a number from text that stays text."""
    speaks = any(o["op"] in NUMBERS and o.get("part") is None for o in plays)
    if kind in ("category", "text") and speaks:
        return "spoken"
    return kind if kind in CELLS else "text"
