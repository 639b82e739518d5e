"""Measures and alerts of a column of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Column
from mlkit.data.charts.cards import significant
from mlkit.data.measures.alert import Alert, roles, rule, share, types
from mlkit.data.measures.moments import finite, moments, scaled

__all__ = ["alerts", "describe", "known"]

SKEWED = 3.0
SAME = 0.99
ENOUGH = 100
POINTS = {
    "min": 0.0,
    "p05": 0.05,
    "lower": 0.25,
    "median": 0.5,
    "upper": 0.75,
    "p95": 0.95,
    "max": 1.0,
}


def describe(values: pd.Series) -> dict[str, Any]:
    """Return the measures of numbers: quantiles, moments, sameness.

    One sort gives nearly all of them.

    Parameters
    ----------
    values
        Numbers, NaN where missing.

    Examples
    --------
    >>> found = describe(pd.Series([1.0, 2.0, None, 3.0]))
    >>> found["median"], found["distinct"], found["whole"]
    (2.0, 3, True)
    """
    ordered = known(values)
    ordered.sort()
    if not len(ordered):
        return {"distinct": 0}
    plain, power = scaled(ordered)
    ends = {name: _at(plain, point) * power for name, point in POINTS.items()}
    mean, spread, skew = moments(ordered)
    told = {**ends, "mean": mean, "spread": spread, "skew": skew}
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(ordered)])
    most = int(lengths.argmax())
    # whole enough to be looked at in full only where the first thousand are
    whole = _is_whole(ordered[:1000]) and _is_whole(ordered)
    return {
        **{name: significant(finite(value)) for name, value in told.items()},
        "distinct": len(starts),
        "most_rows": int(lengths[most]),
        "most_value": significant(float(ordered[starts[most]]), 6),
        "whole": whole,
    }


def alerts(
    column: Column, measured: Mapping[str, Any], rows: int, read: Mapping[str, Any]
) -> Iterator[Alert]:
    """Yield what is odd about numbers.

    Parameters
    ----------
    column
        Its type and roles as collected.
    measured
        What `describe` gave, with the counts of gaps.
    rows
        How many rows there are.
    read
        The marks by which words are read as numbers, where they are words.
    """
    name, seen = column.name, rows - measured["missing"] - measured["hidden"]
    if not seen:
        return
    same = measured["most_rows"]
    if SAME * seen <= same < seen and seen >= ENOUGH:
        yield Alert(
            *("nearly constant", name, "look"),
            f"{share(same, seen)} of its cells are {measured['most_value']:g}",
            "it can tell of a few rows only: leave it out, or keep it on purpose",
            roles(column, "ignored"),
        )
    if abs(measured["skew"]) >= SKEWED:
        ends = {"min": measured["min"], "max": measured["max"], **read}
        yield Alert(
            *("skewed", name, "note"),
            f"a skewness of {measured['skew']:.1f}: most values lie at one end",
            "trees do not mind, linear models are given ranks; a rule can flag what "
            "lies beyond all of these",
            rule(name, "as seen", "range", **ends),
        )
    if _names_rows(measured, rows):
        yield Alert(
            *("id-like", name, "look"),
            f"whole numbers, {measured['distinct']:,} of {rows:,} differ",
            'if it only names rows, it is of the type "id", and no feature',
            types(name, "id"),
        )


def known(values: pd.Series) -> NDArray[np.float64]:
    """Return the finite numbers of a column."""
    found = values.to_numpy(dtype=np.float64)
    finite: NDArray[np.float64] = found[np.isfinite(found)]
    return finite


def _names_rows(measured: Mapping[str, Any], rows: int) -> bool:
    different = measured["distinct"] > 0.9 * rows
    return rows >= ENOUGH and different and bool(measured["whole"])


def _at(ordered: NDArray[np.float64], point: float) -> float:
    """Return a quantile of sorted numbers, between neighbours by a straight line."""
    place = point * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    part = place - low
    return float(ordered[low] * (1 - part) + ordered[high] * part)


def _is_whole(numbers: NDArray[np.float64]) -> bool:
    return bool((np.floor(numbers) == numbers).all())
