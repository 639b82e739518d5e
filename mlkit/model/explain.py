"""What a model looks at: importance, dependence, and features that know too much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.model import cross
from mlkit.model.encode import words
from mlkit.model.fitted import Model
from mlkit.model.metrics import METRICS, score
from mlkit.model.problem import Problem

__all__ = ["Importance", "dependence", "importance", "leaks"]

Array = NDArray[Any]
LEAK = {
    "two_classes": ("roc_auc", 0.99),
    "many_classes": ("balanced_accuracy", 0.98),
    "number": ("r2", 0.99),
}


@dataclass(frozen=True)
class Importance:
    """How much worse a model gets when one feature is shuffled.

    Parameters
    ----------
    feature
        The column.
    loss
        The mean loss in the metric, positive where the model gets worse.
    error
        Its standard error over the shuffles.
    """

    feature: str
    loss: float
    error: float


def importance(
    model: Model, table: pd.DataFrame, repeats: int = 5, seed: int = 0
) -> tuple[Importance, ...]:
    """Return permutation importance (Breiman 2001), the most important first.

    Parameters
    ----------
    model
        A fitted model.
    table
        Cleaned rows with their target, best ones the model has not seen.
    repeats
        Shuffles of each feature.
    seed
        Of the shuffles.
    """
    problem, rng = model.problem, np.random.default_rng(seed)
    metric = METRICS[problem.metric]
    truth = problem.truth(table)
    matrices = model.matrices(table)
    whole = score(problem.metric, truth, model.said_of(matrices))
    found = []
    for name in problem.features:
        orders = [rng.permutation(len(table)) for _ in range(repeats)]
        said = _shuffled(model, matrices, name, orders)
        lost = whole - np.array([score(problem.metric, truth, one) for one in said])
        lost = lost if metric.greater else -lost
        error = float(lost.std(ddof=1) / np.sqrt(repeats)) if repeats > 1 else 0.0
        found.append(Importance(name, _round(lost.mean()), _round(error)))
    return tuple(sorted(found, key=lambda one: (-one.loss, one.feature)))


def _shuffled(
    model: Model, matrices: list[Array], name: str, orders: list[Array]
) -> Array:
    """Return what is said with one feature in other orders, shape (orders, rows, …).

    A matrix's columns come of one feature each: so they are shuffled, and the table
    need not be encoded again.
    """
    made = []
    for encoder, matrix in zip(model.encoders, matrices, strict=True):
        places = encoder.places(name)
        copies = np.tile(matrix, (len(orders), 1))
        copies[:, places] = matrix[np.concatenate(orders)][:, places]
        made.append(copies)
    said = model.said_of(made)
    return said.reshape(len(orders), len(matrices[0]), *said.shape[1:])


def dependence(
    model: Model, table: pd.DataFrame, features: Sequence[str], most: int = 300
) -> dict[str, dict[str, Any]]:
    """Return partial dependence (Friedman 2001): the mean prediction along a feature.

    Parameters
    ----------
    model
        A fitted model.
    table
        Cleaned rows to average over, at most `most` of them.
    features
        Which features.

    Returns
    -------
    dict
        By feature ``x`` (numbers or levels) and ``y``, by class the mean probability;
        for a number by its target's name the mean value.
    """
    some = table.iloc[
        np.unique(np.linspace(0, len(table) - 1, most).round().astype(int))
    ]
    found = {}
    for name in features:
        grid = _grid(table, name, name in model.problem.numbers)
        copies = some.iloc[np.tile(np.arange(len(some)), len(grid))]
        said = model.predicted(copies.assign(**{name: np.repeat(grid, len(some))}))
        means = said.reshape(len(grid), len(some), *said.shape[1:]).mean(axis=1)
        found[name] = {"x": grid, "y": _lines(model, means)}
    return found


def leaks(
    table: pd.DataFrame, problem: Problem, most: int = 4000, seed: int = 0
) -> dict[str, float]:
    """Return the features that alone predict the target nearly perfectly.

    A small tree on one feature at a time is judged on rows left out: by ROC AUC from
    0.99, balanced accuracy from 0.98 (many classes), or R² from 0.99 (a number).

    Parameters
    ----------
    table
        Cleaned rows with their target.
    problem
        What is to be predicted.
    most
        Rows to look at, at most.
    """
    metric, bar = LEAK[problem.kind]
    rows = table.head(most)
    alone = replace(problem, metric=metric)
    fold = cross.folds(rows, alone, 2, seed)
    others = [problem.target, *([problem.weight] if problem.weight else [])]
    found = {}
    for name in problem.features:
        number = name in problem.numbers
        some = rows[[name, *others]]
        one = replace(
            alone,
            numbers=(name,) if number else (),
            categories=() if number else (name,),
        )
        settings = {"depth": 8, "leaf": 3}
        tried = [
            cross.trial("tree", settings, some, one, fold, k, seed) for k in (0, 1)
        ]
        got = float(np.mean([t.score for t in tried]))
        if got >= bar:
            found[name] = _round(got)
    return found


def _grid(table: pd.DataFrame, name: str, number: bool) -> list[Any]:
    if not number:
        counts = words(table, name).value_counts()
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
        return [str(level) for level, _ in ranked[:6]]
    cells = table[name].to_numpy(np.float64, na_value=np.nan)
    cells = cells[np.isfinite(cells)]
    if not len(cells):
        return []
    places = np.linspace(0.02, 0.98, 17)
    seen = np.quantile(cells, places, method="nearest")
    return [_round(value) for value in np.unique(seen)]


def _lines(model: Model, means: Array) -> dict[str, list[float]]:
    """Return the line of the second of two classes, of the commonest of many."""
    problem = model.problem
    if problem.kind == "number":
        return {problem.target: [_round(v) for v in means]}
    common = np.argsort(-np.array(model.shares), kind="stable")[:4]
    kept = [1] if problem.kind == "two_classes" else sorted(common)
    return {problem.classes[k]: [_round(v) for v in means[:, k]] for k in kept}


def _round(value: float) -> float:
    return float(f"{value:.7g}")
