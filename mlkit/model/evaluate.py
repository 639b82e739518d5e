"""Evaluate a model on rows it has not seen, and set its threshold by stated costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from numpy.typing import NDArray

from mlkit.core.cells import config
from mlkit.core.errors import UsageError, did_you_mean
from mlkit.model import curves
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.measure import (
    Measured,
    guess,
    guesses,
    judged,
    measure,
    of_labels,
    resampled,
)
from mlkit.model.metrics import METRICS
from mlkit.model.problem import Problem
from mlkit.model.runtime import cut
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Evaluation", "evaluate"]

COSTS = {"false_alarm": 1.0, "miss": 1.0}
Array = NDArray[Any]


@dataclass(frozen=True)
class Evaluation:
    """How good a model is, and where it errs.

    Parameters
    ----------
    problem
        What is predicted.
    rows
        How many rows it was judged on.
    measured
        Metrics and their intervals, at the threshold.
    guessed
        The same metrics of a guess without features.
    threshold
        Of two classes, the least probability that says the second; else None.
    costs
        Of a false alarm and of a miss, in any one unit.
    curves
        What the plots are drawn from.
    notes
        What a reader should know.
    """

    problem: Problem
    rows: int
    measured: Measured
    guessed: Mapping[str, float]
    threshold: float | None = None
    costs: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def metrics(self) -> Mapping[str, float]:
        """The metrics by name."""
        return self.measured.metrics

    def at(self, threshold: float | None) -> Evaluation:
        """Return the evaluation at another threshold, in steps of 0.001.

        Raises
        ------
        UsageError
            Where the threshold does not lie between 0 and 1.
        """
        if self.threshold is None or threshold is None:
            return self
        if not 0 <= threshold <= 1:
            raise UsageError("a threshold lies between 0 and 1", got=str(threshold))
        at = round(float(threshold), 3)
        truth, labels = curves.labelled(self.curves["thresholds"], at)
        again = resampled(of_labels(self.problem, truth, labels), len(truth))
        both = Measured(
            {**self.measured.metrics, **again.metrics},
            {**self.measured.intervals, **again.intervals},
        )
        return replace(self, threshold=at, measured=both)

    def cost(self, threshold: float) -> float:
        """Return the mean cost of a row at a threshold of two classes."""
        return float(
            curves.costs(self.curves["thresholds"], self.costs)[round(threshold * 1000)]
        )

    def table(self) -> Grid:
        """Return the metrics, their intervals and those of a guess as a table."""
        rows = [
            (
                METRICS[name].title,
                say(value, 4),
                " to ".join(say(v) for v in self.measured.intervals[name]),
                say(self.guessed[name]) if name in self.guessed else "–",
            )
            for name, value in self.metrics.items()
        ]
        return Grid(("metric", "value", "95 % interval", "a guess"), rows, self.notes)

    def plot(self) -> Picture:
        """Draw what a person expects for this kind of problem."""
        from mlkit.model.charts.evaluate import overview

        return overview(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {
            **asdict(self),
            "problem": self.problem.to_dict(),
            "metrics": dict(self.metrics),
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Evaluation:
        """Read the form that `to_dict` gives."""
        return cls(
            **{
                **{k: v for k, v in form.items() if k != "metrics"},
                "problem": Problem.from_dict(form["problem"]),
                "measured": Measured.from_dict(form["measured"]),
                "notes": tuple(form["notes"]),
            }
        )


def evaluate(
    model: Model,
    valid: pd.DataFrame,
    *,
    costs: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Evaluation:
    """Judge a model on rows it has not seen.

    Of two classes, the threshold is the one that costs least on these rows; among
    those that do not certainly cost more, the nearest to the one that theory sets
    for calibrated chances (Elkan 2001).

    Parameters
    ----------
    model
        A fitted model.
    valid
        Cleaned rows with their target; those without one are passed over.
    costs
        ``{"false_alarm": ..., "miss": ...}`` in any one unit; None takes
        ``[goal.costs]``, else 1 and 1.
    seed
        Of the resampling.

    Raises
    ------
    InputError
        Where no row has a target that the model knows.
    UsageError
        Where costs are not two numbers of 0 or more.
    """
    problem = model.problem
    _, truth, predicted, notes = judged(model, valid)
    told = _costs(costs)
    drawn = curves.draw(problem, truth, predicted)
    binary = problem.kind == "two_classes"
    threshold = curves.cheapest(drawn["thresholds"], told) if binary else None
    base = guess(model, len(truth))
    return Evaluation(
        problem=problem,
        rows=len(truth),
        measured=measure(problem, truth, predicted, cut(threshold), seed=seed),
        guessed=guesses(problem, truth, base),
        threshold=threshold,
        costs=told if binary else {},
        curves=drawn,
        notes=tuple(notes),
    )


def _costs(costs: Mapping[str, float] | None) -> dict[str, float]:
    given = config("goal.costs", {}) if costs is None else costs
    for name, value in given.items():
        if name not in COSTS or not isinstance(value, int | float) or value < 0:
            raise UsageError(
                f"this is no cost: {name} = {value!r}",
                where="[goal.costs]",
                expected="false_alarm and miss, numbers of 0 or more",
                todo=did_you_mean(name, COSTS),
            )
    told = {**COSTS, **{name: float(value) for name, value in given.items()}}
    if not sum(told.values()):
        raise UsageError("one of the costs must be above 0", where="[goal.costs]")
    return told
