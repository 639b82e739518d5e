"""Parts of rows by the words that `evaluate` tells them in, on other rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.rows import MISSING
from mlkit.model.encoding.encode import words
from mlkit.model.measures.measure import Measured, measure_rows
from mlkit.model.problem import Problem
from mlkit.model.sensing.looks import with_looks
from mlkit.model.slicing import candidates
from mlkit.model.slicing.search import Weakest, where
from mlkit.model.slicing.slices import FEWEST, Slice

__all__ = ["inside", "measured", "titles"]

Array = NDArray[Any]
BETWEEN = " and "
LENGTHS = (" word", " words")


def measured(
    problem: Problem,
    table: pd.DataFrame,
    truth: Array,
    predicted: Array,
    threshold: float,
    weak: Weakest | None,
    named: Mapping[str, str],
) -> tuple[Slice, ...]:
    """Measure the parts that are named, and those that evaluate found to be weak.

    Parameters
    ----------
    problem
        What is predicted.
    table
        Cleaned rows, with the roles of their columns.
    truth, predicted, threshold
        Of these rows; see `mlkit.model.measures.measure.measure`.
    weak
        What evaluate found; None for nothing. A part that is not among these rows has
        none of them.
    named
        By name an expression over columns, as ``[goal.slices]`` has them.
    """
    masks = {
        title: where(table, name, text)
        for title, (name, text) in zip(titles(named), named.items(), strict=True)
    }
    looked = with_looks(table) if weak and weak.found else table
    for one in weak.found if weak else ():
        mask = inside(looked, one.where)
        masks[one.where] = np.zeros(len(table), bool) if mask is None else mask
    return tuple(_measured(problem, table, masks, truth, predicted, threshold))


def titles(named: Mapping[str, str]) -> list[str]:
    """Return what the parts are called that `measured` is given by name.

    Examples
    --------
    >>> titles({"seniors": "age >= 60"})
    ['seniors: age >= 60']
    """
    return [f"{name}: {text}" for name, text in named.items()]


def _measured(
    problem: Problem,
    table: pd.DataFrame,
    masks: Mapping[str, Array],
    truth: Array,
    predicted: Array,
    threshold: float,
) -> Iterator[Slice]:
    for name, mask in masks.items():
        told = Measured({}, {})
        if mask.sum() >= FEWEST:
            part = table[mask], truth[mask], predicted[mask]
            told = measure_rows(problem, *part, threshold)
        yield Slice("", name, int(mask.sum()), told)


def inside(table: pd.DataFrame, text: str) -> Array | None:
    """Return which rows a part holds, by its words; None where they say nothing here.

    Parameters
    ----------
    table
        Cleaned rows.
    text
        One column's part, or two: ``"age = 18 to 30 and sex = f"``.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [20.0, 40.0, 25.0], "sex": ["f", "f", "m"]})
    >>> inside(table, "age = 18 to 30 and sex = f").tolist()
    [True, False, False]
    """
    for first in _named(table, text):
        rest = text[len(first) + 3 :]
        for at in [k for k in range(len(rest)) if rest.startswith(BETWEEN, k)]:
            for second in _named(table, rest[at + len(BETWEEN) :]):
                other = rest[at + len(BETWEEN) + len(second) + 3 :]
                one = _one(table, first, rest[:at])
                two = _one(table, second, other)
                if one is not None and two is not None and (one & two).any():
                    return np.asarray(one & two)
        alone = _one(table, first, rest)
        if alone is not None and alone.any():
            return alone
    return None


def _named(table: pd.DataFrame, text: str) -> list[str]:
    """Return the columns that a text begins with, the longest name first."""
    names = [str(name) for name in table.columns if text.startswith(f"{name} = ")]
    return sorted(names, key=len, reverse=True)


def _one(table: pd.DataFrame, column: str, name: str) -> Array | None:
    """Return the rows of one column's part."""
    values = table[column]
    if not pd.api.types.is_numeric_dtype(values.dtype):
        told = words(table, column)
        mine = _level(told, name)
        if mine.any() or not name.endswith(LENGTHS):
            return mine
        values = pd.Series(candidates.lengths(values))
        name = name.rpartition(" ")[0]
    cells = values.to_numpy(np.float64, na_value=np.nan)
    if name == MISSING:
        return np.asarray(~np.isfinite(cells))
    low, _, high = name.partition(" to ")
    try:
        least, most = float(low), float(high or low)
    except ValueError:
        return None
    largest = max(abs(least), abs(most))
    least -= _slack(low, largest)
    most += _slack(high or low, largest)
    return np.asarray((cells >= least) & (cells <= most))


def _level(told: pd.Series, name: str) -> Array:
    """Return the rows of one level, by its name among these or by so many letters."""
    levels = sorted(told.unique())
    names = dict(zip(levels, candidates.titles(levels), strict=True))
    if name not in names.values():
        most = candidates.LETTERS
        while most < len(name):
            most *= 2
        names = {level: candidates.cut(level, most) for level in levels}
    return np.asarray(told.map(names) == name)


def _slack(number: str, largest: float) -> float:
    """Return how far off a printed number may be: of a long one half its last digit.

    Parameters
    ----------
    number
        As it is printed.
    largest
        The size of the part's larger end.
    """
    _, digits, last = Decimal(number).as_tuple()
    if len(digits) > candidates.DIGITS:
        return 0.5 * 10.0 ** int(last)
    return 1e-5 * largest
