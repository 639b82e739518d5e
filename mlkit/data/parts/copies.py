"""Copies: a text, image or sound of one part that nearly is one of another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.media import KINDS
from mlkit.core.schema import Schema
from mlkit.data.measures.quick import ends_of

__all__ = ["contents", "copies"]

ALIKE = {True: 0.5, False: 0.7}
COMMON = 0.01
SELDOM = 100
SKETCH = 64
LIKELY = 0.4
AT_ONCE = 512
BEST = 3
FEWEST_WORDS = 5
LONG = 12
DISTINCT = 0.5
BUCKETS = 2**22

Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]


def contents(table: pd.DataFrame) -> list[str]:
    """Return the features that hold a thing of its own: texts, images, sounds.

    A column of names, codes, or of a few sentences that come again and again is none.

    Parameters
    ----------
    table
        Rows with their schema.

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> told = [f"a sentence that is told of {i} only" for i in range(9)]
    >>> rows = pd.DataFrame({"told": told, "name": [f"Mr. {i}" for i in range(9)]})
    >>> schema = Schema((Column("told", "text"), Column("name", "text")))
    >>> contents(schema.attach(rows))
    ['told']
    """
    schema = Schema.of(table)
    return [
        name
        for name in schema.features
        if name in table and _is_content(table[name], schema[name].type)
    ]


def copies(values: pd.Series, kind: str, known: Flags, asked: Flags) -> Flags:
    """Return which of the asked cells nearly are a known one.

    Texts are nearly the same where they share half of their runs of three words, or
    where they are short seven in ten of their runs of four letters (Broder 1997;
    candidates come from sketches of 64 runs). Of long texts the two ends are looked
    at. Images and sounds are told by `mlkit.data.media.near`.

    Parameters
    ----------
    values
        The cells of one column: texts, or digests.
    kind
        ``text``, ``image`` or ``audio``.
    known, asked
        Which rows are which, shape (rows,).

    Returns
    -------
    bool array, shape (rows,)
        False outside of `asked`.

    Examples
    --------
    >>> first = "the quick brown fox jumps over the lazy dog and is away with the wind"
    >>> texts = pd.Series([first, first.replace("lazy", "Lazy"), "another thing"])
    >>> one = np.array([True, False, False])
    >>> copies(texts, "text", one, ~one).tolist()
    [False, True, False]
    """
    filled = values.notna().to_numpy()
    known, asked = known & filled, asked & filled
    if not known.any() or not asked.any():
        return np.zeros(len(values), bool)
    if kind == "text":
        return _copied_texts(values, known, asked)
    from mlkit.data.media import near

    either = known | asked
    first = np.zeros(len(values), np.int64)
    first[either] = near(values[either], kind)
    return asked & np.isin(first, first[known])


def _is_content(values: pd.Series, kind: str) -> bool:
    if kind in KINDS:
        return True
    if kind != "text" or values.dtype.kind in "fiubM":
        return False
    known = values.dropna().astype("str")
    some = known.iloc[:: max(len(known) // 1000, 1)]
    wordy = some.str.count(r"\w+").median() >= FEWEST_WORDS if len(some) else False
    return bool(wordy) and known.nunique() >= DISTINCT * len(known)


def _copied_texts(values: pd.Series, known: Flags, asked: Flags) -> Flags:
    rows = np.flatnonzero(known | asked)
    texts = ends_of(values.iloc[rows])
    long = bool(np.median([text.count(" ") + 1 for text in texts]) >= LONG)
    runs = _runs(texts, long=long)
    sizes = np.diff(runs.indptr)
    left, right = np.flatnonzero(known[rows]), np.flatnonzero(asked[rows])
    plain = pd.Series(texts, index=rows).str.casefold().str.split().str.join(" ")
    found = asked.copy()
    found[rows] &= plain.isin(plain[known[rows]]).to_numpy()
    for one, other in _candidates(_sketch(runs), left, right):
        shared = np.asarray(runs[one].multiply(runs[other]).sum(axis=1)).ravel()
        same = shared >= ALIKE[long] * (sizes[one] + sizes[other] - shared)
        found[rows[other[same & (shared > 0)]]] = True
    return found


def _runs(texts: list[str], *, long: bool) -> Any:
    """Return which runs each text holds, a sparse matrix of ones, columns hashed."""
    from sklearn.feature_extraction.text import HashingVectorizer

    how: dict[str, Any] = (
        {"ngram_range": (3, 3), "token_pattern": r"(?u)\w+"}
        if long
        else {"analyzer": "char_wb", "ngram_range": (4, 4)}
    )
    made = HashingVectorizer(
        n_features=BUCKETS, binary=True, norm=None, alternate_sign=False, **how
    )
    runs = made.transform(texts)
    runs.sort_indices()
    return runs


def _sketch(runs: Any) -> Any:
    """Keep the 64 lowest columns of each row: hashed, they are a fair draw.

    Runs that are all over the place tell nothing of two texts, and are passed over.
    """
    from scipy.sparse import csr_matrix

    seen = np.bincount(runs.indices, minlength=runs.shape[1])
    kept = seen[runs.indices] <= max(COMMON * runs.shape[0], SELDOM)
    before = np.concatenate([[0], np.cumsum(kept)])
    start = np.repeat(before[runs.indptr[:-1]], np.diff(runs.indptr))
    low = kept & (before[:-1] - start < SKETCH)
    ends = np.concatenate([[0], np.cumsum(low)])[runs.indptr]
    ones = np.ones(int(low.sum()), np.int32)
    return csr_matrix((ones, runs.indices[low], ends), shape=runs.shape)


def _candidates(sketch: Any, known: Rows, asked: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Yield pairs of rows that may be alike: of each asked one the best three."""
    sizes = np.diff(sketch.indptr)
    turned = sketch[known].T.tocsr()
    for start in range(0, len(asked), AT_ONCE):
        rows = asked[start : start + AT_ONCE]
        shared = (sketch[rows] @ turned).tocoo()
        one, other, count = known[shared.col], rows[shared.row], shared.data
        likely = count >= LIKELY * np.minimum(sizes[one], sizes[other])
        one, other, count = one[likely], other[likely], count[likely]
        order = np.lexsort((-count, other))
        rank = pd.Series(other[order]).groupby(other[order]).cumcount().to_numpy()
        kept = order[rank < BEST]
        if len(kept):
            yield one[kept], other[kept]
