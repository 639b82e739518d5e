"""Make new rows that are like the real ones, from a model fitted to them.

A Gaussian copula a class: each column keeps its distribution, the columns keep how they
go together, gaps fall where they would. It is no anonymity: what the report says of
nearness is evidence against copies, and no guarantee.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.rows import PARTS
from mlkit.core.schema import Schema
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.style import Picture
from mlkit.data.synthesis.coded import Coded
from mlkit.data.synthesis.copula import fit
from mlkit.data.synthesis.encode import TEXTS, encode
from mlkit.data.synthesis.fidelity import Fidelity, fidelity
from mlkit.data.synthesis.strata import date_parts, shared, strata

__all__ = ["Synthetic", "synthesize"]

LEARNT = 50_000
MOST = 10_000_000
LISTED = 100

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Synthetic:
    """New rows, how they were made, and how near they are to the real ones.

    Parameters
    ----------
    table
        New rows with their schema and names of their own.
    fidelity
        How near they are, and how private.
    made
        How the cells of each column were made, in a few words.
    how
        What was learnt apart, in words.
    notes
        What a person should know, one sentence each.
    """

    table: pd.DataFrame
    fidelity: Fidelity
    made: tuple[tuple[str, str], ...] = ()
    how: str = ""
    notes: tuple[str, ...] = ()

    def plot(self) -> Picture:
        """Draw every column, the real rows beside the new ones."""
        return self.fidelity.plot()

    def __repr__(self) -> str:
        return f"<Synthetic {len(self.table)} rows × {self.table.shape[1]} columns>"

    def _repr_html_(self) -> str:
        top = card(
            "Synthetic rows", f"{len(self.table):,} rows · {self.how}", self.notes
        )
        rest = len(self.made) - LISTED
        more = f"and {many(rest, 'column')} more" if rest > 0 else ""
        return top + grid(("column", "its cells"), self.made[:LISTED], more)


def synthesize(
    table: pd.DataFrame,
    rows: int | None = None,
    *,
    seed: int = 0,
    per_class: bool = True,
    text: str = "words",
) -> Synthetic:
    """Make new rows that are like those of a table, with a report of how near.

    Numbers and dates fall between the real ones, words are those that were seen, ids
    and private words are made anew, images and sounds are left empty. A cell is missing
    as often as in the real rows, and in rows like those.

    Parameters
    ----------
    table
        Rows with their schema, best cleaned and of the training part. Of more than
        50,000, so many are learnt from.
    rows
        How many new rows; None or 0 for as many as there are.
    seed
        The same seed gives the same rows.
    per_class
        Whether each class of the target is learnt by itself (a target that is a number:
        each of up to eight parts of its range). One model for all misses what makes the
        classes differ.
    text
        How texts are made: ``words`` draws them word by word, from words that at
        least three rows have; ``resample`` shares out real texts as they are;
        ``empty`` leaves them out.

    Raises
    ------
    InputError
        Where there are fewer than two rows or no column, or cells are neither number,
        text nor date.

    Notes
    -----
    The model is the Gaussian copula of Patki, Wedge and Veeramachaneni (2016), one a
    class, with correlations shrunk where rows are few, and calibrated so that words
    and ties do not weaken them.

    Examples
    --------
    >>> from mlkit.data.synthesis.generate import generate
    >>> real = generate("people", 200)
    >>> made = synthesize(real, 50, seed=1)
    >>> made
    <Synthetic 50 rows × 9 columns>
    >>> Schema.of(made.table) == Schema.of(real)
    True
    """
    count = _check(table, rows, text)
    schema = Schema.of(table)
    real = _seen(table, seed)
    classes, how = _classes(real, schema, per_class)
    parts = date_parts(real, schema)
    coded = {
        column.name: encode(real[column.name], column, classes, text)
        for column in schema
        if column.name not in parts
    }
    numbers, kinds = _drawn(list(coded.values()), classes, count, seed)
    rng = np.random.default_rng([seed, 1])
    cells = {name: one.back(numbers[name], kinds, rng) for name, one in coded.items()}
    for name, (date, part) in parts.items():
        cells[name] = _part(cells[date], part)
    made = pd.DataFrame(
        {name: cells[name] for name in schema.names}, index=_names(table, count)
    )
    new = Schema(tuple(coded[c.name].column if c.name in coded else c for c in schema))
    told = [
        (n, coded[n].how if n in coded else f"the {parts[n][1]} of {parts[n][0]!r}")
        for n in schema.names
    ]
    notes = [f"{one.column.name}: {one.note}" for one in coded.values() if one.note]
    if len(real) < len(table):
        notes.append(f"learnt from {len(real):,} of {len(table):,} rows, drawn evenly")
    made = new.attach(made)
    judged = fidelity(real, made, seed=seed)
    return Synthetic(made, judged, tuple(told), how, tuple(notes))


def _check(table: pd.DataFrame, rows: int | None, text: str) -> int:
    if len(table) < 2 or not table.shape[1]:
        raise InputError(
            "there is too little to learn from",
            where="synthesize",
            expected="two rows and one column at the very least",
            got=f"{len(table)} rows × {table.shape[1]} columns",
        )
    if text not in TEXTS:
        raise InputError(
            f"texts cannot be made by {text!r}",
            where="synthesize(text=...)",
            todo=did_you_mean(text, TEXTS),
        )
    count = rows or len(table)
    if not 1 <= count <= MOST:
        raise InputError(
            "so many rows cannot be made",
            where="synthesize(rows=...)",
            expected=f"1 to {MOST:,}",
            got=str(rows),
        )
    return count


def _seen(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    if len(table) <= LEARNT:
        return table
    drawn = np.random.default_rng(seed).choice(len(table), LEARNT, replace=False)
    return table.iloc[np.sort(drawn)]


def _classes(table: pd.DataFrame, schema: Schema, per_class: bool) -> tuple[Ints, str]:
    if not per_class:
        return np.zeros(len(table), np.intp), "all rows together, as asked"
    return strata(table, schema)


def _drawn(
    coded: list[Coded], classes: Ints, count: int, seed: int
) -> tuple[dict[str, Floats], Ints]:
    """Return new numbers by column, zeros where nothing was learnt, and the classes."""
    learnt = [one for one in coded if one.numbers is not None]
    columns = [np.asarray(one.numbers, float) for one in learnt]
    matrix = np.column_stack(columns or [np.zeros(len(classes))])
    words = [one.words for one in learnt] or [False]
    smooth = [one.smooth for one in learnt] or [False]
    given = shared(np.bincount(classes), count)
    model = fit(matrix, classes, words, smooth, seed)
    drawn, kinds = model.draw(given, seed)
    found = {one.column.name: np.zeros(count) for one in coded}
    for place, one in enumerate(learnt):
        found[one.column.name] = drawn[:, place]
    return found, kinds


def _part(moments: pd.Series, part: str) -> Floats:
    stamps = np.asarray(moments, "M8[us]")
    known = ~np.isnat(stamps)
    made = np.full(len(stamps), np.nan)
    made[known] = PARTS[part](stamps[known])
    return made


def _names(table: pd.DataFrame, count: int) -> pd.Index:
    """Return names of new rows that no real row has."""
    taken = set(map(str, table.index))
    stem = "synthetic"
    while f"{stem} 1" in taken:
        stem = f"new {stem}"
    names = [f"{stem} {place}" for place in range(1, count + 1)]
    index: pd.Index = pd.Index(names, dtype="str", name=table.index.name)
    return index
