"""How odd rows are by detectors that have not met them, and whether that stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.patterns.fitting import Rows, grow
from mlkit.model.patterns.ranks import Odds

__all__ = ["held", "overlap", "steady"]

TINY = 1e-6
Floats = NDArray[np.float64]


def held(
    name: str, settings: Mapping[str, Any], rows: Rows, *, repeats: int, seed: int = 0
) -> Floats:
    """Return ranks of rows, each by a detector that learnt from the other half.

    Parameters
    ----------
    name, settings
        A family and its settings.
    rows
        Encoded rows.
    repeats
        How often the rows are halved.
    seed
        Of the halving.

    Returns
    -------
    ndarray
        Shape (repeats, rows); beyond 1 where a row is odder than any that was learnt.
    """
    rng = np.random.default_rng(seed)
    found = np.zeros((repeats, len(rows.matrix)))
    for turn in range(repeats):
        order = rng.permutation(len(rows.matrix))
        halves = np.array_split(order, 2)
        for learnt, asked in (halves, halves[::-1]):
            made = grow(name, settings, rows.take(np.sort(learnt)), "anomaly", seed)
            assert isinstance(made, Odds)
            raw = made.raw(rows.matrix[asked])
            more = TINY * raw / max(float(np.abs(raw).max()), 1e-300)
            found[turn, asked] = made.rank(raw) + more
    return found


def steady(ranks: Floats, share: float) -> Floats:
    """Return how far the oddest rows stay the same from halving to halving.

    Parameters
    ----------
    ranks
        As `held` gives them.
    share
        Of the rows that count as the oddest; at least five do.

    Returns
    -------
    ndarray
        Overlaps, 0 to 1, shape (repeats,).
    """
    least = max(share, min(5 / max(ranks.shape[1], 1), 0.5))
    return np.array(
        [overlap(one, ranks[k - 1], least) for k, one in enumerate(ranks)], np.float64
    )


def overlap(one: Floats, other: Floats, share: float) -> float:
    """Return how many of the oddest rows by one score are so by another, 0 to 1.

    Parameters
    ----------
    one, other
        Scores of the same rows, shape (rows,).
    share
        Of the rows that count as the oddest.

    Examples
    --------
    >>> overlap(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 4.0, 2.0, 3.0]), 0.5)
    0.5
    """
    most = max(round(share * len(one)), 1)
    tops = [set(np.argsort(-s, kind="stable")[:most].tolist()) for s in (one, other)]
    return len(tops[0] & tops[1]) / most
