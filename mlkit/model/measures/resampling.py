"""Resamples of rows or of groups of rows, and the intervals that rest on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["bootstrap", "group_codes", "interval", "resamples"]

Array = NDArray[Any]
REPEATS = 1000
FEWEST = 100
CELLS = 20_000_000
BATCH = 1_000_000
SAME = 1e-9


def group_codes(groups: pd.Series) -> NDArray[np.int64]:
    """Return each row's group as a code; a row without one is a group of its own.

    Examples
    --------
    >>> group_codes(pd.Series(["a", None, "a", None])).tolist()
    [0, 1, 0, 2]
    """
    codes, names = pd.factorize(groups)
    alone = codes < 0
    codes[alone] = len(names) + np.arange(alone.sum())
    return np.asarray(codes, np.int64)


def resamples(
    rows: int,
    *,
    seed: int = 0,
    repeats: int = REPEATS,
    groups: Array | None = None,
    weights: Array | None = None,
    each: int = 1,
) -> Iterator[Array]:
    """Yield how often each row is drawn, in batches of shape (some repeats, rows).

    Parameters
    ----------
    rows
        How many rows there are.
    seed
        Of the draws.
    repeats
        Resamples; fewer on very many rows, at least 100.
    groups
        The group of each row as a code, shape (rows,): groups are drawn whole, since
        rows of one group are alike (cluster bootstrap; Davison and Hinkley 1997).
    weights
        What each row counts, shape (rows,); it multiplies.
    each
        How many times a row is looked at, as once for each of many classes.

    Examples
    --------
    >>> drawn = np.concatenate(list(resamples(4, repeats=200)))
    >>> drawn.shape, bool((drawn.sum(axis=1) == 4).all())
    ((200, 4), True)
    """
    rng = np.random.default_rng(seed)
    units = rows if groups is None else int(groups.max(initial=-1)) + 1
    repeats = int(np.clip(CELLS // max(rows * each, 1), min(FEWEST, repeats), repeats))
    size = max(BATCH // max(rows, units, 1), 1)
    for start in range(0, repeats, size):
        count = min(size, repeats - start)
        picked = rng.integers(0, units, (count, units))
        picked += np.arange(count)[:, None] * units
        drawn = np.bincount(picked.ravel(), minlength=count * units)
        times = drawn.reshape(count, units).astype(np.float64)
        if groups is not None:
            times = times[:, groups]
        yield times if weights is None else times * weights


def bootstrap(
    measures: Sequence[Callable[[NDArray[np.int64]], float]],
    rows: int,
    *,
    repeats: int = 500,
    level: float = 0.95,
    seed: int = 0,
    groups: Array | None = None,
) -> list[tuple[float, float]]:
    """Return intervals of measures over resampled rows (Efron 1979).

    Percentiles, moved by the bias that resampling shows: a calibration error grows
    by resampling, a mean does not.

    Parameters
    ----------
    measures
        Each takes row positions, shape (rows,), and returns a number.
    rows
        How many rows there are.
    repeats
        Resamples; fewer on very many rows, at least 100.
    level
        The share of resamples inside an interval.
    seed
        Of the draws.
    groups
        The group of each row as a code; they are drawn whole.

    Examples
    --------
    >>> values = np.arange(100.0)
    >>> [(low, high)] = bootstrap([lambda rows: values[rows].mean()], 100)
    >>> bool(low < 49.5 < high)
    True
    """
    repeats = int(np.clip(5_000_000 // max(rows, 1), 100, repeats))
    everything = np.arange(rows)
    points = [measure(everything) for measure in measures]
    draws = [
        [measure(np.repeat(everything, times.astype(np.int64))) for measure in measures]
        for batch in resamples(rows, seed=seed, repeats=repeats, groups=groups)
        for times in batch
    ]
    found = np.array(draws).reshape(-1, len(measures)).T
    return [interval(row, p, level) for row, p in zip(found, points, strict=True)]


def interval(
    draws: Array, point: float, level: float = 0.95, rows: int = 0
) -> tuple[float, float]:
    """Return the interval of a value from its resamples, by moved percentiles.

    Where a share is 0 or 1, and is so in as many resamples as `level`, they cannot
    tell how far it might be from there: its limit is exact then (Clopper and Pearson
    1934). What is 1 only where shares are has the limit of the share of fewest rows.

    Parameters
    ----------
    draws
        The value in each resample; what is not finite is passed over.
    point
        The value itself.
    level
        The share of resamples inside.
    rows
        Of how many rows the value is a share, or the least of its shares; 0 where it is
        none.

    Examples
    --------
    >>> low, high = interval(np.ones(1000), 1.0, rows=5)
    >>> round(low, 3), high
    (0.478, 1.0)
    """
    known = draws[np.isfinite(draws)]
    if not len(known):
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    far = tail ** (1 / rows) if rows else 1.0
    for end, exact in ((0.0, (0.0, 1 - far)), (1.0, (far, 1.0))):
        there = np.abs(known - end) < SAME
        if rows and abs(point - end) < SAME and there.mean() >= level:
            return exact
    limits = np.quantile(known, [tail, 1 - tail]) - (known.mean() - point)
    ends = min(known.min(), point), max(known.max(), point)
    low, high = np.clip(limits, *ends)
    return float(low), float(high)
