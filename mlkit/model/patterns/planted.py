"""Odd rows that are planted, to see whether they are found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mlkit.model.problem import Problem

__all__ = ["KINDS", "plant"]

KINDS = {
    "far": "one to three numbers moved far out, or words that are rare",
    "mixed": "every cell is usual, their combination is not",
}
FAR = (4.0, 8.0)


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
        8 standard deviations, a category to its rarest word. ``mixed``: each cell is
        drawn from another row, so that columns no longer go together.
    rows
        How many.
    seed
        Of everything drawn at random.

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
    made = table.iloc[rng.integers(len(table), size=rows)].copy()
    if how == "mixed":
        for name in problem.features:
            made[name] = table[name].iloc[rng.integers(len(table), size=rows)].array
        return made
    return _far(table, made, problem, rng)


def _far(
    table: pd.DataFrame, made: pd.DataFrame, problem: Problem, rng: np.random.Generator
) -> pd.DataFrame:
    columns = np.array(problem.features, object)
    count = rng.integers(1, min(3, len(columns)) + 1, size=len(made))
    turns = np.argsort(rng.random((len(made), len(columns))), axis=1)
    hit = np.argsort(turns, axis=1) < count[:, None]
    for place, name in enumerate(columns):
        rows = np.flatnonzero(hit[:, place])
        if name in problem.numbers:
            values = table[name].to_numpy(float, na_value=np.nan)
            away = rng.uniform(*FAR, len(rows)) * rng.choice([-1.0, 1.0], len(rows))
            moved = np.nanmean(values) + away * (np.nanstd(values) or 1.0)
            cells = np.array(made[name].to_numpy(float, na_value=np.nan))
            cells[rows] = moved
        else:
            cells = made[name].array.copy()
            cells[rows] = _rarest(table[name])
        made[name] = cells
    return made


def _rarest(values: pd.Series) -> object:
    counts = values.value_counts()
    known: Sequence[object] = list(counts.index[counts > 0])
    return known[-1] if known else None
