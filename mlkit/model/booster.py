"""Boosting: what its families have in common.

That is their plain form, and how a booster of another library is kept: as the bytes
that the library itself writes. What they declare is in `mlkit.model.boosting_traits`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.asleep import Asleep
from mlkit.model.formats.forms import Trees, join
from mlkit.model.problem import VALUES

__all__ = ["Booster", "one_tree", "sum_of_trees"]


class Booster(Asleep):
    """A fitted booster that is kept without a pickle, and woken when it is asked.

    Parameters
    ----------
    family
        Whose ``wake`` turns the bytes into the library's own, and whose ``said``
        asks it.
    kind
        The kind of problem.
    raw
        What the library wrote.
    """

    def __init__(self, family: str, kind: str, raw: bytes) -> None:
        self.family, self.kind, self.raw = family, kind, raw

    def _wake(self) -> Any:
        """Return the library's own booster; where the library is absent, say so."""
        from mlkit.model.families import ready

        ready(self.family, self.kind)
        return self._family().wake(self.raw)

    def predict(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return values, shape (rows,)."""
        said = self._family().said(self.awake, matrix, self.kind)
        return np.asarray(said, np.float64)

    def predict_proba(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities, shape (rows, classes)."""
        said = self.predict(matrix)
        return np.stack([1 - said, said], axis=1) if said.ndim == 1 else said

    def _family(self) -> Any:
        from mlkit.model.families import family

        return family(self.family)


def one_tree(
    leaf: NDArray[np.bool_],
    values: NDArray[np.float64],
    *,
    column: Any,
    threshold: Any,
    left: Any,
    right: Any,
    missing_left: Any,
) -> Trees:
    """Return one tree as flat arrays, a cell a node; what a leaf would ask is zero.

    Parameters
    ----------
    leaf
        Which nodes are leaves, shape (nodes,).
    values
        What each adds, shape (nodes, scores).
    column, threshold, left, right, missing_left
        As `mlkit.model.formats.forms.Trees` has them; of leaves they do not count.

    Examples
    --------
    >>> asked = {"column": 3, "threshold": 0.5, "left": 1, "right": 2}
    >>> leaf, values = np.array([False, True, True]), np.array([[0.0], [1.0], [2.0]])
    >>> one_tree(leaf, values, **asked, missing_left=[True] * 3).column.tolist()
    [3, 0, 0]
    """
    whole = np.asarray(leaf, bool)
    return Trees(
        tree=np.zeros(len(whole), np.int64),
        node=np.arange(len(whole)),
        column=np.where(whole, 0, column).astype(np.int64),
        threshold=np.where(whole, 0, threshold).astype(np.float32),
        left=np.where(whole, 0, left).astype(np.int64),
        right=np.where(whole, 0, right).astype(np.int64),
        leaf=whole,
        missing_left=np.asarray(missing_left, bool),
        values=values,
        base=np.zeros(values.shape[1]),
    )


def sum_of_trees(trees: Iterable[Trees], base: NDArray[Any], kind: str) -> Trees:
    """Return the plain form of a booster: a score a class, or one.

    Parameters
    ----------
    trees
        Each as `one_tree` gives it.
    base
        What the scores begin with, shape (scores,).
    kind
        The kind of problem, which tells what scores mean.
    """
    if kind in VALUES:
        return join(trees, base, "exp" if kind == "count" else "none")
    return join(trees, base, "logistic" if len(base) == 1 else "softmax")
