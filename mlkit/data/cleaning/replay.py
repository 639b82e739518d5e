"""Play recorded cell operations on raw rows, once per distinct cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core import rows
from mlkit.core.operations import ELSEWHERE
from mlkit.core.schema import Column
from mlkit.data.cleaning import media
from mlkit.data.cleaning.distinct import look, settled

__all__ = ["replayed"]


def replayed(
    operations: Sequence[Mapping[str, Any]], raw: pd.DataFrame, column: Column
) -> dict[str, Any]:
    """Return the columns that the operations on one raw column make.

    Parameters
    ----------
    operations
        All on this column, in order.
    raw
        Rows; where they lack the column, all its cells are missing.
    column
        Its type when the operations were planned.

    Returns
    -------
    dict
        Cells by name; a column that nothing touches is the raw one itself.
    """
    name = column.name
    if name not in raw:
        absent = rows.apply(operations, {"": np.empty(len(raw))})
        return {n: settled(found, None, None) for n, found in absent.items()}
    values = raw[name]
    codes, cells = look(values, column)
    if any(operation["op"] in ELSEWHERE for operation in operations):
        made = {name: media.play(operations, cells)}
        if any(isinstance(cell, bytes) for cell in made[name].tolist()):
            return {name: made[name] if codes is None else made[name][codes]}
    else:
        made = rows.apply(operations, {name: cells})
    kept = {name: (values, cells)}
    return {n: settled(found, codes, kept.get(n)) for n, found in made.items()}
