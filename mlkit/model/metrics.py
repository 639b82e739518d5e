"""Metrics, and how sure one may be of them.

A metric takes the truth and what was predicted: probabilities of shape
(rows, classes), labels as class codes, or values. Undefined is NaN, never a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.problem import Problem

__all__ = ["METRICS", "Metric", "better", "bootstrap", "of_problem", "score"]

Array = NDArray[Any]
TINY = 1e-7


@dataclass(frozen=True)
class Metric:
    """One metric.

    Parameters
    ----------
    title
        Its name in plots and cards.
    takes
        What it judges: ``probabilities``, ``labels`` or ``values``.
    greater
        Whether more is better.
    compute
        (truth, predicted) → number.
    """

    title: str
    takes: str
    greater: bool
    compute: Callable[[Array, Array], float]


def auc(positive: Array, scores: Array) -> float:
    """Return the area under the ROC curve, by ranks (Mann and Whitney 1947).

    Parameters
    ----------
    positive
        Whether each row is of the positive class, shape (rows,).
    scores
        A score a row, greater for the positive class, shape (rows,).

    Examples
    --------
    >>> auc(np.array([False, True, True]), np.array([0.1, 0.4, 0.1]))
    0.75
    """
    yes, no = int(positive.sum()), int((~positive).sum())
    if not yes or not no:
        return float("nan")
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[positive].sum() - yes * (yes + 1) / 2) / (yes * no))


def _roc_auc(truth: Array, chances: Array) -> float:
    if chances.shape[1] == 2:
        return auc(truth == 1, chances[:, 1])
    each = [auc(truth == k, chances[:, k]) for k in range(chances.shape[1])]
    kept = [value for value in each if np.isfinite(value)]
    return float(np.mean(kept)) if kept else float("nan")


def _average_precision(truth: Array, chances: Array) -> float:
    order = np.argsort(-chances[:, 1], kind="stable")
    hits, scores = (truth == 1)[order], chances[order, 1]
    if not hits.any():
        return float("nan")
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    found = np.cumsum(hits)[last]
    return float(np.sum(np.diff(found, prepend=0) * found / (last + 1)) / hits.sum())


def _log_loss(truth: Array, chances: Array) -> float:
    given = chances[np.arange(len(truth)), truth]
    return float(-np.mean(np.log(np.clip(given, TINY, 1.0))))


def _brier(truth: Array, chances: Array) -> float:
    return float(np.mean((chances[:, 1] - (truth == 1)) ** 2))


def _calibration(truth: Array, chances: Array) -> float:
    """Return the mean gap between chances and shares, over ten bins of equal rows."""
    given, right = said(truth, chances)
    order = np.argsort(given, kind="stable")
    bins = np.array_split(order, min(10, len(order)))
    gaps = [abs(given[b].mean() - right[b].mean()) * len(b) for b in bins]
    return float(np.sum(gaps) / len(order))


def said(truth: Array, chances: Array) -> tuple[Array, Array]:
    """Return what calibration judges: a chance a row, and whether it came true.

    Of two classes the chance of the second; of many that of the likeliest.
    """
    if chances.shape[1] == 2:
        return chances[:, 1], truth == 1
    top = chances.argmax(axis=1)
    return chances[np.arange(len(top)), top], truth == top


def _accuracy(truth: Array, labels: Array) -> float:
    return float(np.mean(truth == labels))


def _balanced_accuracy(truth: Array, labels: Array) -> float:
    return float(np.mean([np.mean(labels[truth == k] == k) for k in np.unique(truth)]))


def _precision(truth: Array, labels: Array) -> float:
    said = labels == 1
    return float(np.mean(truth[said] == 1)) if said.any() else float("nan")


def _recall(truth: Array, labels: Array) -> float:
    true = truth == 1
    return float(np.mean(labels[true] == 1)) if true.any() else float("nan")


def _f1(truth: Array, labels: Array) -> float:
    """Return F1 of the positive class of two, else the mean over the classes."""
    seen = np.unique(np.concatenate([truth, labels]))
    classes = [1] if set(seen) <= {0, 1} else list(seen)
    both = [np.sum((truth == k) & (labels == k)) for k in classes]
    sums = [np.sum(truth == k) + np.sum(labels == k) for k in classes]
    each = [2 * b / s if s else 0.0 for b, s in zip(both, sums, strict=True)]
    return float(np.mean(each))


def _rmse(truth: Array, values: Array) -> float:
    return float(np.sqrt(np.mean((truth - values) ** 2)))


def _mae(truth: Array, values: Array) -> float:
    return float(np.mean(np.abs(truth - values)))


def _r2(truth: Array, values: Array) -> float:
    spread = np.sum((truth - truth.mean()) ** 2)
    return float(1 - np.sum((truth - values) ** 2) / spread) if spread else float("nan")


METRICS = {
    "roc_auc": Metric("ROC AUC", "probabilities", True, _roc_auc),
    "average_precision": Metric(
        "average precision", "probabilities", True, _average_precision
    ),
    "log_loss": Metric("log loss", "probabilities", False, _log_loss),
    "brier": Metric("Brier score", "probabilities", False, _brier),
    "calibration": Metric("calibration error", "probabilities", False, _calibration),
    "accuracy": Metric("accuracy", "labels", True, _accuracy),
    "balanced_accuracy": Metric(
        "balanced accuracy", "labels", True, _balanced_accuracy
    ),
    "precision": Metric("precision", "labels", True, _precision),
    "recall": Metric("recall", "labels", True, _recall),
    "f1": Metric("F1", "labels", True, _f1),
    "rmse": Metric("RMSE", "values", False, _rmse),
    "mae": Metric("MAE", "values", False, _mae),
    "r2": Metric("R²", "values", True, _r2),
}
_BY_KIND = {
    "two_classes": (
        "roc_auc",
        "average_precision",
        "log_loss",
        "brier",
        "calibration",
        "accuracy",
        "balanced_accuracy",
        "precision",
        "recall",
        "f1",
    ),
    "many_classes": (
        "log_loss",
        "roc_auc",
        "calibration",
        "accuracy",
        "balanced_accuracy",
        "f1",
    ),
    "number": ("rmse", "mae", "r2"),
}


def of_problem(problem: Problem) -> list[str]:
    """Return the names of the metrics that fit, the problem's own first."""
    names = [name for name in _BY_KIND[problem.kind] if name != problem.metric]
    return [problem.metric, *names]


def score(name: str, truth: Array, predicted: Array) -> float:
    """Return a metric; labels are taken from probabilities where it judges labels.

    Parameters
    ----------
    name
        One of `METRICS`.
    truth
        Class codes or values, shape (rows,).
    predicted
        Probabilities (rows, classes), labels (rows,) or values (rows,).
    """
    metric = METRICS[name]
    if metric.takes == "labels" and predicted.ndim == 2:
        predicted = predicted.argmax(axis=1)
    return metric.compute(truth, predicted)


def better(name: str, value: float, than: float) -> bool:
    """Tell whether `value` of a metric is better than another.

    Examples
    --------
    >>> better("roc_auc", 0.8, 0.7), better("rmse", 0.8, 0.7)
    (True, False)
    """
    return value > than if METRICS[name].greater else value < than


def bootstrap(
    measures: Sequence[Callable[[NDArray[np.int64]], float]],
    rows: int,
    *,
    repeats: int = 500,
    level: float = 0.95,
    seed: int = 0,
) -> list[tuple[float, float]]:
    """Return intervals of measures over resampled rows (Efron 1979).

    Percentiles, moved by the bias that resampling shows: a calibration error grows
    by resampling, a mean does not.

    Parameters
    ----------
    measures
        Each takes row positions, shape (rows,), and returns a number.
    rows
        How many rows there are.
    repeats
        Resamples; fewer on very many rows, at least 100.
    level
        The share of resamples inside an interval.

    Examples
    --------
    >>> values = np.arange(100.0)
    >>> [(low, high)] = bootstrap([lambda rows: values[rows].mean()], 100)
    >>> bool(low < 49.5 < high)
    True
    """
    rng = np.random.default_rng(seed)
    repeats = int(np.clip(5_000_000 // max(rows, 1), 100, repeats))
    everything = np.arange(rows)
    points = [measure(everything) for measure in measures]
    draws = np.empty((len(measures), repeats))
    for at in range(repeats):
        picked = rng.integers(0, rows, rows)
        draws[:, at] = [measure(picked) for measure in measures]
    tail = (1 - level) / 2
    return [
        _limits(row[np.isfinite(row)], point, tail)
        for row, point in zip(draws, points, strict=True)
    ]


def _limits(draws: Array, point: float, tail: float) -> tuple[float, float]:
    if not len(draws):
        return float("nan"), float("nan")
    limits = np.quantile(draws, [tail, 1 - tail]) - (draws.mean() - point)
    ends = min(draws.min(), point), max(draws.max(), point)
    low, high = np.clip(limits, *ends)
    return float(low), float(high)
