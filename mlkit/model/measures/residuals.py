"""What the plots of a model of numbers are drawn from: its errors, from many sides."""

from __future__ import annotations

from math import floor, log10
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.data.measures.moments import finite, scaled
from mlkit.model.measures.weighted import bins

__all__ = ["plain", "residuals"]

Array = NDArray[Any]
DOTS = 500
QUANTILES = 61
BINS = 10
FEWEST, EXACT = 6, 16


def residuals(truth: Array, predicted: Array, base: Array) -> dict[str, Any]:
    """Return dots, a histogram, quantiles and the error by size, as plain data.

    Parameters
    ----------
    truth, predicted, base
        Values, shape (rows,); `base` is what a guess says.

    Examples
    --------
    >>> truth = np.arange(20.0)
    >>> found = residuals(truth, truth + 1, np.full(20, 9.5))
    >>> found["sizes"]["error"][0], found["sizes"]["guess"][0]
    (1.0, 9.0)
    """
    whole, power = scaled(np.concatenate([truth, predicted, base]))
    if power != 1:
        parts = np.split(whole, [len(truth), 2 * len(truth)])
        return dict(_grown(residuals(*parts), power))
    picked = np.linspace(0, len(truth) - 1, min(DOTS, len(truth))).round().astype(int)
    dots = plain(np.concatenate([truth[picked], predicted[picked]]))
    errors = predicted - truth
    reach = np.quantile(np.abs(errors), 0.995) or 1.0
    counts, edges = np.histogram(errors.clip(-reach, reach), 31, (-reach, reach))
    return {
        "truth": dots[: len(picked)],
        "predicted": dots[len(picked) :],
        "errors": {"edges": plain(edges), "counts": [int(c) for c in counts]},
        "normal": _normal(errors),
        "sizes": _sizes(truth, errors, base - truth),
        "band": _band(predicted, errors),
    }


def _grown(found: Any, power: float) -> Any:
    """Return what was found of numbers over a power, times that power."""
    if isinstance(found, list):
        return plain(np.array([finite(value * power) for value in found]))
    return {
        name: told if name == "counts" else _grown(told, power)
        for name, told in found.items()
    }


def plain(values: Array, fewest: int = FEWEST) -> list[float]:
    """Keep so many significant digits, and more where they lie close together.

    Differences of a millionth of the spread are kept: nobody sees less in a plot.

    Parameters
    ----------
    values
        Numbers, shape (values,).
    fewest
        How many digits to keep at least.

    Examples
    --------
    >>> plain(np.array([2 / 3])), plain(np.array([2460000.5, 2460003.25]))
    ([0.666667], [2460000.5, 2460003.25])
    """
    digits = max(fewest, _needed(values))
    return [float(f"{value:.{digits}g}") for value in values]


def _needed(values: Array) -> int:
    """Return how many digits keep a millionth of the spread; 0 where all are equal."""
    if not len(values):
        return 0
    half = float(values.max()) / 2 - float(values.min()) / 2  # no overflow
    if not half > 0:
        return 0
    first = floor(log10(np.abs(values).max()))
    last = floor(round(log10(half) + log10(2e-6), 9))
    return min(1 + first - last, EXACT)


def _normal(errors: Array) -> dict[str, list[float]]:
    """Return quantiles of the errors beside those of a normal law of their size."""
    places = (np.arange(QUANTILES) + 0.5) / QUANTILES
    law = NormalDist(float(errors.mean()), max(float(errors.std()), 1e-12))
    return {
        "x": plain(np.array([law.inv_cdf(float(place)) for place in places])),
        "y": plain(np.quantile(errors, places)),
    }


def _sizes(truth: Array, errors: Array, guessed: Array) -> dict[str, list[float]]:
    """Return the mean absolute error by size of the target, and that of a guess."""
    parts = _parts(truth)
    return {
        "truth": plain(np.array([np.median(truth[p]) for p in parts])),
        "error": plain(np.array([np.abs(errors[p]).mean() for p in parts])),
        "spread": plain(
            np.array([np.abs(errors[p]).std() / np.sqrt(len(p)) for p in parts])
        ),
        "guess": plain(np.array([np.abs(guessed[p]).mean() for p in parts])),
    }


def _band(predicted: Array, errors: Array) -> dict[str, list[float]]:
    """Return the mean error along the prediction, and one deviation to each side."""
    parts = _parts(predicted)
    mean = np.array([errors[p].mean() for p in parts])
    spread = np.array([errors[p].std() for p in parts])
    return {
        "predicted": plain(np.array([np.median(predicted[p]) for p in parts])),
        "low": plain(mean - spread),
        "middle": plain(mean),
        "high": plain(mean + spread),
    }


def _parts(values: Array) -> list[Array]:
    codes = bins(values, BINS)
    return [np.flatnonzero(codes == k) for k in range(codes.max() + 1)]
