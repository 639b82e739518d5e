"""Tables in which there are no clusters, to hold what is found against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlkit.model.patterns.fitting import Rows

__all__ = ["CONTROLS", "crowd"]

CONTROLS = {
    "shuffled": "each column shuffled by itself",
    "bell": "one bell as long, slanted and skewed as the table",
}


def crowd(rows: Rows, how: str, rng: np.random.Generator) -> Rows:
    """Return as many rows of one crowd.

    Parameters
    ----------
    rows
        Encoded rows.
    how
        ``shuffled``: every column keeps its values and loses its ties to others.
        ``bell``: numbers are drawn from one normal law of the same means and
        covariance (Liu and others 2008) and skewed as each column is (Yeo and
        Johnson 2000), categories are shuffled.
    rng
        What to draw with.

    Examples
    --------
    >>> rows = Rows(np.eye(4, 2, dtype=np.float32), ["a", "b"])
    >>> sorted(crowd(rows, "shuffled", np.random.default_rng(0)).matrix[:, 0].tolist())
    [0.0, 0.0, 0.0, 1.0]
    """
    names = np.asarray(rows.sources, object)
    made = rows.matrix.copy()
    for name in dict.fromkeys(rows.sources):
        mine = np.flatnonzero(names == name)
        made[:, mine] = rows.matrix[rng.permutation(len(made))][:, mine]
    numbers = _numbers(rows)
    if how == "bell" and len(numbers):
        made[:, numbers] = _bell(rows.matrix[:, numbers].astype(np.float64), rng)
    return Rows(made, rows.sources)


def _bell(cells: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw rows of one normal law in the scale in which each column is least skewed."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PowerTransformer, StandardScaler

    scale = make_pipeline(StandardScaler(), PowerTransformer())
    straight = scale.fit_transform(cells)
    spread = np.atleast_2d(np.cov(straight, rowvar=False))
    drawn = rng.multivariate_normal(
        straight.mean(axis=0), spread, len(cells), method="eigh"
    )
    drawn = np.clip(drawn, straight.min(axis=0), straight.max(axis=0))
    made: NDArray[np.float64] = scale.inverse_transform(drawn)
    return made


def _numbers(rows: Rows) -> NDArray[np.int64]:
    """Return the columns of more than two values: numbers, not levels or gaps."""
    several = [len(np.unique(column)) > 2 for column in rows.matrix.T]
    return np.flatnonzero(several)
