"""Live rows cut into windows, by the calendar or by count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import UsageError, did_you_mean

__all__ = ["Span", "cut", "newest"]

CALENDAR = {"hour": "h", "day": "D", "week": "W", "month": "M"}
COUNT = re.compile(r"([1-9][0-9]*)(?: rows?)?")


@dataclass(frozen=True)
class Span:
    """One window.

    Parameters
    ----------
    start, end
        The moments of its first and its last row, in UTC.
    rows
        The places of its rows, shape (rows,).
    """

    start: pd.Timestamp
    end: pd.Timestamp
    rows: NDArray[np.intp]


def cut(at: pd.Series, by: str) -> list[Span]:
    """Cut rows into windows, oldest first; windows without a row are left out.

    Parameters
    ----------
    at
        The moment of each row, in order.
    by
        ``hour``, ``day``, ``week``, ``month`` in UTC, or a number of rows, counted
        from the newest back.

    Raises
    ------
    UsageError
        Where `by` is none of these.

    Examples
    --------
    >>> at = pd.Series(pd.date_range("2026-01-01", periods=5, freq="12h", tz="UTC"))
    >>> [len(span.rows) for span in cut(at, "day")]
    [2, 2, 1]
    >>> [len(span.rows) for span in cut(at, "2 rows")]
    [1, 2, 2]
    """
    count = COUNT.fullmatch(by.strip())
    if count:
        left = (len(at) - 1 - np.arange(len(at))) // int(count[1])
        keys: Any = -left
    elif by in CALENDAR:
        keys = at.dt.tz_convert(None).dt.to_period(CALENDAR[by]).astype("int64")
    else:
        raise UsageError(
            "a window is hour, day, week, month, or a number of rows",
            got=repr(by),
            todo=did_you_mean(by, CALENDAR),
        )
    bounds = np.flatnonzero(np.diff(np.asarray(keys), prepend=np.nan))
    parts = np.split(np.arange(len(at)), bounds[bounds > 0]) if len(at) else []
    return [_span(at, part) for part in parts]


def newest(at: pd.Series, spans: list[Span], least: int) -> Span | None:
    """Return the newest windows together that have enough rows; None where none do.

    Parameters
    ----------
    at
        The moment of each row.
    spans
        What `cut` returned.
    least
        Fewest rows to judge by.

    Examples
    --------
    >>> at = pd.Series(pd.date_range("2026-01-01", periods=5, freq="12h", tz="UTC"))
    >>> newest(at, cut(at, "day"), 3).rows.tolist(), newest(at, cut(at, "day"), 9)
    ([2, 3, 4], None)
    """
    taken: list[Any] = []
    for span in reversed(spans):
        taken.insert(0, span.rows)
        if sum(map(len, taken)) >= least:
            return _span(at, np.concatenate(taken))
    return None


def _span(at: pd.Series, part: NDArray[np.intp]) -> Span:
    return Span(at.iloc[part[0]], at.iloc[part[-1]], part)
