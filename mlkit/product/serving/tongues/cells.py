"""Cells that did not come as JSON, made as JSON would hold them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mlkit.product.serving.refused import Refused

__all__ = ["plain"]


def plain(name: str, cells: Sequence[Any]) -> list[Any]:
    """Return cells with None for what is not a number, of which JSON has none.

    Parameters
    ----------
    name
        Of the column.
    cells
        Plain Python values.

    Raises
    ------
    Refused
        422 where a number is infinite.

    Examples
    --------
    >>> plain("x", [1.0, float("nan"), "a"])
    [1.0, None, 'a']
    """
    if math.isfinite(sum([cell for cell in cells if type(cell) is float])):
        return list(cells)
    for row, cell in enumerate(cells):
        if type(cell) is float and math.isinf(cell):
            where = f"$.columns.{name}[{row}]"
            raise Refused(422, "the number is infinite", where=where, field=name)
    return [None if cell != cell else cell for cell in cells]
