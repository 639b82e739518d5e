"""Propose the rules of a column, a pair of columns and a table, from what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import combinations
from keyword import iskeyword
from math import ceil, floor
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.media import KINDS
from mlkit.core.schema import Column, Schema
from mlkit.core.sizes import pixels, seconds
from mlkit.core.values import missing, numbers
from mlkit.data.charts.cards import significant
from mlkit.data.cleaning.propose import plan
from mlkit.data.contracts.shapes import shape_of
from mlkit.data.measures.moments import finite

__all__ = ["of_column", "of_pairs", "of_table", "reads_of"]

WIDER = 0.25
MOST_VALUES = 50
ENOUGH = 30
EXACT = 2**53
LOOKED_AT = 1000
FEWEST_WORDS = 10
MOST_DATES = 6
TEN_YEARS = 3653
Rule = dict[str, Any]


def reads_of(values: pd.Series, column: Column) -> Rule:
    """Return how the cells of a column are read: as `clean` would read them.

    Parameters
    ----------
    values
        The raw cells.
    column
        Its type and roles.

    Examples
    --------
    >>> pay = pd.Series(["1,200", "35", "?"], dtype="str")
    >>> reads_of(pay, Column("pay", "category"))
    {'type': 'number', 'thousands': ',', 'missing': ['?']}
    """
    if column.type in ("number", "date"):
        return {"type": column.type}
    plain = [op for op in plan(values, column).operations if "part" not in op]
    steps = {op["op"]: op for op in plain}
    hidden = [op["values"] for op in plain if op["op"] == "missing" and "name" in op]
    gaps = list(dict.fromkeys(word for words in hidden for word in words))
    gone = {"missing": gaps} if gaps else {}
    for kind, marks in (
        ("number", ("decimal", "thousands", "strip")),
        ("date", ("format",)),
    ):
        if kind in steps:
            how = {mark: steps[kind][mark] for mark in marks if mark in steps[kind]}
            return {"type": kind, **how, **gone}
    return {"type": "text", **gone}


def of_column(
    values: pd.Series, column: Column, seen: Mapping[str, float]
) -> Iterator[Rule]:
    """Yield the rules of one column.

    Parameters
    ----------
    values
        The raw cells.
    column
        Its type and roles.
    seen
        The lowest and highest number, under ``low`` and ``high``.
    """
    name, known = column.name, values.dropna()
    if column.type in KINDS:
        yield from _of_media(known, column)
        yield from _of_gaps(values, name, [])
        return
    how = {} if column.type in ("number", "date", "id") else reads_of(values, column)
    gaps = how.get("missing", [])
    marks = {key: told for key, told in how.items() if key != "type"}
    if column.type == "number" and seen:
        whole = _is_whole(known.to_numpy(dtype=float))
        yield _range(name, seen["low"], seen["high"], whole)
    elif column.type == "date" and len(known):
        yield _rule(name, "date", **_days(known))
    elif column.type == "id":
        yield from [_rule(name, "unique")] if known.is_unique else []
        yield from _shaped(name, known)
    elif how.get("type") == "number":
        read = _as_numbers(known, marks)
        yield _range(name, read.min(), read.max(), _is_whole(read)) | marks
    elif how.get("type") == "date":
        yield _rule(name, "date", **marks)
    elif column.type in ("category", "text"):
        told = known[~_hidden(known, gaps)]
        yield from [rule | marks for rule in _of_words(told, column)]
    yield from _of_gaps(values, name, gaps)


def _of_media(known: pd.Series, column: Column) -> Iterator[Rule]:
    """Propose sides of half to twice those seen; the same of seconds."""
    cells = known.drop_duplicates().to_numpy(dtype=object)
    if column.type == "image":
        sides = pixels(cells)
        low, high, step = sides[:, 0], sides[:, 1], 1.0
    else:
        low = high = seconds(cells)
        step = 0.001
    low, high = low[np.isfinite(low)], high[np.isfinite(high)]
    if len(low):
        least = floor(low.min() / 2 / step) * step
        most = ceil(high.max() * 2 / step) * step
        ends = {"min": significant(least, 6), "max": significant(most, 6)}
        yield _rule(column.name, column.type, **ends)


def _of_words(known: pd.Series, column: Column) -> Iterator[Rule]:
    if not len(known):
        return
    distinct = known.unique() if column.type == "category" else ()
    if 0 < len(distinct) <= MOST_VALUES:
        words = sorted({word.strip() for word in distinct})
        yield _rule(column.name, "values", values=words)
        return
    yield from _shaped(column.name, known) or _long(column.name, known)


def _hidden(values: pd.Series, gaps: list[str]) -> pd.Series:
    """Return which cells are a word that hides a missing value."""
    if not gaps:
        return pd.Series(False, index=values.index)
    return values.astype("str").str.strip().isin(gaps)


def _long(name: str, known: pd.Series) -> list[Rule]:
    longest = int(known.str.len().max())
    return [_rule(name, "length", max=max(2 * longest, 20))]


def _shaped(name: str, known: pd.Series) -> list[Rule]:
    """Propose a pattern where all words share one evident shape."""
    if len(known) < ENOUGH or not shape_of(_plain(known.head(20))):
        return []
    words = _plain(known)
    shape = shape_of(words) if len(words) >= FEWEST_WORDS else ""
    return [_rule(name, "pattern", pattern=shape)] if shape else []


def _plain(known: pd.Series) -> list[str]:
    """Return the distinct words, trimmed."""
    distinct: list[str] = known.drop_duplicates().astype("str").str.strip().tolist()
    return list(dict.fromkeys(distinct))


def _of_gaps(values: pd.Series, name: str, gaps: list[str]) -> Iterator[Rule]:
    gone = values.isna() | _hidden(values, gaps)
    share = float(gone.mean()) if len(values) else 1.0
    if len(values) < ENOUGH or share == 1:
        return
    if not share:
        yield _rule(name, "required")
        return
    most = significant(min(max(2 * share, share + 0.05), 1.0), 2)
    if most < 1:
        yield _rule(name, "missing", max=most, **({"missing": gaps} if gaps else {}))


def of_pairs(table: pd.DataFrame, schema: Schema) -> Iterator[Rule]:
    """Yield ``start <= end`` for dates, and for a lowest and a highest, that keep it.

    Parameters
    ----------
    table
        Raw rows.
    schema
        Its columns.
    """
    days = schema.with_type("date")
    pairs = list(combinations(days, 2)) if len(days) <= MOST_DATES else []
    numeric = set(schema.with_type("number"))
    for name in schema.with_type("number"):
        for low, high in (("min", "max"), ("low", "high"), ("start", "end")):
            other = name.replace(low, high)
            if other != name and other in numeric:
                pairs.append((name, other))
    for one, other in pairs:
        yield from _in_order(table, schema, one, other)


def _in_order(
    table: pd.DataFrame, schema: Schema, one: str, other: str
) -> Iterator[Rule]:
    both = table[[one, other]].dropna()
    zoned = {getattr(both[name].dtype, "tz", None) is None for name in both}
    if len(both) < ENOUGH or len(zoned) > 1 or (both[one] == both[other]).all():
        return
    for low, high in ((one, other), (other, one)):
        if (both[low] <= both[high]).all() and "`" not in low + high:
            text = f"{_ticked(low)} <= {_ticked(high)}"
            reads = {name: {"type": schema[name].type} for name in (low, high)}
            told: Rule = {"rule": text, "check": "expression", "expression": text}
            told |= {"columns": [low, high], "reads": reads}
            yield told | {"severity": "warn", "why": "proposed"}


def of_table(table: pd.DataFrame, schema: Schema) -> Iterator[Rule]:
    """Yield the rules of the whole: its columns, and half the rows that were seen.

    Parameters
    ----------
    table
        Raw rows.
    schema
        Its columns.
    """
    kinds = {column.name: column.type for column in schema}
    told: Rule = {"rule": "columns and types", "check": "columns", "columns": kinds}
    yield told | {"severity": "warn", "why": "proposed"}
    if len(table) >= ENOUGH:
        told = {"rule": "rows enough", "check": "rows", "min": len(table) // 2}
        yield told | {"severity": "warn", "why": "proposed"}


def _days(known: pd.Series) -> dict[str, str]:
    """Widen the first and last day by a quarter, and by ten years at least."""
    first, last = known.min(), known.max()
    width = max(int((last - first).days * WIDER), TEN_YEARS)
    ends = {}
    for end, day, step in (("min", first, -width), ("max", last, width)):
        try:
            ends[end] = (day.to_pydatetime().date() + timedelta(step)).isoformat()
        except (OverflowError, ValueError):
            continue
    return ends


def _as_numbers(known: pd.Series, how: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    marks = {key: how[key] for key in how if key != "missing"}
    words = known.drop_duplicates().to_numpy(dtype=object)
    found = numbers(words, **marks)
    return found[~missing(found)]


def _range(name: str, low: float, high: float, whole: bool) -> Rule:
    width = (high * WIDER - low * WIDER) or abs(high) * WIDER or 1.0
    lower = 0.0 if low >= 0 and low - width < 0 else finite(low - width)
    upper = 1.0 if low >= 0 and high <= 1 and not whole else finite(high + width)
    if whole and max(-lower, upper) < EXACT:
        lower, upper = float(floor(lower)), float(ceil(upper))
    ends: Rule = {"min": significant(lower, 6), "max": significant(upper, 6)}
    ends |= {"whole": True} if whole else {}
    return _rule(name, "range", **ends, seen=[float(low), float(high)])


def _rule(name: str, check: str, **bounds: Any) -> Rule:
    told = {"rule": f"{name} {check}", "column": name, "check": check, **bounds}
    return told | {"severity": "warn", "why": "proposed"}


def _is_whole(known: np.ndarray[Any, Any]) -> bool:
    for some in (known[:LOOKED_AT], known):
        some = some[np.isfinite(some)]
        if (some % 1 != 0).any():
            return False
    return len(some) > 0


def _ticked(name: str) -> str:
    plain = name.isidentifier() and name.isascii() and not iskeyword(name)
    return name if plain else f"`{name}`"
