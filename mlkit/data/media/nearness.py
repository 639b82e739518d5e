"""Images and sounds that are nearly the same: told by a hash, then looked at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.audible import coarse, hash_sound
from mlkit.core.visual import hash_image, thumbnail
from mlkit.data.media.cells import each

__all__ = ["hashes", "near", "pairs"]

Looks = NDArray[np.float32]

APART = {"image": 0.03, "audio": 0.03}
BITS = {"image": 10, "audio": 64}
POOL = 4
RELATIVE = 0.25
EMPTY = 0.005
KEPT = 20_000
HASH: dict[str, Callable[[bytes], int]] = {"image": hash_image, "audio": hash_sound}
LOOK: dict[str, Callable[[bytes], Looks]] = {"image": thumbnail, "audio": coarse}

_kept: dict[tuple[str, str], tuple[int, Looks] | None] = {}


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

    A small picture of each, grey pixels or bands of sound over time, differs by at most
    3 hundredths of the range and a quarter of its own spread (root mean squares); of
    images the hashes differ in at most 10 of 64 bits, too.

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
    found = _told(values, kind)
    known = [place for place, told in enumerate(found) if told is not None]
    told = [pair for pair in found if pair is not None]
    if len(told) < 2:
        return []
    words = np.array([word for word, _ in told], dtype=np.uint64)
    looks = np.stack([look for _, look in told])
    return [
        (known[one], known[other])
        for one, other in _alike(words, looks, APART[kind], BITS[kind])
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


def _told(values: pd.Series, kind: str) -> list[tuple[int, Looks] | None]:
    """Return the hash and the look of each distinct cell, made once in a process."""
    digests = [str(cell) for cell in values.dropna().unique()]
    new = [digest for digest in digests if (kind, digest) not in _kept]
    if len(_kept) + len(new) > KEPT:
        _kept.clear()
        new = digests
    made = each(
        pd.Series(new, dtype="str"), lambda data: (HASH[kind](data), LOOK[kind](data))
    )
    found = {**{d: _kept[kind, d] for d in digests if (kind, d) in _kept}, **made}
    if len(made) <= KEPT:
        _kept.update({(kind, digest): told for digest, told in made.items()})
    return [found[digest] for digest in digests]


def _alike(
    words: NDArray[np.uint64], looks: Looks, apart: float, bits: int
) -> list[tuple[int, int]]:
    """Return the pairs whose looks and hashes are close, each with the first alike.

    Pooled looks are never further apart than whole ones, so a tree of them finds all
    that may be close.
    """
    from scipy.spatial import cKDTree

    whole = looks.reshape(len(looks), -1, POOL).mean(axis=2)
    tree, depth = cKDTree(whole), looks.std(axis=1)
    # spreads differ by no more than looks do, so a third of one's own is far enough
    wide = np.where(depth < EMPTY, apart, np.minimum(apart, depth / 3)) * 1.0001
    reach = wide * np.sqrt(whole.shape[1])
    found: list[tuple[int, int]] = []
    taken = np.zeros(len(looks), dtype=bool)
    for first in range(len(looks)):
        if taken[first]:
            continue
        near_ = np.array(tree.query_ball_point(whole[first], reach[first]))
        later = near_[(near_ > first) & ~taken[near_]]
        far = np.sqrt(((looks[later] - looks[first]) ** 2).mean(axis=1))
        much = np.maximum(depth[later], depth[first])
        allowed = np.where(much < EMPTY, apart, np.minimum(apart, RELATIVE * much))
        differ = np.bitwise_count(words[later] ^ words[first])
        close = later[(far <= allowed) & (differ <= bits)]
        taken[close] = True
        found += [(first, int(other)) for other in sorted(close)]
    return found


def _root(root: list[int], place: int) -> int:
    while root[place] != place:
        root[place] = root[root[place]]
        place = root[place]
    return place
