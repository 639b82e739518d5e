"""Texts made worse: letters slip, words get lost, their order goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["KINDS", "disordered", "lost", "slipped", "spoilt"]

TYPOS, LOST = (0.05, 0.1, 0.25), (0.1, 0.25, 0.5)
LONGEST = 40_000
PARTS = re.compile(r"(\s+)")
KINDS = {
    "typos": "letters slipped in a share of the words",
    "lost": "words lost at random",
    "order": "the words of each text in another order",
}


def spoilt(
    table: pd.DataFrame, names: tuple[str, ...], rng: np.random.Generator
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield ways to make texts worse: kind, how much, and the columns.

    Parameters
    ----------
    table
        Cleaned rows.
    names
        The text columns; none yields nothing.
    rng
        Where chance comes from.
    """
    if not names:
        return
    for share in TYPOS:
        yield "typos", f"{share:.0%}", _all(table, names, slipped, share, rng)
    for share in LOST:
        yield "lost", f"{share:.0%}", _all(table, names, lost, share, rng)
    yield "order", "all words", _all(table, names, disordered, 1.0, rng)


def slipped(text: str, share: float, rng: np.random.Generator) -> str:
    """Change places of two neighbouring letters in a share of the longer words.

    Examples
    --------
    >>> slipped("good film", 1.0, np.random.default_rng(0))
    'ogod fiml'
    """
    parts = PARTS.split(text)
    picked = rng.random(len(parts)) < share
    where = rng.random(len(parts))
    for at in np.flatnonzero(picked):
        word = parts[at]
        if len(word) > 2 and word.strip():
            k = int(where[at] * (len(word) - 1))
            parts[at] = word[:k] + word[k + 1] + word[k] + word[k + 2 :]
    return "".join(parts)


def lost(text: str, share: float, rng: np.random.Generator) -> str:
    """Leave a share of the words out.

    Examples
    --------
    >>> lost("a good film", 1.0, np.random.default_rng(0))
    ''
    """
    words = text.split()
    gone = rng.random(len(words)) < share
    return " ".join(w for w, out in zip(words, gone, strict=True) if not out)


def disordered(text: str, share: float, rng: np.random.Generator) -> str:
    """Put a share of the words into another order among themselves.

    Examples
    --------
    >>> sorted(disordered("a good film", 1.0, np.random.default_rng(0)).split())
    ['a', 'film', 'good']
    """
    words = text.split()
    picked = np.flatnonzero(rng.random(len(words)) < share)
    moved = dict(zip(picked, rng.permutation(picked), strict=True))
    return " ".join(words[moved.get(at, at)] for at in range(len(words)))


def _all(
    table: pd.DataFrame,
    names: tuple[str, ...],
    change: Callable[[str, float, np.random.Generator], str],
    share: float,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Change all given texts, as far as they are read, and leave gaps as they are."""
    made = {}
    for name in names:
        cells = table[name].astype(object).where(table[name].notna(), None)
        told = [c if c is None else change(str(c)[:LONGEST], share, rng) for c in cells]
        made[name] = pd.array(told, "str")
    return made
