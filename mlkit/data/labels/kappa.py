"""How far people agree beyond chance: Cohen's kappa, Krippendorff's alpha."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["alpha", "cohen", "words"]

DRAWS = 2000
SEED = 0
Numbers = NDArray[Any]
NAMES = (
    (0.0, "poor"),
    (0.2, "slight"),
    (0.4, "fair"),
    (0.6, "moderate"),
    (0.8, "substantial"),
    (float("inf"), "almost perfect"),
)


def cohen(table: Numbers) -> tuple[float, float, float]:
    """Return Cohen's kappa of two people and its 95 % interval; NaN where undefined.

    Parameters
    ----------
    table
        Counts: row, what one said; column, what the other said; shape (k, k).

    Notes
    -----
    Cohen (1960); the interval is that of a bootstrap over the rows, by percentiles.

    Examples
    --------
    >>> value, low, high = cohen(np.array([[20, 5], [10, 15]]))
    >>> round(value, 3), low < value < high
    (0.4, True)
    """
    count = int(table.sum())
    if not count:
        return (float("nan"),) * 3
    cells = table.ravel() / count
    drawn = np.random.default_rng(SEED).multinomial(count, cells, DRAWS)
    values = _kappa(drawn.reshape(-1, *table.shape) / count)
    return _told(float(_kappa(table[None] / count)[0]), values)


def alpha(units: Numbers) -> tuple[float, float, float]:
    """Return Krippendorff's alpha and its 95 % interval; NaN where undefined.

    Parameters
    ----------
    units
        What each person said of each row, shape (rows, people): numbers, or classes
        as ones and zeros in a third direction; NaN where she said nothing.

    Notes
    -----
    Krippendorff (2011). Disagreement is the squared distance, which for classes is
    the nominal one. The interval is that of a bootstrap over the rows.

    Examples
    --------
    >>> said = np.array([[1, 1, np.nan], [2, 2, 2], [3, 3, 3], [1, 2, 1]])
    >>> round(alpha(said)[0], 3)
    0.868
    """
    points = units[:, :, None] if units.ndim == 2 else units
    known = ~np.isnan(points[:, :, 0])
    points, known = points[known.sum(axis=1) >= 2], known[known.sum(axis=1) >= 2]
    if not len(points):
        return (float("nan"),) * 3
    filled = np.where(known[:, :, None], points, 0.0)
    n = known.sum(axis=1)
    sums, squares = filled.sum(axis=1), (filled**2).sum(axis=(1, 2))
    apart = (n * squares - (sums**2).sum(axis=1)) / (n - 1)
    rng = np.random.default_rng(SEED)
    weights = rng.multinomial(len(n), np.full(len(n), 1 / len(n)), DRAWS)
    every = np.vstack([np.ones(len(n)), weights])
    total = every @ n
    between = total * (every @ squares) - ((every @ sums) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = 1 - (every @ apart) * (total - 1) / between
    values[between <= 1e-12 * total**2] = np.nan
    return _told(float(values[0]), values[1:])


def words(value: float) -> str:
    """Name a kappa, after Landis and Koch (1977).

    Examples
    --------
    >>> words(0.75), words(-0.1)
    ('substantial', 'poor')
    """
    return next(name for top, name in NAMES if value <= top)


def _kappa(shares: Numbers) -> Numbers:
    agreed = np.trace(shares, axis1=1, axis2=2)
    chance = (shares.sum(axis=1) * shares.sum(axis=2)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        made: Numbers = (agreed - chance) / (1 - chance)
    made[chance > 1 - 1e-12] = np.nan
    return made


def _told(value: float, drawn: Numbers) -> tuple[float, float, float]:
    """Return a value and its interval; draws where it is undefined are left out."""
    known = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(known):
        return (float("nan"),) * 3
    low, high = np.quantile(known, [0.025, 0.975])
    return value, min(float(low), value), max(float(high), value)
