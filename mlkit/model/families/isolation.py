"""Isolation forest: a row is odd if few random questions set it apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest

from mlkit.model.encoding.encode import Encoding
from mlkit.model.families.tree import nodes_of
from mlkit.model.fitted import settle
from mlkit.model.formats.forms import Ranked, Trees, join
from mlkit.model.patterns.ranks import Odds

title = "isolation forest"
order = 72
baseline = False
first = True
plain = False
formats = ("onnx",)
encoding = Encoding(scale=True, levels=12, rates=False, topics=0)
takes = ("anomaly",)
weighted = False
most = 0
install = ""

EXACT = 2.0**23


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit, and of asking every row once."""
    trees = settings.get("trees", 200)
    return float(trees * (1.2e-3 + 1.5e-7 * rows))


def build(
    kind: str,  # noqa: ARG001
    rows: int,
    seed: int,
    *,
    trees: int = 200,
    sample: int = 256,
) -> Any:
    """Return a forest, each tree grown on `sample` rows."""
    return Forest(trees, min(sample, rows), seed)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw how many rows a tree grows on, 64 to 1024."""
    return {"sample": int(2 ** rng.integers(6, 11))}


def form(estimator: Odds, kind: str) -> Ranked | None:  # noqa: ARG001
    """Return the trees' depths and their ranks."""
    return estimator.form


class Forest:
    """An isolation forest that is not fitted yet (Liu, Ting and Zhou 2008)."""

    def __init__(self, trees: int, sample: int, seed: int) -> None:
        self.trees = trees
        self.sample = sample
        self.seed = seed

    def fit(self, matrix: Any, sources: Sequence[str]) -> Odds:  # noqa: ARG002
        """Grow the trees."""
        cells = np.asarray(matrix, np.float32)
        made = IsolationForest(
            n_estimators=self.trees, max_samples=self.sample, random_state=self.seed
        )
        made.fit(cells)
        settle(made)
        found = Depths(made.estimators_)
        return Odds(found, found.raw(cells))


class Depths:
    """How shallow rows lie in trees, in whole numbers, which add up exactly.

    Parameters
    ----------
    trees
        Fitted trees of scikit-learn's.
    """

    def __init__(self, trees: Sequence[Any]) -> None:
        self.trees = list(trees)
        deep = [_depths(tree) for tree in self.trees]
        room = EXACT / max(sum(float(one.max()) for one in deep), 1.0)
        unit = 2.0 ** np.floor(np.log2(room))
        self.values = [np.rint(one * unit) for one in deep]

    def raw(self, matrix: Any) -> Any:
        """Return how shallow rows lie, shape (rows,)."""
        cells = np.asarray(matrix, np.float32)
        found = np.zeros(len(cells))
        for tree, values in zip(self.trees, self.values, strict=True):
            found -= values[tree.tree_.apply(cells)]
        return found

    @property
    def form(self) -> Trees:
        """The plain form."""
        parts = zip(self.trees, self.values, strict=True)
        grown = [nodes_of(tree.tree_, values[:, None]) for tree, values in parts]
        return join(grown, np.zeros(1), "none")


def _depths(tree: Any) -> Any:
    """Return the depth of each node, and how much deeper its rows would lie.

    That is the mean path of a search tree of as many rows (Liu, Ting and Zhou 2008).
    """
    inner = tree.tree_
    depth = np.zeros(inner.node_count)
    for node in range(inner.node_count):
        for child in (inner.children_left[node], inner.children_right[node]):
            if child >= 0:
                depth[child] = depth[node] + 1
    rows = np.maximum(inner.n_node_samples.astype(float), 1.0)
    more = (
        2 * (np.log(np.maximum(rows - 1, 1)) + np.euler_gamma) - 2 * (rows - 1) / rows
    )
    return depth + np.where(rows <= 1, 0.0, np.where(rows == 2, 1.0, more))
