"""What the plots of an evaluation are drawn from: small, plain, the same every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.metrics import said
from mlkit.model.problem import Problem
from mlkit.model.runtime import STEPS, choice

__all__ = ["cheapest", "costs", "draw", "labelled"]

Array = NDArray[Any]
POINTS = 200
DOTS = 500


def draw(problem: Problem, truth: Array, predicted: Array) -> dict[str, Any]:
    """Return the curves of a problem as plain JSON data.

    Parameters
    ----------
    problem
        What is predicted.
    truth
        Class codes or values, shape (rows,).
    predicted
        Probabilities (rows, classes) or values (rows,).
    """
    if problem.kind == "number":
        return _number(truth, predicted)
    drawn: dict[str, Any] = {"calibration": _calibration(truth, predicted)}
    if problem.kind == "many_classes":
        return {**drawn, "confusion": _confusion(truth, predicted)}
    chances, positive = predicted[:, 1], truth == 1
    return {
        **drawn,
        "roc": _roc(positive, chances),
        "precision_recall": _precision_recall(positive, chances),
        "thresholds": _thresholds(positive, chances),
        "histogram": {
            "positive": _shares(chances[positive]),
            "negative": _shares(chances[~positive]),
        },
    }


def labelled(thresholds: Mapping[str, Any], threshold: float) -> tuple[Array, Array]:
    """Return truth and labels, in some order, as they fall at a threshold.

    Parameters
    ----------
    thresholds
        The counts that `draw` gives under that name.
    threshold
        In steps of 0.001.
    """
    at = round(threshold * 1000)
    hits, alarms = thresholds["hits"][at], thresholds["alarms"][at]
    yes, no = thresholds["positive"], thresholds["negative"]
    counts = [no - alarms, alarms, yes - hits, hits]
    return np.repeat([0, 0, 1, 1], counts), np.repeat([0, 1, 0, 1], counts)


def costs(thresholds: Mapping[str, Any], told: Mapping[str, float]) -> Array:
    """Return the mean cost of a row at each threshold, shape (1001,)."""
    rows = thresholds["positive"] + thresholds["negative"]
    missed = thresholds["positive"] - np.array(thresholds["hits"])
    alarms = np.array(thresholds["alarms"])
    return np.asarray((told["miss"] * missed + told["false_alarm"] * alarms) / rows)


def cheapest(thresholds: Mapping[str, Any], told: Mapping[str, float]) -> float:
    """Return the threshold that costs least, or one not certainly dearer, near theory.

    On few rows many thresholds cost about the same; of those within one standard
    error of the least, the nearest to the one for calibrated chances is taken.

    Examples
    --------
    >>> truth = np.array([0, 0, 1, 1])
    >>> chances = np.array([0.1, 0.3, 0.6, 0.9])
    >>> made = _thresholds(truth == 1, chances)
    >>> cheapest(made, {"false_alarm": 1, "miss": 1})
    0.5
    """
    spent, error = costs(thresholds, told), _errors(thresholds, told)
    grid = np.arange(1001) / 1000
    ideal = told["false_alarm"] / (told["false_alarm"] + told["miss"])
    inside = (grid >= 0.001) & (grid <= 0.999)
    good = (spent - spent[inside].min() <= error + 1e-12) & inside
    return float(grid[(np.abs(grid - ideal) + np.where(good, 0, 2)).argmin()])


def _errors(thresholds: Mapping[str, Any], told: Mapping[str, float]) -> Array:
    """Return the standard error of each cost less the least: of rows that change."""
    hits, alarms = np.array(thresholds["hits"]), np.array(thresholds["alarms"])
    best = costs(thresholds, told)[1:-1].argmin() + 1
    missed = told["miss"] ** 2 * np.abs(hits - hits[best])
    alarmed = told["false_alarm"] ** 2 * np.abs(alarms - alarms[best])
    rows = thresholds["positive"] + thresholds["negative"]
    return np.asarray(np.sqrt(missed + alarmed) / rows)


def _thresholds(positive: Array, chances: Array) -> dict[str, Any]:
    """Count hits and alarms at thresholds 0, 0.001 ... 1, by the rule of `choice`."""
    steps = np.round(chances.astype(np.float32) * STEPS)
    least = np.round((np.arange(1001) / 1000).astype(np.float32) * STEPS)
    hits = _at_least(steps[positive], least)
    alarms = _at_least(steps[~positive], least)
    return {
        "hits": hits,
        "alarms": alarms,
        "positive": int(positive.sum()),
        "negative": int((~positive).sum()),
    }


def _at_least(steps: Array, least: Array) -> list[int]:
    below = np.searchsorted(np.sort(steps), least, side="left")
    return [int(count) for count in len(steps) - below]


def _roc(positive: Array, chances: Array) -> dict[str, list[float]]:
    hits, alarms = _sweep(positive, chances)
    yes, no = max(hits[-1], 1), max(alarms[-1], 1)
    x, y = np.append(0, alarms / no), np.append(0, hits / yes)
    return _curve(x, y)


def _precision_recall(positive: Array, chances: Array) -> dict[str, list[float]]:
    hits, alarms = _sweep(positive, chances)
    recall, precision = hits / max(hits[-1], 1), hits / (hits + alarms)
    return _curve(np.append(0, recall), np.append(precision[0], precision))


def _sweep(positive: Array, chances: Array) -> tuple[Array, Array]:
    """Count hits and alarms as the threshold sinks through the distinct chances."""
    order = np.argsort(-chances, kind="stable")
    last = np.append(np.flatnonzero(np.diff(chances[order])), len(order) - 1)
    hits = np.cumsum(positive[order])[last]
    return hits, last + 1 - hits


def _curve(x: Array, y: Array) -> dict[str, list[float]]:
    """Thin a curve to points that are even along its path."""
    path = np.append(0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    wanted = np.linspace(0, path[-1], POINTS)
    picked = np.unique(np.append(np.searchsorted(path, wanted), [0, len(x) - 1]))
    picked = picked[picked < len(x)]
    return {"x": _plain(x[picked]), "y": _plain(y[picked])}


def _calibration(truth: Array, predicted: Array) -> dict[str, list[float]]:
    given, right = said(truth, predicted)
    order = np.argsort(given, kind="stable")
    bins = np.array_split(order, min(10, len(order)))
    return {
        "predicted": _plain(np.array([given[b].mean() for b in bins])),
        "seen": _plain(np.array([right[b].mean() for b in bins])),
        "rows": [len(b) for b in bins],
    }


def _confusion(truth: Array, predicted: Array) -> list[list[int]]:
    width = predicted.shape[1]
    cells = truth * width + choice(predicted)
    counts = np.bincount(cells, minlength=width * width).reshape(width, width)
    return [[int(count) for count in row] for row in counts]


def _number(truth: Array, predicted: Array) -> dict[str, Any]:
    picked = np.linspace(0, len(truth) - 1, min(DOTS, len(truth))).round().astype(int)
    errors = predicted - truth
    reach = np.quantile(np.abs(errors), 0.995) or 1.0
    counts, edges = np.histogram(errors.clip(-reach, reach), 31, (-reach, reach))
    return {
        "truth": _plain(truth[picked]),
        "predicted": _plain(predicted[picked]),
        "errors": {"edges": _plain(edges), "counts": [int(c) for c in counts]},
    }


def _shares(chances: Array) -> list[float]:
    counts, _ = np.histogram(chances, 25, (0, 1))
    return _plain(counts / max(len(chances), 1))


def _plain(values: Array) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
