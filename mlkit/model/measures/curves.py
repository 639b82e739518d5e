"""What the plots of an evaluation are drawn from: small, plain, the same every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.measures.resampling import REPEATS, resamples
from mlkit.model.measures.residuals import plain, residuals
from mlkit.model.measures.weighted import bins, said
from mlkit.model.problem import Problem
from mlkit.model.runtime import STEPS, choice

__all__ = [
    "cheapest",
    "costs",
    "counts",
    "draw",
    "flagged",
    "sample",
    "steps_of",
    "surplus",
    "unseen",
]

Array = NDArray[Any]
POINTS = 200
GRID = np.arange(1001) / 1000
LEAST = np.round(GRID.astype(np.float32) * STEPS)
"""The thresholds, and the least step of a chance that each says yes to."""


def draw(
    problem: Problem,
    truth: Array,
    predicted: Array,
    base: Array,
    groups: Array | None = None,
    weights: Array | None = None,
) -> dict[str, Any]:
    """Return the curves of a problem as plain JSON data.

    Parameters
    ----------
    problem
        What is predicted.
    truth
        Class codes or values, shape (rows,).
    predicted
        Probabilities (rows, classes) or values (rows,).
    base
        What a guess predicts, shaped alike.
    groups, weights
        Of two classes: the group of each row as a code, and what it counts.
    """
    if not problem.classes:
        return residuals(truth, predicted, base)
    drawn: dict[str, Any] = {"calibration": _calibration(truth, predicted)}
    if len(problem.classes) > 2:
        sure = _surely(truth, predicted)
        return {**drawn, "confusion": _confusion(truth, predicted), "sure": sure}
    chances, positive = predicted[:, 1], truth == 1
    kept = _rows(truth, chances, groups, weights)
    return {
        **drawn,
        "roc": _roc(positive, chances),
        "precision_recall": _precision_recall(positive, chances),
        "gains": _gains(positive, chances),
        "thresholds": steps_of(positive, chances, weights),
        "histogram": {
            "positive": _shares(chances[positive]),
            "negative": _shares(chances[~positive]),
        },
        **({"rows": kept} if kept else {}),
    }


def sample(
    drawn: Mapping[str, Any], threshold: float, seed: int = 0
) -> tuple[Array, Array, Iterable[Array], Array | None, Array | None]:
    """Return truth, labels, resamples, weights and groups of what a threshold says.

    Where rows neither count unlike nor hang together in groups, they are of four
    sorts only, and a resample is how many of each are drawn.

    Parameters
    ----------
    drawn
        What `draw` gives for two classes.
    threshold
        In steps of 0.001.
    seed
        Of the resampling.
    """
    kept = drawn.get("rows")
    if kept is None:
        truth, labels = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
        counts = np.array(_counted(drawn["thresholds"], round(threshold * 1000)))
        rng = np.random.default_rng(seed)
        times = rng.multinomial(counts.sum(), counts / counts.sum(), REPEATS)
        return truth, labels, [times.astype(np.float64)], counts.astype(float), None
    truth = np.array(kept["truth"])
    least = np.round(np.float32(threshold) * STEPS)
    labels = np.asarray(np.array(kept["steps"]) >= least, np.int64)
    groups = np.array(kept["groups"]) if "groups" in kept else None
    weights = np.array(kept["weights"]) if "weights" in kept else None
    drawn_ = resamples(len(truth), seed=seed, groups=groups, weights=weights)
    return truth, labels, drawn_, weights, groups


def counts(thresholds: Mapping[str, Any], threshold: float) -> Array:
    """Return how many rows are truly and said which class, shape (2, 2)."""
    return np.array(_counted(thresholds, round(threshold * 1000))).reshape(2, 2)


def _counted(thresholds: Mapping[str, Any], at: int) -> list[int]:
    hits, alarms = thresholds["hits"][at], thresholds["alarms"][at]
    return [
        thresholds["negative"] - alarms,
        alarms,
        thresholds["positive"] - hits,
        hits,
    ]


def flagged(thresholds: Mapping[str, Any]) -> Array:
    """Return the share of rows said positive at each threshold, shape (1001,)."""
    rows = thresholds["positive"] + thresholds["negative"]
    said = np.array(thresholds["hits"]) + np.array(thresholds["alarms"])
    return np.asarray(said / rows)


def costs(thresholds: Mapping[str, Any], told: Mapping[str, float]) -> Array:
    """Return the mean cost of a row at each threshold, shape (1001,)."""
    counted = thresholds.get("weighted", thresholds)
    rows = counted["positive"] + counted["negative"]
    missed = counted["positive"] - np.array(counted["hits"])
    alarms = np.array(counted["alarms"])
    return np.asarray((told["miss"] * missed + told["false_alarm"] * alarms) / rows)


def unseen(thresholds: Mapping[str, Any], told: Mapping[str, float]) -> float:
    """Return what a row costs by a guess that says the same of all, the cheaper way.

    Examples
    --------
    >>> made = steps_of(np.array([True, False, False]), np.array([0.9, 0.5, 0.2]))
    >>> unseen(made, {"false_alarm": 1, "miss": 9})
    0.6666666666666666
    """
    counted = thresholds.get("weighted", thresholds)
    missed = told["miss"] * counted["positive"]
    alarmed = told["false_alarm"] * counted["negative"]
    return float(min(missed, alarmed) / (counted["positive"] + counted["negative"]))


def cheapest(
    thresholds: Mapping[str, Any],
    told: Mapping[str, float],
    capacity: float = 1.0,
    rows: Mapping[str, Any] | None = None,
) -> float:
    """Return the threshold that costs least, or one not certainly dearer, near theory.

    On few rows many thresholds cost about the same; of those within one standard
    error of the least, the nearest to the one for calibrated chances is taken.

    Parameters
    ----------
    thresholds
        The counts that `draw` gives under that name.
    told
        What a ``false_alarm`` and a ``miss`` cost.
    capacity
        The share of rows that may be said positive at most; where no threshold says
        so few (see `surplus`), the highest is returned.
    rows
        What `draw` gives under that name, where it does: rows of one group then prove
        no more than their group.

    Examples
    --------
    >>> truth = np.array([0, 0, 1, 1])
    >>> chances = np.array([0.1, 0.3, 0.6, 0.9])
    >>> made = steps_of(truth == 1, chances)
    >>> cheapest(made, {"false_alarm": 1, "miss": 1})
    0.5
    """
    spent = costs(thresholds, told)
    ideal = told["false_alarm"] / (told["false_alarm"] + told["miss"])
    inside = (GRID >= 0.001) & (GRID <= 0.999)
    few = inside & (flagged(thresholds) <= capacity + 1e-12)
    inside = few if few.any() else GRID == 0.999
    best = int(np.flatnonzero(inside)[spent[inside].argmin()])
    error = _errors(thresholds, told, best, rows or {})
    good = (spent - spent[best] <= error + 1e-12) & inside
    return float(GRID[(np.abs(GRID - ideal) + np.where(good, 0, 2)).argmin()])


def surplus(thresholds: Mapping[str, Any], capacity: float) -> str:
    """Say that no threshold flags so few rows; "" where one does.

    Examples
    --------
    >>> sure = steps_of(np.array([True, False]), np.array([1.0, 0.2]))
    >>> surplus(sure, 0.5), surplus(sure, 0.1)
    ('', 'no threshold flags at most 10% of rows: 50% have a chance of 0.999 or more')
    """
    least = float(flagged(thresholds)[999])
    if least <= capacity + 1e-12:
        return ""
    told = f"no threshold flags at most {100 * capacity:.3g}% of rows"
    return f"{told}: {100 * least:.3g}% have a chance of 0.999 or more"


def _errors(
    thresholds: Mapping[str, Any],
    told: Mapping[str, float],
    best: int,
    rows: Mapping[str, Any],
) -> Array:
    """Return the standard error of each cost less the least: of rows that change.

    A row that counts more moves the cost by more: squares of weights are added up. Of
    rows that hang together the squares of their groups' sums are.
    """
    counted = thresholds.get("weighted", thresholds)
    total = counted["positive"] + counted["negative"]
    if "groups" in rows:
        return np.asarray(np.sqrt(_squares(rows, told, best)) / total)
    squares = counted.get("squares", counted)
    hits, alarms = np.array(squares["hits"]), np.array(squares["alarms"])
    missed = told["miss"] ** 2 * np.abs(hits - hits[best])
    alarmed = told["false_alarm"] ** 2 * np.abs(alarms - alarms[best])
    return np.asarray(np.sqrt(missed + alarmed) / total)


def _squares(rows: Mapping[str, Any], told: Mapping[str, float], best: int) -> Array:
    """Add up the squares of what each group costs more or less than at the best."""
    steps, groups = np.array(rows["steps"]), np.array(rows["groups"])
    moved = np.where(np.array(rows["truth"]) == 1, told["miss"], -told["false_alarm"])
    moved = moved * np.array(rows["weights"]) if "weights" in rows else moved
    found = np.zeros(len(GRID))
    above = steps >= LEAST[best]
    for mine, sign in ((above, 1), (~above, -1)):
        order = np.flatnonzero(mine)
        order = order[np.argsort(sign * steps[order], kind="stable")]
        both = sign * steps[order], sign * LEAST
        changed = np.searchsorted(*both, "left" if sign > 0 else "right")
        found += np.append(0.0, _running(moved[order], groups[order]))[changed]
    return np.maximum(found, 0)


def _running(values: Array, groups: Array) -> Array:
    """Return the sum of the squares of the groups' sums, after each value."""
    order = np.argsort(groups, kind="stable")
    total = np.append(0.0, np.cumsum(values[order]))
    first = np.searchsorted(groups[order], groups[order])
    before, after = total[:-1] - total[first], total[1:] - total[first]
    more = np.empty(len(values))
    more[order] = after**2 - before**2
    return np.cumsum(more)


def steps_of(
    positive: Array, chances: Array, weights: Array | None = None
) -> dict[str, Any]:
    """Count hits and alarms at thresholds 0, 0.001 ... 1, by the rule of `choice`.

    Parameters
    ----------
    positive
        Whether each row is of the positive class, shape (rows,).
    chances
        Of the positive class, shape (rows,).
    weights
        What each row counts.
    """
    steps = np.round(chances.astype(np.float32) * STEPS)
    counted = {
        "hits": _at_least(steps[positive], LEAST),
        "alarms": _at_least(steps[~positive], LEAST),
        "positive": int(positive.sum()),
        "negative": int((~positive).sum()),
    }
    if weights is None:
        return counted
    heavy = {
        **_weights_from(steps, positive, weights, LEAST),
        "squares": _weights_from(steps, positive, weights**2, LEAST),
        "positive": float(weights[positive].sum()),
        "negative": float(weights[~positive].sum()),
    }
    return {**counted, "weighted": heavy}


def _weights_from(
    steps: Array, positive: Array, weights: Array, least: Array
) -> dict[str, list[float]]:
    sides = {"hits": positive, "alarms": ~positive}
    return {
        name: plain(_weight_from(steps[side], weights[side], least))
        for name, side in sides.items()
    }


def _weight_from(steps: Array, weights: Array, least: Array) -> Array:
    order = np.argsort(steps, kind="stable")
    below = np.append(0.0, np.cumsum(weights[order]))
    return np.asarray(below[-1] - below[np.searchsorted(steps[order], least)])


def _rows(
    truth: Array, chances: Array, groups: Array | None, weights: Array | None
) -> dict[str, list[Any]]:
    """Keep what is needed to resample rows that are not all alike."""
    if groups is None and weights is None:
        return {}
    steps = np.round(chances.astype(np.float32) * STEPS).astype(np.int64)
    kept = {"truth": truth.tolist(), "steps": steps.tolist()}
    kept |= {} if groups is None else {"groups": groups.tolist()}
    return kept | ({} if weights is None else {"weights": plain(weights)})


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


def _gains(positive: Array, chances: Array) -> dict[str, list[float]]:
    """Return the share of the positive that is found by flagging a share of rows."""
    hits, alarms = _sweep(positive, chances)
    x = (hits + alarms) / len(positive)
    return _curve(np.append(0, x), np.append(0, hits / max(hits[-1], 1)))


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
    return {"x": plain(x[picked]), "y": plain(y[picked])}


def _calibration(truth: Array, predicted: Array) -> dict[str, list[float]]:
    given, right = said(truth, predicted)
    codes = bins(given)
    rows = np.bincount(codes)
    return {
        "predicted": plain(np.bincount(codes, given) / rows),
        "seen": plain(np.bincount(codes, right) / rows),
        "rows": rows.tolist(),
    }


def _confusion(truth: Array, predicted: Array) -> list[list[int]]:
    width = predicted.shape[1]
    cells = truth * width + choice(predicted)
    counts = np.bincount(cells, minlength=width * width).reshape(width, width)
    return [[int(count) for count in row] for row in counts]


def _surely(truth: Array, predicted: Array) -> dict[str, list[int]]:
    """Count rows by the chance of the likeliest class, right and wrong apart."""
    top, right = said(truth, predicted)
    parts = {"right": top[right], "wrong": top[~right]}
    return {
        name: np.histogram(part, 25, (0, 1))[0].tolist() for name, part in parts.items()
    }


def _shares(chances: Array) -> list[float]:
    counts, _ = np.histogram(chances, 25, (0, 1))
    return plain(counts / max(len(chances), 1))
