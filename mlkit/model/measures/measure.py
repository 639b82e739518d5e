"""All metrics of some rows, with intervals, beside those of a guess."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.model.fitted import Model, counts_of
from mlkit.model.measures.metrics import METRICS, metric_of, of_problem, rounded
from mlkit.model.measures.resampling import (
    bootstrap,
    group_codes,
    interval,
    resamples,
)
from mlkit.model.problem import Problem, known
from mlkit.model.runtime import choice
from mlkit.model.words import say

__all__ = [
    "Measured",
    "guess",
    "guess_told",
    "guessed",
    "guesses",
    "judged",
    "measure",
    "measure_labels",
    "measure_rows",
    "resampled",
    "units",
]

Array = NDArray[Any]
Measure = Callable[[NDArray[np.int64]], float]


@dataclass(frozen=True)
class Measured:
    """Metrics by name.

    Parameters
    ----------
    metrics
        Their values; one that is undefined on these rows is left out.
    intervals
        Their 95 % bootstrap intervals.
    """

    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]

    def words(self, name: str) -> str:
        """Return a metric with its interval in words."""
        low, high = self.intervals[name]
        return f"{say(self.metrics[name])} ({say(low)} to {say(high)})"

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Measured:
        """Read the form that `to_dict` gives."""
        limits = {name: (low, high) for name, (low, high) in form["intervals"].items()}
        return cls(dict(form["metrics"]), limits)


def measure(
    problem: Problem,
    truth: Array,
    predicted: Array,
    threshold: float = 0.5,
    *,
    seed: int = 0,
    groups: Array | None = None,
    weights: Array | None = None,
) -> Measured:
    """Return all metrics that fit a problem, with bootstrap intervals.

    Parameters
    ----------
    problem
        What is predicted.
    truth
        Class codes or values, shape (rows,).
    predicted
        Probabilities (rows, classes) or values (rows,).
    threshold
        Of two classes, the least probability that says the second.
    seed
        Of the resampling.
    groups
        The group of each row as a code; groups are resampled whole.
    weights
        What each row counts.

    Notes
    -----
    Intervals are percentiles of resamples, moved by the bias that resampling shows;
    see `mlkit.model.measures.resampling`.

    Examples
    --------
    >>> problem = Problem("number", "y", "rmse")
    >>> measure(problem, np.arange(9.0), np.arange(9.0) + 1).metrics["mae"]
    1.0
    """
    if len(problem.classes) == 2:  # in the order of chances, ranks cost least
        order = np.argsort(predicted[:, 1], kind="stable")
        truth, predicted = truth[order], predicted[order]
        groups = None if groups is None else groups[order]
        weights = None if weights is None else weights[order]
    labels = choice(predicted, threshold) if predicted.ndim == 2 else predicted
    judged = {
        name: labels if METRICS[name].takes == "labels" else predicted
        for name in of_problem(problem)
    }
    many = max(len(problem.classes) // 2, 1)
    drawn = resamples(len(truth), seed=seed, groups=groups, weights=weights, each=many)
    rows = {
        name: min(_rows(some, groups, weights) for some in shares)
        for name in judged
        if (shares := _shares(name, problem, truth, labels))
    }
    return _measured(problem, judged, truth, drawn, weights, rows)


def measure_rows(
    problem: Problem,
    table: pd.DataFrame,
    truth: Array,
    predicted: Array,
    threshold: float = 0.5,
    *,
    seed: int = 0,
) -> Measured:
    """Return all metrics of rows, by the roles group and weight of their columns.

    Parameters
    ----------
    problem, truth, predicted, threshold, seed
        As `measure` takes them.
    table
        The rows; those of one group are resampled together, and each counts by its
        weight.
    """
    groups, weights = units(problem, table)
    more: Any = {"seed": seed, "groups": groups, "weights": weights}
    return measure(problem, truth, predicted, threshold, **more)


def measure_labels(
    problem: Problem,
    truth: Array,
    labels: Array,
    drawn: Iterable[Array],
    weights: Array | None = None,
    *,
    rows: Array | None = None,
    groups: Array | None = None,
) -> Measured:
    """Return the metrics that judge labels alone.

    Parameters
    ----------
    problem
        What is predicted.
    truth, labels
        Class codes, shape (rows,).
    drawn
        Resamples, as `mlkit.model.measures.resampling.resamples` yields them.
    weights
        What each row counts.
    rows
        For how many rows each stands; None where each is one.
    groups
        The group of each row as a code, where they were resampled whole.
    """
    names = [n for n in of_problem(problem) if METRICS[n].takes == "labels"]
    judged = dict.fromkeys(names, labels)
    many = {
        name: min(
            _rows(some, groups, weights) if rows is None else int((some * rows).sum())
            for some in shares
        )
        for name in names
        if (shares := _shares(name, problem, truth, labels))
    }
    return _measured(problem, judged, truth, drawn, weights, many)


def _measured(
    problem: Problem,
    judged: Mapping[str, Array],
    truth: Array,
    drawn: Iterable[Array],
    weights: Array | None,
    rows: Mapping[str, int],
) -> Measured:
    metrics = {name: metric_of(problem, name) for name in judged}
    values = {n: metrics[n].compute(truth, p, weights) for n, p in judged.items()}
    found: dict[str, list[Array]] = {name: [] for name in judged}
    for batch in drawn:
        for name, predicted in judged.items():
            found[name].append(metrics[name].many(truth, predicted, batch))
    limits = {
        name: interval(np.concatenate(found[name]), value, rows=rows.get(name, 0))
        for name, value in values.items()
        if np.isfinite(value)
    }
    return _kept(values, limits)


def _shares(
    name: str, problem: Problem, truth: Array, labels: Array
) -> list[NDArray[np.bool_]]:
    """Return the rows of each share that a metric is made of; nothing if of none.

    A metric is at its best only where each of its shares is 1, and is no worse than
    the least of them: the limit of the share of fewest rows is one of the metric. So
    it is for the area under the ROC curve, a share of pairs of two classes' rows, of
    which the rarer class has as many as have no row in common; for balanced accuracy,
    a mean of shares; and for F1, which is never below the share of rows that are right
    among those that are of a class or said to be. For average precision and kappa it is
    a fair guess.
    """
    two = len(problem.classes) == 2
    if name == "accuracy":
        return [np.ones(len(truth), bool)]
    if name in ("recall", "precision"):
        return [(truth if name == "recall" else labels) == 1]
    if name == "f1":
        classes = [1] if two else np.unique(truth)
        return [(truth == k) | (labels == k) for k in classes]
    if name in ("balanced_accuracy", "roc_auc", "average_precision", "kappa"):
        return [truth == k for k in np.unique(truth)]
    return []


def _rows(
    counted: NDArray[np.bool_], groups: Array | None, weights: Array | None
) -> int:
    """Return how many rows count, or how many groups of rows that hang together."""
    if weights is not None:
        counted = counted & (weights > 0)
    return int(counted.sum()) if groups is None else len(np.unique(groups[counted]))


def units(problem: Problem, table: pd.DataFrame) -> tuple[Array | None, Array | None]:
    """Return each row's group as a code, and what it counts; None where all alike.

    Where all rows are of one group, rows are what can be drawn.

    Parameters
    ----------
    problem
        What is predicted; it names the columns with the roles group and weight.
    table
        The rows. One without a group is a group of its own; a missing or negative
        weight counts 0.
    """
    groups = weights = None
    if problem.group in table:
        codes = group_codes(table[problem.group])
        groups = None if len(np.unique(codes)) in (1, len(codes)) else codes
    counted = counts_of(table, problem) if problem.weight in table else None
    if counted is not None and counted.sum() > 0 and np.ptp(counted) > 0:
        weights = counted
    return groups, weights


def resampled(measures: Mapping[str, Measure], rows: int, seed: int = 0) -> Measured:
    """Return measures of all rows, and their intervals over resamples."""
    everything = np.arange(rows)
    values = {name: f(everything) for name, f in measures.items()}
    limits = bootstrap(list(measures.values()), rows, seed=seed)
    return _kept(values, dict(zip(values, limits, strict=True)))


def _kept(
    values: Mapping[str, float], limits: Mapping[str, tuple[float, float]]
) -> Measured:
    """Leave out what is undefined on these rows, or in every resample."""
    kept = [n for n in limits if np.isfinite([values[n], *limits[n]]).all()]
    ends = {n: [rounded(n, end) for end in limits[n]] for n in kept}
    return Measured(
        {name: rounded(name, values[name]) for name in kept},
        {name: (low, high) for name, (low, high) in ends.items()},
    )


def guess(model: Model, rows: int) -> Array:
    """Return what a guess without features predicts: class shares, or the mean."""
    base = model.shares if model.base is None else model.base
    if model.classes:
        return np.tile(np.array(base), (rows, 1))
    return np.full(rows, base[0])


def guessed(problem: Problem, base: Array, name: str = "") -> Array:
    """Return a guess `base` as a metric takes it.

    Where labels are judged, a guess says the likeliest class; but by F1 of two classes
    it always says the second, which scores best of all that can be said unseen.

    Parameters
    ----------
    problem
        What is predicted.
    base
        What `guess` predicts.
    name
        One of `mlkit.model.measures.metrics.METRICS`; by default the problem's own.
    """
    name = name or problem.metric
    if METRICS[name].takes != "labels" or base.ndim == 1:
        return base
    if name == "f1" and len(problem.classes) == 2:
        return np.ones(len(base), np.int64)
    return np.asarray(base.argmax(axis=1))


def guesses(
    problem: Problem, truth: Array, base: Array, weights: Array | None = None
) -> dict[str, float]:
    """Return the metrics of a guess `base`; those that are undefined are left out."""
    found = {
        name: metric_of(problem, name).compute(
            truth, guessed(problem, base, name), weights
        )
        for name in of_problem(problem)
    }
    return {n: rounded(n, value) for n, value in found.items() if np.isfinite(value)}


def guess_told(problem: Problem, found: Mapping[str, float]) -> list[str]:
    """Tell what a guess says where that differs from metric to metric; else nothing.

    Parameters
    ----------
    problem
        What is predicted.
    found
        What `guesses` returns.

    Examples
    --------
    >>> problem = Problem("two_classes", "y", "f1", ("no", "yes"))
    >>> guess_told(problem, {"recall": 0.0, "f1": 0.4})
    ['a guess says no of every row; for F1 it says yes of every row, which scores more']
    """
    if len(problem.classes) != 2 or "f1" not in found or found.get("recall") != 0:
        return []
    no, yes = problem.classes
    most = f"for {METRICS['f1'].title} it says {yes} of every row, which scores more"
    return [f"a guess says {no} of every row; {most}"]


def judged(
    model: Model, table: pd.DataFrame
) -> tuple[pd.DataFrame, Array, Array, list[str]]:
    """Return the rows that can be judged, their truth, what is predicted, and notes.

    Parameters
    ----------
    model
        A fitted model.
    table
        Cleaned rows with their target.

    Raises
    ------
    InputError
        Where no row has a target that the model knows.
    """
    rows = known(table, model.problem)
    if not len(rows):
        raise InputError(
            "no row has a target that the model knows",
            where=f"column {model.problem.target!r}",
            got=f"{len(table)} rows",
        )
    lost = len(table) - len(rows)
    notes = [f"{lost} rows without a known target are left out"] if lost else []
    group = model.problem.group
    if group in rows and len(rows) > 1 and rows[group].nunique(dropna=False) == 1:
        notes.append(f"all rows are of one {group}: intervals hold for that one alone")
    return rows, model.problem.truth(rows), model.predicted(rows), notes
