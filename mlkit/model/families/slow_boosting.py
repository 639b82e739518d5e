"""Gradient boosting in many small steps of small trees."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from mlkit.model.boosting_traits import *  # noqa: F403
from mlkit.model.families import boosting
from mlkit.model.families.boosting import form, installed, keep, shaped

__all__ = ["build", "cost", "draw", "form", "installed", "keep", "shaped"]

title = "boosting in small steps"
order = 41

SETTINGS: dict[str, Any] = {
    "trees": 400,
    "rate": 0.025,
    "leaves": 6,
    "penalty": 5.0,
    "columns": 0.4,
}
"""Where they are not those of boosting."""

cost = partial(boosting.cost, **SETTINGS)
build = partial(boosting.build, **SETTINGS)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:
    """Draw all settings: more trees than boosting's, smaller and slower."""
    trees = int(rng.integers(250, 701))
    return {
        **boosting.draw(kind, rng),
        "trees": trees,
        "rate": round(float(10 ** rng.uniform(0.6, 1.2)) / trees, 5),
        "leaves": int(rng.choice([3, 4, 6, 8])),
    }
