"""Proportional odds, for classes in order: one score, and cuts between the classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlkit.model.cumulative import Cumulative
from mlkit.model.encoding.encode import Encoding
from mlkit.model.formats.forms import Linear

title = "proportional odds"
order = 11
baseline = False
first = True
plain = True
formats = ("onnx",)
encoding = Encoding(scale=True)
takes = ("ordered",)
weighted = True
most = 0
install = ""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit: passes over the rows, more for more columns."""
    passes = 20 + min(columns + classes, 100)
    return 0.003 + passes * (1e-4 + rows * (8e-10 * columns + 1.2e-7))


def build(
    kind: str,  # noqa: ARG001
    rows: int,  # noqa: ARG001
    seed: int,  # noqa: ARG001
    *,
    strength: float = 1.0,
) -> Any:
    """Return a model of classes in order; `strength` is that of the penalty."""
    return Cumulative(strength=strength)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw the strength of the penalty, 0.01 to 100."""
    return {"strength": round(float(10 ** rng.uniform(-2, 2)), 6)}


def form(estimator: Any, kind: str) -> Linear:  # noqa: ARG001
    """Return the weights, and for each cut the log-odds of a class beyond it."""
    return Linear(estimator.coef_.T, -estimator.cuts_, "cumulative")
