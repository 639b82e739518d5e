"""What every family of boosted trees declares of itself; each takes all of it.

`mlkit.model.families.Family` says what the names mean; a family states those in which
it differs.
"""

from __future__ import annotations

from mlkit.model.encoding.encode import Encoding
from mlkit.model.problem import CLASSES, VALUES

__all__ = [
    "baseline",
    "encoding",
    "first",
    "formats",
    "install",
    "most",
    "plain",
    "takes",
    "weighted",
]

baseline = first = plain = False
formats = ("onnx", "pmml", "pfa")
encoding = Encoding(fill=False, levels=4)
takes = CLASSES + VALUES
weighted = True
most = 0
install = ""
