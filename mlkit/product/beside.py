"""What a package promises beside its answers, as columns: an interval, or a set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.promise import Promise
from mlkit.model.runtime import Predictions

__all__ = ["beside", "named", "rows_of"]


def beside(said: Predictions, promise: Promise | None) -> dict[str, list[Any]]:
    """Return what is promised beside each answer; nothing where nothing is.

    Parameters
    ----------
    said
        What a package answered.
    promise
        What it promises.

    Returns
    -------
    dict
        ``lower`` and ``upper``, the ends of an interval around a value, infinite where
        there is none; or ``set``, the classes of which one is the truth as often as
        was promised.

    Examples
    --------
    >>> value = Predictions(np.array([5.0]), None, ())
    >>> beside(value, Promise("absolute", 0.9, 2.0))
    {'lower': [3.0], 'upper': [7.0]}
    >>> label = Predictions(np.array(["b"]), np.array([[0.3, 0.7]]), ("a", "b"))
    >>> beside(label, Promise("least", 0.9, 0.8))
    {'set': [['a', 'b']]}
    """
    if promise is None:
        return {}
    if said.probabilities is None:
        lower, upper = promise.interval(np.asarray(said.prediction, np.float64))
        return {"lower": lower.tolist(), "upper": upper.tolist()}
    return {"set": _named(promise.sets(said.probabilities), said.classes)}


def named(row: bytes, classes: Sequence[str]) -> list[str]:
    """Return the classes that are held in a row, as `rows_of` packs it."""
    return [name for name, inside in zip(classes, row, strict=True) if inside]


def rows_of(held: NDArray[np.bool_]) -> list[bytes]:
    r"""Return the rows of a table of truths, packed: alike ones are equal.

    Examples
    --------
    >>> rows_of(np.array([[True, False], [True, False]]))
    [b'\x01\x00', b'\x01\x00']
    """
    packed, wide = held.tobytes(), held.shape[1]
    return [packed[at : at + wide] for at in range(0, len(packed), wide)]


def _named(held: NDArray[np.bool_], classes: Sequence[str]) -> list[Any]:
    """Return the classes that are held in each row; alike rows share a list."""
    rows = rows_of(held)
    known = {row: named(row, classes) for row in set(rows)}
    return [known[row] for row in rows]
