"""A table's features, scaled and filled, for the quick models that look at labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.data.measures.quick import quick_features

__all__ = ["scaled_features"]

FAR = 8.0


def scaled_features(table: pd.DataFrame) -> NDArray[np.float32]:
    """Return the features of a table as numbers about zero, shape (rows, columns).

    Every column is centred at its median and scaled by its spread; a missing number
    is at the median, and an outlier stands no further than eight spreads away.

    Parameters
    ----------
    table
        Cleaned rows with their schema.

    Examples
    --------
    >>> scaled_features(pd.DataFrame({"x": [1.0, 2.0, 3.0, np.nan]})).tolist()
    [[-2.0], [0.0], [2.0], [0.0]]
    """
    matrix = quick_features(table).astype(np.float64)
    empty = np.isnan(matrix).all(axis=0)
    matrix[:, empty] = 0.0
    made = (matrix - np.nanmedian(matrix, axis=0)) / _spread(matrix)
    made = np.where(np.isnan(made), 0.0, made)
    return np.asarray(np.clip(made, -FAR, FAR), np.float32)


def _spread(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return half the range of the middle half; the deviation where that is zero."""
    low, high = np.nanquantile(matrix, [0.25, 0.75], axis=0)
    wide = np.nanstd(matrix, axis=0)
    half = (high - low) / 2
    return np.where(half > 0, half, np.where(wide > 0, wide, 1.0))
