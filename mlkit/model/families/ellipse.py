"""One bell around the middle of the rows: far out is odd."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.covariance import LedoitWolf, MinCovDet

from mlkit.model.encoding.encode import Encoding
from mlkit.model.formats.forms import Bowls, Linear, Quadratic, Ranked
from mlkit.model.patterns.ranks import Distance, Odds
from mlkit.model.patterns.space import Space

title = "one robust bell"
order = 70
baseline = True
first = True
plain = False
formats = ("onnx",)
encoding = Encoding(scale=True, levels=12, rates=False, topics=0)
takes = ("anomaly",)
weighted = False
most = 20_000
install = ""

ROOM = 5


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit: a few hundred small ones, then one of all rows."""
    return float(0.05 + 2e-7 * min(rows, most) * min(columns, 20) ** 1.5)


def build(kind: str, rows: int, seed: int) -> Any:  # noqa: ARG001
    """Return a bell that heeds the inner rows alone."""
    return Bell(seed)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Return nothing: there is nothing to set."""
    return {}


def form(estimator: Odds, kind: str) -> Ranked | None:  # noqa: ARG001
    """Return a distance and its ranks."""
    return estimator.form


class Bell:
    """A robust covariance that is not fitted yet (Rousseeuw and Van Driessen 1999)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, matrix: Any, sources: Sequence[str]) -> Odds:
        """Fit; few rows, or rows on a grid, get a shrunk covariance instead."""
        space = Space.whole(matrix, sources)
        cells = space.transform(matrix)
        mean, spread = self._covariance(cells)
        values, turns = np.linalg.eigh(spread)
        turns = turns / np.sqrt(np.maximum(values, max(values.max() * 1e-6, 1e-9)))
        width = turns.shape[1]
        bowl = Quadratic(np.zeros((width, 1)), np.ones((width, 1)), np.zeros(1))
        place = Linear(space.rotation @ turns, (space.offset - mean) @ turns)
        found = Distance(Bowls(place, bowl, (0,)))
        return Odds(found, found.raw(matrix))

    def _covariance(self, cells: Any) -> tuple[Any, Any]:
        if len(cells) > ROOM * cells.shape[1]:
            with warnings.catch_warnings(), contextlib.suppress(ValueError):
                warnings.simplefilter("ignore")
                made = MinCovDet(random_state=self.seed).fit(cells)
                if np.linalg.eigvalsh(made.covariance_).min() > 1e-6:
                    return made.location_, made.covariance_
        made = LedoitWolf().fit(cells)
        return made.location_, made.covariance_
