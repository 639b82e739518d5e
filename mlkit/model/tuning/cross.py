"""Cross-validation: folds that repeat, and a family's score on each of them.

With a time, folds roll: each is learnt on what came before it, and the first rows are
in no fold, which is written as fold −1.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.core.schema import Schema
from mlkit.model.fitted import Model, fit
from mlkit.model.measures import metrics
from mlkit.model.measures.measure import units
from mlkit.model.measures.resampling import group_codes
from mlkit.model.problem import Problem

__all__ = [
    "Trial",
    "counted",
    "definable",
    "defined",
    "finite",
    "folds",
    "learnt",
    "passed_over",
    "rounded",
    "trial",
    "usual",
]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
UNTIMED = -2
WORST = 1e100
DIGITS = 6


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
    said
        What it predicts of the rows left out.
    """

    score: float
    seconds: float
    model: Model
    said: NDArray[Any]


def folds(table: pd.DataFrame, problem: Problem, count: int, seed: int = 0) -> Ints:
    """Return each row's fold, 0 to count - 1, shape (rows,).

    Folds are even in the target: in its classes, or in the ranks of a number. With a
    group column, a group is never split, and the folds are even in rows only. With a
    column that has the role time, folds follow one another in time; the oldest rows
    are in none of them, −1, rows without a time −2, and rows of one time are never
    parted.

    Parameters
    ----------
    table
        Cleaned rows, all with a target.
    problem
        What is to be predicted.
    count
        How many folds, at least 2; fewer where there are too few distinct times or
        groups.
    seed
        Of the shuffle.

    Raises
    ------
    InputError
        Where there are fewer rows than folds, or not two groups.

    Examples
    --------
    >>> table = pd.DataFrame({"y": ["a"] * 4 + ["b"] * 4})
    >>> problem = Problem("two_classes", "y", "roc_auc", ("a", "b"))
    >>> sorted(folds(table, problem, 2)[:4].tolist())
    [0, 0, 1, 1]
    """
    rng = np.random.default_rng(seed)
    rolling = _by_time(table, count)
    if rolling is not None:
        return rolling
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
    outside = learnt(table, problem, fold, left_out)
    start = time.process_time()
    model = fit(name, settings, table[outside], problem, seed)
    seconds = time.process_time() - start
    rest = table[inside]
    said = model.predicted(rest)
    weights = units(problem, rest)[1]
    score = metrics.score(problem, problem.truth(rest), said, weights)
    return Trial(score, seconds, model, said)


def learnt(table: pd.DataFrame, problem: Problem, fold: Ints, left_out: int) -> Bools:
    """Return which rows are learnt from when a fold is left out, shape (rows,).

    Those outside of it; in folds that follow one another in time, those before it,
    and of no group that it holds.

    Examples
    --------
    >>> problem = Problem("number", "y", "rmse", numbers=("x",))
    >>> fold = np.array([-1, 0, 1, 2])
    >>> learnt(pd.DataFrame(index=range(4)), problem, fold, 1).tolist()
    [True, True, False, False]
    """
    if fold.min() >= 0:
        return np.asarray(fold != left_out, np.bool_)
    before = (fold < left_out) & (fold > UNTIMED)
    if problem.group:
        codes = group_codes(table[problem.group])
        before &= ~np.isin(codes, codes[fold == left_out])
        before = before if before.any() else (fold < left_out) & (fold > UNTIMED)
    return np.asarray(before, np.bool_)


def counted(
    problem: Problem, table: pd.DataFrame, inside: Sequence[Bools]
) -> list[NDArray[np.float64]] | None:
    """Return what the rows of each fold count; None where all count the same."""
    weights = units(problem, table)[1]
    return None if weights is None else [weights[mask] for mask in inside]


def defined(
    problem: Problem,
    truth: Sequence[NDArray[Any]],
    counts: Sequence[NDArray[Any]] | None = None,
) -> list[int]:
    """Return the folds on which the problem's metric is defined: the others tell none.

    Parameters
    ----------
    problem
        What is predicted, and by which metric it is judged.
    truth, counts
        The truth of the rows of each fold, and what they count.

    Raises
    ------
    InputError
        Where there is no such fold.

    Examples
    --------
    >>> problem = Problem("two_classes", "y", "roc_auc", ("no", "yes"))
    >>> defined(problem, [np.array([0, 0]), np.array([0, 1])])
    [1]
    """
    weights = [None] * len(truth) if counts is None else counts
    pairs = enumerate(zip(truth, weights, strict=False))
    found = [k for k, (one, weight) in pairs if definable(problem, one, weight)]
    if not found:
        raise InputError(
            f"{metrics.METRICS[problem.metric].title} is undefined on every fold",
            where=f"metric {problem.metric!r} of column {problem.target!r}",
            expected="a fold whose truth defines it",
            got=f"none of {len(truth)} folds",
            todo="name another [goal] metric, or collect rows on which it is defined",
        )
    return found


def passed_over(problem: Problem, folds: int) -> tuple[str, ...]:
    """Say on how many folds nothing can be compared, as notes; none where on all.

    Examples
    --------
    >>> passed_over(Problem("two_classes", "y", "roc_auc", ("no", "yes")), 2)
    ('ROC AUC is undefined on 2 folds: compared on the others',)
    """
    if not folds:
        return ()
    many = "one fold" if folds == 1 else f"{folds} folds"
    title = metrics.METRICS[problem.metric].title
    return (f"{title} is undefined on {many}: compared on the others",)


def definable(
    problem: Problem, truth: NDArray[Any], counts: NDArray[Any] | None = None
) -> bool:
    """Tell whether one who knows the truth of some rows would have a score on them."""
    known = np.eye(len(problem.classes))[truth] if problem.classes else truth
    return bool(np.isfinite(metrics.score(problem, truth, known, counts)))


def finite(problem: Problem, value: float) -> float:
    """Return a score on a fold that defines it; one that is undefined is the worst."""
    if np.isfinite(value):
        return value
    return -WORST if metrics.METRICS[problem.metric].greater else WORST


def rounded(scores: Iterable[float]) -> tuple[float, ...]:
    """Return scores to six decimals, or to six digits of the largest if that is small.

    What is beyond is noise of the machine.

    Examples
    --------
    >>> rounded([0.84591234, 0.1]), rounded([1.23456789e-9, 1e-20])
    ((0.845912, 0.1), (1.23457e-09, 0.0))
    """
    listed = [float(one) for one in scores]
    largest = max((abs(one) for one in listed if math.isfinite(one)), default=0.0)
    small = math.floor(math.log10(largest)) + 1 if largest else 0
    return tuple(round(one, DIGITS - min(small, 0)) for one in listed)


def usual(rows: int) -> int:
    """Return how many folds suit so many rows: the fewer rows, the more folds.

    Examples
    --------
    >>> usual(500), usual(10_000), usual(100_000)
    (8, 5, 3)
    """
    return 8 if rows < 3000 else 5 if rows < 30_000 else 3


def _by_time(table: pd.DataFrame, count: int) -> Ints | None:
    """Return folds that follow one another in time; None where there is no time."""
    from mlkit.data.parts.backtest import backtest

    named = [n for n in Schema.of(table).with_role("time") if n in table.columns]
    most = table[named[0]].nunique() - 1 if named else 0
    if most < 2:
        return None
    place = np.where(table[named[0]].isna(), UNTIMED, -1).astype(np.int64)
    for k, one in enumerate(backtest(table[named[0]], min(count, most)).folds):
        place[one.judged] = k
    return place


def _mixed(place: Ints, order: Ints, count: int, rng: np.random.Generator) -> Ints:
    """Shuffle the folds within each run of `count` neighbours in rank."""
    for start in range(0, len(order), count):
        run = order[start : start + count]
        place[run] = rng.permutation(place[run])
    return place


def _by_group(groups: pd.Series, count: int, rng: np.random.Generator) -> Ints:
    """Put each group, the largest first, into the fold with the fewest rows."""
    codes = group_codes(groups)
    sizes = np.bincount(codes)
    if len(sizes) < 2:
        raise InputError(
            "all rows are of one group: none can be left out",
            where=f"column {groups.name!r}",
            todo="collect rows of other groups, or take the role group off the column",
        )
    count = min(count, len(sizes))
    drawn = rng.permutation(len(sizes))
    fold_of = np.empty(len(sizes), np.int64)
    filled = np.zeros(count, np.int64)
    for group in drawn[np.argsort(-sizes[drawn], kind="stable")]:
        fold_of[group] = filled.argmin()
        filled[fold_of[group]] += sizes[group]
    return np.asarray(fold_of[codes], np.int64)
