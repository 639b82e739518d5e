"""Images and sounds as numbers: the same for each, whatever stands beside it.

An image is described by small grey pixels, its colours and its edges
(`mlkit.core.visual`), a sound by cepstral coefficients over time
(`mlkit.core.audible`). Nothing is learnt but where the numbers lie.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.audible import describe_sound
from mlkit.core.errors import InputError
from mlkit.core.media import media
from mlkit.core.visual import COLOURS, EDGES, GREY, describe_image

if TYPE_CHECKING:
    import pandas as pd

    from mlkit.model.problem import Problem

__all__ = ["NEEDS", "PARTS", "WIDTHS", "Descriptor", "describe", "takes", "width"]

Floats = NDArray[np.float32]
DESCRIBE: dict[str, Callable[[bytes], Floats]] = {
    "image": describe_image,
    "audio": describe_sound,
}
PARTS = {
    "image": {"grey": GREY, "colour": COLOURS, "edge": EDGES},
    "audio": {"cepstrum": 104, "change": 91, "level": 40, "spread": 53, "length": 1},
}
"""What the numbers of a descriptor tell, in order, and how many tell it."""
WIDTHS = {kind: sum(parts.values()) for kind, parts in PARTS.items()}
NEEDS = {"image": ("pillow",), "audio": ("scipy", "soundfile")}
"""The distributions that read each kind."""
NORM, LEAST, KEPT, FEW, TIMED = 4.0, 0.3, 50_000, 8, 16


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


def describe(cells: Sequence[Any] | NDArray[Any], kind: str) -> Floats:
    """Return the numbers of each image or sound, shape (cells, width).

    Parameters
    ----------
    cells
        Digests of what `mlkit.core.media` keeps, or bytes as a request has them; what
        this has returned, shape (cells, width), or a row of it, comes back.
    kind
        ``image`` or ``audio``.

    Returns
    -------
    float32 array
        NaN where a cell is missing or cannot be read.

    Examples
    --------
    >>> from PIL import Image
    >>> from mlkit.core.pictures import written
    >>> told = describe([written(Image.new("L", (8, 8))), None, b"?"], "image")
    >>> told.shape, np.isnan(told[:, 0]).tolist()
    ((3, 464), [False, True, True])
    """
    if isinstance(cells, np.ndarray) and cells.ndim == 2:
        return cells
    found = np.full((len(cells), WIDTHS[kind]), np.nan, np.float32)
    for at, cell in enumerate(cells):
        if isinstance(cell, np.ndarray):
            found[at] = cell
    there = [at for at, cell in enumerate(cells) if isinstance(cell, (bytes, str))]
    given = [cells[at] for at in there]
    for at, told in zip(there, _told(given, kind), strict=True):
        if told is not None:
            found[at] = told
    return found


def _told(cells: Sequence[bytes | str], kind: str) -> list[Floats | None]:
    """Describe what is there, in several threads where it is much."""
    if len(cells) < FEW:
        return [_one(cell, kind) for cell in cells]
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        return list(pool.map(lambda cell: _one(cell, kind), cells, chunksize=FEW))


MEMO: OrderedDict[tuple[str, str], Floats | None] = OrderedDict()
"""What was told, by digest; of too many, what was used longest ago goes."""
LOCK = Lock()


def _one(cell: bytes | str, kind: str) -> Floats | None:
    if isinstance(cell, bytes):
        return _read(cell, kind)
    with LOCK:
        if (kind, cell) in MEMO:
            MEMO.move_to_end((kind, cell))
            return MEMO[kind, cell]
    made = _read(media().get(cell), kind)
    with LOCK:
        MEMO[kind, cell] = made
        while len(MEMO) > KEPT:
            MEMO.popitem(last=False)
    return made


def _read(data: bytes, kind: str) -> Floats | None:
    try:
        return DESCRIBE[kind](data)
    except InputError:
        return None


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
    new = [digest for digest in digests if (kind, digest) not in MEMO]
    if not new:
        return 0.0
    start = time.perf_counter()
    describe(new[:: max(1, len(new) // TIMED)][:TIMED], kind)
    spent = (time.perf_counter() - start) / min(len(new), TIMED)
    return spent * len(new) / max(len(values), 1)
