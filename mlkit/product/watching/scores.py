"""How good the model is on live rows: measured where truth has come in, else expected.

Both are told as the share of its skill that is lost: how far the metric has gone from
what it was at acceptance towards what a guess gets. So one limit fits every metric.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.data.charts.cards import many
from mlkit.data.measures.groups import wilson
from mlkit.model.measures.expected import expected
from mlkit.model.measures.metrics import METRICS, metric_of
from mlkit.model.measures.resampling import interval, resamples
from mlkit.model.words import say
from mlkit.product.watching.live import Live
from mlkit.product.watching.parcel import Parcel

__all__ = [
    "FEWEST",
    "Score",
    "drawn",
    "estimated",
    "judged",
    "kept",
    "lost",
    "measured",
]

FEWEST, MOST, REPEATS = 30, 5000, 300
SURE = 2.576 / 1.96
"""From the half of a 95 % interval to that of a 99 % one."""


@dataclass(frozen=True)
class Score:
    """A metric of some live rows.

    Parameters
    ----------
    metric
        One of `mlkit.model.measures.metrics.METRICS`, or ``coverage``.
    value, low, high
        The metric and its 95 % interval; of a coverage the 99 % one.
    rows
        How many rows it was taken on, copies of others left out.
    """

    metric: str
    value: float
    low: float
    high: float
    rows: int

    def told(self) -> str:
        """Return the metric with its interval in words."""
        ends = f"{say(self.low)} to {say(self.high)}"
        return f"{say(self.value)} ({ends}, {many(self.rows, 'row')})"


def measured(live: Live, *, seed: int = 0) -> Score | None:
    """Return the metric of the rows whose truth has come in; None where they are few.

    Parameters
    ----------
    live
        Live rows; those without a truth are passed over.
    seed
        Of the resampling.
    """
    some = drawn(live.take(np.flatnonzero(live.known)))
    problem = live.parcel.problem
    if len(some) < FEWEST:
        return None
    metric, said = metric_of(problem), judged(some)
    value = metric.compute(some.truth, said)
    batches = resamples(len(some), seed=seed, repeats=REPEATS)
    draws = [metric.many(some.truth, said, times) for times in batches]
    low, high = interval(np.concatenate(draws), value)
    if not np.isfinite([value, low, high]).all():
        return None
    return Score(problem.metric, _round(value), _round(low), _round(high), len(some))


def estimated(live: Live, *, seed: int = 0) -> Score | None:
    """Return the metric to expect of rows, whatever came true; None where unknown.

    Parameters
    ----------
    live
        Live rows.
    seed
        Of the draws of truths.
    """
    parcel, some = live.parcel, drawn(live)
    args = parcel.problem, parcel.reference.get("truth", {}), some.predicted
    found = expected(*args, parcel.threshold, seed=seed)
    if found is None:
        return None
    value, low, high = map(_round, found)
    return Score(parcel.problem.metric, value, low, high, len(some))


def kept(live: Live) -> Score | None:
    """Return the share of truths that the package's intervals or sets held.

    Parameters
    ----------
    live
        Live rows; those without a truth are passed over.

    Returns
    -------
    Score or None
        With Wilson's 99 % interval; None where nothing was promised, or rows are few.
    """
    promise = live.parcel.predictor.promise
    some = live.take(np.flatnonzero(live.known)).natural
    if promise is None or len(some) < FEWEST:
        return None
    if some.predicted.ndim == 2:
        sets = promise.sets(some.predicted)
        held = sets[np.arange(len(some)), some.truth]
    else:
        lower, upper = promise.interval(some.predicted)
        held = (lower <= some.truth) & (some.truth <= upper)
    found = wilson(np.array([held.sum()]), np.array([len(some)]), 0.99)
    value, low, high = (_round(float(one[0])) for one in found)
    return Score("coverage", value, low, high, len(some))


def lost(parcel: Parcel, score: Score) -> tuple[float, bool] | None:
    """Return the share of its skill that a model has lost, and whether it is certain.

    Parameters
    ----------
    parcel
        The package, which tells the metric at acceptance and that of a guess.
    score
        The metric now.

    Returns
    -------
    tuple or None
        The share, below 0 where it has gained; certain where both 99 % intervals
        together do not explain it. None where the package does not have the metric.
    """
    name = score.metric
    if name not in parcel.accepted.metrics or name not in parcel.guessed:
        return None
    before, (low, high) = parcel.accepted.metrics[name], parcel.accepted.intervals[name]
    skill = before - parcel.guessed[name]
    if not skill:
        return None
    share = (before - score.value) / skill
    unsure = np.hypot((high - low) / 2, (score.high - score.low) / 2) * SURE
    return float(share), bool(abs(before - score.value) > unsure)


def judged(live: Live) -> NDArray[Any]:
    """Return what the metric takes of each row: labels, probabilities or values."""
    metric = METRICS[live.parcel.problem.metric]
    return metric.taken(live.predicted, live.parcel.threshold)


def drawn(live: Live) -> Live:
    """Return at most five thousand of the rows, in order; none is there as a copy."""
    some = live.natural
    if len(some) <= MOST:
        return some
    rng = np.random.default_rng(0)
    return some.take(np.sort(rng.permutation(len(some))[:MOST]))


def _round(value: float) -> float:
    return float(f"{value:.6g}")
