"""Backtests for timed rows: learn on the past, judge on what came next, again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.data.charts.style import (
    INK,
    MUTED,
    PALETTE,
    Picture,
    figure,
    headline,
    style,
)

__all__ = ["Backtest", "Fold", "backtest"]

Rows = NDArray[np.intp]
DAY = 86_400e6


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
    """All folds of a backtest, the oldest first."""

    folds: tuple[Fold, ...]

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(f.train)}→{len(f.judged)}" for f in self.folds)
        return f"<Backtest {sizes}>"

    def plot(self) -> Picture:
        """Draw what each fold learns from and what it is judged on."""
        picture, (axes,) = figure(9, 1.2 + 0.34 * len(self.folds))
        with style():
            for place, fold in enumerate(self.folds):
                for ends, tone in zip((fold.learnt, fold.ahead), PALETTE, strict=False):
                    low, high = map(_position, ends)
                    axes.barh(place, high - low, 0.6, left=low, color=tone)
                told = f"  {len(fold.train):,} rows, judged on {len(fold.judged):,}"
                end = _position(fold.ahead[1])
                axes.text(end, place, told, va="center", color=MUTED)
            numbers = range(len(self.folds))
            axes.set_yticks(numbers, [f"fold {place + 1}" for place in numbers])
            axes.set_ylim(len(self.folds) - 0.4, -0.6)
            axes.tick_params(axis="y", colors=INK)
            axes.grid(visible=False, axis="y")
            axes.set_xlim(right=axes.get_xlim()[1] + 0.3 * np.ptp(axes.get_xlim()))
            if isinstance(self.folds[0].ahead[0], pd.Timestamp):
                axes.xaxis_date()
        headline(picture, "The backtest", "blue is learnt from, orange came next")
        return picture


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


def _position(moment: Any) -> float:
    """Return where a time lies on an axis: days since 1970 for a date."""
    if isinstance(moment, pd.Timestamp):
        return float(moment.to_datetime64().astype("M8[us]").astype(np.int64)) / DAY
    return float(moment)
