"""Gradient boosting in many small steps of small trees."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlkit.model.boosting_traits import *  # noqa: F403
from mlkit.model.families import boosting
from mlkit.model.families.boosting import form, installed, keep

__all__ = ["build", "cost", "draw", "form", "installed", "keep"]

title = "boosting in small steps"
order = 41


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:
    """Guess the seconds of a fit."""
    defaults = {"trees": 400, "leaves": 6, "columns": 0.4}
    return boosting.cost(rows, columns, classes, **{**defaults, **settings})


def build(
    kind: str,
    rows: int,
    seed: int,
    *,
    trees: int = 400,
    rate: float = 0.025,
    leaves: int = 6,
    leaf: int | None = None,
    penalty: float = 5.0,
    columns: float = 0.4,
) -> Any:
    """Return a booster; the settings are those of boosting."""
    return boosting.build(
        kind,
        rows,
        seed,
        trees=trees,
        rate=rate,
        leaves=leaves,
        leaf=leaf,
        penalty=penalty,
        columns=columns,
    )


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:
    """Draw all settings: more trees than boosting's, smaller and slower."""
    trees = int(rng.integers(250, 701))
    return {
        **boosting.draw(kind, rng),
        "trees": trees,
        "rate": round(float(10 ** rng.uniform(0.6, 1.2)) / trees, 5),
        "leaves": int(rng.choice([3, 4, 6, 8])),
    }
