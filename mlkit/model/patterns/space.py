"""Where rows lie: every column counts alike, and what repeats is folded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Space", "alike"]

SHARE, MOST = 0.95, 20
Floats = NDArray[np.float64]


class Space:
    """A straight map of an encoded matrix to the directions in which rows differ most.

    Parameters
    ----------
    rotation
        Shape (columns, directions).
    offset
        What is added, shape (directions,).

    Notes
    -----
    Numbers are scaled, levels of a category weighed so that the whole category varies
    as much as one number, then the principal components are taken that hold 95 % of
    the variance, at most 20: a plain form of the factor analysis of mixed data (Pagès
    2004).
    """

    def __init__(self, rotation: Floats, offset: Floats) -> None:
        self.rotation = rotation
        self.offset = offset

    @classmethod
    def fit(
        cls,
        matrix: NDArray[Any],
        sources: Sequence[str],
        share: float = SHARE,
        most: int = MOST,
    ) -> Space:
        """Learn the directions from rows.

        Parameters
        ----------
        matrix
            Encoded rows, shape (rows, columns).
        sources
            The table's column that each column comes of.
        share, most
            Of the variance that is to be held, and directions at most.

        Examples
        --------
        >>> cells = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
        >>> Space.fit(cells, ["a", "b"]).rotation.shape
        (2, 1)
        """
        cells = np.asarray(matrix, np.float64)
        weights = alike(cells, sources)
        mean = cells.mean(axis=0)
        away = (cells - mean) * weights
        values, turns = np.linalg.eigh(away.T @ away / max(len(away), 1))
        spread, turns = np.maximum(values[::-1], 0), turns.T[::-1]
        held = np.cumsum(spread) / max(spread.sum(), 1e-300)
        count = min(int(np.searchsorted(held, share)) + 1, most, len(spread))
        signs = np.sign(turns[np.arange(count), np.abs(turns[:count]).argmax(axis=1)])
        rotation = weights[:, None] * (turns[:count] * signs[:, None]).T
        return cls(rotation, -mean @ rotation)

    @classmethod
    def whole(cls, matrix: NDArray[Any], sources: Sequence[str]) -> Space:
        """Learn the directions, those included in which rows hardly differ.

        A row that differs in one of these is odd.
        """
        return cls.fit(matrix, sources, 0.999, 50)

    def transform(self, matrix: NDArray[Any]) -> Floats:
        """Return where rows lie, float64, shape (rows, directions)."""
        placed: Floats = np.asarray(matrix, np.float64) @ self.rotation + self.offset
        return placed


def alike(matrix: Floats, sources: Sequence[str]) -> Floats:
    """Return a weight a column, so that each source varies as much as any other.

    Parameters
    ----------
    matrix, sources
        As `Space.fit` takes them.
    """
    spread = matrix.var(axis=0)
    names = np.asarray(sources, object)
    totals = {name: spread[names == name].sum() for name in dict.fromkeys(sources)}
    return np.array([1 / np.sqrt(totals[n]) if totals[n] > 0 else 0.0 for n in sources])
