"""All metrics of some rows, with intervals, beside those of a guess."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.model.fitted import Model
from mlkit.model.metrics import METRICS, bootstrap, of_problem, score
from mlkit.model.problem import Problem, known
from mlkit.model.runtime import choice
from mlkit.model.words import say

__all__ = ["Measured", "guess", "guesses", "judged", "measure"]

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

    Examples
    --------
    >>> problem = Problem("number", "y", "rmse")
    >>> measure(problem, np.arange(9.0), np.arange(9.0) + 1).metrics["mae"]
    1.0
    """
    labels = choice(predicted, threshold) if predicted.ndim == 2 else predicted
    names = [n for n in of_problem(problem) if METRICS[n].takes != "labels"]
    measures = {n: _measure(n, truth, predicted) for n in names}
    return resampled(
        {**measures, **of_labels(problem, truth, labels)}, len(truth), seed
    )


def of_labels(problem: Problem, truth: Array, labels: Array) -> dict[str, Measure]:
    """Return the measures that judge labels alone."""
    names = [n for n in of_problem(problem) if METRICS[n].takes == "labels"]
    return {n: _measure(n, truth, labels) for n in names}


def resampled(measures: Mapping[str, Measure], rows: int, seed: int = 0) -> Measured:
    """Return measures of all rows, and their intervals over resamples."""
    everything = np.arange(rows)
    values = {name: f(everything) for name, f in measures.items()}
    limits = bootstrap(list(measures.values()), rows, seed=seed)
    kept = {
        name: (value, limit)
        for (name, value), limit in zip(values.items(), limits, strict=True)
        if np.isfinite([value, *limit]).all()
    }
    return Measured(
        {name: _round(value) for name, (value, _) in kept.items()},
        {name: (_round(low), _round(high)) for name, (_, (low, high)) in kept.items()},
    )


def guess(model: Model, rows: int) -> Array:
    """Return what a guess without features predicts: class shares, or the mean."""
    if model.classes:
        return np.tile(np.array(model.shares), (rows, 1))
    return np.full(rows, model.shares[0])


def guesses(problem: Problem, truth: Array, base: Array) -> dict[str, float]:
    """Return the metrics of a guess `base`; those that are undefined are left out."""
    found = {name: score(name, truth, base) for name in of_problem(problem)}
    return {name: _round(value) for name, value in found.items() if np.isfinite(value)}


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
    return rows, model.problem.truth(rows), model.predicted(rows), notes


def _measure(name: str, truth: Array, predicted: Array) -> Measure:
    compute = METRICS[name].compute
    return lambda picked: compute(truth[picked], predicted[picked])


def _round(value: float) -> float:
    """Keep seven significant digits: what is beyond is noise of the machine."""
    return float(f"{value:.7g}")
