"""How odd a row is, as its rank among the rows that were learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.formats.forms import Bowls, Ranked, Trees
from mlkit.model.patterns.bowls import depths

__all__ = ["NAMES", "Distance", "Odds", "knots_of"]

NAMES = ("usual", "odd")
TAIL = (0.99, 0.995, 0.998, 0.999)
TINY = float(np.finfo(np.float32).tiny)
Floats = NDArray[np.float64]


class Odds:
    """A fitted detector: its raw score, and the ranks of the rows it learnt from.

    Parameters
    ----------
    detector
        Has ``raw(matrix)``, which is greater for an odder row, and ``form``.
    own
        The raw score of each row that was learnt from, shape (rows,).
    """

    def __init__(self, detector: Any, own: Floats) -> None:
        self.detector = detector
        self.knots, self.start, self.slope, self.level = knots_of(own)

    def raw(self, matrix: Any) -> Floats:
        """Return the detector's own score, shape (rows,)."""
        return np.asarray(self.detector.raw(matrix), np.float64)

    def rank(self, raw: Floats) -> Floats:
        """Return the share of rows that were less odd, of raw scores."""
        place = np.searchsorted(self.knots, raw, side="right")
        away = self.slope[place] * (raw - self.start[place])
        return np.asarray(self.level[place] + away, np.float64)

    def predict_proba(self, matrix: Any) -> Floats:
        """Return how usual and how odd rows are, shape (rows, 2)."""
        rank = self.rank(self.raw(matrix))
        return np.stack([1 - rank, rank], axis=1)

    @property
    def form(self) -> Ranked | None:
        """The plain form; None where the detector has none."""
        inner: Trees | Bowls | None = self.detector.form
        if inner is None:
            return None
        return Ranked(inner, self.knots, self.start, self.slope, self.level)


class Distance:
    """Squared distances from the middle, or from the nearest of several.

    Parameters
    ----------
    form
        A bowl for each.
    """

    def __init__(self, form: Bowls) -> None:
        self.form = form

    def raw(self, matrix: Any) -> Floats:
        """Return the squared distance of each row, shape (rows,)."""
        return np.asarray(-depths(self.form, matrix).max(axis=1), np.float64)


def knots_of(scores: Floats, most: int = 128) -> tuple[Floats, ...]:
    """Return knots, and the line that leads on from each: start, slope and level.

    Parameters
    ----------
    scores
        Shape (rows,).
    most
        Knots at most, less a few in the upper tail.

    Examples
    --------
    >>> knots, start, slope, level = knots_of(np.array([0.0, 1.0, 3.0]))
    >>> knots.tolist(), level.tolist()
    ([0.0, 1.0, 3.0], [0.0, 0.0, 0.5, 1.0])
    """
    ordered = np.sort(scores)
    shares = np.unique([*np.linspace(0, 1, most), *TAIL])
    at = np.unique(np.rint(shares * (len(ordered) - 1)).astype(int))
    knots, first = np.unique(ordered[at], return_index=True)
    # So close, knots are one in single precision, and the slope between overflows.
    apart = np.diff(knots, prepend=-np.inf) >= TINY
    knots, first = knots[apart], first[apart]
    rank = at[first] / max(len(ordered) - 1, 1)
    if len(knots) < 2:
        return knots, np.append(knots, knots), np.zeros(2), np.array([0.0, 0.5])
    slope = np.concatenate([[0.0], np.diff(rank) / np.diff(knots), [0.0]])
    start = np.concatenate([knots[:1], knots])
    level = np.concatenate([rank[:1], rank])
    return knots, start, slope, level
