"""Gradient boosting of large trees, for tables with much to tell."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mlkit.model.boosting_traits import *  # noqa: F403
from mlkit.model.families import boosting
from mlkit.model.families.boosting import form, installed, keep, shaped
from mlkit.model.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["build", "cost", "draw", "form", "installed", "keep", "shaped", "suits"]

title = "boosting of large trees"
order = 42
ROWS = 2000
"""Of fewer rows large trees tell what is chance."""

SETTINGS: dict[str, Any] = {
    "trees": 400,
    "rate": 0.05,
    "leaves": 32,
    "leaf": 5,
    "columns": 0.5,
}
"""Where they are not those of boosting."""

cost = partial(boosting.cost, **SETTINGS)
build = partial(boosting.build, **SETTINGS)


def suits(table: pd.DataFrame, problem: Problem) -> bool:  # noqa: ARG001
    """Tell whether there are rows enough."""
    return len(table) >= ROWS


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:
    """Draw all settings: larger trees than boosting's, and more of them."""
    trees = int(rng.integers(250, 801))
    return {
        **boosting.draw(kind, rng),
        "trees": trees,
        "rate": round(float(10 ** rng.uniform(0.9, 1.6)) / trees, 5),
        "leaves": int(rng.choice([24, 32, 48, 64])),
        "columns": float(rng.choice([0.3, 0.4, 0.6, 0.8])),
    }
