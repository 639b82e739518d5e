"""A forest: many deep trees on resampled rows, averaged (Breiman 2001)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from mlkit.model.encoding.encode import Encoding
from mlkit.model.families.tree import nodes_of, share_of
from mlkit.model.formats.forms import Trees, join
from mlkit.model.packed import PackedForest
from mlkit.model.problem import CLASSES, VALUES

title = "forest"
order = 30
baseline = False
first = True
plain = False
formats = ("onnx", "pmml", "pfa")
encoding = Encoding(levels=2)
takes = CLASSES + VALUES
weighted = True
most = 0
install = ""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:
    """Guess the seconds of a fit: trees, each on a share of the columns."""
    share = settings.get("columns") or (1 / 3 if classes == 1 else columns**-0.5)
    asked = max(1.0, share * columns)
    pace = 4.5e-9 if settings.get("extra") else 1.4e-8
    each = 7e-4 + pace * rows * np.log2(rows + 2) ** 1.3 * asked
    return float(0.01 + settings.get("trees", 100) * each)


def build(
    kind: str,
    rows: int,
    seed: int,
    *,
    trees: int = 100,
    leaf: int | None = None,
    columns: float | None = None,
    extra: bool = False,
) -> Any:
    """Return a forest.

    Parameters
    ----------
    trees
        How many.
    leaf
        Rows in a leaf, at least; by default 1 for a number, 3 for classes, and one
        more for each ten thousand rows.
    columns
        The share of the columns that a split looks at; by default a third for a
        number, the square root of their count for classes.
    extra
        Whether splits are drawn at random (extremely randomised trees).
    """
    number = kind in VALUES
    make = {
        (True, False): RandomForestRegressor,
        (True, True): ExtraTreesRegressor,
        (False, False): RandomForestClassifier,
        (False, True): ExtraTreesClassifier,
    }[number, extra]
    return make(
        n_estimators=trees,
        min_samples_leaf=(leaf or (1 if number else 3)) + rows // 10_000,
        max_features=columns or (1 / 3 if number else "sqrt"),
        random_state=seed,
    )


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:
    """Draw leaf, columns and kind of trees."""
    leaves = [1, 1, 2, 3, 5] if kind in VALUES else [1, 2, 3, 5, 10, 20]
    return {
        "leaf": int(rng.choice(leaves)),
        "columns": float(rng.choice([0.1, 0.2, 0.3, 0.5, 0.8])),
        "extra": bool(rng.integers(2)),
    }


def keep(estimator: Any, kind: str) -> PackedForest:  # noqa: ARG001
    """Return a fitted forest with its trees in a few arrays."""
    return PackedForest(estimator)


def form(estimator: PackedForest, kind: str) -> Trees:
    """Return the trees, each weighing the same."""
    trees = estimator.awake
    values = [share_of(one, kind) / len(trees) for one in trees]
    parts = [nodes_of(one, v) for one, v in zip(trees, values, strict=True)]
    width = values[0].shape[1]
    link = "pair" if kind not in VALUES and width == 1 else "none"
    return join(parts, np.zeros(width), link)
