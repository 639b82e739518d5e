"""Tables in which there are no clusters, to hold what is found against."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mlkit.model.patterns.fitting import Rows
from mlkit.model.patterns.lumps import in_lumps

__all__ = ["CONTROLS", "Crowds"]

CONTROLS = {
    "shuffled": "each column shuffled by itself",
    "bell": "one bell as long, slanted and skewed as the table",
}


class Crowds:
    """One crowd after another, each of as many rows as a table.

    Parameters
    ----------
    rows
        Encoded rows.

    Examples
    --------
    >>> rows = Rows(np.eye(4, 2, dtype=np.float32), ["a", "b"])
    >>> drawn = Crowds(rows).draw("shuffled", np.random.default_rng(0))
    >>> sorted(drawn.matrix[:, 0].tolist())
    [0.0, 0.0, 0.0, 1.0]
    """

    def __init__(self, rows: Rows) -> None:
        self.rows, self._numbers = rows, _numbers(rows)

    def draw(self, how: str, rng: np.random.Generator) -> Rows:
        """Draw one.

        Parameters
        ----------
        how
            ``shuffled``: every column keeps its values and loses its ties to others.
            Numbers in several lumps, which are groups by themselves, are evened out:
            they keep their order, and all gaps between them become alike.
            ``bell``: numbers are drawn from one normal law of the same means and
            covariance (Liu and others 2008) and skewed as each column is (Yeo and
            Johnson 2000), categories are shuffled.
        rng
            What to draw with.
        """
        rows = self.rows
        names = np.asarray(rows.sources, object)
        made = rows.matrix.copy()
        for name in dict.fromkeys(rows.sources):
            mine = np.flatnonzero(names == name)
            made[:, mine] = self._evened[rng.permutation(len(made))][:, mine]
        if how == "bell" and len(self._numbers):
            made[:, self._numbers] = self._bell.draw(len(made), rng)
        return Rows(made, rows.sources)

    @cached_property
    def _evened(self) -> NDArray[np.float32]:
        made = self.rows.matrix.copy()
        for k in self._numbers:
            if in_lumps(made[:, k]):
                made[:, k] = np.unique(made[:, k], return_inverse=True)[1]
        return made

    @cached_property
    def _bell(self) -> _Bell:
        return _Bell(self.rows.matrix[:, self._numbers].astype(np.float64))


class _Bell:
    """One normal law in the scale in which each column is least skewed."""

    def __init__(self, cells: NDArray[np.float64]) -> None:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import PowerTransformer, StandardScaler

        self.scale = make_pipeline(StandardScaler(), PowerTransformer())
        straight = self.scale.fit_transform(cells)
        self.ends = straight.min(axis=0), straight.max(axis=0)
        self.law = straight.mean(axis=0), np.atleast_2d(np.cov(straight, rowvar=False))

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        drawn = rng.multivariate_normal(*self.law, count, method="eigh")
        made: NDArray[np.float64] = self.scale.inverse_transform(
            np.clip(drawn, *self.ends)
        )
        return made


def _numbers(rows: Rows) -> NDArray[np.int64]:
    """Return the columns of more than two values: numbers, not levels or gaps."""
    several = [len(np.unique(column)) > 2 for column in rows.matrix.T]
    return np.flatnonzero(several)
