"""Nearest neighbours: what the most similar rows of training were."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from mlkit.model.encoding.encode import Encoding
from mlkit.model.problem import CLASSES, VALUES

title = "nearest neighbours"
order = 14
baseline = False
first = False
plain = False
formats = ()
encoding = Encoding(normal=True)
takes = CLASSES + VALUES
weighted = False
most = 20_000
install = ""


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit, and of asking it about a quarter of the rows."""
    known = min(rows, most)
    return 0.003 + known * rows / 4 * (2e-9 + 3e-11 * columns)


def build(
    kind: str,
    rows: int,
    seed: int,  # noqa: ARG001
    *,
    count: int = 15,
    near: bool = True,
) -> Any:
    """Return nearest neighbours.

    Parameters
    ----------
    count
        How many are asked.
    near
        Whether the nearer ones weigh more.
    """
    make = KNeighborsRegressor if kind in VALUES else KNeighborsClassifier
    weights = "distance" if near else "uniform"
    return make(max(1, min(count, rows)), weights=weights, algorithm="brute")


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw how many neighbours, 3 to 60, and whether the nearer weigh more."""
    return {
        "count": int(10 ** rng.uniform(np.log10(3), np.log10(61))),
        "near": bool(rng.integers(2)),
    }


def form(estimator: Any, kind: str) -> None:
    """Return nothing: it keeps its training rows."""
