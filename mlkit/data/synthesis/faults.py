"""The faults, each a small function that changes a copy and says what it did.

Each takes a table and a generator of random numbers, and returns the table, the column,
the places of the rows that were touched, a sentence, and facts. Call them by
`mlkit.data.synthesis.plant.plant`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.charts.cards import significant
from mlkit.data.synthesis.needs import (
    column_for,
    count_of,
    floats,
    mark_of,
    target_of,
    two_classes,
)

__all__ = [
    "bias",
    "drift",
    "duplicates",
    "labels",
    "leak",
    "missing",
    "outliers",
    "unit",
]

Rng = np.random.Generator
Ints = NDArray[np.intp]
Done = tuple[pd.DataFrame, str, Ints, str, dict[str, Any]]


def drift(
    table: pd.DataFrame,
    _: Rng,
    *,
    column: str = "",
    by: float = 1.0,
    share: float = 0.3,
) -> Done:
    """Move a number by some standard deviations in the latest rows.

    Parameters
    ----------
    table
        A copy.
    column
        A number.
    by
        How many standard deviations.
    share
        The share of the rows, the latest: by the column with the role time, else the
        last ones.
    """
    name = column_for(table, column, ("number",))
    count = count_of(table, share)
    time = next(iter(Schema.of(table).with_role("time")), None)
    order = np.arange(len(table)) if time is None else _order(table[time])
    rows = np.sort(order[-count:])
    values = floats(table, name)
    shift = by * float(np.nanstd(values))
    values[rows] += shift
    table[name] = values
    text = f"{name!r} is moved by {significant(shift):g} in the latest {count:,} rows"
    return table, name, rows, text, {"shift": significant(shift), "by": by}


def leak(
    table: pd.DataFrame, rng: Rng, *, noise: float = 0.05, name: str = "score"
) -> Done:
    """Add a number that is made of the target.

    Parameters
    ----------
    table, rng
        A copy, and the draw.
    noise
        Its standard deviation, where one class lies 1 from the next, and a number to
        predict has a standard deviation of 1.
    name
        The new column's.
    """
    target = target_of(table)
    if name in table:
        raise InputError(
            f"there is a column {name!r} already", todo="give another name"
        )
    schema = Schema.of(table)
    if schema[target].type == "number":
        truth = floats(table, target)
        spread = float(np.nanstd(truth)) or 1.0
        exact = (truth - float(np.nanmean(truth))) / spread
    else:
        codes, _ = pd.factorize(table[target], sort=True)
        exact = np.where(codes < 0, np.nan, codes.astype(float))
    table[name] = exact + noise * rng.normal(size=len(table))
    schema = schema.put(Column(name))
    rows = np.flatnonzero(np.isfinite(exact))
    text = f"{name!r} is made of {target!r}, and noise of {noise:g}"
    return schema.attach(table), name, rows, text, {"noise": noise, "target": target}


def bias(
    table: pd.DataFrame,
    rng: Rng,
    *,
    column: str = "",
    group: str = "",
    gaps: str = "",
    share: float = 0.3,
) -> Done:
    """Worsen the labels of one group, or make one column miss more often in it.

    Parameters
    ----------
    table, rng
        A copy, and the draw.
    column
        A column of groups; by default the first with the role sensitive.
    group
        One of its words; by default the rarest.
    gaps
        A column to make miss in that group; "" to move the target instead: from its
        commoner class to the rarer one, or down by its standard deviation.
    share
        The share of the group's rows that are touched.
    """
    name = column_for(table, column, ("category",), role="sensitive")
    counts = table[name].value_counts()
    word = group or str(counts.index[-1])
    mine = np.flatnonzero((table[name].astype("str") == word).to_numpy())
    if not len(mine):
        words = ", ".join(map(str, counts.index[:9]))
        raise InputError(f"no row of {name!r} is {word!r}", expected=words)
    rows = np.sort(rng.permutation(mine)[: max(round(share * len(mine)), 1)])
    facts = {"column": name, "group": word}
    if gaps:
        changed = column_for(table, gaps, ("number", "category", "text", "date"))
        table[changed] = _without(table[changed], rows)
        text = (
            f"{changed!r} misses in {len(rows):,} more rows where {name!r} is {word!r}"
        )
        return table, changed, rows, text, facts
    target = target_of(table)
    if Schema.of(table)[target].type == "number":
        values = floats(table, target)
        values[rows] -= float(np.nanstd(values))
        table[target] = values
        text = f"{target!r} is a standard deviation lower in {len(rows):,} rows"
    else:
        classes = table[target].value_counts().index
        two_classes(classes, target)
        rows = rows[(table[target].iloc[rows] == classes[0]).to_numpy()]
        table[target] = _put(table[target], rows, [classes[1]] * len(rows))
        facts |= {"was": str(classes[0]), "is": str(classes[1])}
        text = f"{len(rows):,} labels became {str(classes[1])!r}"
    return table, target, rows, f"{text} where {name!r} is {word!r}", facts


def labels(table: pd.DataFrame, rng: Rng, *, share: float = 0.1) -> Done:
    """Make a share of the labels wrong.

    Parameters
    ----------
    table, rng
        A copy, and the draw.
    share
        Of the rows with a label. A class becomes another, drawn evenly; a number is
        taken from another row.
    """
    target = target_of(table)
    known = np.flatnonzero(table[target].notna().to_numpy())
    classes = sorted(table[target].dropna().unique(), key=str)
    two_classes(classes, target)
    count = min(max(round(share * len(known)), 1), len(known))
    rows = np.sort(rng.permutation(known)[:count])
    was = table[target].iloc[rows].tolist()
    place = {cell: at for at, cell in enumerate(classes)}
    away = rng.integers(1, len(classes), count).tolist()
    wrong = [
        classes[(place[cell] + by) % len(classes)]
        for cell, by in zip(was, away, strict=True)
    ]
    table[target] = _put(table[target], rows, wrong)
    text = f"{count:,} labels of {target!r} are wrong"
    return table, target, rows, text, {"was": [_json(cell) for cell in was]}


def duplicates(table: pd.DataFrame, rng: Rng, *, share: float = 0.05) -> Done:
    """Enter rows twice, under new names, in mixed places.

    Parameters
    ----------
    table, rng
        A copy, and the draw.
    share
        Of the rows.
    """
    count = count_of(table, share)
    picked = np.sort(rng.permutation(len(table))[:count])
    again = table.iloc[picked]
    taken, stem = set(map(str, table.index)), "again"
    while any(f"{stem} {name}" in taken for name in again.index):
        stem = f"{stem} again"
    names = [*map(str, table.index), *(f"{stem} {name}" for name in again.index)]
    places = np.concatenate([np.arange(len(table)), picked])
    both = table.iloc[places]
    both.index = pd.Index(names, dtype="str", name=table.index.name)
    order = rng.permutation(len(both))
    rows = np.flatnonzero(order >= len(table))
    origins = [str(again.index[place - len(table)]) for place in order[rows]]
    text = f"{count:,} rows are entered twice"
    whole = Schema.of(table).attach(both.iloc[order])
    return whole, "", rows, text, {"of": origins}


def missing(
    table: pd.DataFrame,
    rng: Rng,
    *,
    column: str = "",
    word: str = "",
    share: float = 0.1,
) -> Done:
    """Hide gaps behind a word that looks like a value.

    Parameters
    ----------
    table, rng
        A copy, and the draw.
    column
        A category, a text or a number.
    word
        What stands there instead; by default ``?``, in a number -999.
    share
        Of the rows.
    """
    name = column_for(table, column, ("category", "text", "number"))
    rows = np.sort(rng.permutation(len(table))[: count_of(table, share)])
    schema = Schema.of(table)
    if schema[name].type == "number":
        number = floats(table, name)
        mark: Any = mark_of(word or "-999", name)
        number[rows] = mark
        table[name] = number
    else:
        mark = word or "?"
        table[name] = _put(table[name].astype("str"), rows, [mark] * len(rows))
    text = f"{len(rows):,} cells of {name!r} are {mark!r}, which means missing"
    return table, name, rows, text, {"word": mark}


def outliers(
    table: pd.DataFrame,
    rng: Rng,
    *,
    column: str = "",
    share: float = 0.01,
    by: float = 12.0,
) -> Done:
    """Put a few numbers far from all the rest, on either side.

    Parameters
    ----------
    table, rng
        A copy, and the draw.
    column
        A number.
    share
        Of the rows; at least one.
    by
        How many standard deviations from the mean.
    """
    name = column_for(table, column, ("number",))
    values = floats(table, name)
    known = np.flatnonzero(np.isfinite(values))
    rows = np.sort(rng.permutation(known)[: count_of(table, share)])
    spread, middle = float(np.nanstd(values)) or 1.0, float(np.nanmean(values))
    sides = rng.choice([-1.0, 1.0], len(rows))
    values[rows] = middle + sides * by * spread * rng.uniform(1, 1.5, len(rows))
    table[name] = values
    text = (
        f"{len(rows):,} cells of {name!r} lie {by:g} standard deviations off, or more"
    )
    return table, name, rows, text, {"by": by}


def unit(
    table: pd.DataFrame,
    rng: Rng,
    *,
    column: str = "",
    factor: float = 1000.0,
    share: float = 0.1,
) -> Done:
    """Write a share of a number in another unit, such as grams for kilograms.

    Parameters
    ----------
    table, rng
        A copy, and the draw.
    column
        A number.
    factor
        What these cells are multiplied by.
    share
        Of the rows, one after the other, as a delivery from another place would lie.
    """
    name = column_for(table, column, ("number",))
    count = count_of(table, share)
    start = int(rng.integers(len(table) - count + 1))
    rows = np.arange(start, start + count)
    values = floats(table, name)
    values[rows] *= factor
    table[name] = values
    text = f"{count:,} cells of {name!r} are {factor:g} times what they should be"
    return table, name, rows, text, {"factor": factor}


def _order(values: pd.Series) -> Ints:
    return np.argsort(values.to_numpy(), kind="stable")


def _put(values: pd.Series, rows: Ints, cells: Sequence[Any]) -> pd.Series:
    made = values.copy()
    made.iloc[rows] = cells
    return made


def _without(values: pd.Series, rows: Ints) -> pd.Series:
    keep = np.ones(len(values), bool)
    keep[rows] = False
    return values.where(keep)


def _json(cell: Any) -> Any:
    return cell.item() if isinstance(cell, np.generic) else cell
