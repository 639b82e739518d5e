"""What tells clusters apart: how each differs from the rest, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.model.encoding.encode import words
from mlkit.model.problem import Problem
from mlkit.model.words import listed, say

__all__ = ["Trait", "cells_of", "told", "traits"]

Floats = NDArray[np.float64]

LARGE, SMALL = 0.8, 0.2
MIDDLE, SELDOM = (0.05, 0.95), 0.25


@dataclass(frozen=True)
class Trait:
    """How a cluster differs from all other rows in a column.

    Parameters
    ----------
    cluster, column
        Which.
    effect
        Of a number the difference of means in standard deviations (Cohen's d), of a
        level that of its shares (Cohen's h); 0.8 is large.
    here, else_
        The mean or share in the cluster, and in all others.
    level
        Of a category the level that differs most. Of a number whose means hardly
        differ, the range of most of the cluster where few others lie in it, or
        ``(missing)`` where the gaps tell more; else "".
    """

    cluster: str
    column: str
    effect: float
    here: float
    else_: float
    level: str = ""

    @property
    def words(self) -> str:
        """The difference in words."""
        if self.level:
            place = f"{self.column} = {self.level}"
            return f"{place} ({self.here:.0%}, else {self.else_:.0%})"
        high = "high" if self.effect > 0 else "low"
        return f"{self.column} {high} ({say(self.here)}, else {say(self.else_)})"


def traits(
    table: pd.DataFrame,
    problem: Problem,
    labels: NDArray[np.object_],
    names: Sequence[str],
) -> tuple[Trait, ...]:
    """Return how each cluster differs in each column, the largest difference first.

    Parameters
    ----------
    table
        Cleaned rows.
    problem
        Which columns to look at.
    labels
        The cluster of each row, shape (rows,).
    names
        The clusters.

    Examples
    --------
    >>> table = pd.DataFrame({"x": [0.0, 1.0, 9.0, 10.0]})
    >>> problem = Problem("cluster", "cluster", "stability", numbers=("x",))
    >>> said = np.array(["1", "1", "2", "2"], object)
    >>> traits(table, problem, said, ["1"])[0].words
    'x low (0.5, else 9.5)'
    """
    found = []
    for cluster in names:
        mine = labels == cluster
        if not 0 < mine.sum() < len(mine):
            continue
        counted = [_number(table, c, cluster, mine) for c in problem.numbers]
        worded = [_level(words(table, c), c, cluster, mine) for c in problem.categories]
        found += sorted([*counted, *worded], key=lambda one: -abs(one.effect))
    return tuple(found)


def told(found: Sequence[Trait], cluster: str, most: int = 3) -> str:
    """Return a cluster's largest differences in words.

    Parameters
    ----------
    found
        As `traits` gives them.
    cluster
        Whose.
    most
        How many at most; where none is large, one that is not small.
    """
    mine = [one for one in found if one.cluster == cluster]
    large = [one.words for one in mine if abs(one.effect) >= LARGE]
    least = [one.words for one in mine[:1] if abs(one.effect) >= SMALL]
    some = large[:most] or least
    return listed(some) if some else "no column by itself"


def cells_of(table: pd.DataFrame, said: Sequence[Trait], most: int = 4) -> list[str]:
    """Return the cells of each row in the columns that tell clusters apart most.

    Parameters
    ----------
    table
        Cleaned rows.
    said
        As `traits` gives them.
    most
        Columns at most.
    """
    ranked = sorted(said, key=lambda one: -abs(one.effect))
    columns = list(dict.fromkeys(one.column for one in ranked))[:most]
    numbers = {name for name in columns if table[name].dtype.kind in "fiu"}
    rows = table[columns].itertuples(index=False)
    return [
        ", ".join(_cell(*c, numbers) for c in zip(columns, row, strict=True))
        for row in rows
    ]


def _cell(name: str, cell: Any, numbers: set[str]) -> str:
    if pd.isna(cell):
        return f"{name} missing"
    return f"{name} {say(float(cell))}" if name in numbers else f"{name} = {cell}"


def _number(
    table: pd.DataFrame, column: str, cluster: str, mine: NDArray[np.bool_]
) -> Trait:
    cells = table[column].to_numpy(float, na_value=np.nan)
    known = np.isfinite(cells)
    lack = _missing(column, cluster, ~known, mine)
    here, there = cells[mine & known], cells[~mine & known]
    if not len(here) or not len(there):
        return lack
    value = _value(column, cluster, here, there)
    return lack if abs(lack.effect) > abs(value.effect) else value


def _missing(
    column: str, cluster: str, lacks: NDArray[np.bool_], mine: NDArray[np.bool_]
) -> Trait:
    here, there = float(lacks[mine].mean()), float(lacks[~mine].mean())
    cut = [_round(v) for v in (_differs(here, there), here, there)]
    return Trait(cluster, column, cut[0], cut[1], cut[2], "(missing)")


def _value(column: str, cluster: str, here: Floats, there: Floats) -> Trait:
    spread = np.sqrt(
        (here.var() * len(here) + there.var() * len(there)) / (len(here) + len(there))
    )
    gap = here.mean() - there.mean()
    effect = gap / spread if spread > 0 else np.sign(gap) * 9.0
    low, high = np.quantile(here, MIDDLE)
    inside, others = (float(((v >= low) & (v <= high)).mean()) for v in (here, there))
    if abs(effect) < LARGE and others <= SELDOM:
        range_ = f"{say(low)} to {say(high)}" if low < high else say(low)
        cut = [_round(v) for v in (_differs(inside, others), inside, others)]
        return Trait(cluster, column, cut[0], cut[1], cut[2], range_)
    means = _round(here.mean()), _round(there.mean())
    return Trait(cluster, column, _round(effect), *means)


def _level(
    cells: pd.Series, column: str, cluster: str, mine: NDArray[np.bool_]
) -> Trait:
    here = cells[mine].value_counts(normalize=True)
    there = cells[~mine].value_counts(normalize=True)
    levels = sorted({*here.index, *there.index})
    shares = np.array([[here.get(v, 0.0), there.get(v, 0.0)] for v in levels], float)
    angles = 2 * np.arcsin(np.sqrt(np.clip(shares, 0, 1)))
    gap = angles[:, 0] - angles[:, 1]
    at = int(np.where(gap > 0, gap, -0.99 * gap).argmax())  # of two, the commoner one
    cut = [_round(v) for v in (gap[at], *shares[at])]
    return Trait(cluster, column, cut[0], cut[1], cut[2], str(levels[at]))


def _differs(here: float, there: float) -> float:
    """Return Cohen's h of two shares."""
    return float(2 * (np.arcsin(np.sqrt(here)) - np.arcsin(np.sqrt(there))))


def _round(value: float) -> float:
    return float(f"{value:.6g}")
