"""LightGBM: gradient boosting by leaves (Ke and others 2017)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from mlkit.model.booster import Booster, one_tree, sum_of_trees
from mlkit.model.boosting_traits import *  # noqa: F403
from mlkit.model.families.boosting import draw as draw_boosting
from mlkit.model.formats.forms import Trees, floor32
from mlkit.model.problem import VALUES

title = "LightGBM"
order = 50
install = 'pip install "mlkit-notebooks[lightgbm]"'


def installed() -> bool:
    """Tell whether LightGBM is there."""
    return find_spec("lightgbm") is not None


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:
    """Guess the seconds of a fit: trees a class, each some passes over the rows."""
    trees = settings.get("trees", 200) * (classes if classes > 2 else 1)
    asked = columns * settings.get("columns", 0.6)
    leaves = settings.get("leaves", 16)
    each = 1.3e-4 + 3.2e-9 * rows * (asked + 8) + 3.5e-7 * asked * leaves
    return float(0.01 + 4e-8 * rows * columns + trees * each)


def build(
    kind: str,
    rows: int,
    seed: int,
    *,
    trees: int = 200,
    rate: float = 0.05,
    leaves: int = 16,
    leaf: int | None = None,
    penalty: float = 1.0,
    columns: float = 0.6,
    share: float = 0.8,
    extra: bool = False,
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
    columns, share
        The shares of the columns and of the rows that a tree looks at.
    extra
        Whether thresholds are drawn (extremely randomised trees).
    """
    lightgbm: Any = import_module("lightgbm")
    make = lightgbm.LGBMRegressor if kind in VALUES else lightgbm.LGBMClassifier
    more = {"objective": "poisson"} if kind == "count" else {}
    return make(
        **more,
        n_estimators=trees,
        learning_rate=rate,
        num_leaves=leaves,
        min_child_samples=leaf or max(2, min(20, rows // 25)),
        reg_lambda=penalty,
        colsample_bytree=columns,
        subsample=share,
        subsample_freq=1,
        extra_trees=extra,
        deterministic=True,
        force_row_wise=True,
        n_jobs=1,
        random_state=seed,
        verbosity=-1,
    )


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:
    """Draw all settings; few trees go with a fast rate."""
    share = float(rng.choice([0.5, 0.7, 0.9, 1.0]))
    return {**draw_boosting(kind, rng), "share": share}


def keep(estimator: Any, kind: str) -> Booster:
    """Return what is kept of a fitted estimator."""
    return Booster("lightgbm", kind, estimator.booster_.model_to_string().encode())


def wake(raw: bytes) -> Any:
    """Return the booster that was kept."""
    lightgbm: Any = import_module("lightgbm")
    return lightgbm.Booster(model_str=raw.decode())


def said(booster: Any, matrix: Any, kind: str) -> Any:  # noqa: ARG001
    """Return chances, of two classes those of the second, or values."""
    return booster.predict(matrix, num_threads=1)


def form(estimator: Any, kind: str) -> Trees:
    """Return the trees; those of one round add to one score each."""
    told = estimator.awake.dump_model()
    width = int(told["num_tree_per_iteration"])
    parts = [
        _tree(tree["tree_structure"], at % width, width)
        for at, tree in enumerate(told["tree_info"])
    ]
    return sum_of_trees(parts, np.zeros(width), kind)


def _tree(root: dict[str, Any], score: int, width: int) -> Trees:
    """Return one tree; where training lacked nothing, a missing value is a zero."""
    nodes = list(_walk(root))
    place = {id(node): at for at, node in enumerate(nodes)}
    leaf = np.array(["leaf_value" in node for node in nodes])
    values = np.zeros((len(nodes), width))
    values[leaf, score] = [n["leaf_value"] for n in nodes if "leaf_value" in n]
    cuts = np.array([float(node.get("threshold", 0)) for node in nodes])
    return one_tree(
        leaf,
        values,
        column=[node.get("split_feature", 0) for node in nodes],
        threshold=floor32(cuts),
        left=[place.get(id(node.get("left_child")), 0) for node in nodes],
        right=[place.get(id(node.get("right_child")), 0) for node in nodes],
        missing_left=[_missing_left(node) for node in nodes],
    )


def _walk(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        if "leaf_value" not in node:
            stack += [node["right_child"], node["left_child"]]


def _missing_left(node: dict[str, Any]) -> bool:
    if node.get("missing_type") == "NaN":
        return bool(node["default_left"])
    return float(node.get("threshold", 0)) >= 0
