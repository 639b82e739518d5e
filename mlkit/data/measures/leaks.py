"""How much each column alone tells of the target, and which gives it away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.measures.moments import scaled, standardised, visible

__all__ = ["AWAY", "leaks", "ties"]

AWAY = 0.99
"""A column that alone tells the target this well gives it away."""

FEWEST = 40
LEVELS = 50
ROWS_A_LEVEL = 15
CLASSES = 50
ALMOST = 0.85
TREE_ROWS = 4_000


def ties(table: pd.DataFrame) -> dict[str, float]:
    """Return how well each feature alone tells the target, from 0 to 1.

    The rows are halved; each level of a column (a category, or one of up to fifty
    quantiles of a number) learns the target on one half and is judged on the other.
    For classes the score is the balanced accuracy above chance, for numbers it is R².
    A number that tells much is looked at again by a small tree, and by its ranks where
    the target is a number too, whose cuts fall where they are best.

    Parameters
    ----------
    table
        Cleaned rows with a target in their schema; rows without a target are passed
        over, columns of text too.

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> frame = pd.DataFrame({"x": ["u", "v"] * 40, "t": ["no", "yes"] * 40})
    >>> columns = (Column("x", "category"), Column("t", "category", ("target",)))
    >>> ties(Schema(columns).attach(frame))
    {'x': 1.0}
    """
    schema = Schema.of(table)
    target = schema.target
    if target is None:
        return {}
    numeric = schema[target].type == "number"
    known = table[table[target].notna()]
    if numeric:
        known = known[np.isfinite(known[target].to_numpy(float))]
    if len(known) < FEWEST or known[target].nunique() < 2:
        return {}
    truth: Any = known[target].to_numpy()
    kinds = 0
    if numeric:
        truth, *_ = standardised(truth)
    else:
        truth, classes = pd.factorize(known[target], sort=True)
        kinds = len(classes)
    if kinds > CLASSES:
        return {}
    judge = _by_number if numeric else _by_class
    halves = np.arange(len(known)) // 2 % 2
    found = {}
    for name in (n for n in schema.features if n in known):
        if schema[name].type not in ("number", "category"):
            continue
        tie = judge(_levels(known[name]), truth, halves)
        if ALMOST <= tie < AWAY and known[name].dtype.kind in "fiu":
            tie = max(tie, _again(known[name].to_numpy(float), truth, numeric=numeric))
        found[name] = round(tie, 4) if np.isfinite(tie) else 0.0
    return found


def leaks(table: pd.DataFrame) -> dict[str, float]:
    """Return the features that alone give the target away, with how well they do.

    Parameters
    ----------
    table
        Cleaned rows with a target in their schema.
    """
    return {name: tie for name, tie in ties(table).items() if tie >= AWAY}


def _levels(values: pd.Series) -> NDArray[np.intp]:
    """Return each row's level from 0; what is missing is a level of its own."""
    most = min(max(len(values) // ROWS_A_LEVEL, 4), LEVELS)
    if values.dtype.kind == "f" and values.nunique() > most:
        numbers = values.to_numpy(dtype=float)
        known, power = scaled(numbers[np.isfinite(numbers)])
        shares = np.linspace(0, 1, most + 1)[1:-1]
        edges = np.unique(np.quantile(known, shares)) if len(known) else known
        edges = edges * power
        place = np.searchsorted(edges, numbers, side="right")
        return np.where(np.isnan(numbers), len(edges) + 1, place)
    codes, _ = pd.factorize(values, use_na_sentinel=False)
    return codes


def _by_class(
    levels: NDArray[np.intp], truth: NDArray[np.intp], halves: NDArray[np.intp]
) -> float:
    """Return balanced accuracy above chance, each half judged by the other."""
    kinds, count = int(truth.max()) + 1, int(levels.max()) + 1
    hits, seen = np.zeros(kinds), np.zeros(kinds, np.intp)
    for half in (0, 1):
        learnt, judged = halves != half, halves == half
        cells = np.bincount(
            levels[learnt] * kinds + truth[learnt], minlength=count * kinds
        )
        table = cells.reshape(count, kinds).astype(float)
        prior = np.maximum(table.sum(axis=0), 1)
        # a level not seen in the other half tells nothing: it guesses the first class
        guess = (table / prior).argmax(axis=1)[levels[judged]]
        right = guess == truth[judged]
        hits += np.bincount(truth[judged], weights=right, minlength=kinds)
        seen += np.bincount(truth[judged], minlength=kinds)
    return _above_chance(hits, seen)


def _again(values: NDArray[np.float64], truth: NDArray[Any], *, numeric: bool) -> float:
    """Return how well a small tree, or the ranks, tell the target."""
    from scipy.stats import spearmanr
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    step = max(len(values) // TREE_ROWS, 1)
    values, truth = visible(values[::step]), truth[::step]
    values = np.nan_to_num(values, nan=-np.inf)
    column = np.clip(values, -1e30, 1e30)[:, None].astype(np.float32)
    made = DecisionTreeRegressor if numeric else DecisionTreeClassifier
    half, guess = np.arange(len(truth)) // 2 % 2, np.empty(len(truth))
    for side in (0, 1):
        tree = made(max_depth=8, min_samples_leaf=3, random_state=0)
        tree.fit(column[half != side], truth[half != side])
        guess[half == side] = tree.predict(column[half == side])
    if numeric:
        return max(_explained(guess, truth), float(spearmanr(values, truth)[0]) ** 2)
    hits = np.bincount(truth, weights=guess == truth)
    return _above_chance(hits, np.bincount(truth))


def _above_chance(hits: NDArray[Any], seen: NDArray[np.intp]) -> float:
    """Return balanced accuracy above chance from hits and rows by class."""
    balanced = float(np.mean(hits[seen > 0] / seen[seen > 0]))
    chance = 1 / int((seen > 0).sum())
    return max((balanced - chance) / (1 - chance), 0.0)


def _explained(guess: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Return R²."""
    spread = float(np.sum((truth - truth.mean()) ** 2))
    missed = float(np.sum((truth - guess) ** 2))
    return max(1 - missed / spread, 0.0) if spread else 0.0


def _by_number(
    levels: NDArray[np.intp], truth: NDArray[np.float64], halves: NDArray[np.intp]
) -> float:
    """Return R², each half judged by the other half's means."""
    count = int(levels.max()) + 1
    guess = np.empty(len(truth))
    for half in (0, 1):
        learnt, judged = halves != half, halves == half
        sums = np.bincount(levels[learnt], weights=truth[learnt], minlength=count)
        sizes = np.bincount(levels[learnt], minlength=count)
        mean = truth[learnt].mean()
        means = (sums + mean) / (sizes + 1)
        guess[judged] = means[levels[judged]]
    return _explained(guess, truth)
