"""Local outlier factor: a row is odd if it lies thinner than its neighbours do."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.neighbors import LocalOutlierFactor

from mlkit.model.encoding.encode import Encoding
from mlkit.model.formats.forms import Ranked
from mlkit.model.patterns.ranks import Odds
from mlkit.model.patterns.space import Space

title = "local outlier factor"
order = 73
baseline = False
first = True
plain = False
formats = ()
encoding = Encoding(scale=True, levels=12, rates=False, topics=0)
takes = ("anomaly",)
weighted = False
most = 10_000
install = ""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit: each row looks for its neighbours."""
    known = min(rows, most)
    return 0.005 + known * known * 2e-8 * (1 + min(columns, 20) / 10)


def build(kind: str, rows: int, seed: int, *, count: int = 20) -> Any:  # noqa: ARG001
    """Return a detector that asks so many neighbours."""
    return Near(max(1, min(count, rows - 1)))


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw how many neighbours, 10 to 60."""
    return {"count": int(rng.integers(10, 61))}


def form(estimator: Odds, kind: str) -> Ranked | None:
    """Return nothing: it keeps its training rows."""


class Near:
    """A detector that is not fitted yet (Breunig and others 2000)."""

    def __init__(self, count: int) -> None:
        self.count = count

    def fit(self, matrix: Any, sources: Sequence[str]) -> Odds:
        """Keep the rows, and how dense each lies."""
        space = Space.whole(matrix, sources)
        made = LocalOutlierFactor(self.count, novelty=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            made.fit(space.transform(matrix))
        return Odds(Thin(space, made), -made.negative_outlier_factor_)


class Thin:
    """How much thinner rows lie than their neighbours do."""

    form = None

    def __init__(self, space: Space, near: Any) -> None:
        self.space = space
        self.near = near

    def raw(self, matrix: Any) -> Any:
        """Return the factor of each row, shape (rows,)."""
        return -self.near.score_samples(self.space.transform(matrix))
