"""Normal scores: a number is replaced by the normal deviate of its rank.

The map is piecewise linear between stored quantiles, and is done in float32: a row's
interval is found by counting the quantiles it reaches, then three numbers are looked
up. ONNX repeats that bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

__all__ = ["Normal"]

Floats = NDArray[np.float32]
KNOTS, REACH, FAR = 33, 2.9, 1.7e38


@dataclass
class Normal:
    """Maps of columns, each linear between its knots and level beyond them.

    Parameters
    ----------
    knots
        Ascending, shape (columns, knots); infinite where a column has fewer.
    start, slope, level
        By interval, shape (columns, knots + 1): a cell ``x`` that reaches ``k`` knots
        becomes ``level[k] + slope[k] * (x - start[k])``.
    """

    knots: Floats
    start: Floats
    slope: Floats
    level: Floats

    def transform(self, cells: Floats) -> Floats:
        """Return the scores of finite cells, both of shape (rows, columns)."""
        made = np.empty_like(cells)
        for j, knots in enumerate(self.knots):
            place = np.searchsorted(knots, cells[:, j], side="right")
            away = cells[:, j] - self.start[j][place]
            made[:, j] = self.level[j][place] + self.slope[j][place] * away
        return made

    @classmethod
    def fit(cls, cells: Floats, clip: float) -> Normal:
        """Learn the maps of finite cells; the scores have mean 0 and deviation 1.

        Parameters
        ----------
        cells
            Shape (rows, columns).
        clip
            Scores are capped at ±`clip`.

        Notes
        -----
        Van der Waerden scores of mid-ranks; the knots lie at even steps of the
        normal deviate, so that the tails have as many as the middle.

        Examples
        --------
        >>> cells = np.float32([[1.0], [2.0], [1000.0]])
        >>> [round(float(s), 2) for s in Normal.fit(cells, 10).transform(cells)[:, 0]]
        [-1.22, 0.0, 1.22]
        """
        maps = [_map(np.sort(column), clip) for column in cells.T]
        shape = (len(maps), max((len(k) for k, _ in maps), default=1))
        knots = np.full(shape, np.inf, np.float32)
        start, slope, level = np.zeros((3, shape[0], shape[1] + 1), np.float32)
        for j, (at, scores) in enumerate(maps):
            count = len(at)
            knots[j, :count] = at
            start[j, 1:count] = at[:-1]
            slope[j, 1:count] = np.diff(scores) / np.diff(at.astype(float))
            level[j, 0] = scores[0]
            level[j, 1 : count + 1] = scores
        return cls(knots, start, slope, level)


def _map(ordered: Floats, clip: float) -> tuple[Floats, NDArray[np.float64]]:
    """Return the knots of a sorted column, and the score at each."""
    knots = np.unique(np.clip(ordered, -FAR, FAR))
    if len(knots) > KNOTS:
        shares = ndtr(np.linspace(-REACH, REACH, KNOTS - 2))
        places = np.round(shares * (len(ordered) - 1)).astype(int)
        ends = [0, len(ordered) - 1]
        knots = np.unique(np.clip(ordered[[*places, *ends]], -FAR, FAR))
    below = np.searchsorted(ordered, knots, side="left")
    within = np.searchsorted(ordered, knots, side="right")
    scores = ndtri((below + within) / (2 * len(ordered)))
    told = np.interp(ordered.astype(float), knots.astype(float), scores)
    spread = told.std() or 1.0
    return knots, np.clip((scores - told.mean()) / spread, -clip, clip)
