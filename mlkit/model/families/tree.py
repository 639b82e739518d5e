"""One small decision tree, which a person can read."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from mlkit.model.encoding.encode import Encoding
from mlkit.model.formats.forms import Trees, floor32, join
from mlkit.model.problem import CLASSES, VALUES

title = "one small tree"
order = 20
baseline = True
first = True
plain = True
formats = ("onnx", "pmml", "pfa")
encoding = Encoding()
takes = CLASSES + VALUES
weighted = True
most = 0
install = ""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit: the rows are sorted once a level and column."""
    depth = settings.get("depth", 4)
    return float(0.002 + 4e-9 * rows * np.log2(rows + 2) * columns * min(depth, 8))


def build(
    kind: str,
    rows: int,
    seed: int,
    *,
    depth: int = 4,
    leaf: int | None = None,
) -> Any:
    """Return a tree of at most `depth` questions, with `leaf` rows in a leaf."""
    smallest = leaf or max(2, min(20, rows // 40))
    make = DecisionTreeRegressor if kind in VALUES else DecisionTreeClassifier
    return make(max_depth=depth, min_samples_leaf=smallest, random_state=seed)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw the depth and the rows in a leaf."""
    return {"depth": int(rng.integers(2, 9)), "leaf": int(rng.integers(2, 51))}


def form(estimator: Any, kind: str) -> Trees:
    """Return the tree's nodes."""
    share = share_of(estimator.tree_, kind)
    link = "pair" if kind not in VALUES and share.shape[1] == 1 else "none"
    return join([nodes_of(estimator.tree_, share)], np.zeros(share.shape[1]), link)


def share_of(tree: Any, kind: str) -> Any:
    """Return what each node predicts: a value, one chance of two, or all chances."""
    values = tree.value[:, 0, :]
    if kind in VALUES:
        return values
    shares = values / values.sum(axis=1, keepdims=True)
    return shares[:, 1:] if shares.shape[1] == 2 else shares


def nodes_of(tree: Any, values: Any) -> Trees:
    """Return one tree of scikit-learn's as flat arrays, leaves adding `values`."""
    leaf = tree.children_left < 0
    nodes = np.arange(tree.node_count)
    return Trees(
        tree=np.zeros_like(nodes),
        node=nodes,
        column=np.where(leaf, 0, tree.feature),
        threshold=np.where(leaf, 0, floor32(tree.threshold)),
        left=np.where(leaf, 0, tree.children_left),
        right=np.where(leaf, 0, tree.children_right),
        leaf=leaf,
        missing_left=np.zeros(len(nodes), bool),
        values=values,
        base=np.zeros(values.shape[1]),
    )
