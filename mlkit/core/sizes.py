"""How large images are and how long sounds, told from their bytes or their digests."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from mlkit.core.errors import InputError
from mlkit.core.values import Array, each, is_missing

__all__ = ["pixels", "seconds"]

KEPT = 100_000
ENOUGH = 64
NONE = (np.nan, np.nan)


def pixels(values: Array) -> Array:
    """Return the shorter and the longer side of images, NaN where one is none.

    Parameters
    ----------
    values
        Bytes, or digests of the project's media.

    Returns
    -------
    float64 array, shape (len(values), 2)

    Examples
    --------
    >>> from PIL import Image
    >>> from mlkit.core.pictures import written
    >>> pixels(np.array([written(Image.new("L", (30, 20))), b"?", None], object))
    array([[20., 30.],
           [nan, nan],
           [nan, nan]])
    """
    return _told(values, "image")


def seconds(values: Array) -> Array:
    """Return how many seconds sounds last, NaN where one is none.

    Parameters
    ----------
    values
        Bytes, or digests of the project's media.

    Examples
    --------
    >>> from mlkit.core.sounds import written
    >>> sound = written(np.zeros((4000, 1), np.float32), 8000)
    >>> seconds(np.array([sound, b"?"], object)).tolist()
    [0.5, nan]
    """
    found: Array = _told(values, "audio")[:, 0]
    return found


def _told(values: Array, kind: str) -> Array:
    read = _SIZES[kind]

    def size(value: Any) -> tuple[float, float]:
        if is_missing(value):
            return NONE
        return _of_digest(value, kind) if isinstance(value, str) else read(bytes(value))

    found = each(values, size).tolist()
    return np.array(found, dtype=np.float64).reshape(len(values), 2)


@lru_cache(maxsize=KEPT)
def _of_digest(digest: str, kind: str) -> tuple[float, float]:
    from mlkit.core.media import media

    return _SIZES[kind](media().get(digest))


def _of_image(data: bytes) -> tuple[float, float]:
    import io

    from PIL import Image

    from mlkit.core.pictures import FORMATS, opened

    try:
        opened(data, ENOUGH)
    except InputError:
        return NONE
    width, height = Image.open(io.BytesIO(data), formats=FORMATS).size
    return float(min(width, height)), float(max(width, height))


def _of_sound(data: bytes) -> tuple[float, float]:
    from mlkit.core import sounds

    try:
        length, _, rate = sounds.check(data)
    except InputError:
        return NONE
    return length / rate, length / rate


_SIZES: dict[str, Callable[[bytes], tuple[float, float]]] = {
    "image": _of_image,
    "audio": _of_sound,
}
