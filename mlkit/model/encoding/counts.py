"""Words counted: a text is read once, however many folds and families learn from it."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.model.encoding.tokens import grams, plain

__all__ = ["chosen", "counted", "read"]

WIDEST, COMMON = 8000, 0.7
MOST_GRAMS, MOST_COUNTED = 2_000_000, 20_000_000
Ids = NDArray[np.int32]


class _Lexicon:
    """The numbers of words, pairs and pieces, and those of each text already read."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.place: dict[str, int] = {}
        self.texts: dict[tuple[str, bool], Ids] = {}
        self.held = 0

    def read(self, values: pd.Series, pieces: bool) -> list[Ids]:
        """Return the numbers of each text, by which `place` knows words."""
        if len(self.place) > MOST_GRAMS or self.held > MOST_COUNTED:
            self.clear()
        cells = values.astype(object).where(values.notna(), "")
        return [self._one(str(cell), pieces) for cell in cells]

    def _one(self, text: str, pieces: bool) -> Ids:
        key = (text, pieces)
        if key not in self.texts:
            place = self.place
            told = grams(plain(text, pieces))
            ids = [place.setdefault(gram, len(place)) for gram in told]
            self.texts[key] = np.array(ids, np.int32)
            self.held += len(ids)
        return self.texts[key]


LEXICON = _Lexicon()


def read(values: pd.Series, pieces: bool) -> tuple[Any, list[str]]:
    """Return how often each word, pair and piece comes in each text, and their names.

    Parameters
    ----------
    values
        The text column, shape (rows,); what is missing has no words.
    pieces
        Whether pieces of three letters count.

    Returns
    -------
    sparse matrix
        Counts, float32, shape (rows, names).
    list
        The names, some of which may not come at all.

    Examples
    --------
    >>> counts, names = read(pd.Series(["so so", None]), False)
    >>> counts[0, names.index("so")], counts[1].nnz
    (np.float32(2.0), 0)
    """
    with LEXICON.lock:
        told, names = LEXICON.read(values, pieces), list(LEXICON.place)
    return _summed(told, len(names)), names


def chosen(counts: Any, names: Sequence[str]) -> tuple[Any, list[str]]:
    """Return the counts of what is worth a weight, and its names, sorted.

    That is what comes in more than one text, and not in most of them; of more than
    8,000 the most frequent.

    Parameters
    ----------
    counts, names
        What `read` gives.
    """
    rows = counts.shape[0]
    seen = np.bincount(counts.indices, minlength=len(names))
    fit = seen >= max(2, rows // 2000)
    if rows > 20:
        fit &= seen <= COMMON * rows
    kept: list[int] = np.flatnonzero(fit).tolist()
    if len(kept) > WIDEST:
        kept = _top(kept, np.asarray(counts.sum(axis=0)).ravel(), names)
    kept.sort(key=lambda at: names[at])
    return counts[:, kept].tocsr(), [names[at] for at in kept]


def _top(kept: list[int], total: NDArray[Any], names: Sequence[str]) -> list[int]:
    """Return the most frequent; of those that come equally often, the first by name."""
    least = np.partition(total[kept], -WIDEST)[-WIDEST]
    sure = [at for at in kept if total[at] > least]
    rest = sorted((at for at in kept if total[at] == least), key=lambda at: names[at])
    return [*sure, *rest[: WIDEST - len(sure)]]


def counted(values: pd.Series, pieces: bool, words: Sequence[str]) -> Any:
    """Return how often each of some words comes, sparse, shape (rows, words).

    Parameters
    ----------
    values, pieces
        As `read` takes them.
    words
        Words, pairs and pieces.

    Examples
    --------
    >>> counted(pd.Series(["a good film"]), False, ["a good", "bad"]).toarray()
    array([[1., 0.]], dtype=float32)
    """
    with LEXICON.lock:
        told, place = LEXICON.read(values, pieces), LEXICON.place
        at = np.array([place.get(word, -1) for word in words], np.int64)
        column = np.full(len(place), -1)
    column[at[at >= 0]] = np.flatnonzero(at >= 0)
    mine = [column[ids] for ids in told]
    return _summed([ids[ids >= 0] for ids in mine], len(words))


def _summed(told: Sequence[NDArray[Any]], width: int) -> Any:
    """Return how often each number comes in each row, sparse, float32."""
    from scipy.sparse import csr_matrix

    ends = np.cumsum([0, *(len(ids) for ids in told)])
    ids = np.concatenate([np.empty(0, np.int64), *told])
    ones = np.ones(len(ids), np.float32)
    counts = csr_matrix((ones, ids, ends), (len(told), width))
    counts.sum_duplicates()
    return counts
