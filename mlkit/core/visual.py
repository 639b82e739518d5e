"""Images as numbers: small grey pixels, colours, edges, and a perceptual hash."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlkit.core.pictures import opened, plain

__all__ = ["COLOURS", "EDGES", "GREY", "describe_image", "hash_image", "thumbnail"]

SIDE = 64
SMALL = 16
LEVELS = 4
CELLS = 4
TURNS = 9
GREY, COLOURS, EDGES = SMALL**2, LEVELS**3, CELLS**2 * TURNS

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601

Numbers = NDArray[np.float32]


def describe_image(data: bytes) -> Numbers:
    """Return the features of one image, shape (464,), each in 0 to 1.

    Parameters
    ----------
    data
        An image file.

    Notes
    -----
    16 × 16 grey pixels, a histogram of 4 × 4 × 4 colours, and histograms of oriented
    gradients over 4 × 4 cells, after Dalal & Triggs, "Histograms of oriented gradients
    for human detection", CVPR 2005, with one block a picture.

    Examples
    --------
    >>> from PIL import Image
    >>> from mlkit.core.pictures import written
    >>> describe_image(written(Image.new("RGB", (30, 20)))).shape
    (464,)
    """
    colour = _small(data, "RGB")
    grey = (colour @ LUMA / 255).astype(np.float32)
    return np.concatenate([_tiny(grey), _colours(colour), _edges(grey)])


def thumbnail(data: bytes) -> Numbers:
    """Return 16 × 16 grey levels of an image in 0 to 1, shape (256,)."""
    return _tiny((_small(data, "L") / 255).astype(np.float32))


def hash_image(data: bytes) -> int:
    """Return the difference hash of an image, 64 bits.

    A bit says whether one of 9 × 8 grey pixels is darker than its right neighbour;
    images that look alike differ in few bits.

    Parameters
    ----------
    data
        An image file.

    Notes
    -----
    Krawetz, "Kind of like that", The Hacker Factor Blog, 2013 (dHash).
    """
    from PIL import Image

    small = plain(opened(data, SIDE), "L").resize((9, 8), Image.Resampling.BOX)
    levels = np.asarray(small, dtype=np.int16)
    bits = (levels[:, :-1] < levels[:, 1:]).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _small(data: bytes, mode: str) -> Numbers:
    """Read an image at 64 × 64 pixels, its aspect given up."""
    from PIL import Image

    image = plain(opened(data, SIDE), mode)
    grows = min(image.size) < SIDE
    how = Image.Resampling.BILINEAR if grows else Image.Resampling.BOX
    return np.asarray(image.resize((SIDE, SIDE), how), dtype=np.float32)


def _tiny(grey: Numbers) -> Numbers:
    block = SIDE // SMALL
    means = grey.reshape(SMALL, block, SMALL, block).mean(axis=(1, 3))
    return np.asarray(means.ravel(), dtype=np.float32)


def _colours(colour: Numbers) -> Numbers:
    bins = (colour.astype(np.int32) * LEVELS // 256).reshape(-1, 3)
    codes = bins @ np.array([LEVELS**2, LEVELS, 1])
    counts = np.bincount(codes, minlength=COLOURS)
    return np.asarray(np.sqrt(counts / counts.sum()), dtype=np.float32)


def _edges(grey: Numbers) -> Numbers:
    down, across = np.gradient(grey)
    size = np.hypot(down, across)
    turn = np.mod(np.arctan2(down, across), np.pi) / np.pi * TURNS
    lower = np.floor(turn).astype(int) % TURNS
    share = turn - np.floor(turn)
    rows, columns = np.indices(grey.shape) * CELLS // SIDE
    cell = (rows * CELLS + columns) * TURNS
    found = np.bincount((cell + lower).ravel(), (size * (1 - share)).ravel(), EDGES)
    higher = (lower + 1) % TURNS
    found += np.bincount((cell + higher).ravel(), (size * share).ravel(), EDGES)
    length = float(np.linalg.norm(found))
    kept = np.minimum(found / (length + 1e-6), 0.2)
    return np.asarray(kept / (np.linalg.norm(kept) + 1e-6), dtype=np.float32)
