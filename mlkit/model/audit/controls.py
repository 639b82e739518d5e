"""Controls: what must come out at chance, and what must hardly change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.columns import with_columns
from mlkit.model.fitted import Model, fit
from mlkit.model.measures.measure import guess, guessed, units
from mlkit.model.measures.metrics import metric_of, score
from mlkit.model.measures.resampling import interval, resamples
from mlkit.model.problem import known
from mlkit.model.runtime import choice

__all__ = ["Control", "shuffled_input", "wobble"]

Array = NDArray[Any]
LEVEL, DRAWS, MOST = 0.999, 1000, 1000
SHARE = 0.8


@dataclass(frozen=True)
class Control:
    """Something that must be at chance.

    Parameters
    ----------
    what
        Such as ``shuffled input``.
    score, chance
        The metric, and that of a guess without features.
    low, high
        How far ahead of the guess it is, an interval of 99.9 %.
    """

    what: str
    score: float
    chance: float
    low: float
    high: float

    @property
    def suspicious(self) -> bool:
        """Whether it is surely better than chance, which it must not be."""
        return self.low > 0


def shuffled_input(
    model: Model, valid: pd.DataFrame, seed: int = 0, threshold: float = 0.5
) -> Control | None:
    """Ask a model about rows whose features were each shuffled on their own.

    Parameters
    ----------
    model
        A fitted model.
    valid
        Cleaned rows with their target.
    seed
        Of the shuffle.
    threshold
        Of two classes, the least probability that says the second.

    Returns
    -------
    Control or None
        None where the metric is undefined on these rows.

    Notes
    -----
    What is left is the order of the rows, their ids and the columns that are no
    features. A model that still beats a guess knows the answer from there.
    """
    rng = np.random.default_rng(seed)
    moved = {
        name: valid[name].array[rng.permutation(len(valid))]
        for name in model.problem.features
    }
    said = model.predicted(with_columns(valid, moved))
    return _control("shuffled input", model, valid, said, seed, threshold)


def wobble(
    model: Model,
    train: pd.DataFrame,
    valid: pd.DataFrame,
    refits: int,
    seed: int = 0,
    threshold: float = 0.5,
) -> float:
    """Tell how much predictions change where other rows of training are learnt from.

    Parameters
    ----------
    model
        A fitted model; its weightiest part is fitted again.
    train, valid
        Cleaned rows to fit to, two thousand at most, and rows to predict.
    refits
        How often, each time to four fifths of the rows; at least 2.
    seed
        Of the rows and of the fits.
    threshold
        Of two classes, the least probability that says the second.

    Returns
    -------
    float
        The share of rows whose label differs between two fits; of a number the mean
        difference, in standard deviations of the target.
    """
    rng = np.random.default_rng(seed)
    rows = _some(known(train, model.problem), rng, 2 * MOST)
    said = []
    for k in range(max(refits, 2)):
        some = _some(rows, rng, int(SHARE * len(rows)))
        said.append(_again(model, some, seed + k).predicted(valid))
    if model.classes:
        labels = [choice(one, threshold) for one in said]
        apart = [(a != b).mean() for k, a in enumerate(labels) for b in labels[:k]]
    else:
        pairs = [(a, b) for k, a in enumerate(said) for b in said[:k]]
        apart = [np.abs(a - b).mean() / model.spread for a, b in pairs]
    return float(f"{np.mean(apart):.6g}")


def _again(model: Model, rows: pd.DataFrame, seed: int) -> Model:
    part = max(model.parts, key=lambda one: one.weight)
    return fit(part.family, part.settings, rows, model.problem, seed)


def _some(rows: pd.DataFrame, rng: np.random.Generator, most: int) -> pd.DataFrame:
    return rows.iloc[np.sort(rng.permutation(len(rows))[:most])]


def _control(
    what: str,
    model: Model,
    valid: pd.DataFrame,
    said: Array,
    seed: int,
    threshold: float,
) -> Control | None:
    problem, base = model.problem, guessed(model.problem, guess(model, len(valid)))
    truth, metric = problem.truth(valid), metric_of(problem)
    said = metric.taken(said, threshold)
    sign = 1.0 if metric.greater else -1.0
    groups, weights = units(problem, valid)
    more: Any = {"repeats": DRAWS, "groups": groups, "weights": weights}
    drawn = [
        sign * (metric.many(truth, said, w) - metric.many(truth, base, w))
        for w in resamples(len(truth), seed=seed, **more)
    ]
    got, chance = (score(problem, truth, one, weights) for one in (said, base))
    low, high = interval(np.concatenate(drawn), sign * (got - chance), LEVEL)
    told = (got, chance, low, high)
    if not np.isfinite(told).all():
        return None
    return Control(what, *(float(f"{v:.6g}") for v in told))
