"""A small neural network of dense layers, on normal scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from mlkit.model.encoding.encode import Encoding
from mlkit.model.formats.forms import Layers
from mlkit.model.problem import CLASSES, VALUES

title = "neural network"
order = 60
baseline = False
first = False
plain = False
formats = ("onnx",)
encoding = Encoding(normal=True)
takes = CLASSES + VALUES
weighted = True
most = 0
install = ""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:
    """Guess the seconds of a fit: passes over the rows, through all layers."""
    width, depth = settings.get("width", 64), settings.get("depth", 2)
    weights = columns * width + (depth - 1) * width**2 + width * classes
    steps = (settings.get("passes") or _passes(rows)) * (rows / _batch(rows) + 1)
    return float(0.01 + steps * (1.5e-4 + 2.7e-10 * weights * _batch(rows)))


def build(
    kind: str,
    rows: int,
    seed: int,
    *,
    width: int = 64,
    depth: int = 2,
    rate: float = 2e-3,
    penalty: float | None = None,
    passes: int | None = None,
) -> Any:
    """Return a network.

    Parameters
    ----------
    width, depth
        Of its hidden layers: units in each, and how many.
    rate
        How far a step goes (Adam, Kingma and Ba 2015).
    penalty
        Of large weights (L2), for each row; by default 0.005 for a number, and 0.02.
    passes
        Over the rows, at most; by default fewer the more rows there are.
    """
    usual = 0.005 if kind == "number" else 0.02
    settings: dict[str, Any] = {
        "hidden_layer_sizes": (width,) * depth,
        "alpha": (penalty or usual) * _batch(rows),
        "batch_size": _batch(rows),
        "learning_rate_init": rate,
        "max_iter": passes or _passes(rows),
        "random_state": seed,
    }
    if kind == "count":
        settings["loss"] = "poisson"
    return MLPRegressor(**settings) if kind in VALUES else MLPClassifier(**settings)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw all settings but the passes."""
    return {
        "width": int(rng.choice([24, 48, 64, 96])),
        "depth": int(rng.integers(1, 4)),
        "rate": round(float(10 ** rng.uniform(-3.5, -2.2)), 6),
        "penalty": round(float(10 ** rng.uniform(-3.3, -1)), 6),
    }


def keep(estimator: Any, kind: str) -> Any:  # noqa: ARG001
    """Return a fitted network without its optimiser, which is of no more use."""
    del estimator._optimizer
    return estimator


def form(estimator: Any, kind: str) -> Layers:  # noqa: ARG001
    """Return the layers."""
    said = estimator.out_activation_
    link = "none" if said == "identity" else said
    return Layers(tuple(estimator.coefs_), tuple(estimator.intercepts_), link)


def _passes(rows: int) -> int:
    return int(np.clip(300_000 // max(rows, 1), 15, 60))


def _batch(rows: int) -> int:
    return max(1, min(rows, 256, max(rows // 40, 16)))
