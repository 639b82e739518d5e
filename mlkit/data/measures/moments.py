"""Sums over numbers that may be near the ends of what a float can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["finite", "moments", "scaled", "standardised", "visible"]

HUGE = 2.0**300
MOST = float(np.finfo(np.float64).max)
FINEST, LARGEST, FARTHEST = 1e-3, 1e30, 1e4
"""Ranges that single precision and trees hold, and how many times from zero."""


def scaled(values: NDArray[Any]) -> tuple[NDArray[np.float64], float]:
    """Return values over a power of two, and the power: 1 but where they are huge.

    Dividing by a power of two loses no digit.

    Parameters
    ----------
    values
        Finite numbers, shape (rows,).

    Examples
    --------
    >>> scaled(np.array([1.0, 3.0]))[1], scaled(np.array([1e300]))[1] > 1e290
    (1.0, True)
    """
    ends = (values.min(), values.max()) if len(values) else (0.0, 0.0)
    power = _power(max(-float(ends[0]), float(ends[1])))
    plain = np.asarray(values, np.float64)
    return (plain / power, power) if power >= HUGE else (plain, 1.0)


def standardised(values: NDArray[Any]) -> tuple[NDArray[np.float64], float, float]:
    """Return values less their mean over their spread, the mean and the spread.

    Trees learn nothing from a target whose variance is near nothing, as it is in a
    small enough unit.

    Parameters
    ----------
    values
        Finite numbers, shape (rows,), at least one. The spread of equal ones is 1.

    Examples
    --------
    >>> standardised(np.array([1e-200, 3e-200]))
    (array([-1.,  1.]), 2e-200, 1e-200)
    """
    plain = np.asarray(values, np.float64)
    power = _power(float(np.abs(plain).max()))
    plain = plain / power
    mean, spread = float(plain.mean()), float(plain.std()) or 1.0
    return (plain - mean) / spread, mean * power, spread * power


def moments(values: NDArray[Any]) -> tuple[float, float, float]:
    """Return mean, standard deviation and skewness; none of them overflows.

    Parameters
    ----------
    values
        Finite numbers, shape (rows,), at least one.

    Examples
    --------
    >>> moments(np.array([1.0, 2.0, 3.0]))[0], moments(np.array([1e308, 1.7e308]))[0]
    (2.0, 1.35e+308)
    """
    plain, power = scaled(values)
    mean = float(plain.mean())
    away = plain - mean
    squares = away * away
    spread = float(np.sqrt(squares.mean()))
    squares *= away
    skew = float(squares.mean()) / spread**3 if spread**3 > 0 else 0.0
    return finite(mean * power), finite(spread * power), skew


def finite(value: float) -> float:
    """Return a number that is at most as far from 0 as the largest float."""
    return float(np.clip(value, -MOST, MOST))


def visible(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return numbers as trees see them: as they are, else over their range from 0 to 1.

    Trees read single precision, and no cut below 1e-7: of a small enough unit, or far
    enough from zero, all values are one to them.

    Parameters
    ----------
    values
        Of one column, shape (rows,); what is not finite stays as it is.

    Examples
    --------
    >>> visible(np.array([1.0, 2.0, np.nan])), visible(np.array([1e-9, 3e-9, 5e-9]))
    (array([ 1.,  2., nan]), array([0. , 0.5, 1. ]))
    """
    plain = np.asarray(values, np.float64)
    known = np.isfinite(plain)
    if not known.any():
        return plain
    power = _power(float(np.abs(plain[known]).max()))
    shares = plain[known] / power
    low, width = float(shares.min()), float(np.ptp(shares))
    if width == 0 or (FINEST < width * power < LARGEST and width * FARTHEST > 1):
        return plain
    made = plain.copy()
    made[known] = (shares - low) / width
    return made


def _power(largest: float) -> float:
    """Return the power of two at or below a number; a half for 0."""
    return float(2.0 ** (int(np.frexp(largest)[1]) - 1))
