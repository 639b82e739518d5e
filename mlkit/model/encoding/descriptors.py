"""Columns of images and sounds as features: what describes each, centred and scaled.

Nothing is learnt but where the numbers of `mlkit.core.descriptors` lie.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlkit.core.descriptors import PARTS, WIDTHS, describe, remembered

if TYPE_CHECKING:
    import pandas as pd

    from mlkit.model.problem import Problem

__all__ = ["Descriptor", "takes", "width"]

Floats = NDArray[np.float32]
NORM, LEAST, TIMED = 4.0, 0.3, 16


@dataclass
class Descriptor:
    """How one column of images or sounds becomes numbers.

    Parameters
    ----------
    kind
        ``image`` or ``audio``.
    mean
        Taken from each number, shape (width,); float32. What is missing is there.
    scale
        What each is multiplied by, so that what a part tells is four away from its
        mean, shape (width,); float32. What hardly differs is not blown up: it would
        outweigh the rest once it did.
    flag
        Whether a further column tells what is missing or cannot be read.
    """

    kind: str
    mean: Floats
    scale: Floats
    flag: bool

    @property
    def names(self) -> list[str]:
        """A name a column."""
        parts = PARTS[self.kind].items()
        found = [f"{part} {at + 1}" for part, count in parts for at in range(count)]
        return [*found, "is missing"] if self.flag else found

    def transform(self, values: pd.Series) -> Floats:
        """Return the columns of some cells, shape (rows, columns)."""
        return self.scaled(describe(values.tolist(), self.kind))

    def scaled(self, told: Floats) -> Floats:
        """Return the columns from what `describe` tells."""
        missing = np.isnan(told)
        cells = (np.where(missing, self.mean, told) - self.mean) * self.scale
        if self.flag:
            cells = np.hstack([cells, missing[:, :1]])
        return np.asarray(cells, np.float32)

    @classmethod
    def learn(cls, values: pd.Series, kind: str) -> Descriptor:
        """Learn where the numbers of some cells lie."""
        told = describe(values.tolist(), kind)
        known = told[~np.isnan(told[:, 0])].astype(np.float64)
        if not len(known):
            known = np.zeros((1, told.shape[1]))
        mean = known.mean(axis=0).astype(np.float32)
        counts = list(PARTS[kind].values())
        parts = np.split(known - mean, np.cumsum(counts)[:-1], axis=1)
        away = [np.square(part).sum(1).mean() for part in parts]
        units = [NORM / max(size**0.5, LEAST) for size in away]
        scale = np.repeat(units, counts).astype(np.float32)
        return cls(kind, mean, scale, 0 < len(known) < len(told))


def width(problem: Problem) -> int:
    """Return how many numbers the images and sounds of a problem's rows become."""
    return sum(WIDTHS[kind] for kind in problem.media.values())


def takes(table: pd.DataFrame, problem: Problem, rows: int) -> float:
    """Guess the seconds that describing the images and sounds of so many rows takes.

    Parameters
    ----------
    table
        Some of the rows; a few of them are described, to see.
    problem
        Which columns there are.
    rows
        How many rows there will be.

    Examples
    --------
    >>> import pandas as pd
    >>> from mlkit.model.problem import Problem
    >>> problem = Problem("number", "y", "rmse", numbers=("x",))
    >>> takes(pd.DataFrame({"x": [1.0]}), problem, 1000)
    0.0
    """
    pace = sum(_pace(table[name], kind) for name, kind in problem.media.items())
    return float(pace * rows)


def _pace(values: pd.Series, kind: str) -> float:
    """Return the seconds of a cell that is not known yet; 0 where all are."""
    digests = [str(cell) for cell in values.dropna().unique()]
    new = [digest for digest in digests if not remembered(digest, kind)]
    if not new:
        return 0.0
    start = time.perf_counter()
    describe(new[:: max(1, len(new) // TIMED)][:TIMED], kind)
    spent = (time.perf_counter() - start) / min(len(new), TIMED)
    return spent * len(new) / max(len(values), 1)
