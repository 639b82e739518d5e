"""Columns as plain numbers, and numbers as the columns' cells again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from mlkit.core.media import KINDS
from mlkit.core.schema import Column
from mlkit.data.synthesis.coded import Coded, odd
from mlkit.data.synthesis.encode_numbers import coarse, of_dates, of_numbers
from mlkit.data.synthesis.encode_words import of_names, of_text, of_words

__all__ = ["TEXTS", "encode"]

TEXTS = ("words", "resample", "empty")

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def encode(values: pd.Series, column: Column, classes: Ints, text: str) -> Coded:
    """Return one column as numbers, with the way back.

    Parameters
    ----------
    values
        Its cells.
    column
        Its type and roles.
    classes
        Each row's class from 0.
    text
        How new texts are made, one of `TEXTS`.

    Raises
    ------
    InputError
        Where cells are of a kind that no table has, such as lists.

    Examples
    --------
    >>> rows = np.zeros(3, int)
    >>> coded = encode(pd.Series([1.5, None, 3.0]), Column("x"), rows, "words")
    >>> coded.how, coded.numbers.tolist()
    ('as values that were seen', [1.5, nan, 3.0])
    """
    dtype, private = values.dtype, "private" in column.roles
    media = column.type in KINDS and _all_text(values)
    if media or not values.notna().any():
        return _empty(values, column)
    if types.is_complex_dtype(dtype) or dtype.kind == "m":
        raise odd(values, column.name)
    if types.is_datetime64_any_dtype(dtype):
        found = of_dates(values, column)
        return coarse(found) if private or column.type == "id" else found
    if column.type == "id" or (private and not types.is_numeric_dtype(dtype)):
        return of_names(values, column)
    if types.is_bool_dtype(dtype) or not types.is_numeric_dtype(dtype):
        if column.type == "text" and _all_text(values):
            return of_text(values, column, classes, text)
        return of_words(values, column)
    if not np.isfinite(values.to_numpy(dtype=float, na_value=np.nan)).any():
        return of_words(values, column)
    found = of_numbers(values, column)
    return coarse(found) if private else found


def _all_text(values: pd.Series) -> bool:
    return bool(values.dropna().map(lambda cell: isinstance(cell, str)).all())


def _empty(values: pd.Series, column: Column) -> Coded:
    """Leave all cells missing: there are none, or they cannot be made."""
    dtype = values.dtype

    def back(numbers: Floats, _: Ints, __: np.random.Generator) -> Any:
        return pd.Series([None] * len(numbers), dtype=dtype).array

    gone = column.type in KINDS and bool(values.notna().any())
    how = f"left empty: no {column.type} is made" if gone else "missing throughout"
    return Coded(column, how, None, back)
