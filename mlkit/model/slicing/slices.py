"""How good a model is for each group of a sensitive column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.model.measures.measure import Measured, measure_rows
from mlkit.model.problem import Problem
from mlkit.model.runtime import choice
from mlkit.model.slicing.candidates import coded

__all__ = ["FEWEST", "Slice", "gap", "groups", "slices", "worst"]

FEWEST = 30
Array = NDArray[Any]


@dataclass(frozen=True)
class Slice:
    """One group of rows.

    Parameters
    ----------
    column, group
        The sensitive column, and the group's name.
    rows
        How many rows it has.
    measured
        The metrics in it; empty where there are too few rows to tell.
    said
        The share of its rows that the model gives the second of two classes.
    """

    column: str
    group: str
    rows: int
    measured: Measured
    said: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Slice:
        """Read the form that `to_dict` gives."""
        return cls(**{**form, "measured": Measured.from_dict(form["measured"])})


def groups(table: pd.DataFrame, column: str) -> Iterator[tuple[str, Array]]:
    """Yield the name and the rows (bool) of each group of a column.

    Few numbers are told one by one, more by quarters of equally many rows; a missing
    value is a group of its own.

    Parameters
    ----------
    table
        Cleaned rows.
    column
        A column of it.

    Examples
    --------
    >>> table = pd.DataFrame({"sex": ["f", "m", "f"]})
    >>> [(name, rows.tolist()) for name, rows in groups(table, "sex")]
    [('f', [True, False, True]), ('m', [False, True, False])]
    """
    codes, names = coded(table, column)
    for code, name in enumerate(names):
        yield name, np.asarray(codes == code)


def slices(
    problem: Problem,
    table: pd.DataFrame,
    truth: Array,
    predicted: Array,
    threshold: float = 0.5,
) -> tuple[Slice, ...]:
    """Measure each group of every sensitive column.

    Parameters
    ----------
    problem
        What is predicted.
    table
        Cleaned rows, with the roles of their columns.
    truth, predicted
        Of these rows; see `mlkit.model.measures.measure.measure`.
    threshold
        Of two classes, the least probability that says the second.
    """
    found = []
    for column in Schema.of(table).with_role("sensitive"):
        for name, mask in groups(table, column):
            part = table[mask], truth[mask], predicted[mask]
            found.append(_slice(problem, column, name, *part, threshold))
    return tuple(found)


def _slice(
    problem: Problem,
    column: str,
    name: str,
    table: pd.DataFrame,
    truth: Array,
    predicted: Array,
    threshold: float,
) -> Slice:
    told = Measured({}, {})
    if len(truth) >= FEWEST:
        told = measure_rows(problem, table, truth, predicted, threshold)
    said = None
    if problem.kind == "two_classes" and len(truth):
        said = round(float(choice(predicted, threshold).mean()), 6)
    return Slice(column, name, len(truth), told, said)


def worst(
    found: tuple[Slice, ...], metric: str, greater: bool
) -> tuple[Slice, float] | None:
    """Return the group with the worst value of a metric, and the value."""
    told = [
        (s, s.measured.metrics[metric]) for s in found if metric in s.measured.metrics
    ]
    if not told:
        return None
    return (min if greater else max)(told, key=lambda pair: pair[1])


def gap(found: tuple[Slice, ...], metric: str) -> tuple[str, float] | None:
    """Return the column whose groups lie furthest apart in a metric, and how far."""
    apart: dict[str, float] = {}
    for column in dict.fromkeys(s.column for s in found):
        told = [
            s.measured.metrics[metric]
            for s in found
            if s.column == column and metric in s.measured.metrics
        ]
        if len(told) > 1:
            apart[column] = max(told) - min(told)
    if not apart:
        return None
    column = max(apart, key=lambda name: apart[name])
    return column, apart[column]
