"""Whether one column's numbers lie in several lumps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

__all__ = ["in_lumps"]

BOUND, DIGITS, TINY = 0.85, 12, 1e-300
Floats = NDArray[np.float64]


def in_lumps(values: NDArray[np.floating]) -> bool:
    """Tell whether numbers lie in several lumps, as no single hump would leave them.

    Parameters
    ----------
    values
        Finite numbers, shape (rows,).

    Notes
    -----
    The test is close to the dip of Hartigan and Hartigan (1985): how far is the
    distribution from the nearest one that rises up to some place and falls from there?
    The bound is passed by one even spread of rows in twenty, and by humps less often.
    A value counts as spread half the way to its neighbours, so that the steps between
    round numbers are no gaps. Values that differ by rounding alone are one.

    Examples
    --------
    >>> even = np.linspace(0, 1, 100)
    >>> in_lumps(even), in_lumps(np.concatenate([even, even + 3]))
    (False, True)
    """
    cells = np.asarray(values, np.float64)
    placed = cells - cells.min(initial=np.inf)
    shares = np.round(placed / max(placed.max(initial=0.0), TINY), DIGITS)
    found, counts = np.unique(shares, return_counts=True)
    if len(found) < 3:
        return False
    middles = (found[1:] + found[:-1]) / 2
    ends = 2 * found[[0, -1]] - middles[[0, -1]]
    edges = np.concatenate([ends[:1], middles, ends[1:]])
    below = np.concatenate([[0.0], np.cumsum(counts) / len(values)])
    return bool(_off(edges, below) * np.sqrt(len(values)) > BOUND)


def _off(edges: Floats, below: Floats) -> float:
    """Return how far the nearest single hump is, wherever it is highest.

    The further right its top, the worse the rise fits and the better the fall.
    """
    least, first, last = 1.0, 0, len(edges) - 1
    while last - first > 1:
        top = (first + last) // 2
        rise = _bent(edges[: top + 1], below[: top + 1], rises=True)
        fall = _bent(edges[top:], below[top:], rises=False)
        least = min(least, max(rise, fall))
        first, last = (top, last) if rise < fall else (first, top)
    return least


def _bent(edges: Floats, below: Floats, *, rises: bool) -> float:
    """Return how far shares are from the nearest whose density only rises, or falls."""
    wide = np.diff(edges)
    slope = isotonic_regression(
        np.diff(below) / wide, sample_weight=wide, increasing=rises
    )
    return float(np.abs(below[0] + np.cumsum(slope * wide) - below[1:]).max())
