"""What a fault needs of a table, or one clear error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.schema import Schema

__all__ = ["column_for", "count_of", "floats", "mark_of", "target_of", "two_classes"]


def column_for(
    table: pd.DataFrame, asked: str, kinds: Sequence[str], role: str = ""
) -> str:
    """Return the column asked for, or the first feature that fits."""
    schema = Schema.of(table)
    fits = [
        column.name
        for column in schema
        if column.type in kinds and table[column.name].notna().any()
    ]
    if asked and asked not in fits:
        raise InputError(
            f"{asked!r} is no column for this"
            if asked in schema
            else f"there is no column {asked!r}",
            expected=f"a column of type {' or '.join(kinds)}",
            todo=did_you_mean(asked, fits),
        )
    first = [name for name in schema.with_role(role) if name in fits] if role else []
    features = [name for name in fits if schema[name].is_feature]
    found = asked or next(iter(first or features), "")
    if not found:
        raise InputError(
            "this table has no column for such a fault",
            expected=f"a feature of type {' or '.join(kinds)}",
        )
    return found


def target_of(table: pd.DataFrame) -> str:
    """Return the target that has a label."""
    target = Schema.of(table).target
    if target is None or target not in table or not table[target].notna().any():
        raise InputError(
            "this fault needs a target", expected="a column with the role target"
        )
    return target


def two_classes(classes: Any, target: str) -> None:
    """Refuse a target that has one class only."""
    if len(classes) < 2:
        raise InputError(
            "there is one class only: no label can be wrong", where=f"column {target!r}"
        )


def count_of(table: pd.DataFrame, share: float) -> int:
    """Return how many rows a share is, at least one."""
    if not len(table):
        raise InputError("there is no row to spoil")
    return max(round(share * len(table)), 1)


def floats(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return a copy of a column of numbers, NaN where a cell is missing."""
    values = table[name]
    if values.dtype.kind not in "fiu":
        raise InputError("this column holds no numbers", where=f"column {name!r}")
    return values.to_numpy(dtype=np.float64, na_value=np.nan).copy()


def mark_of(word: str, name: str) -> float:
    """Return the number that a gap is hidden behind."""
    try:
        return float(word)
    except ValueError:
        raise InputError(
            "a column of numbers can only hide gaps behind a number",
            where=f"column {name!r}",
            got=repr(word),
        ) from None
