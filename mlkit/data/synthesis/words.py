"""New texts: drawn from words that several rows use, or real ones shared out anew."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pick", "drawn", "resampled"]

SEVERAL = 3
NOTHING = "word"
START, ANY = "\n", "\n\n"

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Pick = Callable[[Floats, Ints, np.random.Generator], list[str]]
Bag = Any
"""Words, and the share of the way up at which each ends; empty where there are none."""
Chain = dict[str, Bag]


def drawn(texts: Sequence[str], classes: Ints, several: int = SEVERAL) -> Pick:
    """Return what writes texts of given lengths with the words of a class.

    Each word follows the one before as it does in real texts of its class. Only words,
    and pairs of words, that at least `several` rows have are used, so that no name or
    number that stands in one row alone comes through.

    Parameters
    ----------
    texts
        The real ones, "" where there is none.
    classes
        Each row's class from 0.
    several
        How many rows must have a word.

    Returns
    -------
    callable
        (lengths in words, classes, rng) → texts.

    Examples
    --------
    >>> write = drawn(["a fine day", "a fine Zoe", "a fine tea"], np.zeros(3, int))
    >>> write(np.full(2, 4.0), np.zeros(2, int), np.random.default_rng(0))
    ['a fine a fine', 'a fine fine fine']
    """
    split = [text.split() for text in texts]
    words = Counter(word for found in split for word in set(found))
    pairs = Counter(pair for found in split for pair in set(pairwise(found)))
    by_class: dict[int, list[list[str]]] = {}
    for found, kind in zip(split, classes.tolist(), strict=True):
        kept = [word if words[word] >= several else "" for word in found]
        by_class.setdefault(kind, []).append(kept)
    common = {pair for pair, rows in pairs.items() if rows >= several}
    everybody = _chain([row for rows in by_class.values() for row in rows], common)
    chains = {kind: _chain(rows, common) for kind, rows in by_class.items()}

    def write(lengths: Floats, wanted: Ints, rng: np.random.Generator) -> list[str]:
        made = [""] * len(lengths)
        for row in np.flatnonzero(np.isfinite(lengths)):
            size = max(round(float(lengths[row])), 1)
            chain = chains[int(wanted[row])]
            chain = chain if chain[ANY] else everybody
            made[row] = _written(chain, rng.random(size).tolist())
        return made

    return write


def _chain(rows: Sequence[Sequence[str]], common: set[tuple[str, str]]) -> Chain:
    """Return which words follow which, from START, and ANY of all."""
    counts: dict[str, Counter[str]] = {START: Counter(), ANY: Counter()}
    for row in rows:
        for before, word in pairwise([START, *row]):
            if not word:
                continue
            counts[ANY][word] += 1
            if before == START or (before, word) in common:
                counts.setdefault(before, Counter())[word] += 1
    return {before: _bag(found) for before, found in counts.items() if found} | (
        {} if counts[ANY] else {ANY: ()}
    )


def _bag(counts: Counter[str]) -> Bag:
    """Return words with the share of the way up at which each ends."""
    words = sorted(counts)
    ends = np.cumsum([counts[word] for word in words])
    return tuple(words), (ends / ends[-1]).tolist()


def _written(chain: Chain, shares: Sequence[float]) -> str:
    made, before = [], START
    for share in shares:
        bag = chain.get(before) or chain[ANY]
        if not bag:
            return " ".join([NOTHING] * len(shares))
        known, ends = bag
        before = known[min(bisect_right(ends, share), len(known) - 1)]
        made.append(before)
    return " ".join(made)


def resampled(texts: Sequence[str], lengths: Floats, classes: Ints) -> Pick:
    """Return what picks a real text of the same class and about the same length.

    Parameters
    ----------
    texts, lengths
        The real ones, and how many words each has; NaN where there is none.
    classes
        Each row's class from 0.
    """
    known = np.flatnonzero(np.isfinite(lengths))
    known = known[np.argsort(lengths[known], kind="stable")]
    kinds = int(classes.max(initial=0)) + 1
    by_class = [known[classes[known] == kind] for kind in range(kinds)]

    def write(wanted: Floats, asked: Ints, rng: np.random.Generator) -> list[str]:
        made = [""] * len(wanted)
        for row in np.flatnonzero(np.isfinite(wanted)):
            rows = by_class[asked[row]] if len(by_class[asked[row]]) else known
            longest = lengths[rows]
            place = min(int(np.searchsorted(longest, wanted[row])), len(rows) - 1)
            like = np.searchsorted(longest, longest[place], side="right")
            first = np.searchsorted(longest, longest[place], side="left")
            made[row] = texts[rows[rng.integers(first, like)]]
        return made

    return write
