"""When rows are nearly equal in their numbers, and how likely that is by luck."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["LUCK", "NEAR", "by_luck", "in_deviations"]

NEAR = 0.01
"""Numbers are near that differ by no more of their standard deviation."""

LUCK = 0.001
"""Nearness means nothing where luck would bring more than this part of a pair."""


def in_deviations(table: pd.DataFrame, names: Sequence[str]) -> NDArray[np.float64]:
    """Return columns of numbers or dates in standard deviations, gaps as 0.

    Parameters
    ----------
    table
        Rows × columns.
    names
        Those that are numbers or dates.

    Examples
    --------
    >>> in_deviations(pd.DataFrame({"x": [0.0, 2e-300, np.nan]}), ["x"]).ravel()
    array([0., 2., 0.])
    """
    matrix = np.zeros((len(table), len(names)))
    for place, name in enumerate(names):
        values = table[name]
        plain = values.astype("int64") if values.dtype.kind == "M" else values
        known = plain.to_numpy(dtype=float)
        known = np.where(values.isna() | ~np.isfinite(known), np.nan, known)
        most = np.nanmax(np.abs(known), initial=0.0)
        if most > 0:
            # shares of the largest first, so that the squares are numbers
            shares = known / most
            matrix[:, place] = np.nan_to_num(shares / (np.nanstd(shares) or 1.0))
    return matrix


def by_luck(scaled: NDArray[np.float64], words: Sequence[pd.Series]) -> float:
    """Return how likely two rows are near, were each column drawn by itself.

    Parameters
    ----------
    scaled
        Numbers as `in_deviations` gives them, shape (rows, columns).
    words
        Columns in which near rows are equal.

    Examples
    --------
    >>> by_luck(np.array([[0.0], [0.001], [5.0]]), [pd.Series(["a", "b"])])
    0.16666666666666666
    """
    found, others = 1.0, max(len(scaled) - 1, 1)
    for values in np.sort(scaled, axis=0).T:
        high = np.searchsorted(values, values + NEAR, side="right")
        low = np.searchsorted(values, values - NEAR, side="left")
        found *= float(np.mean(high - low - 1)) / others
    for column in words:
        found *= float((column.value_counts(normalize=True) ** 2).sum())
    return found
