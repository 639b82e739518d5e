"""How the values of one column fall, and how a share of the way up is read back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEW", "Margin", "margin", "normal_scores"]

FEW = 8
POINTS = 15
ATOM = 0.05
LEAST = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Margin:
    """The sorted values of one column among rows of one class.

    Parameters
    ----------
    values
        Sorted, shape (n,).
    scores
        The normal score of each; ties share one.
    joined
        Whether values between one and the next may be drawn, shape (n,).
    """

    values: Floats
    scores: Floats
    joined: NDArray[np.bool_]

    def draw(self, shares: Floats) -> Floats:
        """Return the values at shares of the way up, each from 0 to 1."""
        last = len(self.values) - 1
        place = np.clip(shares * (last + 1) - 0.5, 0, last)
        below = np.minimum(place.astype(np.intp), max(last - 1, 0))
        part = place - below
        part = np.where(self.joined[below], part, np.rint(part))
        above = np.minimum(below + 1, last)
        low, high = self.values[below], self.values[above]
        return np.asarray(low * (1 - part) + high * part)

    def score(self, shares: Floats) -> Floats:
        """Return the normal scores at shares of the way up."""
        count = len(self.values)
        return self.scores[np.minimum((shares * count).astype(np.intp), count - 1)]


def margin(own: Floats, everybody: Floats, residuals: Floats, smooth: bool) -> Margin:
    """Return the margin of one column in one class.

    A class of fewer than eight rows borrows: around each of its numbers lie others, as
    far away as rows are from the middle of their class; to its words come those of
    everybody, as one more row would bring them. So a class of one row is no copy.

    Parameters
    ----------
    own
        The known values in this class, in any order.
    everybody
        The sorted known values of the whole column.
    residuals
        Sorted differences from the middle of the class, over the whole column.
    smooth
        Whether values between the real ones may be drawn.

    Examples
    --------
    >>> alone = np.array([5.0])
    >>> column = np.array([1.0, 5.0, 9.0])
    >>> lent = margin(alone, column, np.array([-1.0, 0.0, 1.0]), True)
    >>> float(lent.values.min()), float(lent.values.max())
    (4.0, 6.0)
    """
    if not len(own):
        values = everybody
    elif len(own) >= FEW:
        values = np.sort(own)
    else:
        values = _borrowed(own, everybody, residuals, smooth)
    joined = np.zeros(len(values), bool)
    if smooth:
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        atom = (counts >= max(LEAST, ATOM * len(values)))[inverse]
        joined[:-1] = ~(atom[:-1] | atom[1:])
    return Margin(values, normal_scores(values), joined)


def _borrowed(
    own: Floats, everybody: Floats, residuals: Floats, smooth: bool
) -> Floats:
    shares = np.linspace(0, 1, POINTS)
    if not smooth:
        place = np.rint(shares * (len(everybody) - 1)).astype(np.intp)
        return np.sort(np.concatenate([np.repeat(own, POINTS), everybody[place]]))
    around = np.quantile(residuals, shares) * len(own) ** -0.2
    found = (own[:, None] + around[None, :]).ravel()
    return np.sort(np.clip(found, everybody[0], everybody[-1]))


def normal_scores(values: Floats) -> Floats:
    """Return the normal score of each value, shape (n,); ties share the middle one.

    Examples
    --------
    >>> normal_scores(np.array([1.0, 2.0, 2.0, 3.0])).round(2).tolist()
    [-1.15, 0.0, 0.0, 1.15]
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    if not len(values):
        return np.zeros(0)
    return np.asarray(ndtri((rankdata(values) - 0.5) / len(values)), float)
