"""Measures and alerts of a column of moments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.schema import Column
from mlkit.data.measures.alert import Alert, roles

__all__ = ["alerts", "describe"]

DAY = 86_400_000_000
WIDE = 0.05
MANY_STEPS = 20


def describe(values: pd.Series) -> dict[str, Any]:
    """Return the measures of moments: the ends, and the widest gap between two.

    Parameters
    ----------
    values
        Moments without a zone, NaT where missing.

    Examples
    --------
    >>> days = pd.Series(pd.to_datetime(["2026-01-02", "2026-01-05", None]))
    >>> found = describe(days)
    >>> found["first"], found["last"], found["gap_days"]
    ('2026-01-02', '2026-01-05', 3.0)
    """
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    stamps = values.to_numpy(dtype="M8[us]")
    ordered = np.sort(stamps[~np.isnat(stamps)])
    if not len(ordered):
        return {"distinct": 0}
    different = ordered[np.r_[True, ordered[1:] != ordered[:-1]]]
    found: dict[str, Any] = {
        "distinct": len(different),
        "first": str(different[0].astype("M8[D]")),
        "last": str(different[-1].astype("M8[D]")),
    }
    if len(different) > 1:
        steps = np.diff(different).astype(np.int64)
        widest = int(steps.argmax())
        found |= {
            "step_days": round(float(np.median(steps)) / DAY, 6),
            "gap_days": round(float(steps[widest]) / DAY, 6),
            "gap_from": str(different[widest].astype("M8[D]")),
            "gap_to": str(different[widest + 1].astype("M8[D]")),
            "span_days": round(float(steps.sum()) / DAY, 6),
        }
    return found


def alerts(
    column: Column, measured: Mapping[str, Any], *, timed: bool = False
) -> Iterator[Alert]:
    """Yield what is odd about moments.

    Parameters
    ----------
    column
        Its type and roles as collected.
    measured
        What `describe` gave.
    timed
        Whether a column of the table has the role time: a second one needs it not.
    """
    if "time" not in column.roles and measured["distinct"]:
        told = f"rows from {measured['first']} to {measured['last']}"
        if timed:
            yield Alert("dated", column.name, "note", told)
        else:
            yield Alert(
                *("dated", column.name, "look", told),
                'to be judged on the future, it needs the role "time"',
                roles(column, "time"),
            )
    gap = measured.get("gap_days", 0.0)
    wide = gap > WIDE * measured.get("span_days", 0.0)
    if measured["distinct"] >= MANY_STEPS and wide:
        steps = gap / max(measured["step_days"], 1e-9)
        if steps > MANY_STEPS:
            yield Alert(
                *("time gap", column.name, "look"),
                f"no row between {measured['gap_from']} and {measured['gap_to']}, "
                f"{steps:,.0f} times the usual step",
                "was nothing recorded, or did a part of the data get lost?",
            )
