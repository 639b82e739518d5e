"""LightGBM with drawn thresholds: less alike, so good beside the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlkit.model.boosting_traits import *  # noqa: F403
from mlkit.model.families import lightgbm
from mlkit.model.families.lightgbm import cost, form, install, installed, keep

__all__ = ["build", "cost", "draw", "form", "install", "installed", "keep"]

title = "LightGBM, extra trees"
order = 51


def build(kind: str, rows: int, seed: int, **settings: Any) -> Any:
    """Return a booster; the settings are LightGBM's."""
    return lightgbm.build(kind, rows, seed, **{**settings, "extra": True})


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:
    """Draw LightGBM's settings."""
    return lightgbm.draw(kind, rng)
