"""Ensembles of scikit-learn's trees, kept in a few arrays instead of thousands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.asleep import Asleep

__all__ = ["Packed", "PackedBooster", "PackedForest"]

Array = NDArray[Any]


class Packed(Asleep):
    """A fitted ensemble whose trees lie in arrays, and are cut apart when asked.

    A blend of folds has thousands of small trees, and each would be kept in files of
    its own.

    Parameters
    ----------
    sizes
        How many nodes each tree has.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = np.array(sizes, np.int64)

    def _cut(self, *arrays: Array) -> Iterator[tuple[Array, ...]]:
        """Cut arrays of all trees' nodes apart, tree by tree."""
        ends = np.cumsum(self.sizes)[:-1]
        return zip(*(np.split(array, ends) for array in arrays), strict=True)


class PackedBooster(Packed):
    """A booster on histograms, of numbers alone; awake it is scikit-learn's own.

    Parameters
    ----------
    estimator
        As it was fitted.
    """

    def __init__(self, estimator: Any) -> None:
        rounds = estimator._predictors
        trees = [tree.nodes for one in rounds for tree in one]
        super().__init__([len(nodes) for nodes in trees])
        self.width = len(rounds[0]) if rounds else 1
        self.kind = [list(map(str, field)) for field in trees[0].dtype.descr]
        self.raw = np.frombuffer(np.concatenate(trees).tobytes(), np.uint8)
        self.estimator = copy(estimator)
        self.estimator._predictors = []

    def predict(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return values, shape (rows,)."""
        return np.asarray(self.awake.predict(matrix), np.float64)

    def predict_proba(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities, shape (rows, classes)."""
        return np.asarray(self.awake.predict_proba(matrix), np.float64)

    def _wake(self) -> Any:
        from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

        dtype = np.dtype([(name, form) for name, form in self.kind])
        nodes = self.raw.view(dtype) if len(self.raw) else np.zeros(0, dtype)
        none = np.zeros((0, 8), np.uint32)
        trees = [
            TreePredictor(np.ascontiguousarray(some), none, none)
            for (some,) in self._cut(nodes)
        ]
        awake = copy(self.estimator)
        starts = range(0, len(trees), self.width)
        awake._predictors = [trees[at : at + self.width] for at in starts]
        return awake


class PackedForest(Packed):
    """A forest that answers one question; awake it is the list of its trees.

    The nodes are kept field by field, without the bytes between the fields, which
    hold whatever lay in memory: so equal forests are equal to the last byte. It asks
    the trees by itself, and says what scikit-learn's forest says, which takes ten
    times as long to ask them about few rows.

    Parameters
    ----------
    estimator
        As it was fitted.
    """

    def __init__(self, estimator: Any) -> None:
        states = [one.tree_.__getstate__() for one in estimator.estimators_]
        super().__init__([state["node_count"] for state in states])
        self.columns = int(estimator.n_features_in_)
        self.depths = np.array([state["max_depth"] for state in states], np.int64)
        nodes = np.concatenate([state["nodes"] for state in states])
        self.nodes = {name: _short(nodes[name]) for name in nodes.dtype.names or ()}
        self.values = np.concatenate([state["values"] for state in states])

    def predict(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return values, shape (rows,)."""
        return self.predict_proba(matrix)[:, 0]

    def predict_proba(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities, shape (rows, classes)."""
        cells = np.ascontiguousarray(matrix, np.float32)
        found = np.zeros((len(cells), self.values.shape[2]))
        for tree in self.awake:
            found += tree.predict(cells)
        return found / len(self.sizes)

    def _wake(self) -> Any:
        from sklearn.tree._tree import NODE_DTYPE, Tree

        nodes = np.zeros(len(self.values), NODE_DTYPE)
        for name, values in self.nodes.items():
            nodes[name] = values
        trees = []
        cut = zip(self.depths.tolist(), self._cut(nodes, self.values), strict=True)
        for depth, (some, values) in cut:
            state = {"max_depth": depth, "node_count": len(some)}
            tree = Tree(self.columns, np.array(values.shape[2:], np.intp), 1)
            tree.__setstate__({**state, "nodes": some, "values": values})
            trees.append(tree)
        return trees


def _short(values: Array) -> Array:
    """Return a copy; of whole numbers, which count nodes and rows, in half the room."""
    return values.astype(np.int32 if values.dtype == np.int64 else values.dtype)
