"""Why a row is odd: which of its cells make it so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.model.encoding.encode import words
from mlkit.model.fitted import Model
from mlkit.model.patterns.ranks import Odds
from mlkit.model.words import listed, say

__all__ = ["reasons", "score", "told"]

DRAWS, LEAST = 20, 0.1
NEAR, FEW = 0.05, 0.02


def score(model: Model, table: pd.DataFrame) -> NDArray[np.float64]:
    """Return a detector's own score of rows, greater for an odder row."""
    odds = model.parts[0].estimator
    assert isinstance(odds, Odds)
    return np.asarray(odds.raw(model.encoders[0].transform(table)), np.float64)


def reasons(
    model: Model, rows: pd.DataFrame, usual: pd.DataFrame, seed: int = 0
) -> NDArray[np.float64]:
    """Return how much less odd each row were, were one of its cells like others'.

    Parameters
    ----------
    model
        A fitted detector.
    rows
        Cleaned rows to explain.
    usual
        Cleaned rows; twenty of them lend their cells.
    seed
        Of the drawing.

    Returns
    -------
    ndarray
        The mean fall of the score for each row and column of the problem, in shares of
        all falls of the row; shape (rows, columns).
    """
    names = list(model.problem.features)
    rng = np.random.default_rng(seed)
    lent = usual.iloc[rng.integers(len(usual), size=DRAWS)]
    repeated = pd.concat([rows[names]] * DRAWS, ignore_index=True)
    base = score(model, rows)
    found = np.zeros((len(rows), len(names)))
    for place, name in enumerate(names):
        changed = repeated.copy(deep=False)
        changed[name] = lent[name].repeat(len(rows)).array
        fell = base - score(model, changed).reshape(DRAWS, len(rows)).mean(axis=0)
        found[:, place] = np.maximum(fell, 0)
    total = found.sum(axis=1, keepdims=True)
    shares = np.zeros_like(found)
    np.divide(found, total, out=shares, where=total > 0)
    return shares


def told(
    model: Model, row: pd.Series, shares: NDArray[Any], usual: pd.DataFrame
) -> str:
    """Return in words which cells make a row odd.

    Parameters
    ----------
    model
        A fitted detector.
    row
        The row.
    shares
        Its line of `reasons`.
    usual
        Cleaned rows to compare with: a number is usual by itself where it lies between
        their 5 % and 95 % quantiles, and 2 % of them within a twentieth of that range;
        of a cell that is the only reason, that is not said.
    """
    names = list(model.problem.features)
    order = np.argsort(-shares, kind="stable")[:3]
    most = [k for k in order if shares[k] >= LEAST] or list(order[:1])
    numbers = set(model.problem.numbers)
    alone = len(most) == 1
    return listed(
        _cell(names[k], row[names[k]], usual, names[k] in numbers, alone) for k in most
    )


def _cell(name: str, cell: Any, usual: pd.DataFrame, number: bool, alone: bool) -> str:
    if pd.isna(cell):
        return f"{name} is missing ({_share(usual[name].isna())} are)"
    if not number:
        return f"{name} = {cell} ({_share(words(usual, name) == str(cell))} of rows)"
    values = usual[name].astype(float)
    low, high = values.quantile([0.05, 0.95])
    near = (values - float(cell)).abs() <= NEAR * (high - low)
    among = low <= float(cell) <= high and near.mean() >= FEW
    told_ = "usual by itself, " if among and not alone else ""
    return f"{name} = {say(float(cell), 4)} ({told_}mostly {say(low)} to {say(high)})"


def _share(flags: pd.Series) -> str:
    share = float(flags.mean())
    return "under 1%" if 0 < share < 0.01 else f"{share:.0%}"
