"""Backtests for timed rows: learn on the past, judge on what came next, again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.data.charts.cards import card, grid
from mlkit.data.charts.parts import plot_folds
from mlkit.data.charts.style import Picture

if TYPE_CHECKING:
    from mlkit.data.split import Parts

__all__ = ["Backtest", "Fold", "backtest", "moment", "rolling"]

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Fold:
    """One look into the past.

    Parameters
    ----------
    train, judged
        Row numbers: what may be learnt from, and what came next.
    learnt, ahead
        The first and last time of either.
    """

    train: Rows
    judged: Rows
    learnt: tuple[Any, Any]
    ahead: tuple[Any, Any]


@dataclass(frozen=True)
class Backtest:
    """All folds of a backtest, the oldest first.

    Parameters
    ----------
    folds
        Row numbers and times of each.
    why
        Where there is none, why.
    """

    folds: tuple[Fold, ...]
    why: str = ""

    def plot(self) -> Picture:
        """Draw what each fold learns from and what it is judged on."""
        lines = [
            (fold.learnt, fold.ahead, len(fold.train), len(fold.judged))
            for fold in self.folds
        ]
        return plot_folds(lines, self.why)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(f.train)}→{len(f.judged)}" for f in self.folds)
        return f"<Backtest {sizes or self.why}>"

    def _repr_html_(self) -> str:
        if not self.folds:
            return card("Backtest", self.why)
        lines = [
            (
                *(place, f"{len(fold.train):,}", _between(fold.learnt)),
                *(f"{len(fold.judged):,}", _between(fold.ahead)),
            )
            for place, fold in enumerate(self.folds, 1)
        ]
        heads = ("fold", "rows learnt from", "of", "rows judged", "of")
        told = "each fold learns on the past and is judged on what came next"
        return card("Backtest", told) + grid(heads, lines)


def rolling(parts: Parts, folds: int = 4, *, gap: int = 0) -> Backtest:
    """Return the backtest of a timed split, on its train and valid rows alone.

    The test stays sealed: no fold learns from it or is judged on it.

    Parameters
    ----------
    parts
        What `split` made.
    folds
        How many; fewer where there are too few distinct times.
    gap
        How many distinct times are left out before what is judged.

    Returns
    -------
    Backtest
        Its row numbers count through train, then valid. Without folds, and with the
        reason, where the split is not timed.

    Examples
    --------
    >>> from mlkit.data.split import split
    >>> rows = pd.DataFrame({"day": np.arange(50.0), "y": np.arange(50.0) % 7})
    >>> rows.index = pd.Index([f"row {i}" for i in range(50)], dtype="str")
    >>> rolling(split(rows, rows))
    <Backtest not timed: no backtest>
    >>> rolling(split(rows, rows, by_time="day"), 3)
    <Backtest 10→10, 20→10, 30→10>
    """
    if not parts.times:
        return Backtest((), "not timed: no backtest")
    times = pd.concat([parts.times["train"], parts.times["valid"]])
    most = times.nunique() - 1 - gap
    if most < 1:
        return Backtest((), f"no backtest: {times.nunique()} distinct times")
    return backtest(times, min(folds, most), gap=gap)


def backtest(
    times: pd.Series, folds: int = 5, *, gap: int = 0, window: int = 0
) -> Backtest:
    """Return rolling-origin folds: each learns on the past and is judged on the next.

    The times are cut into ``folds + 1`` runs of about as many rows; fold *k* learns on
    the first *k* and is judged on the next (Tashman 2000, "Out-of-sample tests of
    forecasting accuracy"). Rows of one time are never parted; rows without a time are
    in no fold.

    Parameters
    ----------
    times
        Dates or numbers, one a row.
    folds
        How many.
    gap
        How many distinct times are left out between the past and what is judged, for
        answers that come in late.
    window
        Learn on the last `window` distinct times only; 0 learns on all of the past.

    Raises
    ------
    InputError
        Where there are too few distinct times.

    Examples
    --------
    >>> made = backtest(pd.Series(range(12)), 3)
    >>> made
    <Backtest 3→3, 6→3, 9→3>
    >>> made.folds[0].train.tolist(), made.folds[0].judged.tolist()
    ([0, 1, 2], [3, 4, 5])
    """
    codes, moments = pd.factorize(times, sort=True)
    if folds < 1 or len(moments) < folds + 1 + gap:
        raise InputError(
            "there are too few distinct times for this backtest",
            where=f"column {times.name!r}",
            expected=f"{max(folds, 1) + 1 + gap} times for {max(folds, 1)} folds",
            got=f"{len(moments)}",
            todo="ask for fewer folds, or a smaller gap",
        )
    counts = np.bincount(codes[codes >= 0])
    edges = [gap + edge for edge in _edges(counts[gap:], folds + 1)]
    made = []
    for low, high in pairwise(edges[1:]):
        last = low - gap
        first = max(last - window, 0) if window else 0
        train = np.flatnonzero((codes >= first) & (codes < last))
        judged = np.flatnonzero((codes >= low) & (codes < high))
        learnt = (moments[first], moments[last - 1])
        made.append(Fold(train, judged, learnt, (moments[low], moments[high - 1])))
    return Backtest(tuple(made))


def _edges(counts: Rows, runs: int) -> list[int]:
    """Cut distinct times into runs of about as many rows, none empty."""
    total = np.cumsum(counts)
    edges = [0]
    for run in range(1, runs):
        wished = int(np.searchsorted(total, total[-1] * run / runs)) + 1
        edges.append(min(max(wished, edges[-1] + 1), len(counts) - (runs - run)))
    return [*edges, len(counts)]


def moment(value: Any) -> str:
    """Write a time shortly: a date without midnight, a number without zeros.

    Examples
    --------
    >>> moment(pd.Timestamp("2021-03-01")), moment(12.0)
    ('2021-03-01', '12')
    """
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
    return f"{value:g}"


def _between(ends: tuple[Any, Any]) -> str:
    return " to ".join(map(moment, ends))
