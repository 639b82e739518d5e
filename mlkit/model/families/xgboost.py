"""XGBoost: gradient boosting by levels (Chen and Guestrin 2016)."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from mlkit.model.booster import Booster, one_tree, sum_of_trees
from mlkit.model.boosting_traits import *  # noqa: F403
from mlkit.model.formats.forms import Trees
from mlkit.model.problem import CLASSES, VALUES

title = "XGBoost"
order = 52
install = 'pip install "mlkit-notebooks[xgboost]"'


def installed() -> bool:
    """Tell whether XGBoost is there."""
    return find_spec("xgboost") is not None


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:
    """Guess the seconds of a fit: trees a class, each a pass a level."""
    trees = settings.get("trees", 200) * (classes if classes > 2 else 1)
    asked = columns * settings.get("columns", 0.6)
    depth = settings.get("depth", 5)
    each = 1.6e-4 + 8e-10 * rows * (asked + 5) * depth + 4.5e-7 * asked * 2**depth
    return float(0.02 + 8e-8 * rows * columns + trees * each)


def build(
    kind: str,
    rows: int,  # noqa: ARG001
    seed: int,
    *,
    trees: int = 200,
    rate: float = 0.06,
    depth: int = 5,
    leaf: float = 2.0,
    penalty: float = 1.0,
    columns: float = 0.6,
    share: float = 0.8,
) -> Any:
    """Return a booster.

    Parameters
    ----------
    trees, rate
        How many trees (per class), and how much each adds.
    depth, leaf
        Levels of a tree, and the weight of the rows in a leaf, at least.
    penalty
        Of large leaf values (L2).
    columns, share
        The shares of the columns and of the rows that a tree looks at.
    """
    xgboost: Any = import_module("xgboost")
    make = xgboost.XGBRegressor if kind in VALUES else xgboost.XGBClassifier
    more = {"objective": "count:poisson"} if kind == "count" else {}
    return make(
        **more,
        n_estimators=trees,
        learning_rate=rate,
        max_depth=depth,
        min_child_weight=leaf,
        reg_lambda=penalty,
        colsample_bytree=columns,
        subsample=share,
        tree_method="hist",
        n_jobs=1,
        random_state=seed,
        verbosity=0,
    )


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw all settings; few trees go with a fast rate."""
    trees = int(10 ** rng.uniform(1.7, 2.6))
    pace = float(10 ** rng.uniform(0.5, 1.4))
    return {
        "trees": trees,
        "rate": round(min(0.3, pace / trees), 5),
        "depth": int(rng.integers(2, 9)),
        "leaf": round(float(10 ** rng.uniform(-1, 1.2)), 4),
        "penalty": round(float(10 ** rng.uniform(-1, 1.3)), 4),
        "columns": float(rng.choice([0.3, 0.5, 0.7, 1.0])),
        "share": float(rng.choice([0.5, 0.7, 0.9, 1.0])),
    }


def keep(estimator: Any, kind: str) -> Booster:
    """Return what is kept of a fitted estimator."""
    return Booster("xgboost", kind, bytes(estimator.get_booster().save_raw("json")))


def wake(raw: bytes) -> Any:
    """Return the booster that was kept."""
    xgboost: Any = import_module("xgboost")
    return xgboost.Booster({"nthread": 1}, model_file=bytearray(raw))


def said(booster: Any, matrix: Any, kind: str) -> Any:  # noqa: ARG001
    """Return chances, of two classes those of the second, or values."""
    return booster.inplace_predict(matrix, validate_features=False)


def form(estimator: Any, kind: str) -> Trees:
    """Return the trees; those of one round add to one score each."""
    told = json.loads(estimator.raw)["learner"]
    trees = told["gradient_booster"]["model"]
    width = max(1, int(told["learner_model_param"]["num_class"]))
    start = json.loads(told["learner_model_param"]["base_score"])
    pairs = zip(trees["trees"], trees["tree_info"], strict=True)
    parts = [_tree(tree, score, width) for tree, score in pairs]
    base = np.zeros(width) + np.asarray(start, float)
    if kind == "count":
        base = np.log(base)
    elif kind in CLASSES and width == 1:
        base = np.log(base / (1 - base))
    return sum_of_trees(parts, base, kind)


def _tree(tree: dict[str, Any], score: int, width: int) -> Trees:
    """Return one tree: it asks ``x < cut``, which in float32 is ``x <= cut before``."""
    left = np.array(tree["left_children"], np.int64)
    leaf = left < 0
    cuts = np.array(tree["split_conditions"], np.float32)
    below = np.nextafter(cuts, np.float32(-np.inf))
    values = np.zeros((len(left), width))
    values[:, score] = np.where(leaf, cuts, 0)
    return one_tree(
        leaf,
        values,
        column=tree["split_indices"],
        threshold=below,
        left=left,
        right=tree["right_children"],
        missing_left=tree["default_left"],
    )
