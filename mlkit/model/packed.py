"""Trees of scikit-learn's boosting, kept in one array instead of thousands."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Packed"]


class Packed:
    """A fitted booster whose trees lie in one array, and are cut apart when asked.

    A blend of folds has thousands of small trees, and each would be kept in files of
    its own.

    Parameters
    ----------
    estimator
        A fitted booster on histograms, of numbers alone.
    """

    def __init__(self, estimator: Any) -> None:
        rounds = estimator._predictors
        trees = [tree.nodes for one in rounds for tree in one]
        self.width = len(rounds[0]) if rounds else 1
        self.sizes = np.array([len(nodes) for nodes in trees], np.int64)
        self.kind = [list(map(str, field)) for field in trees[0].dtype.descr]
        self.raw = np.frombuffer(np.concatenate(trees).tobytes(), np.uint8)
        self.estimator = copy(estimator)
        self.estimator._predictors = []
        self._awake: Any = None

    @property
    def awake(self) -> Any:
        """The booster of scikit-learn's."""
        if self._awake is None:
            from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

            dtype = np.dtype([(name, form) for name, form in self.kind])
            nodes = self.raw.view(dtype) if len(self.raw) else np.zeros(0, dtype)
            none = np.zeros((0, 8), np.uint32)
            cut = np.split(nodes, np.cumsum(self.sizes)[:-1])
            trees = [TreePredictor(np.ascontiguousarray(n), none, none) for n in cut]
            awake = copy(self.estimator)
            starts = range(0, len(trees), self.width)
            awake._predictors = [trees[at : at + self.width] for at in starts]
            self._awake = awake
        return self._awake

    def predict(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return values, shape (rows,)."""
        return np.asarray(self.awake.predict(matrix), np.float64)

    def predict_proba(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities, shape (rows, classes)."""
        return np.asarray(self.awake.predict_proba(matrix), np.float64)

    def __getstate__(self) -> dict[str, Any]:
        """Leave what is awake out of what is kept and compared."""
        return {name: value for name, value in vars(self).items() if name != "_awake"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _awake=None)
