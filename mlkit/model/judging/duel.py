"""A model against the champion, row for row, where neither was fitted.

There are two meetings: on all such rows, and on those among them that nobody had when
the champion was made. Fresh truth comes in through the log, or as the table grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import MlkitError
from mlkit.core.past import Champion
from mlkit.core.verdict import Finding
from mlkit.model.judging import advice
from mlkit.model.judging.rival import Units, ahead
from mlkit.model.measures.metrics import METRICS, metric_of
from mlkit.model.problem import Problem
from mlkit.model.runtime import Predictor
from mlkit.model.words import say

__all__ = ["FEWEST", "Duel", "Meeting", "meet", "of_champion"]

FEWEST = 30
Array = NDArray[Any]


@dataclass(frozen=True)
class Meeting:
    """How the two fared on some rows.

    Parameters
    ----------
    rows
        How many.
    mine, theirs
        The metric of the model, and of the champion; None where they did not meet.
    ahead, low, high
        By how much the model is better, with a paired 95 % interval.
    why
        Why they did not meet.
    """

    rows: int
    mine: float | None = None
    theirs: float | None = None
    ahead: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""

    @property
    def words(self) -> str:
        """The outcome in words."""
        if self.ahead is None or self.low is None or self.high is None:
            return self.why
        if not self.ahead and not self.low and not self.high:
            return "they say the same of every row"
        word = "behind" if self.ahead < 0 else "ahead"
        ends = (-self.high, -self.low) if self.ahead < 0 else (self.low, self.high)
        return f"{word} by {say(abs(self.ahead))} ({say(ends[0])} to {say(ends[1])})"

    def beats(self, margin: float = 0.0) -> bool:
        """Tell whether the model is certainly ahead by so much."""
        if self.low is None or self.high is None:
            return False
        return self.low >= margin and self.high > self.low


@dataclass(frozen=True)
class Duel:
    """A model and the champion, on rows that neither was fitted on.

    Parameters
    ----------
    champion
        The identity of the champion's package.
    metric
        By which they are compared; `METRICS` has it.
    every
        How many rows judge the model.
    whole, fresh
        On all rows that neither was fitted on, and on those among them that nobody
        had when the champion was made.
    """

    champion: str
    metric: str
    every: int
    whole: Meeting
    fresh: Meeting

    @property
    def deciding(self) -> Meeting:
        """The meeting on fresh rows, where there was one: they are the world of now."""
        return self.whole if self.fresh.ahead is None else self.fresh

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Duel:
        """Read the form that `to_dict` gives."""
        met = {name: Meeting(**form[name]) for name in ("whole", "fresh")}
        return cls(**{**form, **met})


def meet(
    problem: Problem,
    raw: pd.DataFrame,
    truth: Array,
    predicted: Array,
    threshold: float,
    champion: Champion,
    units: Units = (None, None),
    seed: int = 0,
) -> Duel:
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
    units, seed
        As `ahead` takes them.
    """
    fresh = champion.fresh(raw.index)
    inside = fresh | champion.unseen(raw.index)
    mine = METRICS[problem.metric].taken(predicted, threshold)
    theirs, why = None, champion.why
    if inside.sum() < FEWEST:
        few = f"only {inside.sum():,} of these rows are certainly unseen by it"
        why = why or few
    elif champion.folder is not None:
        theirs, why = _answers(champion, problem, raw, inside)

    def meeting(rows: NDArray[np.bool_], few: str) -> Meeting:
        count = int(rows.sum())
        if theirs is None or count < FEWEST:
            return Meeting(count, why=why or few)
        some: Units = tuple(None if u is None else u[rows] for u in units)  # type: ignore[assignment]
        return _meeting(problem, truth[rows], mine[rows], theirs[rows], some, seed)

    few = f"only {fresh.sum():,} of these rows came in since"
    return Duel(
        *(champion.package, problem.metric, len(raw)),
        meeting(inside, ""),
        meeting(fresh, few if fresh.any() else "no row came in since"),
    )


def of_champion(duel: Duel, bar: float | None) -> Finding:
    """Judge by how far a model is ahead of the champion.

    Parameters
    ----------
    duel
        How they fared.
    bar
        By how much to be ahead at least; None where no bar is set.
    """
    met, title = duel.whole, "ahead of the champion"
    if bar is not None:
        title += f" in {METRICS[duel.metric].title} by at least {say(bar)}"
    if met.ahead is None or met.low is None:
        help_ = "it can be held against a model made from the same sealed rows"
        required = bar is not None
        return Finding(
            title, "not_assessed", got=met.why, help=help_, required=required
        )
    got = met.words
    if met.rows < duel.every and met.ahead:
        got += f", on {met.rows:,} rows that neither was fitted on"
    if bar is None:
        help_ = "to block what is not ahead: [goal.bars] champion = 0"
        return Finding(title, "not_assessed", got=got, help=help_)
    need = advice.rows_needed(met.rows, met.ahead, met.low, bar)
    help_ = "keep the champion, or give `tune` more seconds or rows"
    if need:
        help_ = f"it is ahead, but not certainly: about {need:,} rows would show it"
    return Finding(
        title,
        "passed" if met.beats(bar) else "missed",
        got=got,
        need=f"its lower limit at least {say(bar)}",
        help=help_,
        required=True,
    )


def _meeting(
    problem: Problem, truth: Array, mine: Array, theirs: Array, units: Units, seed: int
) -> Meeting:
    compute, weights = metric_of(problem).compute, units[1]
    told = ahead(problem, truth, mine, theirs, units, seed)
    if told is None:
        return Meeting(len(truth), why="the metric is undefined on these rows")
    here, there = (float(compute(truth, said, weights)) for said in (mine, theirs))
    low, high = told.intervals["ahead"]
    return Meeting(len(truth), here, there, told.metrics["ahead"], low, high)


def _answers(
    champion: Champion, problem: Problem, raw: pd.DataFrame, inside: NDArray[np.bool_]
) -> tuple[Array | None, str]:
    """Return what the champion says, and in other rows nothing; or why it cannot."""
    try:
        said = _said(champion, problem, raw[inside])
    except MlkitError as error:
        return None, f"it cannot judge these rows: {error.what}"
    if said is None:
        return None, "it predicts something else"
    whole = np.zeros((len(raw), *said.shape[1:]), said.dtype)
    whole[inside] = said
    return whole, ""


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
