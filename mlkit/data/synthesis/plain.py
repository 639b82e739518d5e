"""Real and new rows in one plain form, to be held against each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api import types

from mlkit.core.rows import MISSING
from mlkit.core.schema import Column, Schema
from mlkit.data.measures.moments import scaled

__all__ = ["MOST", "plain"]

MOST = 200
"""How many columns are held against each other, the first ones."""

UNLIKE = frozenset({"private", "flag"})


def plain(real: pd.DataFrame, made: pd.DataFrame) -> tuple[pd.DataFrame, Schema]:
    """Return the real rows above the new ones: floats, words, moments without a zone.

    Ids, private columns and flags are left out, for they are made anew; so are columns
    of images and sounds. Numbers near the end of what a float holds are divided. The
    schema has types and no roles, the target among the rest. Of more than 200 columns,
    the first 200 are kept.

    Parameters
    ----------
    real, made
        Two tables with the same columns.

    Examples
    --------
    >>> real = pd.DataFrame({"x": [1, 2], "y": [True, False]})
    >>> both, schema = plain(real, real)
    >>> both["y"].tolist(), schema.with_type("number")
    (['True', 'False', 'True', 'False'], ['x'])
    """
    schema = Schema.of(real)
    cells: dict[str, pd.Series] = {}
    columns: list[Column] = []
    for column in schema:
        name = column.name
        if UNLIKE.intersection(column.roles) or column.type in ("id", "image", "audio"):
            continue
        if len(columns) == MOST:
            break
        values = pd.concat([real[name], made[name]], ignore_index=True)
        kind, cells[name] = _plain(values, column.type)
        columns.append(Column(name, kind))
    frame = pd.DataFrame(cells, index=range(len(real) + len(made)))
    return frame, Schema(tuple(columns))


def _plain(values: pd.Series, kind: str) -> tuple[str, pd.Series]:
    dtype = values.dtype
    if types.is_datetime64_any_dtype(dtype):
        if isinstance(dtype, pd.DatetimeTZDtype):
            values = values.dt.tz_convert("UTC").dt.tz_localize(None)
        return "date", values.astype("M8[us]")
    if types.is_numeric_dtype(dtype) and not types.is_bool_dtype(dtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        finite = np.isfinite(numbers)
        divided, _ = scaled(np.where(finite, numbers, 0.0))
        return "number", pd.Series(np.where(finite, divided, np.nan))
    words = values.astype("object").map(str, na_action="ignore").astype("str")
    if kind == "text":
        return "text", words.fillna("")
    return "category", words.fillna(MISSING)
