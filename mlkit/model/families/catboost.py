"""CatBoost: gradient boosting of even trees (Prokhorenkova and others 2018)."""

from __future__ import annotations

import json
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from mlkit.model.booster import Booster, one_tree, sum_of_trees
from mlkit.model.boosting_traits import *  # noqa: F403
from mlkit.model.formats.forms import Trees, floor32
from mlkit.model.problem import VALUES

title = "CatBoost"
order = 53
install = 'pip install "mlkit-notebooks[catboost]"'


def installed() -> bool:
    """Tell whether CatBoost is there."""
    return find_spec("catboost") is not None


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:
    """Guess the seconds of a fit: trees, each a pass a level and class."""
    trees, depth = settings.get("trees", 300), settings.get("depth", 6)
    wide = classes if classes > 2 else 1
    each = 1.1e-5 * columns + 2.9e-10 * rows * (columns + 43)
    return float(0.05 + 6e-8 * rows * columns + trees * depth * wide * each)


def build(
    kind: str,
    rows: int,  # noqa: ARG001
    seed: int,
    *,
    trees: int = 300,
    rate: float = 0.06,
    depth: int = 6,
    penalty: float = 3.0,
    noise: float = 1.0,
) -> Any:
    """Return a booster.

    Parameters
    ----------
    trees, rate
        How many trees, and how much each adds.
    depth
        Levels of a tree; a level asks one question.
    penalty
        Of large leaf values (L2).
    noise
        How uneven the drawn weights of rows are; 0 takes them as they are.
    """
    catboost: Any = import_module("catboost")
    make = catboost.CatBoostRegressor if kind in VALUES else catboost.CatBoostClassifier
    losses = {"number": "RMSE", "count": "Poisson", "two_classes": "Logloss"}
    return make(
        loss_function=losses.get(kind, "MultiClass"),
        iterations=trees,
        learning_rate=rate,
        depth=depth,
        l2_leaf_reg=penalty,
        bootstrap_type="Bayesian",
        bagging_temperature=noise,
        thread_count=1,
        random_seed=seed,
        allow_writing_files=False,
        verbose=False,
    )


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw all settings; few trees go with a fast rate."""
    trees = int(10 ** rng.uniform(2.0, 2.7))
    pace = float(10 ** rng.uniform(0.7, 1.5))
    return {
        "trees": trees,
        "rate": round(min(0.3, pace / trees), 5),
        "depth": int(rng.integers(3, 9)),
        "penalty": round(float(10 ** rng.uniform(0, 1.3)), 4),
        "noise": float(rng.choice([0.0, 0.5, 1.0])),
    }


def keep(estimator: Any, kind: str) -> Booster:
    """Return what is kept: the model in JSON, less when and as what it was made."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        estimator.save_model(str(path), format="json")
        told = json.loads(path.read_text())
    for name in ("model_guid", "train_finish_time", "catboost_version_info"):
        told["model_info"].pop(name, None)
    return Booster("catboost", kind, json.dumps(told).encode())


def wake(raw: bytes) -> Any:
    """Return the booster that was kept."""
    catboost: Any = import_module("catboost")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        path.write_bytes(raw)
        return catboost.CatBoost().load_model(str(path), format="json")


def said(booster: Any, matrix: Any, kind: str) -> Any:
    """Return chances, of two classes those of the second, or values."""
    asked = "Exponent" if kind == "count" else "RawFormulaVal"
    if kind in VALUES:
        return booster.predict(matrix, prediction_type=asked, thread_count=1)
    chances = booster.predict(matrix, prediction_type="Probability", thread_count=1)
    return chances[:, 1] if chances.shape[1] == 2 else chances


def form(estimator: Any, kind: str) -> Trees:
    """Return the trees, each spread out into a full one."""
    told = json.loads(estimator.raw)
    scale, base = told["scale_and_bias"]
    base = np.ravel(base).astype(float)
    gaps = {
        column["feature_index"]: column["nan_value_treatment"] != "AsTrue"
        for column in told["features_info"]["float_features"]
    }
    trees = told["oblivious_trees"]
    width = len(base)
    parts = [_tree(tree, float(scale), width, gaps) for tree in trees]
    return sum_of_trees(parts, base, kind)


def _tree(
    tree: dict[str, Any], scale: float, width: int, gaps: dict[int, bool]
) -> Trees:
    """Return one even tree as a full one: level by level, last split at the root.

    A row's leaf is a number whose bits say, split by split, whether it went right;
    what is missing goes left where `gaps` says so of the column.
    """
    splits = tree.get("splits") or []
    depth = len(splits)
    inner = 2**depth - 1
    count = inner + 2**depth
    nodes = np.arange(count)
    leaf = nodes >= inner
    level = np.floor(np.log2(nodes + 1)).astype(int)
    asked = [splits[depth - 1 - at] if at < depth else None for at in level]
    columns = [one["float_feature_index"] if one else 0 for one in asked]
    cuts = np.array([one["border"] if one else 0.0 for one in asked], float)
    values = np.zeros((count, width))
    values[inner:] = scale * np.reshape(tree["leaf_values"], (2**depth, width))
    return one_tree(
        leaf,
        values,
        column=columns,
        threshold=floor32(cuts),
        left=2 * nodes + 1,
        right=2 * nodes + 2,
        missing_left=[gaps.get(column, True) for column in columns],
    )
