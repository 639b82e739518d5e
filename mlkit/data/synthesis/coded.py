"""One column as plain numbers, with the way back to cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.core.schema import Column

__all__ = ["FEW", "Coded", "odd"]

FEW = 12
"""A column of at most so many values takes none between them."""

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Back = Callable[[Floats, Ints, np.random.Generator], Any]


@dataclass(frozen=True)
class Coded:
    """One column as numbers.

    Parameters
    ----------
    column
        Its name, type and roles in the new table.
    how
        How new cells are made, in a few words.
    numbers
        NaN where a cell is missing, codes from 0 for words; None where nothing of the
        column is learnt together with the others.
    back
        (numbers, classes, rng) → the cells of a new column.
    words
        Whether the numbers are codes without an order.
    smooth
        Whether values between the real ones may be drawn.
    note
        What a person should know, or "".
    """

    column: Column
    how: str
    numbers: Floats | None
    back: Back
    words: bool = False
    smooth: bool = False
    note: str = ""


def odd(values: pd.Series, name: str) -> InputError:
    """Return the error for a column of cells that no table has, such as lists."""
    cell = values.dropna().iloc[0]
    return InputError(
        "a column holds something that is neither number, text nor date",
        where=f"column {name!r}",
        got=f"{type(cell).__name__}: {str(cell)[:60]}",
        todo="turn it into text or numbers first",
    )
