"""Numbers that lie far from all the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST", "RULE", "fences"]

MOST = 0.05
"""The largest share of cells that are outliers; beyond it they are a long tail."""

RULE = "by quartiles and median"
LOOKED_AT = 20_000
ENOUGH = 20
DIFFERENT = 10
HUGE = 1e100
FAR = 3.0
DEVIATIONS = 5.0
NORMAL = 1.4826


def fences(values: NDArray[Any]) -> tuple[float, float] | None:
    """Return the bounds beyond which a number lies far from the rest.

    Parameters
    ----------
    values
        Numbers, those that are not finite left aside; of many, 20,000 at even steps
        are looked at.

    Returns
    -------
    (float, float) or None
        None where there are too few, half of them are the same, or one is beyond
        1e100.

    Notes
    -----
    The wider of two robust rules: three times the distance of the quartiles beyond
    them (Tukey, Exploratory Data Analysis, 1977), and five deviations from the median,
    taken on either side of it, a deviation being 1.4826 times the median distance
    (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993). Rounded outwards
    to three digits.

    Examples
    --------
    >>> fences(np.array([*range(100), 5000]))
    (-136.0, 236.0)
    """
    seen = values[:: max(len(values) // LOOKED_AT, 1)]
    known = seen[np.isfinite(seen)].astype(float)
    if len(known) < ENOUGH or len(np.unique(known)) < DIFFERENT:
        return None
    if np.abs(known).max() > HUGE:
        return None
    first, middle, third = np.quantile(known, [0.25, 0.5, 0.75])
    left = NORMAL * np.median(middle - known[known <= middle])
    right = NORMAL * np.median(known[known >= middle] - middle)
    if first == third or left == 0 or right == 0:
        return None
    low = min(first - FAR * (third - first), middle - DEVIATIONS * left)
    high = max(third + FAR * (third - first), middle + DEVIATIONS * right)
    return _outwards(low, np.floor), _outwards(high, np.ceil)


def _outwards(bound: float, rounded: Any) -> float:
    if bound == 0 or not np.isfinite(bound):
        return float(bound)
    place = 2 - int(np.floor(np.log10(abs(bound))))
    return round(float(rounded(bound * 10.0**place) / 10.0**place), max(place, 0))
