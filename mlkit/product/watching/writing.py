"""Numbers of a column as a person would write them: a year has no comma."""

from __future__ import annotations

from collections.abc import Sequence

from mlkit.data.charts.cards import like_years
from mlkit.model.words import say

__all__ = ["written"]


def written(value: float, column: Sequence[float], digits: int = 3) -> str:
    """Write a number of a column; without a comma where the column may hold years.

    Parameters
    ----------
    value
        The number.
    column
        Some of the column's own numbers, its ends among them.
    digits
        How many significant ones are written, at least.

    Examples
    --------
    >>> written(2006.6, [1998.0, 2015.0]), written(2006.6, [12.5, 2015.0])
    ('2007', '2,007')
    """
    told = say(value, digits)
    return told.replace(",", "") if like_years(*column) else told
