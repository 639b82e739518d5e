"""mlkit: notebooks are the pipeline.

A step is a notebook that says ``mk.load("clean")`` and ``mk.save(train=...)``; mlkit
wires the notebooks by these names, runs them headlessly, and carries the model on.

The front door, for cells::

    load(name)                  what was saved under a name
    save(name=value, ...)       for the steps that load it
    sealed(value)               only `unseal` opens it again
    unseal(name, why=...)       noted in the ledger
    decide(name, editor)        the recorded choice, else the editor's default
    gate(verdict)               a step's last call
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mlkit.core.cells import decide, gate, load, save, sealed, unseal

__all__ = ["decide", "gate", "load", "save", "sealed", "unseal"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'mlkit' has no attribute {name!r}")
    from mlkit.core import cells

    return getattr(cells, name)


def __dir__() -> list[str]:
    return __all__


if "MLKIT_JOB" in os.environ and "ipykernel" in sys.modules:
    from mlkit.core.session import start

    start()
