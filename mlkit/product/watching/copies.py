"""How many live rows are rows of their own, and not copies of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from mlkit.model.packing.reference import decoded

__all__ = ["own"]

RARE = 0.002
"""Of all pairs of the reference's rows, how many may be alike by nature."""


def own(reference: Mapping[str, Any], columns: Mapping[str, NDArray[Any]]) -> float:
    """Return the share of live rows that count, each with its copies once.

    A row that is asked for again and again proves no more than one does. Rows that
    are alike in every cell are taken for copies as far as there are more of them than
    among the reference's rows, and only where these are hardly ever alike: in tables
    of few columns and levels rows repeat by nature, and all count. What k copies of
    each leave is one in k (Kish 1965).

    Parameters
    ----------
    reference
        What a package remembers; without kept rows every live row counts.
    columns
        Cleaned live cells by column, each of shape (rows,).

    Examples
    --------
    >>> import numpy as np
    >>> sample = {"x": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    >>> own({"sample": sample}, {"x": np.repeat(np.arange(50.0), 4)})
    0.25
    """
    sample, live = reference.get("sample") or {}, pd.DataFrame(dict(columns))
    if not sample or len(live) < 2:
        return 1.0
    usual = _alike(decoded(sample))
    if usual > RARE:
        return 1.0
    more = max(_alike(live) - usual, 0.0)
    return 1 / (1 + (len(live) - 1) * more)


def _alike(rows: pd.DataFrame) -> float:
    """Return which share of all pairs of rows is alike in every cell."""
    sizes = rows.groupby(list(rows), dropna=False, sort=False).size().to_numpy(float)
    pairs = max(len(rows) * (len(rows) - 1), 1)
    return float((sizes * (sizes - 1)).sum()) / pairs
