"""Linear models of normal scores: each number is replaced by its rank's."""

from __future__ import annotations

from mlkit.model.encoding.encode import Encoding
from mlkit.model.families.linear import (
    build,
    cost,
    draw,
    form,
    formats,
    installed,
    most,
    takes,
    weighted,
)

__all__ = [
    "build",
    "cost",
    "draw",
    "form",
    "formats",
    "installed",
    "most",
    "takes",
    "weighted",
]

title = "linear, on normal scores"
order = 11
baseline = False
first = False
plain = True
encoding = Encoding(normal=True)
install = ""
