"""Odd rows that are planted, to see whether they are found."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.model.problem import Problem

__all__ = ["KINDS", "NONE_FAR", "plant"]

KINDS = {
    "far": "one to three numbers moved far out, or words that are rare",
    "mixed": "every cell is usual, their combination is not",
}
NONE_FAR = "no number varies, and no word is rare"
FAR, RARE = (4.0, 8.0), 0.05
Flags = NDArray[np.bool_]


def plant(
    table: pd.DataFrame, problem: Problem, how: str, rows: int, seed: int = 0
) -> pd.DataFrame:
    """Return odd rows made from usual ones, so that it is known what they are.

    Parameters
    ----------
    table
        Cleaned rows.
    problem
        Which columns a model looks at.
    how
        ``far``: in rows of the table one to three cells are changed, a number by 4 to
        8 standard deviations, a category to its rarest word, where less than 5 % of
        the rows hold one as rare. ``mixed``: each cell is drawn from another row, so
        that columns no longer go together.
    rows
        How many.
    seed
        Of everything drawn at random.

    Returns
    -------
    DataFrame
        The odd rows; none where no cell can be moved far out.

    Notes
    -----
    Global and dependency anomalies, as Steinbuss and Böhm (2021) call them. The second
    kind cannot be found where columns have nothing to do with each other.

    Examples
    --------
    >>> table = pd.DataFrame({"x": [0.0, 1.0] * 10})
    >>> problem = Problem("anomaly", "anomaly", "stability", numbers=("x",))
    >>> bool(plant(table, problem, "far", 5)["x"].abs().min() > 1)
    True
    """
    rng = np.random.default_rng(seed)
    if how == "far":
        return _far(table, problem, rows, rng)
    made = table.iloc[rng.integers(len(table), size=rows)].copy()
    for name in problem.features:
        made[name] = table[name].iloc[rng.integers(len(table), size=rows)].array
    return made


def _far(
    table: pd.DataFrame, problem: Problem, rows: int, rng: np.random.Generator
) -> pd.DataFrame:
    columns = problem.features
    movable = np.column_stack([_movable(table, n, problem) for n in columns])
    fit = np.flatnonzero(movable.any(axis=1))
    if not len(fit):
        return table.head(0)
    drawn = fit[rng.integers(len(fit), size=rows)]
    made = table.iloc[drawn].copy()
    count = rng.integers(1, min(3, len(columns)) + 1, size=rows)
    turns = np.where(movable[drawn], rng.random((rows, len(columns))), 2.0)
    first = np.argsort(np.argsort(turns, axis=1), axis=1) < count[:, None]
    hit = first & movable[drawn]
    for place, name in enumerate(columns):
        at = np.flatnonzero(hit[:, place])
        if name in problem.numbers:
            values = table[name].to_numpy(float, na_value=np.nan)
            away = rng.uniform(*FAR, len(at)) * rng.choice([-1.0, 1.0], len(at))
            cells = np.array(made[name].to_numpy(float, na_value=np.nan))
            cells[at] = np.nanmean(values) + away * np.nanstd(values)
        elif len(at):
            cells = made[name].array.copy()
            cells[at] = _rare(table[name])[0]
        else:
            continue
        made[name] = cells
    return made


def _movable(table: pd.DataFrame, name: str, problem: Problem) -> Flags:
    """Return in which rows a cell can be made odd."""
    if name in problem.numbers:
        return np.full(len(table), table[name].nunique() > 1)
    rare = _rare(table[name])
    there = table[name].notna() & ~table[name].isin(rare)
    return there.to_numpy(bool) & bool(rare)


def _rare(values: pd.Series) -> list[object]:
    """Return the rarest words, where so few rows hold one that it is odd."""
    counts = values.value_counts()
    counts = counts[counts > 0]
    rarest = counts[counts == counts.min()]
    return list(rarest.index) if rarest.sum() < RARE * len(values) else []
