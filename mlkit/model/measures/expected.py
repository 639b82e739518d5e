"""The score one may expect where the truth has not come in.

When a model is packaged, `learn` notes how its predictions and the truth go together
on rows it has not seen. Later `expected` draws truths for new rows by that note, and
takes the metric of each draw: of classes from mended probabilities, of numbers from
the residuals of rows with a like prediction. It holds as long as rows with the same
prediction come true as they did: a change of the rows is seen, one of what is asked
is not, until truth comes in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.measures.metrics import metric_of
from mlkit.model.problem import Problem
from mlkit.model.runtime import choice, cut

__all__ = ["expected", "learn", "mended"]

FEWEST, PARTS, QUANTILES = 30, 4, 33
DRAWS = 100
TINY = 1e-6
SHY = 0.01
Array = NDArray[Any]


def learn(problem: Problem, truth: Array, predicted: Array) -> dict[str, Any]:
    """Note how predictions and the truth go together.

    Parameters
    ----------
    problem
        What is predicted.
    truth, predicted
        Of rows that the model was not fitted on; see
        `mlkit.model.measures.measure.measure`.

    Returns
    -------
    dict
        Plain JSON: of classes a scale and shifts of log chances, of numbers
        quantiles of residuals by the size of the prediction; empty where there are
        fewer than thirty rows.
    """
    if len(truth) < FEWEST:
        return {}
    return _scaling(truth, predicted) if problem.classes else _off(truth, predicted)


def mended(form: Mapping[str, Any], predicted: Array) -> Array:
    """Return probabilities that come true as often as they say, shape (rows, classes).

    Bias-corrected temperature scaling (Alexandari, Kundaje and Shrikumar 2020).

    Parameters
    ----------
    form
        What `learn` noted.
    predicted
        Probabilities, shape (rows, classes).

    Examples
    --------
    >>> mended({"scale": 1.0, "shifts": [0.0, 0.0]}, np.array([[0.5, 0.5]])).tolist()
    [[0.5, 0.5]]
    """
    return _chances(form["scale"], np.array(form["shifts"]), _logs(predicted))


def expected(
    problem: Problem,
    form: Mapping[str, Any],
    predicted: Array,
    threshold: float | None = None,
    *,
    metric: str = "",
    seed: int = 0,
) -> tuple[float, float, float] | None:
    """Return the metric that may be expected of some rows, and its 95 % limits.

    Parameters
    ----------
    problem
        What is predicted.
    form
        What `learn` noted; nothing can be expected of an empty one.
    predicted
        Probabilities (rows, classes) or values (rows,).
    threshold
        Of two classes, the least probability that says the second.
    metric
        One of `mlkit.model.measures.metrics.METRICS`; by default the problem's own.
    seed
        Of the draws.

    Notes
    -----
    The mean of the draws is what confidence-based performance estimation gives in
    closed form for some metrics (Guillory and others 2021; Garg and others 2022). The
    limits hold the chance of the draw, and not the error of the note.
    """
    if not form or not len(predicted):
        return None
    judge = metric_of(problem, metric)
    labels = choice(predicted, cut(threshold)) if problem.classes else predicted
    judged = labels if judge.takes == "labels" else predicted
    rng = np.random.default_rng(seed)
    draws = _classes if problem.classes else _values
    scores = [judge.compute(truth, judged) for truth in draws(form, predicted, rng)]
    found = np.array([score for score in scores if np.isfinite(score)])
    if not len(found):
        return None
    low, high = np.quantile(found, [0.025, 0.975])
    return float(found.mean()), float(low), float(high)


def _classes(
    form: Mapping[str, Any], predicted: Array, rng: np.random.Generator
) -> Iterator[Array]:
    bounds = mended(form, predicted).cumsum(axis=1)[:, :-1]
    for _ in range(DRAWS):
        yield (rng.random(len(predicted))[:, None] > bounds).sum(axis=1)


def _values(
    form: Mapping[str, Any], predicted: Array, rng: np.random.Generator
) -> Iterator[Array]:
    part = np.searchsorted(np.array(form["edges"], np.float64), predicted)
    levels = np.linspace(0, 1, QUANTILES)
    for _ in range(DRAWS):
        at, truth = rng.random(len(predicted)), predicted.astype(np.float64)
        for k, quantiles in enumerate(form["residuals"]):
            mine = part == k
            truth[mine] += np.interp(at[mine], levels, quantiles)
        yield np.maximum(truth, 0.0) if form.get("positive") else truth


def _scaling(truth: Array, predicted: Array) -> dict[str, Any]:
    """Find the scale and the shifts under which the truth is likeliest."""
    from scipy.optimize import minimize

    logs, rows = _logs(predicted), np.arange(len(truth))
    count = logs.shape[1]

    def loss(given: Array) -> float:
        chances = _chances(given[0], given[1:], logs)[rows, truth]
        shy = SHY * float(((given - start) ** 2).sum())
        return float(-np.log(np.maximum(chances, TINY)).mean()) + shy

    start = np.append(1.0, np.zeros(count))
    limits = [(0.05, 10.0), *[(-5.0, 5.0)] * count]
    found = minimize(loss, start, method="L-BFGS-B", bounds=limits).x
    plain = [float(f"{value:.6g}") for value in found]
    return {"scale": plain[0], "shifts": plain[1:]}


def _off(truth: Array, predicted: Array) -> dict[str, Any]:
    """Note how far off predictions are, apart for small and for large ones."""
    parts = int(np.clip(len(truth) // FEWEST, 1, PARTS))
    inner = np.linspace(0, 1, parts + 1)[1:-1]
    edges = _between(predicted, np.quantile(predicted, inner))
    part, off = np.searchsorted(edges, predicted), truth - predicted
    levels = np.linspace(0, 1, QUANTILES)
    told = [
        np.quantile(off[part == k] if (part == k).any() else off, levels)
        for k in range(len(edges) + 1)
    ]
    return {
        "edges": [float(f"{edge:.9g}") for edge in edges],
        "residuals": [[float(f"{v:.6g}") for v in one] for one in told],
        "positive": bool(truth.min() >= 0),
    }


def _between(predicted: Array, marks: Array) -> Array:
    """Move marks to where no prediction lies: one on a mark may come back rounded."""
    found = np.unique(predicted)
    above = np.unique(np.searchsorted(found, marks, side="right"))
    above = above[(above > 0) & (above < len(found))]
    return np.asarray((found[above - 1] + found[above]) / 2)


def _logs(predicted: Array) -> Array:
    return np.log(np.clip(np.asarray(predicted, np.float64), TINY, 1.0))


def _chances(scale: float, shifts: Array, logs: Array) -> Array:
    powers = scale * logs + shifts
    powers -= powers.max(axis=1, keepdims=True)
    chances = np.exp(powers)
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))
