"""Row for row against something else: a guess, or the champion in use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import MlkitError
from mlkit.core.past import Champion
from mlkit.core.verdict import Finding
from mlkit.model.judging import advice
from mlkit.model.measures.measure import Measured
from mlkit.model.measures.metrics import METRICS
from mlkit.model.measures.resampling import interval, resamples
from mlkit.model.problem import Problem
from mlkit.model.runtime import Predictor, choice
from mlkit.model.words import say

__all__ = ["ahead", "of_champion", "of_guess"]

FEWEST = 30
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
    metric = METRICS[problem.metric]
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
    if metric.takes == "labels":
        predicted, base = choice(predicted, threshold), base.argmax(axis=1)
    told = ahead(problem, truth, predicted, base, units, seed)
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


def of_champion(
    problem: Problem,
    raw: pd.DataFrame,
    truth: Array,
    predicted: Array,
    threshold: float,
    champion: Champion,
    bar: float | None,
    units: Units = (None, None),
    seed: int = 0,
) -> Finding:
    """Hold a model against the champion, on rows that neither was fitted on.

    Parameters
    ----------
    problem
        What is predicted.
    raw
        Sealed raw rows, those that are judged.
    truth, predicted, threshold
        Of these rows.
    champion
        The package in use, and which of the rows it cannot have seen.
    bar
        By how much to be ahead at least; None where no bar is set.
    units, seed
        As `ahead` takes them.
    """
    title = "ahead of the champion"
    metric = METRICS[problem.metric]
    if bar is not None:
        title += f" in {metric.title} by at least {say(bar)}"
    inside = np.ones(len(raw), bool)
    if champion.rows is not None:
        inside = raw.index.map(str).isin(champion.rows)
    why = champion.why
    if not why and inside.sum() < FEWEST:
        why = f"only {inside.sum():,} of these rows are certainly unseen by it"
    mine = predicted
    if metric.takes == "labels":
        mine = choice(predicted, threshold)
    theirs: Array | None = None
    if not why and champion.folder is not None:
        try:
            theirs = _said(champion, problem, raw[inside])
        except MlkitError as error:
            why = f"it cannot judge these rows: {error.what}"
    if theirs is None:
        help_ = "it can be held against a model made from the same sealed rows"
        got = why or "it predicts something else"
        required = bar is not None
        return Finding(title, "not_assessed", got=got, help=help_, required=required)
    some: Units = tuple(None if u is None else u[inside] for u in units)  # type: ignore[assignment]
    told = ahead(problem, truth[inside], mine[inside], theirs, some, seed)
    return _against(title, told, bar, int(inside.sum()), len(raw))


def _against(
    title: str, told: Measured | None, bar: float | None, rows: int, every: int
) -> Finding:
    if told is None:
        why = "the metric is undefined on these rows"
        return Finding(title, "not_assessed", got=why, required=bar is not None)
    value, (low, high) = told.metrics["ahead"], told.intervals["ahead"]
    word = "behind" if value < 0 else "ahead"
    ends = (-high, -low) if value < 0 else (low, high)
    got = f"{word} by {say(abs(value))} ({say(ends[0])} to {say(ends[1])})"
    got += f", on {rows:,} rows that neither was fitted on" if rows < every else ""
    if not value and not low and not high:
        got = "they say the same of every row"
    if bar is None:
        help_ = "to block what is not ahead: [goal.bars] champion = 0"
        return Finding(title, "not_assessed", got=got, help=help_)
    need = advice.rows_needed(rows, value, low, bar)
    help_ = "keep the champion, or give `tune` more seconds or rows"
    if need:
        help_ = f"it is ahead, but not certainly: about {need:,} rows would show it"
    return Finding(
        title,
        "passed" if low >= bar and high > low else "missed",
        got=got,
        need=f"its lower limit at least {say(bar)}",
        help=help_,
        required=True,
    )


def _said(champion: Champion, problem: Problem, raw: pd.DataFrame) -> Array | None:
    """Return what the champion says, as the metric takes it; None where it cannot."""
    assert champion.folder is not None
    predictor = Predictor(champion.folder)
    output = predictor.schema["output"]
    same = (problem.kind, problem.target, list(problem.classes))
    if (output["kind"], output["target"], output["classes"]) != same:
        return None
    cells = {n: _cells(raw[n]) for n in predictor.columns if n in raw}
    said = predictor.predict(cells)
    if METRICS[problem.metric].takes == "labels":
        places = {name: k for k, name in enumerate(problem.classes)}
        return np.array([places[str(label)] for label in said.prediction])
    plain = said.prediction if said.probabilities is None else said.probabilities
    return np.asarray(plain, np.float64)


def _cells(values: pd.Series) -> Any:
    """Return raw cells as a package takes them."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    kind = values.dtype.kind
    return values.to_numpy() if kind in "fiubM" else values.to_numpy(dtype=object)
