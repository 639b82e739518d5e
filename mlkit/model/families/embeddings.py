"""Linear models of words and of sentence embeddings, which know what words mean."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mlkit.model.encoding.encode import Encoding
from mlkit.model.encoding.wordpieces import INSTALL as install  # noqa: N811
from mlkit.model.encoding.wordpieces import installed
from mlkit.model.families import linear
from mlkit.model.families.linear import cost, draw, form, most, takes, weighted
from mlkit.model.problem import Problem

__all__ = [
    "build",
    "cost",
    "draw",
    "form",
    "install",
    "installed",
    "most",
    "suits",
    "takes",
    "weighted",
]

title = "linear, on sentence embeddings"
order = 12
baseline = False
first = False
plain = False
formats = ("onnx",)
encoding = Encoding(scale=True, embeddings=True)


def build(
    kind: str, rows: int, seed: int, *, strength: float = 3.0, sparse: bool = False
) -> Any:
    """Return a linear model; the settings are linear's."""
    return linear.build(kind, rows, seed, strength=strength, sparse=sparse)


def suits(table: pd.DataFrame, problem: Problem) -> bool:  # noqa: ARG001
    """Tell whether there is a text to embed."""
    return bool(problem.texts)
