"""Images and sounds opened to be changed, and what a model is told of them then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core import pictures, sounds
from mlkit.core.descriptors import describe
from mlkit.core.errors import InputError
from mlkit.core.media import contents

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["SIDE", "Sound", "column", "image_of", "sound_of"]

SIDE, LONGEST = 160, 30.0
Sound = tuple[NDArray[np.float32], int]


def image_of(cell: Any) -> Image | None:
    """Return an image, at most 160 pixels a side; None where there is none to read.

    Parameters
    ----------
    cell
        A digest, bytes, or what stands for a missing cell.
    """
    (data,) = contents([cell])
    try:
        image = None if data is None else pictures.plain(pictures.opened(data, SIDE))
    except InputError:
        return None
    if image is not None:
        image.thumbnail((SIDE, SIDE))
    return image


def sound_of(cell: Any) -> Sound | None:
    """Return the samples of a sound, shape (samples, 1), and their rate, or None.

    Parameters
    ----------
    cell
        A digest, bytes, or what stands for a missing cell.
    """
    (data,) = contents([cell])
    try:
        heard = None if data is None else sounds.heard(data, LONGEST)
    except InputError:
        return None
    return heard and (heard[0].mean(axis=1, keepdims=True), heard[1])


def column(cells: Iterable[Image | Sound | None], kind: str) -> NDArray[Any]:
    """Return images or sounds as the cells of a column, described already.

    Parameters
    ----------
    cells
        As `image_of` or `sound_of` give them.
    kind
        ``image`` or ``audio``.

    Returns
    -------
    array of objects
        What `mlkit.core.descriptors.describe` tells of each.
    """
    write: Any = pictures.written if kind == "image" else lambda s: sounds.written(*s)
    told = describe([None if c is None else write(c) for c in cells], kind)
    made = np.empty(len(told), object)
    made[:] = list(told)
    return made
