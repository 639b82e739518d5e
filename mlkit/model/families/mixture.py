"""A Gaussian mixture: each cluster is a bell of its own size, length and slant."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from mlkit.model.encoding.encode import Encoding
from mlkit.model.families.kmeans import draw
from mlkit.model.formats.forms import Bowls
from mlkit.model.patterns.bowls import Clusters
from mlkit.model.patterns.space import Space

__all__ = ["build", "cost", "draw", "form", "installed"]

title = "Gaussian mixture"
order = 61
baseline = False
first = True
plain = False
formats = ("onnx",)
encoding = Encoding(scale=True, levels=20, rates=False, topics=0)
takes = ("cluster",)
weighted = False
most = 0
install = ""

LEAST = 1e-2


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:
    """Guess the seconds of a fit: some thirty passes."""
    count = settings.get("clusters", classes)
    return float(0.01 + 6e-9 * 30 * rows * min(columns, 20) ** 2 * count)


def build(
    kind: str,  # noqa: ARG001
    rows: int,  # noqa: ARG001
    seed: int,
    *,
    clusters: int = 3,
) -> Any:
    """Return a mixture of so many bells."""
    return Bells(clusters, seed)


def form(estimator: Clusters, kind: str) -> Bowls:  # noqa: ARG001
    """Return one bowl a bell, each in directions of its own."""
    return estimator.form


class Bells:
    """A mixture that is not fitted yet."""

    def __init__(self, clusters: int, seed: int) -> None:
        self.clusters = clusters
        self.seed = seed

    def fit(self, matrix: Any, sources: Sequence[str]) -> Clusters:
        """Fit by expectation and maximisation; a bell is never flatter than a tenth."""
        space = Space.fit(matrix, sources)
        cells = space.transform(matrix)
        made = GaussianMixture(
            self.clusters, reg_covar=LEAST, random_state=self.seed, n_init=2
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            labels = made.fit_predict(cells)
        bic = {"bic": float(made.bic(cells))}
        turned, bowls = _bowls(space, made)
        used, group = np.arange(self.clusters), np.asarray(labels)
        return Clusters(turned, bowls, used, group, facts=bic)


def _bowls(space: Space, made: Any) -> tuple[Space, tuple[Any, Any, Any]]:
    """Turn the space into each bell's own directions, side by side."""
    count, width = made.means_.shape
    turns = np.concatenate(list(made.precisions_cholesky_), axis=1)
    means = np.concatenate(
        [m @ t for m, t in zip(made.means_, made.precisions_cholesky_, strict=True)]
    )
    turned = Space(space.rotation @ turns, space.offset @ turns - means)
    scale = np.kron(np.eye(count), np.ones((width, 1))) * np.sqrt(0.5)
    sharp = np.array([np.log(np.diag(t)).sum() for t in made.precisions_cholesky_])
    return turned, (np.zeros_like(scale), scale, np.log(made.weights_) + sharp)
