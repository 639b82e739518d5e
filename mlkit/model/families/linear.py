"""Linear models: logistic regression, and ridge regression for a number."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from mlkit.model.encode import Encoding
from mlkit.model.forms import Linear

title = "linear"
order = 1
baseline = True
plain = True
formats = ("onnx", "pmml", "pfa")
encoding = Encoding(scale=True)


def build(kind: str, rows: int, seed: int, *, strength: float = 1.0) -> Any:  # noqa: ARG001
    """Return a linear model; `strength` of the penalty, greater is plainer."""
    if kind == "number":
        return Ridge(alpha=strength)
    return LogisticRegression(C=1.0 / strength, max_iter=2000, random_state=seed)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw the strength of the penalty, 0.01 to 100."""
    return {"strength": round(float(10 ** rng.uniform(-2, 2)), 6)}


def form(estimator: Any, kind: str) -> Linear:
    """Return the weights."""
    weights = np.atleast_2d(estimator.coef_).T
    bias = np.atleast_1d(estimator.intercept_)
    if kind == "number":
        return Linear(weights, bias)
    return Linear(weights, bias, "logistic" if weights.shape[1] == 1 else "softmax")
