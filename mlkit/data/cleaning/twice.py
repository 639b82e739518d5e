"""Rows of one table that nearly equal an earlier one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.util import hash_array

from mlkit.core.media import KINDS
from mlkit.core.schema import Column, Schema
from mlkit.data.measures.closeness import LUCK, NEAR, by_luck, in_deviations
from mlkit.data.parts.copies import contents
from mlkit.data.reading.identify import row_keys

__all__ = ["near_duplicates", "repeats"]

NEIGHBOURS = 8
QUICK = 3
SHINGLE = 4
HASHES = 32
BAND = 4
ALIKE = 0.8
ENOUGH = 12
SPACE = 2**31 - 1
WORD = re.compile(r"\w+")

Places = NDArray[np.intp]
Matrix = NDArray[np.float64]


def repeats(table: pd.DataFrame) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return one number a row, the same where rows are equal, and which come again.

    Parameters
    ----------
    table
        Rows × columns.

    Returns
    -------
    uint64 array, bool array, both of shape (rows,)
        The second is True where an earlier row is equal in every cell.

    Examples
    --------
    >>> rows = pd.DataFrame({"x": [1.0, np.nan, 1.0], "y": ["a", "b", "a"]})
    >>> keys, again = repeats(rows)
    >>> bool(keys[0] == keys[2]), again.tolist()
    (True, [False, False, True])
    """
    names = [*table]
    quick = [n for n in names if table[n].dtype.kind in "fiu"][:QUICK]
    total = _mixed(table, quick)
    again = np.zeros(len(table), dtype=bool)
    ordered = np.sort(total)
    shared = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(shared):
        return total, again
    # most rows differ in a few numbers: only the others are looked at whole
    rows = np.flatnonzero(np.isin(total, shared))
    rest = [name for name in names if name not in quick]
    total[rows] = _mixed(table.iloc[rows], rest, total[rows])
    again[rows] = pd.Series(total[rows]).duplicated().to_numpy()
    return total, again


def _mixed(
    table: pd.DataFrame, names: Sequence[str], total: NDArray[np.uint64] | None = None
) -> NDArray[np.uint64]:
    """Mix columns into one number a row."""
    if total is None:
        total = np.full(len(table), 0x345678, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for name in names:
            total ^= _bits(table[name])
            total *= np.uint64(0x9E3779B97F4A7C15)
            total ^= total >> np.uint64(29)
            total *= np.uint64(0xBF58476D1CE4E5B9)
            total ^= total >> np.uint64(32)
    return total


def _bits(values: pd.Series) -> NDArray[np.uint64]:
    """Return a number a cell, the same where cells are equal."""
    if values.dtype.kind == "f":
        plain = values.to_numpy(dtype=np.float64) + 0.0
        plain[np.isnan(plain)] = np.nan
        return plain.view(np.uint64)
    if values.dtype.kind in "iuM" and not isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.to_numpy().astype(np.int64).view(np.uint64)
    codes, _ = pd.factorize(values, use_na_sentinel=False)
    return codes.astype(np.uint64)


def near_duplicates(table: pd.DataFrame) -> Places:
    """Return for each row the earlier one that it nearly equals, else -1.

    Two rows are nearly equal where no number differs by more than a hundredth of its
    standard deviation, all words agree but for capitals, blanks and marks, long texts
    share four fifths of their runs of four words, and images and sounds are alike as
    `mlkit.data.media.near` has it. Where there is neither text nor media, and luck
    would bring more than a thousandth of a pair, were the columns unrelated, nearness
    means nothing.

    Parameters
    ----------
    table
        Cleaned rows with their schema.

    Returns
    -------
    int array, shape (rows,)

    Notes
    -----
    Long texts are compared where MinHash finds them alike (Broder, On the resemblance
    and containment of documents, 1997).

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> told = [f"the long story of number {i}" for i in range(9)]
    >>> told.append("The long  story of number 7!")
    >>> table = Schema((Column("x", "text"),)).attach(pd.DataFrame({"x": told}))
    >>> near_duplicates(table).tolist()
    [-1, -1, -1, -1, -1, -1, -1, -1, -1, 7]
    """
    schema, rows = Schema.of(table), len(table)
    names = [n for n in (*schema.features, schema.target) if n and n in table]
    numeric = [n for n in names if table[n].dtype.kind in "fiuM"]
    words = [n for n in names if schema[n].type in ("category", "text")]
    words = [n for n in words if n not in numeric]
    long = [n for n in contents(table) if n in words]
    found = np.full(rows, -1, dtype=np.intp)
    scaled = in_deviations(table, numeric)
    gaps = {f"{n} gap": table[n].isna().astype("float64") for n in numeric}
    short = {n: _plain(table[n]) for n in words if n not in long}
    texts = {n: _plain(table[n]) for n in long}
    seen = {n: _seen(table[n], schema[n].type) for n in names if _is_media(schema[n])}
    rich = bool(long or seen)
    luck = 0.0 if rich else by_luck(scaled, [*short.values(), *gaps.values()])
    if rows * (rows - 1) / 2 * luck > LUCK:
        return found
    keys = pd.Series(row_keys(short | texts | gaps | seen, rows))
    _put(found, _same(keys, scaled))
    if texts:
        others = pd.Series(row_keys(short | gaps | seen, rows))
        _put(found, _alike(list(texts.values()), others, scaled))
    return found


def _is_media(column: Column) -> bool:
    return column.type in KINDS


def _seen(values: pd.Series, kind: str) -> pd.Series:
    """Return a word a cell that images or sounds share where they are nearly alike."""
    from mlkit.data.media import near

    return pd.Series(near(values, kind)).astype("str")


def _put(found: Places, pairs: Iterator[tuple[int, int]]) -> None:
    for earlier, later in pairs:
        if found[later] < 0 or earlier < found[later]:
            found[later] = earlier


def _plain(values: pd.Series) -> pd.Series:
    """Return words without capitals, blanks and marks, once per distinct cell."""
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    plain = [" ".join(WORD.findall(str(word).casefold())) for word in distinct]
    return pd.Series(pd.array(plain, dtype="str").take(codes))


def _same(keys: pd.Series, scaled: Matrix) -> Iterator[tuple[int, int]]:
    """Yield pairs whose words agree and whose numbers are near, earlier and later."""
    from scipy.spatial import cKDTree

    several = keys[keys.duplicated(keep=False)]
    for rows in several.groupby(several).indices.values():
        places = several.index.to_numpy()[rows]
        if not scaled.shape[1]:
            yield from ((int(places[0]), int(later)) for later in places[1:])
            continue
        near = min(NEIGHBOURS, len(places))
        _, others = cKDTree(scaled[places]).query(
            scaled[places], k=near, p=np.inf, distance_upper_bound=NEAR
        )
        others = np.where(others == len(places), len(places), others)
        first = np.sort(np.reshape(others, (len(places), -1)), axis=1)[:, 0]
        for own, other in enumerate(first.tolist()):
            if other < own:
                yield int(places[other]), int(places[own])


def _alike(
    texts: Sequence[pd.Series], others: pd.Series, scaled: Matrix
) -> Iterator[tuple[int, int]]:
    """Yield pairs of long texts that share most of their runs of words."""
    whole = [" ".join(parts) for parts in zip(*texts, strict=True)]
    runs = {i: found for i, text in enumerate(whole) if len(found := _runs(text))}
    seen: set[tuple[int, int]] = set()
    for earlier, later in _likely(runs):
        pair = (earlier, later)
        if pair in seen or others[earlier] != others[later]:
            continue
        seen.add(pair)
        if np.abs(scaled[earlier] - scaled[later]).max(initial=0.0) > NEAR:
            continue
        one, two = runs[earlier], runs[later]
        shared = len(np.intersect1d(one, two, assume_unique=True))
        if shared >= ALIKE * (len(one) + len(two) - shared):
            yield pair


def _runs(text: str) -> NDArray[np.int64]:
    """Return a number for each run of four words; none of a short text."""
    words = text.split()
    if len(words) < ENOUGH:
        return np.empty(0, dtype=np.int64)
    hashes = hash_array(np.array(words, dtype=object), categorize=False)
    total = np.zeros(len(words) - SHINGLE + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for step in range(SHINGLE):
            total = total * np.uint64(1000003) ^ hashes[step : step + len(total)]
    return np.unique((total % np.uint64(SPACE)).astype(np.int64))


def _likely(runs: dict[int, NDArray[np.int64]]) -> Iterator[tuple[int, int]]:
    """Yield pairs that agree in a band of their MinHash signatures."""
    rng = np.random.default_rng(0)
    slopes = rng.integers(1, SPACE, (HASHES, 1))
    shifts = rng.integers(0, SPACE, (HASHES, 1))
    bands: dict[tuple[int, bytes], int] = {}
    for place, found in runs.items():
        signature = ((slopes * found + shifts) % SPACE).min(axis=1)
        for band in range(0, HASHES, BAND):
            key = (band, signature[band : band + BAND].tobytes())
            first = bands.setdefault(key, place)
            if first != place:
                yield first, place
