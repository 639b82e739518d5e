"""What kind of problem a target poses, and how that was told, in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.classes import scale_of
from mlkit.core.errors import InputError, UsageError, did_you_mean

__all__ = [
    "CLASSES",
    "KINDS",
    "UNLABELLED",
    "VALUES",
    "countable",
    "fitting",
    "labels",
    "tell",
]

KINDS = {
    "two_classes": "one of two classes",
    "many_classes": "one of many classes",
    "ordered": "one of several classes in order",
    "number": "a number",
    "count": "a count",
}
CLASSES = ("two_classes", "many_classes", "ordered")
VALUES = ("number", "count")
UNLABELLED = {
    "anomaly": "rows unlike the rest",
    "cluster": "groups of rows that are alike",
}
"""Kinds of problems with no target, of which `tell` knows nothing."""

GRADES, FEW, COMMON = 11, 20, 0.01
SMALLEST, LARGEST = 1e-37, 1e100
"""Onnxruntime drops a sum with what single precision takes for 0, such as a mean."""


def tell(values: pd.Series, type_: str, asked: str | None) -> tuple[str, str]:
    """Return the kind of problem, and how it was told.

    Parameters
    ----------
    values
        The target.
    type_
        Its type in the schema.
    asked
        The kind that a person stated; None where nobody did.

    Raises
    ------
    InputError
        Where such a target cannot be predicted.
    UsageError
        Where there is no such kind, or the target does not fit it.

    Examples
    --------
    >>> tell(pd.Series(["low", "high", "medium"]), "category", None)[0]
    'ordered'
    >>> tell(pd.Series([0.0, 2.0, 1.0, 0.0, 1.0]), "number", None)[0]
    'count'
    """
    if type_ not in ("number", "category", "text"):
        raise InputError(
            f"a target of type {type_} cannot be predicted yet",
            where=f"column {values.name!r}",
            expected="a number or a category",
        )
    if asked is not None:
        return _asked(values, type_, asked), "it is stated under [goal]"
    if type_ == "number":
        return _of_numbers(values.to_numpy(float, na_value=np.nan))
    found = set(labels(values.dropna()))
    scale = scale_of(found)
    if scale:
        words = " < ".join(scale)
        return "ordered", f"its labels are grades: {words}; {_or('many_classes')}"
    if len(found) == 2:
        return "two_classes", "it has two labels"
    more = "; to heed their order, state it as order under [goal]"
    if "0" in found and all(label.isdecimal() for label in found):
        more += '; if they count, target_type = "number" in collect reads them so'
    return "many_classes", f"it has {len(found)} labels{more}"


def fitting(values: pd.Series, kind: str, classes: Collection[str]) -> None:
    """Refuse a kind of problem that the target's values do not fit.

    Parameters
    ----------
    values
        The target.
    kind, classes
        The kind, and the labels of the target where it is one of classes.

    Raises
    ------
    InputError
        Where there is nothing to learn, or numbers are too large, or lie too close
        together.
    UsageError
        Where the values are of another kind.

    Examples
    --------
    >>> fitting(pd.Series([0.0, 2.0]), "count", ())
    """
    if kind == "two_classes" and len(classes) > 2:
        raise UsageError(
            f"the target has {len(classes)} classes, not two",
            where="[goal] kind",
            todo='say kind = "many_classes", or nothing at all',
        )
    if kind in CLASSES:
        return
    cells = values.to_numpy(float, na_value=np.nan)
    cells = cells[np.isfinite(cells)]
    if not len(cells) or cells.min() == cells.max():
        raise InputError(
            "the target does not vary: nothing to learn", where=str(values.name)
        )
    largest = max(-cells.min(), cells.max())
    if largest > LARGEST:
        raise InputError(
            "the target's numbers are too large to be squared",
            where=str(values.name),
            expected=f"at most {LARGEST:g}",
            got=f"{largest:g}",
            todo="predict their logarithm, or take them in a larger unit",
        )
    apart = cells.max() - cells.min()
    if apart < SMALLEST:
        raise InputError(
            "the target's differences are too small for single precision",
            where=str(values.name),
            expected=f"at least {SMALLEST:g}",
            got=f"{apart:g}",
            todo="take its numbers in a smaller unit",
        )
    if kind == "count":
        countable(cells, str(values.name))


def countable(cells: NDArray[Any], target: str) -> None:
    """Refuse numbers that count nothing.

    Parameters
    ----------
    cells
        Finite numbers.
    target
        The column that they come of.

    Raises
    ------
    UsageError
        Where one is negative, or not whole.

    Examples
    --------
    >>> countable(np.array([0.0, 3.0]), "visits")
    """
    wrong = cells[(cells < 0) | (cells != np.round(cells))]
    if len(wrong):
        rows = f"{len(wrong):,} of {len(cells):,} rows"
        raise UsageError(
            "a count is whole and never negative",
            where=f"[goal] kind, column {target!r}",
            expected="0, 1, 2 and so on",
            got=f"{wrong[0]:g}; {rows} hold no count",
            todo='say kind = "number", or mend these rows',
        )


def labels(values: pd.Series) -> list[str]:
    """Return labels as text, whole numbers without a point.

    Examples
    --------
    >>> labels(pd.Series([3.0, 4.5, -0.0])), labels(pd.Series(["a", "b"]))
    (['3', '4.5', '0'], ['a', 'b'])
    """
    if values.dtype.kind in "fiu":
        cells = values.to_numpy(float, na_value=np.nan) + 0.0  # no zero below zero
        return [f"{value:.12g}" for value in cells]
    return [str(value) for value in values.astype(str)]


def _asked(values: pd.Series, type_: str, asked: str) -> str:
    if asked not in KINDS:
        raise UsageError(
            f"there is no kind of problem {asked!r}",
            where="[goal] kind",
            expected=", ".join(KINDS),
            todo=did_you_mean(asked, KINDS),
        )
    if asked in VALUES and type_ != "number":
        raise UsageError(
            f"the target is no {asked}",
            where="[goal] kind",
            got=f"column {values.name!r} of type {type_}",
            todo="give it the type number in the step collect",
        )
    return asked


def _of_numbers(cells: NDArray[Any]) -> tuple[str, str]:
    given = cells[np.isfinite(cells)]
    if not len(given) or (given != np.round(given)).any():
        return "number", "its values are numbers"
    low, high = given.min(), given.max()
    zeros = float((given == 0).mean())
    if low == 0 and high > 1 and zeros >= COMMON and np.median(given) <= FEW:
        return "count", f"its values are whole, from 0 on and small; {_or('number')}"
    distinct = len(np.unique(given))
    if 2 < distinct <= GRADES and high - low == distinct - 1:
        return "number", (
            f"its values are whole numbers, {low:g} to {high:g}: "
            f"are they grades, {_or('ordered')}"
        )
    return "number", "its values are whole numbers"


def _or(kind: str) -> str:
    return f'say kind = "{kind}" under [goal] to have it otherwise'
