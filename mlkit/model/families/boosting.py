"""Gradient boosting on histograms (Friedman 2001; Ke and others 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from mlkit.model.booster import one_tree, sum_of_trees
from mlkit.model.boosting_traits import *  # noqa: F403
from mlkit.model.formats.forms import Trees, floor32
from mlkit.model.packed import PackedBooster
from mlkit.model.problem import VALUES

title = "boosting"
order = 40
first = True
WIDE, FEW, COARSE = 200, 5000, 32
"""With so many columns, and rows fewer than these, a column is cut so coarsely."""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:
    """Guess the seconds of a fit: trees a class, each some passes over the rows."""
    trees = settings.get("trees", 120) * (classes if classes > 2 else 1)
    asked = columns * settings.get("columns", 0.6)
    leaves = settings.get("leaves", 12)
    empty = 3e-7 if _coarse(rows, columns) else 1.3e-6
    each = 3e-4 + 4e-9 * rows * (asked + 7) + empty * asked * leaves
    return float(0.01 + 3e-8 * rows * columns + trees * each)


def build(
    kind: str,
    rows: int,
    seed: int,
    *,
    trees: int = 120,
    rate: float = 0.06,
    leaves: int = 12,
    leaf: int | None = None,
    penalty: float = 1.0,
    columns: float = 0.6,
) -> Any:
    """Return a booster.

    Parameters
    ----------
    trees, rate
        How many trees (per class), and how much each adds.
    leaves, leaf
        Leaves of a tree, and rows in a leaf, at least.
    penalty
        Of large leaf values (L2).
    columns
        The share of the columns that a split looks at.
    """
    make = (
        HistGradientBoostingRegressor
        if kind in VALUES
        else HistGradientBoostingClassifier
    )
    more = {"loss": "poisson"} if kind == "count" else {}
    return make(
        **more,
        max_iter=trees,
        learning_rate=rate,
        max_leaf_nodes=leaves,
        min_samples_leaf=leaf or max(2, min(20, rows // 25)),
        l2_regularization=penalty,
        max_features=columns,
        early_stopping=False,
        random_state=seed,
    )


def shaped(estimator: Any, rows: int, columns: int) -> Any:
    """Return the booster with coarse bins where columns are many and rows are few.

    Bins that hold hardly a row cost most of the time there, and tell what is chance.
    """
    if _coarse(rows, columns):
        estimator.set_params(max_bins=COARSE)
    return estimator


def _coarse(rows: int, columns: int) -> bool:
    return columns >= WIDE and rows < FEW


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw all settings; few trees go with a fast rate."""
    trees = int(10 ** rng.uniform(1.6, 2.3))
    pace = float(10 ** rng.uniform(0.4, 1.4))
    return {
        "trees": trees,
        "rate": round(min(0.3, pace / trees), 5),
        "leaves": int(rng.choice([3, 5, 8, 12, 20, 32])),
        "leaf": int(rng.choice([3, 5, 10, 20, 40])),
        "penalty": round(float(10 ** rng.uniform(-2, 1.3)), 4),
        "columns": float(rng.choice([0.2, 0.4, 0.6, 1.0])),
    }


def keep(estimator: Any, kind: str) -> PackedBooster:  # noqa: ARG001
    """Return a fitted booster with its trees in one array."""
    return PackedBooster(estimator)


def form(estimator: Any, kind: str) -> Trees:
    """Return the trees; those of one round add to one score each."""
    estimator = estimator.awake
    base = np.ravel(estimator._baseline_prediction).astype(float)
    width = len(base)
    parts = [
        _nodes_of(one, k, width)
        for round_ in estimator._predictors
        for k, one in enumerate(round_)
    ]
    return sum_of_trees(parts, base, kind)


def _nodes_of(predictor: Any, score: int, width: int) -> Trees:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    values = np.zeros((len(nodes), width))
    values[:, score] = np.where(leaf, nodes["value"], 0)
    return one_tree(
        leaf,
        values,
        column=nodes["feature_idx"],
        threshold=floor32(nodes["num_threshold"]),
        left=nodes["left"],
        right=nodes["right"],
        missing_left=nodes["missing_go_to_left"],
    )
