"""Gaussian process: smooth curves through few rows (Rasmussen and Williams 2006)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.gaussian_process import (
    GaussianProcessClassifier,
    GaussianProcessRegressor,
)
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from mlkit.model.encoding.encode import Encoding
from mlkit.model.problem import CLASSES

title = "Gaussian process"
order = 15
baseline = False
first = False
plain = False
formats = ()
encoding = Encoding(normal=True)
takes = (*CLASSES, "number")
weighted = False
most = 500
install = ""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit: equations of all rows, some thirty times."""
    known = min(rows, most)
    times = classes if classes > 2 else 1
    return 0.02 + times * (5e-9 * known**3 + 1.5e-8 * known**2 * columns)


def build(
    kind: str,
    rows: int,  # noqa: ARG001
    seed: int,
    *,
    length: float = 3.0,
    noise: float = 0.3,
) -> Any:
    """Return a Gaussian process, which fits both settings further by likelihood.

    Parameters
    ----------
    length
        How far apart rows may be and still be alike, to begin with.
    noise
        Of a number: the variance that no column explains, to begin with.
    """
    smooth = ConstantKernel(1.0) * RBF(length, (0.1, 1e3))
    if kind == "number":
        kernel = smooth + WhiteKernel(noise, (1e-4, 10))
        return GaussianProcessRegressor(kernel, random_state=seed)
    return GaussianProcessClassifier(smooth, max_iter_predict=50, random_state=seed)


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw where to begin."""
    return {
        "length": round(float(10 ** rng.uniform(0, 1.3)), 4),
        "noise": round(float(10 ** rng.uniform(-2, 0)), 4),
    }


def form(estimator: Any, kind: str) -> None:
    """Return nothing: it keeps its training rows."""
