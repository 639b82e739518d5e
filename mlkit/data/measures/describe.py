"""Describe each column in plain numbers that a record can keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Column
from mlkit.data.charts.cards import significant
from mlkit.data.measures.moments import moments, scaled

__all__ = ["bars", "describe"]

BINS = 24
TOP = 8
FEW_WHOLE = 12


def describe(raw: pd.Series, values: pd.Series, column: Column) -> dict[str, Any]:
    """Return one column's measures.

    Parameters
    ----------
    raw
        Its cells as they were collected.
    values
        The same cells after cleaning, as numbers, text or dates.
    column
        Its type and roles after cleaning.

    Examples
    --------
    >>> cells = pd.Series([1.0, 2.0, None, 3.0])
    >>> found = describe(cells, cells, Column("x"))
    >>> found["missing"], found["median"]
    (1, 2.0)
    """
    known = values.dropna()
    if column.type in ("category", "text"):
        known = known[~known.isin(["", "(missing)"])]
    found: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "roles": list(column.roles),
        "missing": int(raw.isna().sum()),
        "hidden": int(len(values) - len(known) - raw.isna().sum()),
        "distinct": int(known.nunique()),
    }
    if not len(known):
        return found
    if column.type == "number":
        return found | _of_numbers(known.to_numpy(dtype=float))
    if column.type == "date":
        ends = {"first": known.min(), "last": known.max()}
        return found | {name: str(moment.date()) for name, moment in ends.items()}
    counts = known.value_counts()
    found["most"] = str(counts.index[0])
    found["most_rows"] = int(counts.iloc[0])
    if column.type == "text":
        found["length"] = significant(float(known.str.len().mean()))
    return found


def _of_numbers(known: NDArray[np.float64]) -> dict[str, Any]:
    plain, power = scaled(known)
    ends = np.quantile(plain, [0, 0.25, 0.5, 0.75, 1]) * power
    low, lower, middle, upper, high = ends
    mean, spread, skew = moments(known)
    numbers = {
        "min": low,
        "lower": lower,
        "median": middle,
        "upper": upper,
        "max": high,
        "mean": mean,
        "spread": spread,
        "skew": skew,
    }
    return {name: significant(float(value)) for name, value in numbers.items()}


def bars(
    values: pd.Series, kind: str, classes: NDArray[np.intp], number: int
) -> dict[str, Any]:
    """Return the bars of one column's distribution, split by the target's classes.

    Parameters
    ----------
    values
        Cells after cleaning.
    kind
        The column's type.
    classes
        Each row's class from 0; -1 where it is not known.
    number
        How many classes there are; 1 for no classes.

    Returns
    -------
    dict
        ``edges`` or ``words``, and ``rows``: one list a class.
    """
    if kind in ("number", "date") or (kind == "text"):
        numbers = _as_numbers(values, kind)
        edges = _edges(numbers[np.isfinite(numbers)])
        place = np.searchsorted(edges, numbers, side="right") - 1
        place[numbers == edges[-1]] = len(edges) - 2
        place[~np.isfinite(numbers)] = -1
        place = np.where((place < 0) | (place >= len(edges) - 1), -1, place)
        named = {"edges": [significant(float(edge), 6) for edge in edges]}
        return named | {"rows": _counts(place, len(edges) - 1, classes, number)}
    counts = values.value_counts()
    words = sorted(counts.index[:TOP], key=lambda word: (-counts[word], str(word)))
    place = pd.Index(words).get_indexer(values)
    rest = len(counts) > TOP
    place = np.where((place < 0) & values.notna() & rest, len(words), place)
    shown = [str(word) for word in words] + ["all others"] * rest
    return {"words": shown, "rows": _counts(place, len(shown), classes, number)}


def _as_numbers(values: pd.Series, kind: str) -> NDArray[Any]:
    if kind == "text":
        lengths = values.str.len().astype("float64")
        return lengths.where(values != "").to_numpy(dtype=np.float64)
    if kind == "date":
        stamps = values.to_numpy(dtype="M8[us]")
        return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 86_400e6)
    return values.to_numpy(dtype=np.float64)


def _edges(known: NDArray[np.float64]) -> NDArray[Any]:
    if not len(known):
        return np.array([0.0, 1.0])
    plain, power = scaled(known)
    low, high = plain.min(), plain.max()
    whole = high - low <= FEW_WHOLE and np.all(plain == np.floor(plain))
    if whole and power == 1:
        return np.arange(low, high + 2, dtype=float) - 0.5
    # a far tail would flatten everything else: the outer hundredth is left out
    inner = np.quantile(plain, [0.005, 0.995])
    if high - low > 4 * (inner[1] - inner[0]) > 0:
        low, high = inner
    return np.linspace(low, high if high > low else low + 1, BINS + 1) * power


def _counts(
    place: NDArray[np.intp], bins: int, classes: NDArray[np.intp], number: int
) -> list[list[int]]:
    rows = []
    for kind in range(number):
        mine = place[(classes == kind) & (place >= 0)]
        rows.append(np.bincount(mine, minlength=bins).tolist())
    return rows
