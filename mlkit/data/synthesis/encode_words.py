"""Words, names and texts as plain numbers, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from mlkit.core.rows import MISSING
from mlkit.core.schema import Column
from mlkit.data.synthesis import words
from mlkit.data.synthesis.coded import FEW, Coded, odd

__all__ = ["of_names", "of_text", "of_words"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def of_words(values: pd.Series, column: Column) -> Coded:
    """Return a column whose cells are a few words, or whatever can be told apart.

    Parameters
    ----------
    values
        Its cells; where none is missing, the word that means so counts as missing.
    column
        Its type and roles.
    """
    codes, levels, filled = _levels(values, column.name)

    def back(numbers: Floats, _: Ints, __: np.random.Generator) -> Any:
        return _cells(numbers, levels, values.dtype, filled)

    return Coded(column, "as words that were seen", codes, back, words=True)


def _levels(values: pd.Series, name: str) -> tuple[Floats, pd.Series, bool]:
    """Return codes, the words they stand for, and whether a word means missing."""
    filled = not values.isna().any() and bool((values == MISSING).any())
    known = values.mask(values == MISSING) if filled else values
    try:
        codes, levels = pd.factorize(known)
    except TypeError:
        raise odd(values, name) from None
    numbers = np.where(codes < 0, np.nan, codes.astype(float))
    return numbers, pd.Series(levels), filled


def _cells(numbers: Floats, levels: pd.Series, dtype: Any, filled: bool) -> Any:
    codes = np.where(np.isnan(numbers), -1, numbers).astype(np.intp)
    made = levels.reindex(codes)
    if filled:
        made = made.where(codes >= 0, MISSING)
    return made.astype(dtype).array


def of_names(values: pd.Series, column: Column) -> Coded:
    """Return a column of names, to be made anew: as many different ones, none real.

    Parameters
    ----------
    values
        Its cells.
    column
        Its type and roles; categories it lists are listed by their new names.
    """
    codes, levels, filled = _levels(values, column.name)
    alone = len(levels) == int(np.isfinite(codes).sum())
    fresh, dtype = _fresh(levels, column.name, values.dtype)
    # which name stands for which has nothing to do with the order they were met in
    order = np.random.default_rng(0).permutation(len(levels))

    def back(numbers: Floats, _: Ints, __: np.random.Generator) -> Any:
        if alone:
            numbers = np.where(np.isnan(numbers), np.nan, np.arange(len(numbers)))
            return _cells(numbers, fresh(len(numbers)), dtype, filled)
        names = fresh(len(levels)).iloc[order].reset_index(drop=True)
        return _cells(numbers, names, dtype, filled)

    if column.categories:
        words = fresh(len(levels)).astype("str").tolist()
        column = replace(column, categories=tuple(sorted(words)))
    numbers = np.where(np.isnan(codes), np.nan, 0.0) if alone else codes
    return Coded(column, "names made anew", numbers, back, words=True)


def _fresh(
    levels: pd.Series, name: str, dtype: Any
) -> tuple[Callable[[int], pd.Series], Any]:
    """Return what makes names that no real row has, and their dtype."""
    if types.is_numeric_dtype(dtype) and not types.is_bool_dtype(dtype):
        taken = set(levels.tolist())
        top = max((int(n) for n in taken if abs(n) < 2**52), default=0)

        def counted(count: int) -> pd.Series:
            numbers = range(top + 1, top + 1 + count + len(taken))
            return pd.Series([n for n in numbers if n not in taken][:count])

        wide = "int64" if types.is_integer_dtype(dtype) else "float64"
        return counted, wide if isinstance(dtype, np.dtype) else wide.capitalize()
    words, stem = set(levels.astype("str")), name
    while any(word.startswith(f"{stem} ") for word in words):
        stem = f"new {stem}"
    kept = dtype if types.is_string_dtype(dtype) else "str"
    return lambda count: pd.Series([f"{stem} {i + 1}" for i in range(count)]), kept


def of_text(values: pd.Series, column: Column, classes: Ints, how: str) -> Coded:
    """Return a column of texts, by how many words each has.

    Parameters
    ----------
    values
        Its cells.
    column
        Its type and roles.
    classes
        Each row's class from 0.
    how
        ``words``, ``resample`` or ``empty``.
    """
    known = values.astype("str").fillna("")
    dtype = values.dtype if types.is_string_dtype(values.dtype) else "str"
    blank = "" if not values.isna().any() else None
    lengths = np.array([float(len(text.split())) for text in known])
    lengths = np.where((known == "").to_numpy(), np.nan, lengths)
    if how == "empty":
        return _empty_text(column, blank, dtype)
    if how == "resample":
        pick: words.Pick = words.resampled(known.tolist(), lengths, classes)
        told = "real texts, shared out anew"
    else:
        pick = words.drawn(known.tolist(), classes)
        told = "word by word, from words that several rows have"

    def back(numbers: Floats, kinds: Ints, rng: np.random.Generator) -> Any:
        made = pick(numbers, kinds, rng)
        cells = [
            blank if np.isnan(n) else t for n, t in zip(numbers, made, strict=True)
        ]
        return pd.Series(cells, dtype=dtype).array

    smooth = len(np.unique(lengths[np.isfinite(lengths)])) > FEW
    return Coded(column, told, lengths, back, smooth=smooth)


def _empty_text(column: Column, blank: str | None, dtype: Any) -> Coded:
    def back(numbers: Floats, _: Ints, __: np.random.Generator) -> Any:
        return pd.Series([blank] * len(numbers), dtype=dtype).array

    return Coded(column, "left empty, as asked", None, back)
