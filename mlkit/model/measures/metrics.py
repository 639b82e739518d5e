"""Metrics: which fit a problem, and what they judge.

A metric takes the truth and what was predicted: probabilities of shape
(rows, classes), labels as class codes, or values. Undefined is NaN, never a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.names import TITLES
from mlkit.model.measures import weighted
from mlkit.model.measures.resampling import bootstrap
from mlkit.model.measures.weighted import said
from mlkit.model.problem import Problem
from mlkit.model.runtime import choice

__all__ = [
    "METRICS",
    "Metric",
    "auc",
    "better",
    "bootstrap",
    "metric_of",
    "of_problem",
    "rounded",
    "said",
    "score",
]

NOISE = 1e-12
WITH_UNIT = frozenset({"rmse", "mae", "deviance"})
Array = NDArray[Any]


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
    many
        (truth, predicted, weights of shape (repeats, rows)) → one number a repeat.
    """

    title: str
    takes: str
    greater: bool
    many: Callable[[Array, Array, Array], Array]

    def taken(self, predicted: Array, threshold: float | None = None) -> Array:
        """Return what it judges of what was predicted: labels, where it takes them."""
        if self.takes != "labels" or predicted.ndim < 2:
            return predicted
        if threshold is None:
            return np.asarray(predicted.argmax(axis=1))
        return choice(predicted, threshold)

    def compute(
        self, truth: Array, predicted: Array, weights: Array | None = None
    ) -> float:
        """Return the metric of some rows, each counting once or by its weight."""
        if not len(truth):
            return float("nan")
        counted = np.ones(len(truth)) if weights is None else weights
        return float(self.many(truth, predicted, counted.reshape(1, -1))[0])


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
    if not len(positive):
        return float("nan")
    return float(weighted.ranking(positive, scores, np.ones((1, len(positive))))[0])


def _chances(name: str, many: Any, *, greater: bool = False) -> Metric:
    return Metric(TITLES[name], "probabilities", greater, many)


def _labels(name: str, many: Any, *, greater: bool = True) -> Metric:
    return Metric(TITLES[name], "labels", greater, many)


def _values(name: str, many: Any, *, greater: bool = False) -> Metric:
    return Metric(TITLES[name], "values", greater, many)


def _rows(name: str, *, greater: bool = True) -> Metric:
    """Return a metric that no truth tells: it is measured by repeats."""
    return Metric(TITLES[name], "rows", greater, _untold)


def _untold(truth: Array, predicted: Array, weights: Array) -> Array:  # noqa: ARG001
    return np.full(len(weights), np.nan)


METRICS = {
    "stability": _rows("stability"),
    "replication": _rows("replication"),
    "silhouette": _rows("silhouette"),
    "alarms": _rows("alarms", greater=False),
    "planted": _rows("planted"),
    "roc_auc": _chances("roc_auc", weighted.roc_auc, greater=True),
    "average_precision": _chances(
        "average_precision", weighted.average_precision, greater=True
    ),
    "log_loss": _chances("log_loss", weighted.log_loss),
    "brier": _chances("brier", weighted.brier),
    "rps": _chances("rps", weighted.rps),
    "calibration": _chances("calibration", weighted.calibration),
    "accuracy": _labels("accuracy", weighted.accuracy),
    "balanced_accuracy": _labels("balanced_accuracy", weighted.balanced_accuracy),
    "precision": _labels("precision", weighted.precision),
    "recall": _labels("recall", weighted.recall),
    "f1": _labels("f1", weighted.f1),
    "kappa": _labels("kappa", weighted.kappa),
    "steps": _labels("steps", weighted.steps, greater=False),
    "rmse": _values("rmse", weighted.rmse),
    "mae": _values("mae", weighted.mae),
    "r2": _values("r2", weighted.r2, greater=True),
    "mape": _values("mape", weighted.mape),
    "deviance": _values("deviance", weighted.deviance),
}
_MANY = ("log_loss", "roc_auc", "calibration", "accuracy", "balanced_accuracy", "f1")
_TWO = (
    *("roc_auc", "average_precision", "log_loss", "brier", "calibration"),
    *("accuracy", "balanced_accuracy", "precision", "recall", "f1"),
)
_BY_KIND = {
    "anomaly": (
        *("alarms", "stability", "planted"),
        *("average_precision", "roc_auc", "precision", "recall"),
    ),
    "cluster": ("stability", "replication", "silhouette"),
    "two_classes": _TWO,
    "many_classes": _MANY,
    "ordered": ("rps", "kappa", "steps", *_MANY),
    "number": ("rmse", "mae", "r2", "mape"),
    "count": ("deviance", "mae", "rmse", "r2"),
}


def of_problem(problem: Problem) -> list[str]:
    """Return the names of the metrics that fit, the problem's own first."""
    names = [name for name in _BY_KIND[problem.kind] if name != problem.metric]
    return [problem.metric, *names]


def metric_of(problem: Problem, name: str = "") -> Metric:
    """Return a metric as a problem means it, whichever classes the rows hold.

    Parameters
    ----------
    problem
        What is predicted.
    name
        One of `METRICS`; by default the problem's own.
    """
    metric = METRICS[name or problem.metric]
    if metric is not METRICS["f1"]:
        return metric
    return replace(metric, many=partial(weighted.f1, classes=len(problem.classes)))


def score(
    name: str | Problem,
    truth: Array,
    predicted: Array,
    weights: Array | None = None,
    *,
    threshold: float | None = None,
) -> float:
    """Return a metric; labels are taken from probabilities where it judges labels.

    Parameters
    ----------
    name
        One of `METRICS`; or a problem, for its own.
    truth
        Class codes or values, shape (rows,).
    predicted
        Probabilities (rows, classes), labels (rows,) or values (rows,).
    weights
        What each row counts; None counts each once.
    threshold
        Of two classes, the least probability that says the second; None takes the
        likelier class.
    """
    metric = METRICS[name] if isinstance(name, str) else metric_of(name)
    return metric.compute(truth, metric.taken(predicted, threshold), weights)


def rounded(name: str, value: float) -> float:
    """Keep seven digits of a metric: what is beyond is noise of the machine.

    So is what is next to 0, unless it is in the unit of the target, which may be small.

    Examples
    --------
    >>> rounded("kappa", 2.22e-16), rounded("rmse", 2.22e-16), rounded("r2", 2 / 3)
    (0.0, 2.22e-16, 0.6666667)
    """
    if abs(value) < NOISE and name not in WITH_UNIT:
        return 0.0
    return float(f"{value:.7g}")


def better(name: str, value: float, than: float) -> bool:
    """Tell whether `value` of a metric is better than another.

    Examples
    --------
    >>> better("roc_auc", 0.8, 0.7), better("rmse", 0.8, 0.7)
    (True, False)
    """
    return value > than if METRICS[name].greater else value < than
