"""Naive Bayes: each column speaks for itself, as if it were normal in each class."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.naive_bayes import GaussianNB

from mlkit.model.encoding.encode import Encoding
from mlkit.model.formats.forms import Quadratic
from mlkit.model.problem import CLASSES

title = "naive Bayes"
order = 12
baseline = False
first = False
plain = True
formats = ("onnx",)
encoding = Encoding(normal=True)
takes = CLASSES
weighted = True
most = 0
install = ""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit: one pass."""
    return 0.001 + 6e-9 * rows * columns


def build(kind: str, rows: int, seed: int, *, smooth: float = 0.1) -> Any:  # noqa: ARG001
    """Return naive Bayes; `smooth` of the largest variance is added to each."""
    return GaussianNB(var_smoothing=smooth)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw the smoothing, 0.01 to 3."""
    return {"smooth": round(float(10 ** rng.uniform(-2, 0.5)), 6)}


def keep(estimator: Any, kind: str) -> Any:  # noqa: ARG001
    """Return it in double precision, which many columns' likelihoods need."""
    for name in ("theta_", "var_", "class_prior_"):
        setattr(estimator, name, getattr(estimator, name).astype(np.float64))
    return estimator


def form(estimator: Any, kind: str) -> Quadratic:  # noqa: ARG001
    """Return log likelihoods: squared distances from each class's mean."""
    spread = estimator.var_.T
    bias = np.log(estimator.class_prior_) - 0.5 * np.log(2 * np.pi * spread).sum(axis=0)
    return Quadratic(estimator.theta_.T, np.sqrt(0.5 / spread), bias)
