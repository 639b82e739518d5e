"""Cross-validation: folds that repeat, and a family's score on each of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.model import metrics
from mlkit.model.fitted import Model, fit
from mlkit.model.problem import Problem

__all__ = ["Trial", "folds", "trial"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Trial:
    """One fit on all folds but one, scored on that one.

    Parameters
    ----------
    score
        The problem's metric on the rows left out; NaN where it is undefined.
    seconds
        Of processor time, for the fit.
    model
        What was fitted.
    """

    score: float
    seconds: float
    model: Model


def folds(table: pd.DataFrame, problem: Problem, count: int, seed: int = 0) -> Ints:
    """Return each row's fold, 0 to count - 1, shape (rows,).

    Folds are even in the target: in its classes, or in the ranks of a number. With a
    group column, a group is never split, and the folds are even in rows only.

    Parameters
    ----------
    table
        Cleaned rows, all with a target.
    problem
        What is to be predicted.
    count
        How many folds, at least 2.
    seed
        Of the shuffle.

    Raises
    ------
    InputError
        Where there are fewer rows, or groups, than folds.

    Examples
    --------
    >>> table = pd.DataFrame({"y": ["a"] * 4 + ["b"] * 4})
    >>> problem = Problem("two_classes", "y", "roc_auc", ("a", "b"))
    >>> sorted(folds(table, problem, 2)[:4].tolist())
    [0, 0, 1, 1]
    """
    rng = np.random.default_rng(seed)
    if problem.group:
        return _by_group(table[problem.group], count, rng)
    if len(table) < count:
        raise InputError(
            "fewer rows than folds", expected=f"{count}", got=f"{len(table)}"
        )
    truth = problem.truth(table)
    shuffled = rng.permutation(len(table))
    order = shuffled[np.argsort(truth[shuffled], kind="stable")]
    place = np.empty(len(table), np.int64)
    place[order] = np.arange(len(table)) % count
    return place if problem.classes else _mixed(place, order, count, rng)


def trial(
    name: str,
    settings: Mapping[str, Any],
    table: pd.DataFrame,
    problem: Problem,
    fold: Ints,
    left_out: int,
    seed: int = 0,
) -> Trial:
    """Fit on the rows outside of one fold, and score on those inside.

    Parameters
    ----------
    name, settings
        A family and its settings.
    table, problem
        Cleaned rows, and what to predict.
    fold
        Each row's fold, shape (rows,).
    left_out
        The fold to score on.
    """
    inside = fold == left_out
    start = time.process_time()
    model = fit(name, settings, table[~inside], problem, seed)
    seconds = time.process_time() - start
    rest = table[inside]
    score = metrics.score(problem.metric, problem.truth(rest), model.predicted(rest))
    return Trial(score, seconds, model)


def _mixed(place: Ints, order: Ints, count: int, rng: np.random.Generator) -> Ints:
    """Shuffle the folds within each run of `count` neighbours in rank."""
    for start in range(0, len(order), count):
        run = order[start : start + count]
        place[run] = rng.permutation(place[run])
    return place


def _by_group(groups: pd.Series, count: int, rng: np.random.Generator) -> Ints:
    """Put each group, the largest first, into the fold with the fewest rows."""
    codes, distinct = pd.factorize(groups.astype(str))
    if len(distinct) < count:
        raise InputError(
            "fewer groups than folds",
            where=f"column {groups.name!r}",
            expected=f"{count}",
            got=f"{len(distinct)}",
            todo="set fewer folds",
        )
    sizes = np.bincount(codes)
    drawn = rng.permutation(len(sizes))
    fold_of = np.empty(len(sizes), np.int64)
    filled = np.zeros(count, np.int64)
    for group in drawn[np.argsort(-sizes[drawn], kind="stable")]:
        fold_of[group] = filled.argmin()
        filled[fold_of[group]] += sizes[group]
    return np.asarray(fold_of[codes], np.int64)
