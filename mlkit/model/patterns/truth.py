"""What people say of some rows: it is compared with, and never learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.schema import Schema
from mlkit.model.problem import Problem
from mlkit.model.telling import labels

__all__ = ["column_of", "flags", "names_kinds", "unlearnt", "untold", "word_of"]

MANY = 20


def column_of(table: pd.DataFrame, named: str = "") -> str:
    """Return the column that says what rows are; "" where there is none.

    Parameters
    ----------
    table
        Cleaned rows.
    named
        The column, as a person named it; "" takes the target, if there is one.

    Raises
    ------
    InputError
        Where there is no such column.
    """
    if named and named not in table.columns:
        raise InputError(
            f"there is no column {named!r} to compare with",
            where="parameter `truth`",
            todo=did_you_mean(named, map(str, table.columns)),
        )
    return named or Schema.of(table).target or ""


def names_kinds(cells: pd.Series) -> bool:
    """Return whether cells name kinds of rows: words, or numbers of 20 values at most.

    Examples
    --------
    >>> names_kinds(pd.Series([0.0, 1.0, np.nan] * 20)), names_kinds(pd.Series(["a"]))
    (True, True)
    >>> names_kinds(pd.Series(np.linspace(0, 1, 60)))
    False
    """
    return cells.dtype.kind not in "fiu" or cells.nunique() <= MANY


def untold(table: pd.DataFrame, kind: str, column: str) -> Problem:
    """Return the problem of a table whose truth, if any, is no feature.

    Parameters
    ----------
    table, kind
        As `Problem.untold` takes them.
    column
        As `column_of` gives it.

    Examples
    --------
    >>> table = pd.DataFrame({"x": [0.0, 1.0], "bad": [0.0, 1.0]})
    >>> untold(table, "anomaly", "bad").features
    ('x',)
    """
    schema = Schema.of(table)
    if column:
        schema = schema.change(column, roles=("ignored",))
    return Problem.untold(schema.attach(table.copy(deep=False)), kind)


def unlearnt(problem: Problem, column: str, step: str) -> None:
    """Refuse to compare with a column that a model learnt from.

    Parameters
    ----------
    problem
        What the model looks at.
    column
        As `column_of` gives it.
    step
        The step that should have known.
    """
    if column in problem.features:
        raise InputError(
            f"the model learnt from {column!r}: comparing it with that says nothing",
            where="parameter `truth`",
            todo=f"name it as `truth` in the step {step}, which then leaves it out; "
            "or give it the role ignored, in collect",
        )


def word_of(table: pd.DataFrame, column: str, odd: str = "") -> str:
    """Return the word that says odd; "" where no word does.

    Parameters
    ----------
    table
        Cleaned rows.
    column
        As `column_of` gives it.
    odd
        The word, as a person named it; "" takes the rarest of several.

    Raises
    ------
    InputError
        Where no row has this word; where none is named, and the column is a number of
        many values.

    Examples
    --------
    >>> word_of(pd.DataFrame({"bad": [0.0, 0.0, 1.0]}), "bad")
    '1'
    """
    if not column:
        return ""
    counts = _words(table[column]).value_counts()
    if odd and odd not in counts.index:
        raise InputError(
            f"no row of {column!r} is {odd!r}",
            where="parameter `odd`",
            todo=did_you_mean(odd, map(str, counts.index)),
        )
    if not odd and not names_kinds(table[column]):
        raise InputError(
            f"{column!r} is a number of many values: none of them says odd",
            where="parameter `truth`",
            expected="a column of few words, such as ok and fraud",
            got=f"{len(counts):,} different numbers, such as {counts.index[0]}",
            todo="name another column as `truth`, or in `odd` the number that says "
            "odd; if nothing is known of any row, name no target in collect",
        )
    return odd or (str(counts.index[-1]) if len(counts) > 1 else "")


def flags(table: pd.DataFrame, column: str, word: str) -> NDArray[Any] | None:
    """Return 1 for rows known to be odd, 0 for usual ones, NaN where nobody knows.

    Parameters
    ----------
    table
        Cleaned rows.
    column, word
        As `column_of` and `word_of` give them.

    Returns
    -------
    ndarray or None
        Shape (rows,); None where no column tells.
    """
    if not column:
        return None
    words = _words(table[column])
    return np.where(words.isna(), np.nan, (words == word).astype(float))


def _words(cells: pd.Series) -> pd.Series:
    return pd.Series(labels(cells), cells.index, object).where(cells.notna())
