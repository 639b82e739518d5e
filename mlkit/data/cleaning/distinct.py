"""A column as its distinct cells, and back."""

from __future__ import annotations

from operator import is_
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Column

__all__ = ["is_equal", "look", "settled"]

Codes = NDArray[np.intp]


def look(values: pd.Series, column: Column) -> tuple[Codes | None, NDArray[Any]]:
    """Return the distinct cells of a column, and which of them each row has.

    Parameters
    ----------
    values
        The raw cells.
    column
        Its type: numbers and dates are not told apart, but taken as they are.

    Returns
    -------
    int array of shape (rows,) or None, array
        None where the second is the column itself.
    """
    if values.dtype.kind in "fiuM" and column.type in ("number", "date"):
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            values = values.dt.tz_convert("UTC").dt.tz_localize(None)
        return None, values.to_numpy()
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    cells = pd.Series(distinct).to_numpy(dtype=object, copy=True)
    cells[np.asarray(pd.isna(distinct), dtype=bool)] = None
    return codes, cells


def settled(
    values: NDArray[Any],
    codes: Codes | None,
    raw: tuple[pd.Series, NDArray[Any]] | None,
) -> Any:
    """Return the cells of a column, row by row; the raw column where none changed.

    Parameters
    ----------
    values
        What became of the distinct cells.
    codes
        Which of them each row has; None where `values` are the rows themselves.
    raw
        The raw column and its distinct cells, if it has the same name.
    """
    if raw is not None and _is_same(values, raw[1], raw[0]):
        return raw[0]
    if values.dtype == object:
        words = pd.array(values, dtype="str")
        return words if codes is None else words.take(codes)
    return values if codes is None else values[codes]


def _is_same(values: NDArray[Any], cells: NDArray[Any], whole: pd.Series) -> bool:
    """Whether a column can stay as it is: the same cells, of the same type."""
    if values.dtype != object:
        return values is cells and values.dtype == whole.dtype
    return whole.dtype == "str" and is_equal(values, cells)


def is_equal(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Tell whether two arrays are one, or hold the same objects."""
    if one is other or one.dtype != object or other.dtype != object:
        return one is other
    return all(map(is_, one.tolist(), other.tolist()))
