"""Images and sounds that are nearly the same: told by a hash, then looked at."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.data.media.audible import coarse, hash_sound
from mlkit.data.media.cells import each
from mlkit.data.media.visual import hash_image, thumbnail

__all__ = ["hashes", "near", "pairs"]

BITS = 4
BAND = 16
MANY = 64
APART = {"image": 0.03, "audio": 0.04}
HASH: dict[str, Callable[[bytes], int]] = {"image": hash_image, "audio": hash_sound}
LOOK = {"image": thumbnail, "audio": coarse}


def near(values: pd.Series, kind: str) -> NDArray[np.int64]:
    """Return a number a cell that near-duplicates share, shape (rows,).

    Parameters
    ----------
    values
        Digests, shape (rows,).
    kind
        ``image`` or ``audio``.

    Returns
    -------
    int64 array
        The place of the first of those that are alike; a cell's own where it is
        alone, missing, or cannot be read.

    Examples
    --------
    >>> from PIL import Image
    >>> from mlkit.core.media import media
    >>> from mlkit.core.pictures import written
    >>> ramp = Image.linear_gradient("L")
    >>> twins = media().put_all(map(written, [ramp, ramp.resize((200, 180))]))
    >>> near(pd.Series([None, *twins]), "image").tolist()
    [0, 1, 1]
    """
    digests = pd.Index(values.dropna().unique())
    root = list(range(len(digests)))
    for one, other in pairs(values, kind):
        low, high = sorted((_root(root, one), _root(root, other)))
        root[high] = low
    codes = digests.get_indexer(values)
    first = pd.Series(np.arange(len(values))).groupby(codes).min()
    firsts = first.reindex(range(len(digests))).to_numpy(dtype=np.int64)
    found = np.arange(len(values), dtype=np.int64)
    for place, code in enumerate(codes):
        if code >= 0:
            found[place] = firsts[_root(root, code)]
    return found


def pairs(values: pd.Series, kind: str) -> list[tuple[int, int]]:
    """Return which distinct images or sounds of a column are nearly the same.

    Their hashes differ in at most 3 of 64 bits, and a small picture of each, pixels
    or bands of sound, by at most 3 or 4 hundredths of the range.

    Parameters
    ----------
    values
        Digests, shape (rows,).
    kind
        ``image`` or ``audio``.

    Returns
    -------
    list of two ints
        Places among the distinct digests, in the order of the column; of many alike
        each is paired with the first only.
    """
    found = each(values, lambda data: (HASH[kind](data), LOOK[kind](data)))
    known = [place for place, told in enumerate(found.values()) if told is not None]
    told = [pair for pair in found.values() if pair is not None]
    if len(told) < 2:
        return []
    words = np.array([word for word, _ in told], dtype=np.uint64)
    looks = np.stack([look for _, look in told])
    return [
        (known[one], known[other])
        for one, other in sorted(_alike(words, looks, APART[kind]))
    ]


def hashes(values: pd.Series, kind: str) -> NDArray[np.uint64]:
    """Return a 64-bit hash a cell, 0 where it is missing or cannot be read.

    Alike ones differ in few bits.

    Parameters
    ----------
    values
        Digests, shape (rows,).
    kind
        ``image`` or ``audio``.
    """
    found = each(values, HASH[kind])
    words = [found.get(str(cell)) or 0 for cell in values]
    return np.array(words, dtype=np.uint64)


def _alike(
    words: NDArray[np.uint64], looks: NDArray[np.float32], apart: float
) -> set[tuple[int, int]]:
    """Return the pairs whose hashes and looks are close.

    Two hashes that differ in fewer bits than there are bands agree in one band, so
    only those are compared (the pigeonhole principle).
    """
    found: set[tuple[int, int]] = set()
    for band in range(BITS):
        keys = (words >> np.uint64(band * BAND)) & np.uint64(2**BAND - 1)
        order = np.argsort(keys, kind="stable")
        edges = np.flatnonzero(np.diff(keys[order])) + 1
        for start, end in pairwise([0, *edges.tolist(), len(order)]):
            if end - start > 1:
                found |= _within(order[start:end], words, looks, apart)
    return found


def _within(
    places: NDArray[np.intp],
    words: NDArray[np.uint64],
    looks: NDArray[np.float32],
    apart: float,
) -> set[tuple[int, int]]:
    """Compare those of one bucket, each with all that follow it and are not taken."""
    found: set[tuple[int, int]] = set()
    rest = np.sort(places)
    while len(rest) > 1:
        first, others = rest[0], rest[1:]
        close = np.bitwise_count(words[others] ^ words[first]) < BITS
        far = np.abs(looks[others[close]] - looks[first]).mean(axis=1)
        taken = others[close][far <= apart]
        found |= {(int(first), int(other)) for other in taken}
        rest = np.setdiff1d(others, taken) if len(taken) > MANY else others
    return found


def _root(root: list[int], place: int) -> int:
    while root[place] != place:
        root[place] = root[root[place]]
        place = root[place]
    return place
