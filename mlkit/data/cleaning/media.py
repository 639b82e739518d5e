"""Play operations on images and sounds, which a table holds as digests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.operations import player

__all__ = ["play"]

AT_ONCE = 64


def play(
    operations: Sequence[Mapping[str, Any]], cells: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Play operations on images or sounds.

    Parameters
    ----------
    operations
        All on one column.
    cells
        Digests of what `mlkit.core.media` keeps, or bytes as a request has them; None
        where one is missing.

    Returns
    -------
    array of objects
        Digests for digests, bytes for bytes; what they make is kept as well. A few
        are taken at a time, so that they need not fit into memory together.
    """
    made = np.empty(len(cells), dtype=object)
    for start in range(0, len(cells), AT_ONCE):
        made[start : start + AT_ONCE] = _some(
            operations, cells[start : start + AT_ONCE]
        )
    return made


def _some(
    operations: Sequence[Mapping[str, Any]], cells: NDArray[np.object_]
) -> NDArray[np.object_]:
    from mlkit.core.media import media as kept

    digests = np.array([isinstance(cell, str) for cell in cells.tolist()], dtype=bool)
    now = cells.copy()
    now[digests] = _objects([kept().get(cell) for cell in cells[digests].tolist()])
    for operation in operations:
        column = operation["column"]
        now = player(operation["op"], column)(column, now, operation)[column]
    there = digests & np.array([isinstance(c, bytes) for c in now.tolist()], dtype=bool)
    now[there] = _objects(kept().put_all(now[there].tolist()))
    return now


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made
