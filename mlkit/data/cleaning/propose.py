"""Propose the cell operations of each column, by stated rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core import rows
from mlkit.core.schema import Column
from mlkit.core.values import numbers
from mlkit.data.charts.style import shorten
from mlkit.data.reading import hints
from mlkit.data.reading.target import judge

__all__ = ["Plan", "plan"]

LISTED = 100
SAME = "every row has the same value"


@dataclass(frozen=True)
class Plan:
    """What is to be done with one column.

    Parameters
    ----------
    operations
        JSON dicts; those with a ``name`` may be refused by it.
    outputs
        The columns that come of it.
    touched
        How many cells each named operation changes.
    """

    operations: tuple[dict[str, Any], ...]
    outputs: tuple[Column, ...]
    touched: dict[str, int]


class _Draft:
    """The operations of one column as they grow, and the words they leave."""

    def __init__(self, column: Column, refused: Collection[str]) -> None:
        self.column = column
        self.refused = refused
        self.operations: list[dict[str, Any]] = []
        self.touched: dict[str, int] = {}

    def add(self, op: str, **how: Any) -> None:
        self.operations.append({"op": op, "column": self.column.name, **how})

    def offer(self, op: str, cells: int, why: str, **how: Any) -> bool:
        """Add a named operation unless it is refused; tell whether it was added."""
        name = f"{op} {self.column.name}"
        if name in self.refused:
            return False
        self.add(op, **how, name=name, why=why)
        self.touched[name] = int(cells)
        return True

    def done(self, *outputs: Column) -> Plan:
        optional = {"optional": True} if "target" in self.column.roles else {}
        operations = tuple({**op, **optional} for op in self.operations)
        return Plan(operations, outputs, self.touched)


def plan(values: pd.Series, column: Column, refused: Collection[str] = ()) -> Plan:
    """Return what is to be done with one column, less what is refused.

    Parameters
    ----------
    values
        The raw cells: a feature or the target.
    column
        Its type and roles.
    refused
        Names of operations that are not wanted, such as ``"number TotalCharges"``.

    Examples
    --------
    >>> found = plan(pd.Series([" ", "3", "4"], dtype="str"), Column("x", "category"))
    >>> [operation["op"] for operation in found.operations]
    ['text', 'trim', 'missing', 'number']
    """
    draft = _Draft(column, refused)
    same = _sameness(values, column)
    if same and draft.offer("drop", len(values), same):
        return draft.done()
    if column.missing:
        draft.add("missing", values=list(column.missing))
    if column.type == "number":
        return _number_plan(draft, values)
    if column.type == "date":
        draft.add("date", format="iso")
        return _date_plan(draft, values)
    return _text_plan(draft, values)


def _number_plan(draft: _Draft, values: pd.Series) -> Plan:
    infinite = int(np.isinf(values.to_numpy(dtype=float)).sum())
    if infinite:
        name = f"number {draft.column.name}"
        draft.add("number", name=name, why="infinite values are read as missing")
        draft.touched[name] = infinite
    else:
        draft.add("number")
    target = "target" in draft.column.roles
    found = [] if target else hints.sentinels(values)
    if found:
        words = _list([f"{value:g}" for value in found])
        why = f"{words} lies far from all the rest, and seems to mean missing"
        draft.offer("missing", values.isin(found).sum(), why, values=found)
    return draft.done(replace(draft.column, type="number", categories=()))


def _text_plan(draft: _Draft, values: pd.Series) -> Plan:
    column = draft.column
    draft.add("text")
    counts = values.value_counts()
    trimmed = counts.index.str.strip()
    padded = int(counts[trimmed != counts.index].sum())
    if padded and draft.offer("trim", padded, "blanks stand around some cells"):
        counts = counts.groupby(trimmed).sum()
    gaps = hints.hidden(counts.index.tolist(), target="target" in column.roles)
    if gaps:
        words = _list([repr(word) for word in gaps])
        why = f"{words} {'hides' if len(gaps) == 1 else 'hide'} a missing value"
        if draft.offer("missing", counts[gaps].sum(), why, values=gaps):
            counts = counts.drop(gaps)
    read = _as_amounts(draft, values, counts)
    return read or _as_words(draft, values, counts)


def _as_amounts(draft: _Draft, values: pd.Series, counts: pd.Series) -> Plan | None:
    """Read the cells as numbers or dates, where they all are."""
    column, words = draft.column, counts.index.tolist()
    if column.categories or not words:
        return None
    cells, name = int(counts.sum()), column.name
    how = hints.marks(words)
    if how is not None and _is_amount(column, counts, how):
        why = "every cell is a number" + _written(how)
        if draft.offer("number", cells, why, **how):
            return draft.done(Column(name, "number", column.roles))
    forms = hints.date_formats(words)
    if len(forms) == 1 and "target" not in column.roles:
        why = f"every cell is a date, written {forms[0]}"
        if draft.offer("date", cells, why, format=forms[0]):
            return _date_plan(draft, values)
    return None


def _is_amount(column: Column, counts: pd.Series, how: dict[str, str]) -> bool:
    """Whether numbers are amounts; those of a target may be classes."""
    if "target" not in column.roles or column.type == "text":
        return True
    cells = np.array(counts.index.tolist(), dtype=object)
    found = numbers(cells, **how)
    return judge(np.repeat(found, counts.to_numpy())) == "number"


def _as_words(draft: _Draft, values: pd.Series, counts: pd.Series) -> Plan:
    column, target = draft.column, "target" in draft.column.roles
    gone = int(len(values) - counts.sum())
    words = counts.index.tolist()
    meant = {} if target else hints.truths(words)
    meant = meant or hints.spellings(words, counts.tolist())
    if column.type == "category" and meant and len(counts) <= 1000:
        pairs = _list([f"{shorten(a)!r} as {b!r}" for a, b in meant.items()])
        cells = int(counts[list(meant)].sum())
        if draft.offer("recode", cells, f"other spellings: {pairs}", mapping=meant):
            counts = counts.rename(meant).groupby(level=0).sum()
    if target:
        return draft.done(_with_words(replace(column, type="category"), counts, False))
    if not gone and len(counts) == 1 and draft.offer("drop", len(values), SAME):
        return draft.done()
    if column.type == "text":
        draft.add("fill", value="")
        return draft.done(replace(column, categories=()))
    if "" not in counts.index:
        draft.add("missing", values=[""])
    draft.add("fill", value=rows.MISSING)
    return draft.done(_with_words(column, counts, gone > 0))


def _date_plan(draft: _Draft, values: pd.Series) -> Plan:
    column = draft.column
    made = rows.apply(draft.operations, {column.name: _cells(values)})[column.name]
    known = made[~np.isnat(made)]
    names = ("year", "month", "day", "weekday", "hour", "minute")
    parts = [name for name in names if _varies(rows.PARTS[name](known))]
    if not parts and draft.offer("drop", len(values), SAME):
        return draft.done()
    draft.add("date_parts", parts=parts)
    whole = replace(column, type="date", roles=(*column.roles, "ignored"))
    roles = tuple(role for role in column.roles if role != "time")
    split = [Column(f"{column.name}_{part}", "number", roles) for part in parts]
    return draft.done(whole, *split)


def _varies(values: NDArray[Any]) -> bool:
    return len(values) > 0 and bool(values.min() != values.max())


def _sameness(values: pd.Series, column: Column) -> str:
    """Say that a feature tells nothing, if so."""
    if "target" in column.roles:
        return ""
    if not values.notna().any():
        return "every cell is missing"
    return SAME if column.type == "number" and values.nunique(dropna=False) == 1 else ""


def _with_words(column: Column, counts: pd.Series, gaps: bool) -> Column:
    """Name the categories of a column where they are few; a target's always."""
    words = sorted(map(str, counts.index)) + [rows.MISSING] * gaps
    few = "target" in column.roles or len(words) <= LISTED
    return replace(column, categories=tuple(sorted(words)) if few else ())


def _cells(values: pd.Series) -> Any:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return values.to_numpy(dtype=object if values.dtype.kind == "O" else None)


def _written(how: dict[str, str]) -> str:
    said = [
        f"{mark!r} as the {name} mark" for name, mark in how.items() if name != "strip"
    ]
    said += [f"without {how['strip']!r}"] if "strip" in how else []
    return f", read with {' and '.join(said)}" if said else ""


def _list(words: list[str], most: int = 4) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
