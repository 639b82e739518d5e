"""Metrics over rows that count more than once, or not at all.

Each takes the truth, what was predicted, and weights of shape (repeats, rows); it
returns one number a repeat, NaN where it is undefined. A resample of rows is a weight
for each, so that a thousand of them are judged at one go.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "bins",
    "brier",
    "calibration",
    "deviance",
    "f1",
    "kappa",
    "log_loss",
    "mae",
    "mape",
    "precision",
    "r2",
    "ranking",
    "recall",
    "rmse",
    "roc_auc",
    "rps",
    "said",
    "steps",
]

Array = NDArray[Any]
TINY = 1e-7
BINS = 10


def ranking(positive: Array, scores: Array, weights: Array) -> Array:
    """Return the area under the ROC curve, ties counting half (Mann, Whitney 1947).

    Parameters
    ----------
    positive
        Whether each row is of the positive class, shape (rows,).
    scores
        A score a row, greater for the positive class, shape (rows,).
    weights
        Shape (repeats, rows).

    Examples
    --------
    >>> positive, scores = np.array([False, True, True]), np.array([0.1, 0.4, 0.1])
    >>> ranking(positive, scores, np.array([[1.0, 1.0, 1.0], [1.0, 3.0, 1.0]])).tolist()
    [0.75, 0.875]
    """
    yes, no = _blocks(positive, scores, weights)
    below = np.cumsum(no, axis=1) - no / 2
    return _ratio((yes * below).sum(axis=1), yes.sum(axis=1) * no.sum(axis=1))


def roc_auc(truth: Array, chances: Array, weights: Array) -> Array:
    """Return the area under the ROC curve; of many classes the mean, one to rest."""
    if chances.shape[1] == 2:
        return ranking(truth == 1, chances[:, 1], weights)
    kept = [ranking(truth == k, chances[:, k], weights) for k in np.unique(truth)]
    return _mean_known(np.array(kept).T)


def average_precision(truth: Array, chances: Array, weights: Array) -> Array:
    """Return the mean precision over the positive rows, as the threshold sinks."""
    yes, no = (part[:, ::-1] for part in _blocks(truth == 1, chances[:, 1], weights))
    found = np.cumsum(yes, axis=1)
    precise = _ratio(found, found + np.cumsum(no, axis=1), 0.0)
    return _ratio((yes * precise).sum(axis=1), found[:, -1])


def log_loss(truth: Array, chances: Array, weights: Array) -> Array:
    """Return the mean negative logarithm of the chance given to what came true."""
    given = chances[np.arange(len(truth)), truth]
    return _mean(-np.log(np.clip(given, TINY, 1.0)), weights)


def brier(truth: Array, chances: Array, weights: Array) -> Array:
    """Return the mean squared gap of two classes' chance (Brier 1950)."""
    return _mean((chances[:, 1] - (truth == 1)) ** 2, weights)


def rps(truth: Array, chances: Array, weights: Array) -> Array:
    """Return the mean squared gap of the chances of each class or less (Epstein 1969).

    A class that is one step away costs less than one at the other end.
    """
    least = np.cumsum(chances, axis=1)[:, :-1]
    reached = truth[:, None] <= np.arange(least.shape[1])
    return _mean(((least - reached) ** 2).mean(axis=1), weights)


def calibration(truth: Array, chances: Array, weights: Array) -> Array:
    """Return the mean gap between chances and shares, over ten bins of equal rows."""
    given, right = said(truth, chances)
    gaps = np.abs(_totals(bins(given), weights * (given - right)))
    return _ratio(gaps.sum(axis=1), weights.sum(axis=1))


def bins(values: Array, count: int = BINS) -> NDArray[np.int64]:
    """Return the bin of each value: about equally many rows each, equals together.

    Parameters
    ----------
    values
        Shape (rows,).
    count
        How many bins, at most; they are numbered from 0 without a gap.

    Examples
    --------
    >>> bins(np.array([0.1, 0.5, 0.5, 0.5, 0.9]), 3).tolist()
    [0, 1, 1, 1, 2]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    codes = (middle * count / max(len(values), 1)).astype(np.int64)
    return np.asarray(np.unique(codes, return_inverse=True)[1][place], np.int64)


def said(truth: Array, chances: Array) -> tuple[Array, Array]:
    """Return what calibration judges: a chance a row, and whether it came true.

    Of two classes the chance of the second; of many that of the likeliest.
    """
    if chances.shape[1] == 2:
        return chances[:, 1], truth == 1
    top = chances.argmax(axis=1)
    return chances[np.arange(len(top)), top], truth == top


def accuracy(truth: Array, labels: Array, weights: Array) -> Array:
    """Return the share of right labels."""
    return _mean(truth == labels, weights)


def balanced_accuracy(truth: Array, labels: Array, weights: Array) -> Array:
    """Return the mean over the classes of the share of each that is found."""
    _, codes = np.unique(truth, return_inverse=True)
    right = _totals(codes, weights * (truth == labels))
    return _mean_known(_ratio(right, _totals(codes, weights)))


def precision(truth: Array, labels: Array, weights: Array) -> Array:
    """Return the share that came true of what is said positive."""
    picked = weights[:, labels == 1]
    return _ratio(picked @ (truth[labels == 1] == 1), picked.sum(axis=1))


def recall(truth: Array, labels: Array, weights: Array) -> Array:
    """Return the share of the positive that is found."""
    return precision(labels, truth, weights)


def f1(
    truth: Array, labels: Array, weights: Array, classes: int | None = None
) -> Array:
    """Return F1 of the positive class of two, else the mean over the classes.

    Where it is not said how many classes there are, those in the rows tell.
    """
    seen = np.union1d(truth, labels)
    two = set(seen.tolist()) <= {0, 1} if classes is None else classes == 2
    found = []
    for k in [1] if two else seen:
        true, told = truth == k, labels == k
        both = weights @ (true & told)
        count = weights @ (true.astype(float) + told)
        found.append(_ratio(2 * both, count, 0.0 if two else np.nan))
    return _mean_known(np.array(found).T)


def kappa(truth: Array, labels: Array, weights: Array) -> Array:
    """Return quadratic weighted kappa of ordered classes (Cohen 1968)."""
    far = weights @ ((truth - labels) ** 2)
    total = weights.sum(axis=1)
    first, second = _mean(truth, weights), _mean(labels, weights)
    squares = _mean(truth**2, weights) + _mean(labels**2, weights)
    chance = total * (squares - 2 * first * second)
    return 1 - _ratio(far, np.where(chance > total * 1e-12, chance, 0.0))


def steps(truth: Array, labels: Array, weights: Array) -> Array:
    """Return by how many steps the labels of ordered classes err on average."""
    return _mean(np.abs(truth - labels), weights)


def rmse(truth: Array, values: Array, weights: Array) -> Array:
    """Return the root of the mean squared error."""
    return np.sqrt(_mean((truth - values) ** 2, weights))


def mae(truth: Array, values: Array, weights: Array) -> Array:
    """Return the mean absolute error."""
    return _mean(np.abs(truth - values), weights)


def r2(truth: Array, values: Array, weights: Array) -> Array:
    """Return the share of the variance that is explained."""
    apart = truth - truth.mean()
    spread = _mean(apart**2, weights) - _mean(apart, weights) ** 2
    floor = 1e-12 * max(float(np.mean(apart**2)), 1e-300)
    spread = np.where(spread > floor, spread, 0.0)
    return 1 - _ratio(_mean((truth - values) ** 2, weights), spread)


def mape(truth: Array, values: Array, weights: Array) -> Array:
    """Return the mean error in shares of the truth, where all truths are well above 0.

    It is undefined where the least truth is below a hundredth of the median: there
    the few smallest values would say it all.
    """
    if not len(truth) or truth.min() <= 0 or truth.min() < np.median(truth) / 100:
        return np.full(len(weights), np.nan)
    return _mean(np.abs(truth - values) / truth, weights)


def deviance(truth: Array, values: Array, weights: Array) -> Array:
    """Return the mean Poisson deviance of counts; undefined below 0."""
    if not len(truth) or truth.min() < 0:
        return np.full(len(weights), np.nan)
    told = np.clip(values, TINY, None)
    logs = np.log(np.where(truth > 0, truth, told) / told)
    return _mean(2 * (truth * logs - truth + told), weights)


def _blocks(positive: Array, scores: Array, weights: Array) -> tuple[Array, Array]:
    """Return weights of the positive and of the rest by score, lowest score first."""
    _, codes = np.unique(scores, return_inverse=True)
    yes = _totals(codes, weights * positive)
    return yes, _totals(codes, weights) - yes


def _totals(codes: Array, weights: Array) -> Array:
    """Add weights up by code, shape (repeats, codes)."""
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        codes, weights = codes[order], np.take(weights, order, axis=1)
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    if len(starts) == len(codes):
        return weights
    return np.asarray(np.add.reduceat(weights, starts, axis=1))


def _mean(values: Array, weights: Array) -> Array:
    return _ratio(weights @ values.astype(np.float64), weights.sum(axis=1))


def _mean_known(values: Array) -> Array:
    """Return the mean over the second axis of what is no NaN."""
    known = np.isfinite(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1))


def _ratio(above: Array, below: Array, undefined: float = np.nan) -> Array:
    out = np.full(np.shape(above), undefined)
    return np.asarray(np.divide(above, below, out=out, where=np.asarray(below) > 0))
