"""Parts of a table's rows by the values of one column, or of two together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, count
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.media import KINDS
from mlkit.core.rows import MISSING
from mlkit.core.schema import Schema
from mlkit.data.charts.style import shorten
from mlkit.model.encoding.encode import words
from mlkit.model.encoding.tokens import plain
from mlkit.model.measures.weighted import bins
from mlkit.model.sensing.looks import looks

__all__ = ["Candidates", "by_length", "candidates", "coded", "cut", "lengths", "titles"]

COLUMNS = 24
VALUES = 6
QUARTERS, LEVELS = 4, 40
LETTERS, DIGITS = 40, 6
LARGEST = 0.75
Array = NDArray[Any]


@dataclass(frozen=True)
class Candidates:
    """Parts of rows.

    Parameters
    ----------
    names
        The parts in words.
    rows
        Which rows each has, 0 or 1, shape (parts, rows), dense or sparse.
    notes
        What was left out.
    """

    names: tuple[str, ...]
    rows: Any
    notes: tuple[str, ...] = ()

    @property
    def sizes(self) -> Array:
        """How many rows each part has."""
        return np.asarray(self.rows.sum(axis=1), float).ravel()

    def of(self, at: int) -> NDArray[np.bool_]:
        """Return which rows a part has, shape (rows,)."""
        one = self.rows[[at]]
        dense = one.toarray() if hasattr(one, "toarray") else one
        return np.asarray(dense).ravel() > 0


def candidates(
    table: pd.DataFrame, features: Sequence[str], smallest: int
) -> Candidates:
    """Return the parts of a table that are neither too small nor nearly all.

    Parameters
    ----------
    table
        Cleaned rows, with the roles of their columns.
    features
        The columns to look at, besides the sensitive ones; private ones are not.
    smallest
        Fewest rows of a part.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [1.0, 2, 3, 4] * 10, "sex": ["f", "m"] * 20})
    >>> found = candidates(table, ["age", "sex"], 10)
    >>> found.names[3:7]
    ('age = 4', 'sex = f', 'sex = m', 'age = 1 and sex = f')
    """
    schema = Schema.of(table)
    wanted = dict.fromkeys((*features, *schema.with_role("sensitive")))
    hidden = {*schema.with_role("private"), schema.target}
    made = {
        name: one
        for n in wanted
        if n in table and n not in hidden
        for name, one in _told(table, n, schema[n].type if n in schema else "")
        if len(one[1]) > 1
    }
    kept = sorted(made, key=lambda name: -_entropy(made[name][0]))[:COLUMNS]
    kept = [name for name in made if name in kept]
    parts = [_single(n, *made[n]) for n in made]
    parts += [_pair(a, made[a], b, made[b]) for a, b in combinations(kept, 2)]
    notes = []
    if len(kept) < len(made):
        notes.append(f"pairs of the {len(kept)} columns that vary most")
    return _join(parts, len(table), smallest, tuple(notes))


def _told(
    table: pd.DataFrame, column: str, kind: str
) -> Iterator[tuple[str, tuple[Array, list[str]]]]:
    """Yield what tells the rows of a column apart, and the part of each row by it."""
    if kind in KINDS:
        for word, cells in looks(table[column], kind).items():
            name = f"{column}: {word}"
            yield name, coded(pd.DataFrame({name: cells}), name)
    elif kind == "text" and table[column].nunique() > LEVELS:
        yield column, by_length(table, column)
    else:
        yield column, coded(table, column)


def coded(table: pd.DataFrame, column: str) -> tuple[Array, list[str]]:
    """Return the part of each row by one column as a code, and the parts' names.

    Few numbers are told one by one, more by quarters of equally many rows; gaps are a
    part of their own. Parts that would print alike are told by more letters or digits.
    """
    values = table[column]
    if not pd.api.types.is_numeric_dtype(values.dtype):
        found, levels = pd.factorize(words(table, column), sort=True)
        return found, titles(levels)
    cells = values.to_numpy(np.float64, na_value=np.nan)
    given = np.isfinite(cells)
    codes, names = np.zeros(len(cells), np.int64), list[str]()
    distinct, place = np.unique(cells[given], return_inverse=True)
    if len(distinct) <= VALUES:
        codes[given], names = place, _digits([(value,) for value in distinct])
    else:
        codes[given] = bins(cells[given], QUARTERS)
        inside = [cells[given & (codes == k)] for k in range(codes[given].max() + 1)]
        names = _digits([(one.min(), one.max()) for one in inside])
    codes[~given] = len(names)
    return codes, [*names, MISSING] if not given.all() else names


def titles(levels: Iterable[object]) -> list[str]:
    """Return a name for each of some levels, no two alike.

    A long level is cut, where others are not cut to the same; what is still alike,
    such as by blanks alone, has a number behind.

    Examples
    --------
    >>> titles(["so long that it is cut after forty letters", "a b", "a  b"])
    ['so long that it is cut after forty lett…', 'a b', 'a b (2)']
    """
    words = [str(level) for level in levels]
    names, most = [cut(word, LETTERS) for word in words], LETTERS
    while (alike := _alike(names)) and most < max(map(len, words)):
        most *= 2
        for place in alike:
            names[place] = cut(words[place], most)
    taken, seen = set(names), set[str]()
    for place in alike:
        told = names[place]
        if told in seen:
            tried = (f"{told} ({k})" for k in count(2))
            names[place] = next(name for name in tried if name not in taken)
            taken.add(names[place])
        seen.add(told)
    return names


def cut(level: str, letters: int) -> str:
    """Return a level of at most so many letters; a blank one is a gap of a text."""
    return shorten(level, letters) or MISSING


def _alike(names: Sequence[str]) -> list[int]:
    """Return the places of names that others have too."""
    times = Counter(names)
    return [place for place, name in enumerate(names) if times[name] > 1]


def _digits(parts: Sequence[tuple[float, ...]]) -> list[str]:
    """Return a name for each number or range, of digits enough that none is alike."""
    names = [" to ".join(f"{end:.{DIGITS}g}" for end in part) for part in parts]
    alike, digits = _alike(names), DIGITS
    while _alike(names) and digits < 17:
        digits += 1
        for place in alike:
            ends = [f"{end:#.{digits}g}".rstrip(".") for end in parts[place]]
            names[place] = " to ".join(ends)
    return names


def by_length(table: pd.DataFrame, column: str) -> tuple[Array, list[str]]:
    """Return the part of each row by how many words a text has, and the parts' names.

    Examples
    --------
    >>> by_length(pd.DataFrame({"said": ["so so", None, "so"]}), "said")[1]
    ['1 word', '2 words', '(missing)']
    """
    codes, names = coded(pd.DataFrame({column: lengths(table[column])}), column)
    told = [f"{name} word{'s' * (name != '1')}" for name in names if name != MISSING]
    return codes, [*told, *names[len(told) :]]


def lengths(values: pd.Series) -> Array:
    """Return how many words each text has, NaN where it is missing, shape (rows,)."""
    found = [plain(cell) for cell in values.astype(object).where(values.notna(), None)]
    count = np.array([text.count(" ") + bool(text) for text in found], float)
    return np.where(values.notna(), count, np.nan)


def _entropy(codes: Array) -> float:
    shares = np.bincount(codes) / len(codes)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


def _single(column: str, codes: Array, names: list[str]) -> tuple[Array, list[str]]:
    return codes, [f"{column} = {name}" for name in names]


def _pair(
    first: str,
    one: tuple[Array, list[str]],
    second: str,
    other: tuple[Array, list[str]],
) -> tuple[Array, list[str]]:
    width = len(other[1])
    names = [f"{first} = {a} and {second} = {b}" for a in one[1] for b in other[1]]
    return one[0] * width + other[0], names


def _join(
    parts: list[tuple[Array, list[str]]], rows: int, smallest: int, notes: Any
) -> Candidates:
    """Put all parts of the right size under each other, as a sparse matrix."""
    from scipy.sparse import csr_matrix

    names: list[str] = []
    places, of = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for codes, told in parts:
        count = np.bincount(codes, minlength=len(told))
        fit = (count >= smallest) & (count <= LARGEST * rows)
        number = np.full(len(told), -1)
        number[fit] = len(names) + np.arange(fit.sum())
        names += [told[k] for k in np.flatnonzero(fit)]
        inside = np.flatnonzero(fit[codes])
        places.append(number[codes[inside]])
        of.append(inside)
    put, row = np.concatenate(places), np.concatenate(of)
    matrix = csr_matrix((np.ones(len(put)), (put, row)), (len(names), rows))
    return Candidates(tuple(names), matrix, notes)
