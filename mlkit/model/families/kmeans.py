"""k-means: each row belongs to the nearest of a few centres."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from mlkit.model.encoding.encode import Encoding
from mlkit.model.formats.forms import Bowls
from mlkit.model.patterns.bowls import Clusters
from mlkit.model.patterns.space import Space

title = "k-means"
order = 60
baseline = False
first = True
plain = True
formats = ("onnx",)
encoding = Encoding(scale=True, levels=20, rates=False, topics=0)
takes = ("cluster",)
weighted = False
most = 0
install = ""

STARTS = 4


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:
    """Guess the seconds of a fit: some twenty passes from each start."""
    count = settings.get("clusters", classes)
    return float(0.003 + 4e-9 * STARTS * 20 * rows * columns * count)


def build(kind: str, rows: int, seed: int, *, clusters: int = 3) -> Any:  # noqa: ARG001
    """Return k-means with so many centres."""
    return Centres(clusters, seed)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw the number of clusters, 2 to 10."""
    return {"clusters": int(rng.integers(2, 11))}


def form(estimator: Clusters, kind: str) -> Bowls:  # noqa: ARG001
    """Return one bowl a centre."""
    return estimator.form


class Centres:
    """k-means that is not fitted yet."""

    def __init__(self, clusters: int, seed: int) -> None:
        self.clusters = clusters
        self.seed = seed

    def fit(self, matrix: Any, sources: Sequence[str]) -> Clusters:
        """Fit, and return clusters whose chances are those of equal round bells.

        k-means is what such a mixture becomes when each row belongs to one alone
        (Bishop 2006, 9.3.2); the bells are as wide as the clusters are.
        """
        space = Space.fit(matrix, sources)
        cells = space.transform(matrix)
        made = KMeans(self.clusters, n_init=STARTS, random_state=self.seed)
        with warnings.catch_warnings():  # fewer different rows than clusters
            warnings.simplefilter("ignore", ConvergenceWarning)
            made.fit(cells)
        wide = max(made.inertia_ / cells.size, 1e-9)
        centre = made.cluster_centers_.T
        scale = np.full_like(centre, np.sqrt(0.5 / wide))
        bowls = (centre, scale, np.zeros(self.clusters))
        return Clusters(space, bowls, np.arange(self.clusters), made.labels_)
