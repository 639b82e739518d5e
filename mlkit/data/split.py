"""Split a table into train, valid and a sealed test part that growth never stirs.

A row's part comes from a hash of its group, its id or its cells against fixed
thresholds: rows that are added move none, and equal rows fall together. A timed split
tests on the newest rows; parts that are given are taken as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.cells import config
from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.schema import Schema
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.parts import plot_classes, plot_numbers, plot_times
from mlkit.data.charts.style import Picture
from mlkit.data.label import UNLABELLED
from mlkit.data.parts.assign import PARTS, Places
from mlkit.data.parts.place import Wish, place
from mlkit.data.reading.identify import row_keys
from mlkit.data.validate import WITHOUT

__all__ = ["Parts", "split"]

FEWEST = 2

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Parts:
    """The three parts of a table.

    Parameters
    ----------
    train
        Cleaned rows to learn from; flagged rows are left out.
    valid
        Cleaned rows to judge by on the way.
    test
        Raw rows, to be sealed: the world as it will come.
    how
        How the rows were told apart, in words.
    notes
        What a person should know, one sentence each.
    times
        In a timed split, the times of each part.
    group
        The column that was split by, or "".
    """

    train: pd.DataFrame
    valid: pd.DataFrame
    test: pd.DataFrame
    how: str = ""
    notes: tuple[str, ...] = ()
    times: Mapping[str, pd.Series] = field(default_factory=dict, repr=False)
    group: str = ""

    def plot(self) -> Picture:
        """Draw how the target, or time, falls into the parts."""
        parts = {name: getattr(self, name) for name in PARTS}
        schema = Schema.of(self.train)
        if self.times:
            return plot_times(self.times, self.how)
        if schema.target is None:
            return plot_classes(
                {n: pd.Series(["rows"] * len(p)) for n, p in parts.items()}
            )
        targets = {name: part[schema.target] for name, part in parts.items()}
        if schema[schema.target].type == "number":
            known = {name: one.dropna() for name, one in targets.items()}
            return plot_numbers(known, schema.target)
        return plot_classes(targets)

    def __repr__(self) -> str:
        counts = [f"{name} {len(getattr(self, name))}" for name in PARTS]
        return f"<Parts {', '.join(counts)}>"

    def _repr_html_(self) -> str:
        sizes = {name: len(getattr(self, name)) for name in PARTS}
        total = sum(sizes.values())
        uses = {
            "train": "cleaned rows to learn from",
            "valid": "cleaned rows to judge by on the way",
            "test": "raw rows, opened once, for the acceptance",
        }
        lines = [(n, f"{k:,}", f"{k / total:.1%}", uses[n]) for n, k in sizes.items()]
        top = card("Split", self.how, self.notes)
        return top + grid(("part", "rows", "share", "what for"), lines)


def split(
    labelled: pd.DataFrame,
    raw: pd.DataFrame,
    *,
    test_size: float = 0.2,
    valid_size: float = 0.2,
    by_time: str = "",
    by_group: str = "",
    by_given: str = "",
    given: Mapping[str, str] | None = None,
    labelling: pd.DataFrame | None = None,
) -> Parts:
    """Split a table into train, valid and test.

    Rows whose target is missing are in no part, except where ``[goal] kind`` needs no
    target.

    Parameters
    ----------
    labelled
        Cleaned and labelled rows, with the flag of rows.
    raw
        The same rows as they were collected; test is taken from these.
    test_size, valid_size
        Shares, between 0 and 1.
    by_time
        A column of dates or numbers: test on the newest. "" takes the column with the
        role time, if there is one.
    by_group
        A column whose equal values stay in one part. "" takes the column with the
        role group, if there is one. With a time too, a group's part is told by when
        it was first met, where that leaves rows enough.
    by_given
        A column that says train, valid or test. Parts that it names nowhere are
        taken from train by hash; a row of which it says nothing counts as train.
    given
        What the values of `by_given` mean: ``{"1": "train", "2": "test"}``; without
        such a column, the part of each row id.
    labelling
        The receipt of `label`: rows that a rule alone labelled are learnt from where
        they fall to train, and judge nothing.

    Raises
    ------
    InputError
        Where a part would be empty, the training rows would hold one class only, or
        a given word is no part.

    Examples
    --------
    >>> cells = {"x": [f"{i}" for i in range(50)], "y": ["a", "b"] * 25}
    >>> ids = pd.Index([f"row {i}" for i in range(50)], dtype="str", name="row")
    >>> table = pd.DataFrame(cells, index=ids)
    >>> split(table, table)
    <Parts train 31, valid 10, test 9>
    """
    _check_sizes(test_size, valid_size)
    schema = Schema.of(labelled)
    wish = Wish(
        *(test_size, valid_size),
        *(
            _named(labelled, raw, "time", by_time),
            _named(labelled, raw, "group", by_group),
        ),
        *(_named(labelled, raw, "", by_given), given or {}),
        every=config("goal.kind") in WITHOUT,
    )
    target = None if wish.every else schema.target
    known = _known(labelled, target)
    times = _times(labelled, wish.time)[known] if wish.time else None
    places, how, notes = place(labelled, raw, times, wish)
    weak = _weak(labelled, labelling)
    judging = np.where(weak & (places > 0), np.int8(-1), places)
    parts = _take(labelled, raw, schema, known, judging, wish.every)
    for column, role in ((wish.given, "ignored"), (wish.time, "time")):
        parts = {name: _with_role(part, column, role) for name, part in parts.items()}
    if wish.given and wish.given in schema and schema[wish.given].is_feature:
        notes.append(
            f"{wish.given!r} is no feature from here on: give it the role "
            '"ignored" in collect, so that no request needs it'
        )
    _check_parts(parts, target, how)
    if left := int((~known).sum()):
        are = "is" if left == 1 else "are"
        notes.append(f"{many(left, 'row')} without {target!r} {are} in no part")
    if apart := int((weak & known & (places > 0)).sum()):
        told = "judges nothing, and is" if apart == 1 else "judge nothing, and are"
        notes.append(f"{many(apart, 'row')} that a rule alone labelled {told} left out")
    notes += _notes(parts, schema.target, schema)
    if not (wish.time or wish.group):
        notes += _twins(parts["train"], parts["test"], raw)
    when = {} if times is None else {n: times[p.index] for n, p in parts.items()}
    return Parts(**parts, how=how, notes=tuple(notes), times=when, group=wish.group)


def _with_role(part: pd.DataFrame, name: str, role: str) -> pd.DataFrame:
    """Say for the steps to come what a column is: of the parts, or the time."""
    schema = Schema.of(part)
    if name not in schema or role in schema[name].roles or not schema[name].is_feature:
        return part
    return schema.change(name, roles=(*schema[name].roles, role)).attach(part)


def _check_sizes(test_size: float, valid_size: float) -> None:
    if min(test_size, valid_size) <= 0 or test_size + valid_size >= 1:
        raise InputError(
            "these shares leave a part empty",
            expected="test_size and valid_size above 0, together below 1",
            got=f"test_size {test_size}, valid_size {valid_size}",
        )


def _named(labelled: pd.DataFrame, raw: pd.DataFrame, role: str, asked: str) -> str:
    """Return the column asked for, or the one that has the role."""
    if asked and asked not in labelled and asked not in raw:
        raise InputError(
            f"there is no column {asked!r} to split by",
            todo=did_you_mean(asked, Schema.of(labelled).names),
        )
    return asked or next(iter(Schema.of(labelled).with_role(role) if role else ()), "")


def _times(table: pd.DataFrame, name: str) -> pd.Series:
    if table[name].dtype.kind not in "fiuM":
        raise InputError(
            f"{name!r} holds no times",
            expected="dates or numbers",
            got=f"text such as {table[name].dropna().head(1).tolist()}",
            todo="a date must be written in one clear order, best as 2026-01-31",
        )
    return table[name]


def _known(labelled: pd.DataFrame, target: str | None) -> pd.Series:
    if target is None:
        return pd.Series(True, index=labelled.index)
    return labelled[target].notna()


def _weak(labelled: pd.DataFrame, labelling: pd.DataFrame | None) -> Flags:
    """Return which rows have a rule's label and nobody's."""
    if labelling is None:
        return np.zeros(len(labelled), dtype=bool)
    return labelled.index.isin(labelling.index[labelling["how"] == "rule"])


def _take(
    labelled: pd.DataFrame,
    raw: pd.DataFrame,
    schema: Schema,
    known: pd.Series,
    places: Places,
    every: bool,
) -> dict[str, pd.DataFrame]:
    flagged = schema.with_role("flag")
    learnt = known.copy()
    for name in flagged:
        learnt &= labelled[name].isin(["", UNLABELLED] if every else [""])
    kept = schema.without(*flagged)
    plain = labelled.drop(columns=flagged)
    train = kept.attach(plain[learnt & (places == 0)])
    valid = kept.attach(plain[known & (places == 1)])
    test = raw.loc[labelled.index[known & (places == 2)]].copy()
    columns = Schema.of(raw)
    for name in schema.with_role("target"):
        test[name] = labelled.loc[test.index, name]
        columns = columns.put(schema[name])
    return {"train": train, "valid": valid, "test": columns.attach(test)}


def _check_parts(parts: dict[str, pd.DataFrame], target: str | None, how: str) -> None:
    empty = [name for name, part in parts.items() if not len(part)]
    if empty:
        raise InputError(
            f"there are too few rows: the part {empty[0]!r} would be empty",
            expected="at least a few dozen rows, or groups",
            got=", ".join(f"{name} {len(part)}" for name, part in parts.items()),
            todo="collect more, or change the shares" + " or groups" * ("group" in how),
        )
    if target is not None and parts["train"][target].nunique() < FEWEST:
        raise InputError(
            "the training rows hold a single value of the target",
            where=f"column {target!r}",
            got=f"{parts['train'][target].iloc[0]!r} in {len(parts['train'])} rows",
            todo="collect rows of other classes, or split by another column",
        )


def _notes(
    parts: dict[str, pd.DataFrame], target: str | None, schema: Schema
) -> list[str]:
    notes: list[str] = []
    if target is None or schema[target].type != "category":
        return notes
    seen = {name: set(parts[name][target].dropna()) for name in PARTS}
    classes = sorted(set.union(*seen.values()))
    for name in PARTS:
        gone = [word for word in classes if word not in seen[name]]
        if gone:
            shown = ", ".join(map(repr, gone[:5])) + " ..." * (len(gone) > 5)
            notes.append(f"no row of {name} is {shown}: too few such rows")
    return notes


def _twins(train: pd.DataFrame, test: pd.DataFrame, raw: pd.DataFrame) -> list[str]:
    """Say how many test rows equal a training row in every feature."""
    features = {name: raw[name] for name in Schema.of(raw).features if name in raw}
    keys = pd.Series(row_keys(features, len(raw)), index=raw.index)
    count = int(keys[test.index].isin(keys[train.index]).sum()) if features else 0
    told = "equals" if count == 1 else "equal"
    told = f"{many(count, 'test row')} {told} a training row in every feature"
    return [f"{told}; their ids differ"] if count else []
