"""Bayesian ridge: a linear model that sets its own penalty (MacKay 1992)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import BayesianRidge

from mlkit.model.encoding.encode import Encoding
from mlkit.model.families.linear import form

__all__ = ["build", "cost", "draw", "form", "installed"]

title = "Bayesian ridge"
order = 13
baseline = False
first = False
plain = True
formats = ("onnx", "pmml", "pfa")
encoding = Encoding(normal=True)
takes = ("number",)
weighted = True
most = 0
install = ""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit: equations of all columns."""
    return 0.002 + 3e-10 * rows * columns**2 + 1e-8 * rows * columns


def build(kind: str, rows: int, seed: int, *, prior: float = 1e-6) -> Any:  # noqa: ARG001
    """Return Bayesian ridge; `prior` is the rate of the precisions' gamma priors."""
    return BayesianRidge(alpha_2=prior, lambda_2=prior)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw the prior, 1e-7 to 1."""
    return {"prior": round(float(10 ** rng.uniform(-7, 0)), 9)}
