"""Fairness by group: how a model treats the groups of sensitive columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.measures.bias import looks_sensitive
from mlkit.model.audit.limits import parts_of_dates
from mlkit.model.audit.remarks import Remark
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.groups import groupwise
from mlkit.model.groups.groupwise import GAPS, Resampled
from mlkit.model.measures.measure import judged, units
from mlkit.model.measures.resampling import resamples
from mlkit.model.problem import Problem
from mlkit.model.runtime import cut
from mlkit.model.slicing.candidates import coded
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["CROSS", "FEWEST", "Fairness", "Gap", "Group", "assess", "fairness"]

FEWEST = 30
"""A group of fewer rows is not assessed."""

COLUMNS, CROSSED, REPEATS = 8, 3, 500
CROSS = " × "
Array = NDArray[Any]


@dataclass(frozen=True)
class Group:
    """One group of rows.

    Parameters
    ----------
    column, name
        The sensitive column, or two that are crossed, and the group's name.
    rows
        How many rows it has.
    rates
        What `mlkit.model.groups.groupwise.RATES` names; none where there are too few
        rows.
    limits
        Their 95 % intervals.
    """

    column: str
    name: str
    rows: int
    rates: Mapping[str, float]
    limits: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Gap:
    """How far the groups of a column lie apart.

    Parameters
    ----------
    column
        The sensitive column, or two that are crossed.
    name
        One of `mlkit.model.groups.groupwise.GAPS`.
    value, low, high
        The gap between the two groups furthest apart, or the ratio of the less to
        the greater, and its 95 % limits.
    rate
        Of which rate.
    least, most
        The groups with the least and the greatest of it.
    """

    column: str
    name: str
    value: float
    low: float
    high: float
    rate: str
    least: str
    most: str

    def told(self) -> str:
        """Return the gap with its interval in words."""
        value, low, high = (say(round(v, 4)) for v in (self.value, self.low, self.high))
        return f"{value} ({low} to {high})"


@dataclass(frozen=True)
class Fairness:
    """How a model treats groups.

    Parameters
    ----------
    problem
        What is predicted.
    rows
        How many rows it was judged on.
    threshold
        Of two classes, the least probability that says the second; else None.
    groups
        Every group of every sensitive column, then of two columns crossed.
    gaps
        How far the groups of each column lie apart.
    notes
        What a reader should know.
    mitigated
        The mitigation that the model has; "" for none.
    hints
        Where no column has the role sensitive, those that look it by their names.
    """

    problem: Problem
    rows: int
    threshold: float | None
    groups: tuple[Group, ...] = ()
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()
    mitigated: str = ""
    hints: tuple[str, ...] = ()

    @property
    def metrics(self) -> dict[str, float]:
        """The widest gap of each kind, over plain columns."""
        return {name: one.value for name in GAPS if (one := self.widest(name))}

    @property
    def small(self) -> tuple[Group, ...]:
        """The groups that have too few rows to tell."""
        return tuple(one for one in self.groups if not one.rates)

    def widest(self, name: str) -> Gap | None:
        """Return the worst gap of a kind over plain columns, by its limit."""
        told = [g for g in self.gaps if g.name == name and CROSS not in g.column]
        if name.endswith("_ratio"):
            return min(told, key=lambda one: (one.low, one.value), default=None)
        return max(told, key=lambda one: (one.high, one.value), default=None)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What a person should read."""
        from mlkit.model.groups.fair_words import remarks

        return tuple(remarks(self))

    def table(self) -> Grid:
        """Return the rates of each group as a table."""
        from mlkit.model.groups.fair_words import by_group

        return by_group(self)

    def between(self) -> Grid:
        """Return the gaps between groups as a table."""
        from mlkit.model.groups.fair_words import between

        return between(self)

    def plot(self) -> Picture:
        """Draw the rates of each group with their intervals."""
        from mlkit.model.charts.fairness import overview

        return overview(self)

    def __repr__(self) -> str:
        return f"{self.table()!r}\n\n{self.between()!r}"

    def _repr_html_(self) -> str:
        if not self.gaps:
            return self.table()._repr_html_()
        return self.table()._repr_html_() + self.between()._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {**asdict(self), "problem": self.problem.to_dict()}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Fairness:
        """Read the form that `to_dict` gives."""
        groups = [
            Group(**{**g, "limits": {k: (a, b) for k, (a, b) in g["limits"].items()}})
            for g in form["groups"]
        ]
        return cls(
            **{
                **form,
                "problem": Problem.from_dict(form["problem"]),
                "groups": tuple(groups),
                "gaps": tuple(Gap(**one) for one in form["gaps"]),
                "notes": tuple(form["notes"]),
                "hints": tuple(form.get("hints", ())),
            }
        )


def fairness(
    model: Model, table: pd.DataFrame, threshold: float | None = None, *, seed: int = 0
) -> Fairness:
    """Tell how a model treats the groups of sensitive columns.

    A column with the role sensitive counts whether the model looks at it or not. Few
    numbers are groups one by one, more are cut into quarters of equally many rows.

    Parameters
    ----------
    model
        A fitted model.
    table
        Cleaned rows with their target that it has not seen.
    threshold
        Of two classes, the least probability that says the second.
    seed
        Of the resampling.

    Raises
    ------
    InputError
        Where no row has a target that the model knows.

    Notes
    -----
    Of two classes, ``parity_gap`` is the demographic parity difference, ``odds_gap``
    the equalised odds difference, ``opportunity_gap`` the true positive rate's alone
    (Hardt, Price and Srebro 2016); ``parity_ratio`` is held against four fifths. Of
    many classes the widest gap over the classes counts. Of a number, means and errors
    are in standard deviations of the target. Intervals are those of
    `mlkit.model.measures.resampling`.
    """
    rows, truth, predicted, _ = judged(model, table)
    named = Schema.of(table).attach(rows)
    at = cut(threshold) if len(model.classes) == 2 else None
    found = assess(model.problem, named, truth, predicted, at, seed=seed)
    price = getattr(model, "mitigation", None)
    return replace(found, mitigated=price["asked"]["method"]) if price else found


def assess(
    problem: Problem,
    table: pd.DataFrame,
    truth: Array,
    predicted: Array,
    threshold: float | None = None,
    *,
    seed: int = 0,
) -> Fairness:
    """Tell how predictions treat the groups of sensitive columns.

    Parameters
    ----------
    problem
        What is predicted.
    table
        Rows, with the roles of their columns.
    truth, predicted
        Of these rows; see `mlkit.model.measures.measure.measure`.
    threshold
        Of two classes, the least probability that says the second.
    seed
        Of the resampling.
    """
    schema = Schema.of(table)
    columns = [n for n in schema.with_role("sensitive") if n in table]
    if not columns or not len(table):
        why = "not assessed: no column has the role sensitive"
        parts = {problem.target, *parts_of_dates(table)}
        hints = tuple(looks_sensitive([n for n in schema.names if n not in parts]))
        return Fairness(problem, len(table), threshold, notes=(why,), hints=hints)
    known, notes = _groups(table, columns)
    rates = groupwise.of_problem(problem, truth, predicted, cut(threshold))
    groups, weights = units(problem, table)
    drawn = resamples(
        len(table), seed=seed, repeats=REPEATS, groups=groups, weights=weights
    )
    codes = {name: one[0] for name, one in known.items()}
    sizes = {name: len(one[1]) for name, one in known.items()}
    told = groupwise.resampled(rates, codes, sizes, drawn, weights, groups)
    found = tuple(_told(known, told))
    gaps = tuple(_gaps(known, found, told))
    return Fairness(problem, len(table), threshold, found, gaps, tuple(notes))


Known = dict[str, tuple[Array, list[str]]]


def _groups(table: pd.DataFrame, columns: list[str]) -> tuple[Known, list[str]]:
    """Return the groups of each column, and of two columns crossed."""
    found: Known = {name: coded(table, name) for name in columns[:COLUMNS]}
    notes = []
    if len(columns) > COLUMNS:
        notes.append(f"only the first {COLUMNS} sensitive columns are looked at")
    for one, other in combinations(list(found)[:CROSSED], 2):
        (first, names), (second, others) = found[one], found[other]
        crossed = first * len(others) + second
        told = [f"{a}, {b}" for a in names for b in others]
        there, codes = np.unique(crossed, return_inverse=True)
        if (np.bincount(codes) >= FEWEST).sum() > 1:
            found[one + CROSS + other] = codes, [told[k] for k in there]
    small = [n for n in found if (np.bincount(found[n][0]) < FEWEST).any()]
    if small:
        notes.append(f"groups of fewer than {FEWEST} rows are not assessed")
    return found, notes


def _told(known: Known, told: Resampled) -> Iterator[Group]:
    """Yield each group with its rates."""
    start = 0
    for column, (codes, names) in known.items():
        sizes = np.bincount(codes, minlength=len(names))
        for k, name in enumerate(names):
            rates, limits = {}, {}
            for at, rate in enumerate(told.names) if sizes[k] >= FEWEST else ():
                value, ends = told.values[at, start + k], told.limits(at, start + k)
                if np.isfinite([value, *ends]).all():
                    rates[rate] = _round(value)
                    limits[rate] = _round(ends[0]), _round(ends[1])
            yield Group(column, name, int(sizes[k]), rates, limits)
        start += len(names)


def _gaps(known: Known, found: tuple[Group, ...], told: Resampled) -> Iterator[Gap]:
    start = 0
    for column, (_, names) in known.items():
        places = range(start, start + len(names))
        able = [at for at in places if found[at].rates]
        for name in GAPS:
            one = told.gap(name, able)
            if one is not None:
                value, (low, high), rate, least, most = one
                ends = found[least].name, found[most].name
                yield Gap(
                    column,
                    name,
                    _round(value),
                    _round(low),
                    _round(high),
                    rate,
                    *ends,
                )
        start += len(names)


def _round(value: float) -> float:
    return float(f"{value:.6g}")
