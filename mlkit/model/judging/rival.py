"""Row for row against something else, and against a guess first of all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.verdict import Finding
from mlkit.model.judging import advice
from mlkit.model.measures.measure import Measured, guessed
from mlkit.model.measures.metrics import METRICS, metric_of
from mlkit.model.measures.resampling import interval, resamples
from mlkit.model.problem import Problem

__all__ = ["Units", "ahead", "of_guess"]

Array = NDArray[Any]
Units = tuple[Array | None, Array | None]


def ahead(
    problem: Problem,
    truth: Array,
    mine: Array,
    theirs: Array,
    units: Units = (None, None),
    seed: int = 0,
) -> Measured | None:
    """Return by how much one prediction is better than another, on the same rows.

    Parameters
    ----------
    problem
        What is predicted, and its metric.
    truth
        Class codes or values, shape (rows,).
    mine, theirs
        What the metric takes of both: probabilities, labels or values.
    units
        Each row's group, and what it counts; see `mlkit.model.measures.measure.units`.
    seed
        Of the resampling.

    Returns
    -------
    Measured or None
        ``ahead``, with its interval over resamples that both share; None where the
        metric is undefined.

    Examples
    --------
    >>> problem, truth = Problem("number", "y", "mae"), np.arange(50.0)
    >>> ahead(problem, truth, truth + 1, truth + 3).metrics
    {'ahead': 2.0}
    """
    metric = metric_of(problem)
    sign = 1 if metric.greater else -1
    groups, weights = units
    value = sign * (
        metric.compute(truth, mine, weights) - metric.compute(truth, theirs, weights)
    )
    drawn = [
        sign * (metric.many(truth, mine, times) - metric.many(truth, theirs, times))
        for times in resamples(len(truth), seed=seed, groups=groups, weights=weights)
    ]
    low, high = interval(np.concatenate(drawn), value)
    if not np.isfinite([value, low, high]).all():
        return None
    told = [float(f"{v:.7g}") for v in (value, low, high)]
    return Measured({"ahead": told[0]}, {"ahead": (told[1], told[2])})


def of_guess(
    problem: Problem,
    truth: Array,
    predicted: Array,
    base: Array,
    threshold: float,
    units: Units,
    seed: int,
) -> Finding:
    """Judge by how much a model beats a guess without features, row for row.

    Parameters
    ----------
    problem, truth
        What is predicted, and the truth.
    predicted, base, threshold
        What the model and the guess say, and the threshold of two classes.
    units, seed
        As `ahead` takes them.
    """
    metric = METRICS[problem.metric]
    predicted = metric.taken(predicted, threshold)
    told = ahead(problem, truth, predicted, guessed(problem, base), units, seed)
    bar = f"better than a guess in {metric.title}"
    if told is None:
        why = f"{metric.title} is undefined on these rows"
        return Finding(bar, "not_assessed", got=why, required=True)
    value, low = told.metrics["ahead"], told.intervals["ahead"][0]
    need = advice.rows_needed(len(truth), value, low, 0.0)
    help_ = "the features do not tell: look at the review, add features or rows"
    if need:
        help_ = f"it is ahead, but not certainly: about {need:,} rows would show it"
    return Finding(
        bar,
        "passed" if low > 0 else "missed",
        got=f"ahead by {told.words('ahead')}",
        need="a lower limit above 0",
        help=help_,
        required=True,
    )
