"""What an image or a sound is as numbers: the same for each, whatever stands beside it.

An image is described by small grey pixels, its colours and its edges
(`mlkit.core.visual`), a sound by cepstral coefficients over time
(`mlkit.core.audible`). What was told of a digest is remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.audible import describe_sound
from mlkit.core.errors import InputError
from mlkit.core.media import media
from mlkit.core.visual import COLOURS, EDGES, GREY, describe_image

__all__ = ["NEEDS", "PARTS", "WIDTHS", "describe", "remembered"]

Floats = NDArray[np.float32]
DESCRIBE: dict[str, Callable[[bytes], Floats]] = {
    "image": describe_image,
    "audio": describe_sound,
}
PARTS = {
    "image": {"grey": GREY, "colour": COLOURS, "edge": EDGES},
    "audio": {"cepstrum": 104, "change": 91, "level": 40, "spread": 53, "length": 1},
}
"""What the numbers tell, in order, and how many tell it."""
WIDTHS = {kind: sum(parts.values()) for kind, parts in PARTS.items()}
NEEDS = {"image": ("pillow",), "audio": ("scipy", "soundfile")}
"""The distributions that read each kind."""
KEPT, FEW = 50_000, 8


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


def remembered(digest: str, kind: str) -> bool:
    """Tell whether an image or sound was described before and will cost nothing."""
    with LOCK:
        return (kind, digest) in MEMO
