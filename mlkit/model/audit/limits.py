"""What a model must not be used for, as the rows it learnt from tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from mlkit.core.cells import config
from mlkit.core.rows import PARTS
from mlkit.core.schema import Schema
from mlkit.data.charts.cards import like_years
from mlkit.model.audit.explain import Importance
from mlkit.model.encoding.encode import words
from mlkit.model.fitted import Model
from mlkit.model.slicing.slices import FEWEST, groups
from mlkit.model.words import listed, say

__all__ = ["limits", "parts_of_dates"]

TOP, NAMED, LEVELS = 4, 6, 12
MUCH = 0.25
EDGES = (0.005, 0.995)


def limits(
    model: Model,
    train: pd.DataFrame,
    importance: Sequence[Importance] = (),
    gone: Mapping[str, float] | None = None,
) -> tuple[str, ...]:
    """Return what the model must not be used for, as the rows it saw tell.

    Parameters
    ----------
    model
        A fitted model.
    train
        The cleaned rows it learnt from.
    importance
        The features, the most important first; all where there is none.
    gone
        By column, the share of what the model is worth that is lost where it is
        missing.

    Examples
    --------
    >>> from mlkit.model.fitted import fit
    >>> from mlkit.model.problem import Problem
    >>> rows = pd.DataFrame({"x": np.arange(40.0), "y": 2 * np.arange(40.0)})
    >>> task = Problem("number", "y", "rmse", numbers=("x",))
    >>> limits(fit("linear", {}, rows, task), rows)[0]
    'rows whose x lies outside 0.195 to 38.8: it has hardly seen any'
    """
    names = [one.feature for one in importance if one.loss > 0]
    names = names or list(model.problem.features)
    apart = parts_of_dates(train)
    numbers = [n for n in names if n in model.problem.numbers and n not in apart]
    categories = [name for name in names if name in model.problem.categories]
    return (
        *_ranges(train, numbers[:TOP]),
        *_levels(train, categories[:TOP]),
        *_groups(train),
        *_time(train),
        *_gone(gone or {}),
        *_people(),
    )


def parts_of_dates(table: pd.DataFrame) -> dict[str, str]:
    """Return of which date each part is, by the names that the parts of dates have.

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> rows = Schema((Column("day", "date"),)).attach(pd.DataFrame({"day": []}))
    >>> parts_of_dates(rows)["day_month"]
    'day'
    """
    dates = Schema.of(table).with_type("date")
    return {f"{name}_{part}": name for name in dates for part in PARTS}


def _ranges(train: pd.DataFrame, names: Sequence[str]) -> Iterator[str]:
    told = []
    for name in names:
        cells = train[name].to_numpy(np.float64, na_value=np.nan)
        cells = cells[np.isfinite(cells)]
        if len(cells):
            ends = np.quantile(cells, EDGES)
            whole = not np.any(cells % 1)
            years = whole and like_years(*np.round(ends))
            low, high = (f"{end:.0f}" if years else say(end) for end in ends)
            told.append(f"{name} lies outside {low} to {high}")
    if told:
        yield f"rows whose {' or '.join(told)}: it has hardly seen any"


def _levels(train: pd.DataFrame, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        known = sorted(words(train, name).unique())
        if len(known) <= LEVELS:
            yield f"rows whose {name} is none of {listed(known)}: it knows no other"
        else:
            told = f"none of the {len(known):,} seen"
            yield f"rows whose {name} is {told}: it knows no other"


def _groups(train: pd.DataFrame) -> Iterator[str]:
    for column in Schema.of(train).with_role("sensitive"):
        if column not in train:
            continue
        few = [
            f"{name} ({int(mask.sum())} rows)"
            for name, mask in groups(train, column)
            if mask.sum() < FEWEST
        ]
        if few:
            more = " and others" if len(few) > NAMED else ""
            yield (
                f"decisions about {column} = {listed(few[:NAMED])}{more}: too few of "
                "them were learnt from"
            )


def _time(train: pd.DataFrame) -> Iterator[str]:
    schema = Schema.of(train)
    timed = schema.with_role("time") or schema.with_type("date")
    for name in [n for n in timed if n in train][:1]:
        cells = train[name].dropna()
        if not len(cells):
            continue
        first, last = cells.min(), cells.max()
        if pd.api.types.is_datetime64_any_dtype(cells.dtype):
            first, last = first.date(), last.date()
        yield (
            f"rows from another time: it learnt from {name} {first} to {last}, and the "
            "world moves on"
        )
        return
    yield (
        "rows from another time: no column tells from when the rows are that it learnt "
        "from"
    )


def _gone(gone: Mapping[str, float]) -> Iterator[str]:
    worst = sorted((n for n in gone if gone[n] > 0), key=lambda n: -gone[n])[:3]
    for much in (True, False):
        told = [name for name in worst if (gone[name] >= MUCH) == much]
        if told:
            how = "much worse" if much else "worse"
            yield f"rows without {' or '.join(told)}: it is {how} without"


def _people() -> Iterator[str]:
    people = str(config("goal.people", "") or "")
    if people:
        yield f"other people than those that [goal] states: {people}"
    else:
        yield (
            "decisions about people: nobody has stated yet whom it is for ([goal] "
            "people in mlkit.toml)"
        )
    use = str(config("goal.use", "") or "")
    if use:
        yield f"any other use than the one that [goal] states: {use}"
