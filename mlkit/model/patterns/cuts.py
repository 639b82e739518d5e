"""Whether clusters are parted by a thinning of the rows, or cut out of one crowd."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.patterns.lumps import in_lumps

__all__ = ["FEWEST", "cuts", "whole"]

FEWEST, NEAR = 20, 0.7
"""Rows that each of two clusters needs; see below."""
Floats = NDArray[np.float64]


def cuts(cells: Floats, labels: NDArray[Any], count: int) -> list[tuple[int, int]]:
    """Return the pairs of clusters that are one crowd, cut in two.

    Parameters
    ----------
    cells
        Where rows lie, shape (rows, directions).
    labels
        Their clusters, shape (rows,); `count` and above belong to none.
    count
        How many clusters there are.

    Notes
    -----
    The rows of two clusters are looked at along the line between their centres, and
    along the direction that tells them apart best (Fisher 1936). If a gap lies between
    them that is wider than both, or the seven tenths of each that are nearest to the
    other lie in lumps, they are parted. Of even crowds that are cut in the middle one
    in forty is missed, of bells hardly one, of arcs one in ten; of pairs of bells of 30
    rows that lie five standard deviations apart one in thirty is mistaken.

    Examples
    --------
    >>> even = np.linspace(0, 1, 60)[:, None]
    >>> cuts(even, (even[:, 0] > 0.5).astype(int), 2)
    [(0, 1)]
    """
    groups = {k: cells[labels == k] for k in range(count)}
    large = [k for k, rows in groups.items() if len(rows) >= FEWEST]
    pairs = combinations(large, 2)
    return [(a, b) for a, b in pairs if not _parted(groups[a], groups[b])]


def whole(pairs: Iterable[tuple[int, int]], count: int) -> int:
    """Return how many crowds are left once those that were cut are put together.

    Parameters
    ----------
    pairs
        As `cuts` gives them.
    count
        How many clusters there are.

    Examples
    --------
    >>> whole([(0, 1), (1, 2)], 4)
    2
    """
    crowd = list(range(count))
    for a, b in pairs:
        crowd = [crowd[a] if one == crowd[b] else one for one in crowd]
    return len(set(crowd))


def _parted(one: Floats, other: Floats) -> bool:
    line = one.mean(axis=0) - other.mean(axis=0)
    inner = np.concatenate([one - one.mean(axis=0), other - other.mean(axis=0)])
    turned = np.linalg.lstsq(inner.T @ inner, line, rcond=1e-6)[0]
    return any(_gaps(one @ way, other @ way) for way in (line, turned))


def _gaps(high: Floats, low: Floats) -> bool:
    """Tell whether rows thin out between two clusters, along one direction."""
    if high.min() - low.max() > high.std() + low.std():
        return True
    near = high[high <= np.quantile(high, NEAR)]
    return in_lumps(np.append(near, low[low >= np.quantile(low, 1 - NEAR)]))
