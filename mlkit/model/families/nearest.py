"""Nearest of a sample: a row is odd if it lies far from all of a few hundred rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import pairwise_distances

from mlkit.model.encoding.encode import Encoding
from mlkit.model.formats.forms import Bowls, Linear, Quadratic, Ranked
from mlkit.model.patterns.ranks import Distance, Odds
from mlkit.model.patterns.space import Space

title = "nearest of a sample"
order = 71
baseline = False
first = True
plain = False
formats = ("onnx",)
encoding = Encoding(scale=True, levels=12, rates=False, topics=0)
takes = ("anomaly",)
weighted = False
most = 0
install = ""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit: distances to the sample."""
    return float(0.005 + 1e-9 * rows * settings.get("sample", 256) * min(columns, 50))


def build(kind: str, rows: int, seed: int, *, sample: int = 256) -> Any:  # noqa: ARG001
    """Return a detector that keeps so many rows, at most half of them."""
    return Sample(max(2, min(sample, rows // 2)), seed)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw how many rows are kept, 32 to 512."""
    return {"sample": int(2 ** rng.integers(5, 10))}


def form(estimator: Odds, kind: str) -> Ranked | None:  # noqa: ARG001
    """Return a bowl for each row that is kept, and ranks."""
    return estimator.form


class Sample:
    """A detector that is not fitted yet (Sugiyama and Borgwardt 2013)."""

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self.seed = seed

    def fit(self, matrix: Any, sources: Sequence[str]) -> Odds:
        """Draw the sample; a row of it is held against the others."""
        space = Space.whole(matrix, sources)
        cells = space.transform(matrix)
        taken = np.random.default_rng(self.seed).permutation(len(cells))[: self.size]
        sample = cells[taken]
        bowls = Quadratic(sample.T, np.ones_like(sample.T), np.zeros(len(sample)))
        place = Linear(space.rotation, space.offset)
        found = Distance(Bowls(place, bowls, (0,) * len(sample)))
        own = found.raw(matrix)
        among = pairwise_distances(sample) ** 2
        np.fill_diagonal(among, np.inf)
        own[taken] = among.min(axis=1)
        return Odds(found, own)
