"""The baseline to beat: always the class shares, or the mean, of training."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from mlkit.model.encoding.encode import Encoding
from mlkit.model.formats.forms import Linear
from mlkit.model.problem import CLASSES, VALUES

title = "guess (no features)"
order = 0
baseline = True
first = True
plain = True
formats = ("onnx",)
encoding = Encoding(levels=0, rates=False, topics=0)
takes = CLASSES + VALUES
weighted = True
most = 0
install = ""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit."""
    return 1e-3 + 1e-8 * rows


def build(kind: str, rows: int, seed: int) -> Any:  # noqa: ARG001
    """Return a guesser."""
    return DummyRegressor() if kind in VALUES else DummyClassifier(strategy="prior")


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Return no settings: there are none."""
    return {}


def form(estimator: Any, kind: str) -> Linear:
    """Return a sum with no weights."""
    guess = estimator.constant_ if kind in VALUES else estimator.class_prior_
    bias = np.ravel(guess).astype(float)
    return Linear(np.zeros((estimator_width(estimator), len(bias))), bias)


def estimator_width(estimator: Any) -> int:
    """Return how many columns the estimator was fitted on."""
    return int(getattr(estimator, "n_features_in_", 1))
