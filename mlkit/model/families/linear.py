"""Linear models: logistic, ridge or lasso, and Poisson regression."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import ElasticNet, LogisticRegression, PoissonRegressor, Ridge

from mlkit.model.encoding.encode import Encoding
from mlkit.model.formats.forms import Linear
from mlkit.model.problem import CLASSES, VALUES

title = "linear"
order = 10
baseline = True
first = True
plain = True
formats = ("onnx", "pmml", "pfa")
encoding = Encoding(scale=True)
takes = CLASSES + VALUES
weighted = True
most = 0
install = ""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit: some passes, and equations of all columns."""
    passes = 1 if classes == 1 else 15
    each = 4e-10 * rows * columns * max(classes, 2)
    return 0.003 + passes * each + 2e-9 * columns**2


def build(
    kind: str,
    rows: int,
    seed: int,
    *,
    strength: float = 1.0,
    sparse: bool = False,
) -> Any:
    """Return a linear model.

    Parameters
    ----------
    strength
        Of the penalty, greater is plainer.
    sparse
        Of a number: whether weak columns get no weight at all (lasso, Tibshirani
        1996) instead of small ones.
    """
    if kind == "count":
        return PoissonRegressor(alpha=strength / rows, max_iter=1000)
    if kind == "number" and sparse:
        return ElasticNet(
            alpha=float(np.clip(strength * 1e-3, 1e-5, 0.1)),
            l1_ratio=0.95,
            max_iter=2000,
            random_state=seed,
        )
    if kind == "number":
        return Ridge(alpha=strength)
    return LogisticRegression(C=1.0 / strength, max_iter=2000, random_state=seed)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:
    """Draw the strength of the penalty, 0.01 to 100, and its kind."""
    drawn: dict[str, Any] = {"strength": round(float(10 ** rng.uniform(-2, 2)), 6)}
    return {**drawn, "sparse": bool(rng.integers(2))} if kind == "number" else drawn


def form(estimator: Any, kind: str) -> Linear:
    """Return the weights."""
    weights = np.atleast_2d(estimator.coef_).T
    bias = np.atleast_1d(estimator.intercept_)
    if kind in VALUES:
        return Linear(weights, bias, "exp" if kind == "count" else "none")
    return Linear(weights, bias, "logistic" if weights.shape[1] == 1 else "softmax")
