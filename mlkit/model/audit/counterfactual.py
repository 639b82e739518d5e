"""The smallest change of one cell that changes what the model decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.rows import MISSING
from mlkit.model.audit.asking import said_with
from mlkit.model.audit.dependence import of_focus
from mlkit.model.audit.local import cell, plain
from mlkit.model.encoding.encode import words
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.runtime import choice
from mlkit.model.words import say

__all__ = ["Change", "changes", "hints"]

Array = NDArray[Any]
STEPS, LEVELS = 41, 40


@dataclass(frozen=True)
class Change:
    """One cell changed, and what the model then says.

    Parameters
    ----------
    feature, old, new
        The column, its cell, and the changed cell in words.
    said
        What the model then says: the label, or the value.
    moved
        How far the prediction moved: the chance of the class that is drawn, or the
        value.
    far
        How far the cell moved: the share of the rows seen that lie between, where it
        was missing those between the median and what it is now; of a level the share
        of the rows that have another.
    level
        Whether the cell is a level, not a number.
    """

    feature: str
    old: str
    new: str
    said: str
    moved: float
    far: float
    level: bool = False

    @property
    def way(self) -> str:
        """How far the cell moved, in words."""
        if self.level:
            return f"{1 - self.far:.0%} of the rows have it"
        if self.old == MISSING:
            return "it was missing"
        if not self.far:
            return "no row lies between"
        share = f"{self.far:.0%}" if self.far >= 0.01 else "less than 1%"
        return f"{share} of the rows lie between"


def hints(
    model: Model,
    row: pd.DataFrame,
    seen: pd.DataFrame,
    threshold: float = 0.5,
    most: int = 5,
) -> tuple[Change, ...]:
    """Return single changes within the values seen that change the decision.

    Parameters
    ----------
    model
        A fitted model.
    row
        One cleaned row.
    seen
        Cleaned rows whose values may be taken.
    threshold
        Of two classes, the least probability that says the second.
    most
        So many features at most, the smallest change first. Of a number, where nothing
        is decided, the features that move it most, the furthest first.

    Notes
    -----
    After Wachter and others (2017), for one feature at a time. A hint tells of the
    model, not of the world: to change the cell may change nothing out there.

    Examples
    --------
    >>> from mlkit.model.fitted import fit
    >>> from mlkit.model.problem import Problem
    >>> rows = pd.DataFrame({"x": np.arange(40.0), "y": ["no"] * 20 + ["yes"] * 20})
    >>> task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
    >>> hints(fit("tree", {}, rows, task), rows.head(1), rows)[0].said
    'yes'
    """
    asked = model.problem.numbers + model.problem.categories
    tried = [_tried(model, row, seen, name) for name in asked]
    names = [n for n, one in zip(asked, tried, strict=True) if one]
    tried = [one for one in tried if one]
    if not tried:
        return ()
    sizes = [len(one) for one in tried]
    tiled = np.zeros(sum(sizes), int)
    copies = row.iloc[tiled].reset_index(drop=True)
    columns = {}
    start = 0
    for name, one in zip(names, tried, strict=True):
        cells = copies[name].to_numpy(object).copy()
        cells[start : start + len(one)] = [value for value, _ in one]
        number = name in model.problem.numbers
        columns[name] = cells.astype(float) if number else pd.array(cells, "str")
        start += len(one)
    ends = np.cumsum([0, *sizes])
    matrices = model.matrices(row)
    mine = model.said_of(matrices)
    said = said_with(model, copies, columns, [matrix[tiled] for matrix in matrices])
    found = [
        best
        for k, name in enumerate(names)
        if (
            best := _best(
                model, row, name, tried[k], mine, said[ends[k] : ends[k + 1]], threshold
            )
        )
    ]
    if model.classes:
        found.sort(key=lambda one: (one.far, -abs(one.moved), one.feature))
    else:
        found.sort(key=lambda one: (-abs(one.moved), one.feature))
    return tuple(found[:most])


def changes(found: tuple[Change, ...], problem_classes: bool) -> Grid:
    """Return hints as a table."""
    heads = ("change", "from", "to", "the model then says", "how far")
    rows = [(one.feature, one.old, one.new, one.said, one.way) for one in found]
    none = "no single change within the values seen changes the decision"
    notes = [] if rows or not problem_classes else [none]
    return Grid(heads, rows, notes)


def _tried(
    model: Model, row: pd.DataFrame, seen: pd.DataFrame, name: str
) -> list[tuple[Any, float]]:
    """Return the cells to try, each with how far it is."""
    if name not in model.problem.numbers:
        own = words(row, name).iloc[0]
        shares = words(seen, name).value_counts(normalize=True)
        ranked = sorted(shares.items(), key=lambda pair: (-pair[1], str(pair[0])))
        return [(v, 1 - float(s)) for v, s in ranked[:LEVELS] if v != own]
    cells = seen[name].to_numpy(np.float64, na_value=np.nan)
    cells = np.sort(cells[np.isfinite(cells)])
    if not len(cells):
        return []
    own = row[name].to_numpy(np.float64, na_value=np.nan)[0]
    grid = np.unique(np.quantile(cells, np.linspace(0, 1, STEPS), method="nearest"))
    grid = grid[grid != own]
    start = own if np.isfinite(own) else np.median(cells)
    grid = grid[np.argsort(np.abs(grid - start), kind="stable")]
    above = np.searchsorted(cells, np.minimum(grid, start), "right")
    below = np.searchsorted(cells, np.maximum(grid, start), "left")
    far = np.maximum(below - above, 0) / len(cells)  # the start itself is not between
    return [(float(v), float(f)) for v, f in zip(grid, far, strict=True)]


def _best(
    model: Model,
    row: pd.DataFrame,
    name: str,
    tried: list[tuple[Any, float]],
    mine: Array,
    said: Array,
    threshold: float,
) -> Change | None:
    moved = of_focus(model, said) - of_focus(model, mine)[0]
    if model.classes:
        labels = choice(said, threshold)
        flips = np.flatnonzero(labels != choice(mine, threshold)[0])
        if not len(flips):
            return None
        at = int(min(flips, key=lambda k: tried[k][1]))
        told = model.classes[labels[at]]
    else:
        at = int(np.abs(moved).argmax())
        if abs(moved[at]) < 1e-12:
            return None
        told = say(float(said[at]))
    value, far = tried[at]
    level = name not in model.problem.numbers
    new = str(value) if level else plain(value)
    old = cell(row, name, model.problem)
    moved_by = float(f"{moved[at]:.6g}")
    return Change(name, old, new, told, moved_by, round(far, 6), level)
