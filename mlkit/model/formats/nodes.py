"""An ONNX graph that grows node by node."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

__all__ = ["Nodes"]


class Nodes:
    """Nodes and constants of a graph, named so that no column has their names.

    Parameters
    ----------
    taken
        Names that are taken.

    Examples
    --------
    >>> graph = Nodes(["x"])
    >>> graph.node("Add", "x", graph.constant(1.0))
    'mlkit/Add_1'
    """

    def __init__(self, taken: Container[str]) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.names = taken

    def node(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output, and return the output's name."""
        out = self.fresh(op)
        self.nodes.append(
            helper.make_node(op, inputs, [out], name=out, domain=domain, **attributes)
        )
        return out

    def constant(self, values: Any) -> str:
        """Add a constant, and return its name."""
        out = self.fresh("constant")
        array = np.asarray(values)
        if array.dtype == object or array.dtype.kind == "U":
            cells = [str(v).encode() for v in array.ravel()]
            tensor = helper.make_tensor(out, TensorProto.STRING, array.shape, cells)
        else:
            tensor = numpy_helper.from_array(array, out)
        self.constants.append(tensor)
        return out

    def fresh(self, word: str) -> str:
        """Return a name that no column has."""
        name = f"mlkit/{word}_{len(self.nodes) + len(self.constants)}"
        while name in self.names:
            name += "_"
        return name
