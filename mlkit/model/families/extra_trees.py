"""Extremely randomised trees: splits are drawn (Geurts, Ernst and Wehenkel 2006)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlkit.model.encoding.encode import Encoding
from mlkit.model.families import forest
from mlkit.model.families.forest import form, installed, keep
from mlkit.model.problem import CLASSES, VALUES

__all__ = ["build", "cost", "draw", "form", "installed", "keep"]

title = "extra trees"
order = 31
baseline = False
first = False
plain = False
formats = ("onnx", "pmml", "pfa")
encoding = Encoding(levels=2)
takes = CLASSES + VALUES
weighted = True
most = 0
install = ""


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:
    """Guess the seconds of a fit."""
    return forest.cost(rows, columns, classes, **{**settings, "extra": True})


def build(
    kind: str,
    rows: int,
    seed: int,
    *,
    trees: int = 100,
    leaf: int | None = None,
    columns: float | None = None,
) -> Any:
    """Return extra trees; the settings are a forest's."""
    return forest.build(
        kind, rows, seed, trees=trees, leaf=leaf or 2, columns=columns, extra=True
    )


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:
    """Draw leaf and columns."""
    drawn = forest.draw(kind, rng)
    return {"leaf": drawn["leaf"], "columns": drawn["columns"]}
