"""Evaluate a model on rows it has not seen, and set its threshold by stated costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import UsageError
from mlkit.core.schema import Schema
from mlkit.model.conformal import Conformal, conform
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.measures import costs as costs_of
from mlkit.model.measures import curves
from mlkit.model.measures.measure import (
    Measured,
    guess,
    guess_told,
    guesses,
    judged,
    measure,
    measure_labels,
    units,
)
from mlkit.model.measures.metrics import METRICS
from mlkit.model.problem import Problem
from mlkit.model.slicing.slices import groups as groups_of
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Evaluation", "evaluate"]

FEWEST = 10
DIGITS = range(3, 17)
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
    conformal
        Intervals around values, or sets of classes, and how well they hold.
    capacity
        The share of rows that may be said positive at most, of two classes.
    groups
        Of two classes, by group of the sensitive columns, what `curves` calls
        thresholds.
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
    conformal: Conformal | None = None
    capacity: float = 1.0
    groups: Mapping[str, Any] = field(default_factory=dict)
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
        truth, labels, drawn, weights, units = curves.sample(self.curves, at)
        more: Any = {"groups": units} if "rows" in self.curves else {"rows": weights}
        again = measure_labels(self.problem, truth, labels, drawn, weights, **more)
        names = dict.fromkeys((*self.metrics, *again.metrics))
        kept = [n for n in names if METRICS[n].takes != "labels" or n in again.metrics]
        metrics = {**self.metrics, **again.metrics}
        limits = {**self.measured.intervals, **again.intervals}
        both = Measured({n: metrics[n] for n in kept}, {n: limits[n] for n in kept})
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
        notes = [*self.notes, *guess_told(self.problem, self.guessed)]
        return Grid(("metric", "value", "95 % interval", "a guess"), rows, notes)

    def plot(self, what: str = "overview") -> Picture:
        """Draw what a person expects for this kind of problem.

        Parameters
        ----------
        what
            ``overview``, or ``details``: a closer look.
        """
        from mlkit.model.charts.details import details
        from mlkit.model.charts.evaluate import overview

        return details(self) if what == "details" else overview(self)

    def breakdown(self) -> Grid:
        """Return how each class fares; of a number, targets from small to large."""
        counts = self._confusion()
        heads = (
            "class",
            "rows",
            "said",
            "found",
            "right where said",
            "mostly taken for",
        )
        if counts is None:
            sizes = self.curves["sizes"]
            off = [map(say, sizes[name]) for name in ("error", "guess")]
            lines = list(zip(_apart(sizes["truth"]), *off, strict=True))
            return Grid(("true, about", "off by", "a guess is off by"), lines)
        return Grid(heads, _lines(counts, self.problem.classes))

    def _confusion(self) -> Array | None:
        if "confusion" in self.curves:
            return np.array(self.curves["confusion"])
        if self.threshold is None:
            return None
        return curves.counts(self.curves["thresholds"], self.threshold)

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
        conformal = form.get("conformal")
        return cls(
            **{
                **{k: v for k, v in form.items() if k != "metrics"},
                "problem": Problem.from_dict(form["problem"]),
                "measured": Measured.from_dict(form["measured"]),
                "conformal": conformal and Conformal.from_dict(conformal),
                "notes": tuple(form["notes"]),
            }
        )


def evaluate(
    model: Model,
    valid: pd.DataFrame,
    *,
    costs: Mapping[str, Any] | None = None,
    coverage: float = 0.9,
    capacity: float = 1.0,
    seed: int = 0,
) -> Evaluation:
    """Judge a model on rows it has not seen.

    Of two classes, the threshold is the one that costs least on these rows; among
    those that do not certainly cost more, the nearest to the one that theory sets
    for calibrated chances (Elkan 2001). Rows of one group are resampled together, and
    a row counts by its weight, where columns have these roles.

    Parameters
    ----------
    model
        A fitted model.
    valid
        Cleaned rows with their target; those without one are passed over.
    costs
        ``{"false_alarm": ..., "miss": ...}`` in any one unit; of many classes by the
        true class, by what is said. None takes ``[goal.costs]``, else 1 each.
    coverage
        The share of truths that intervals and sets shall hold.
    capacity
        Of two classes, the share of rows that may be said positive at most.
    seed
        Of the resampling.

    Raises
    ------
    InputError
        Where no row has a target that the model knows.
    UsageError
        Where costs, coverage or capacity make no sense.
    """
    problem = model.problem
    if not 0 < capacity <= 1:
        raise UsageError("a capacity is a share above 0", got=str(capacity))
    rows, truth, predicted, notes = judged(model, valid)
    groups, weights = units(problem, rows)
    base = guess(model, len(truth))
    found = Evaluation(
        problem=problem,
        rows=len(truth),
        measured=measure(
            problem, truth, predicted, seed=seed, groups=groups, weights=weights
        ),
        guessed=guesses(problem, truth, base, weights),
        curves=curves.draw(problem, truth, predicted, base, groups, weights),
        notes=(*notes, *_units_told(problem, groups, weights)),
    )
    named = _named(Schema.of(valid).attach(rows))
    held = conform(
        problem,
        truth,
        predicted,
        coverage=coverage,
        groups=groups,
        named=named,
        seed=seed,
    )
    found = replace(found, conformal=held)
    told = costs_of.told(costs)
    if len(problem.classes) != 2:
        table = costs_of.matrix(problem, told) if problem.classes else None
        said = [] if table is None else [costs_of.remark(table, truth, predicted, base)]
        return replace(found, notes=(*found.notes, *said))
    return _with_threshold(
        found, costs_of.of_two(told), capacity, _by_group(named, truth, predicted)
    )


def _with_threshold(
    found: Evaluation,
    told: Mapping[str, float],
    capacity: float,
    groups: Mapping[str, Any],
) -> Evaluation:
    thresholds = found.curves["thresholds"]
    at = curves.cheapest(thresholds, told, capacity, found.curves.get("rows"))
    made = replace(found, costs=told, capacity=capacity, groups=groups, threshold=at)
    if over := curves.surplus(thresholds, capacity):
        made = replace(made, notes=(*made.notes, over))
    return made.at(at)


def _named(rows: pd.DataFrame) -> dict[str, Array]:
    """Return the rows of each group of the sensitive columns, by its name."""
    return {
        f"{column} = {name}": mask
        for column in Schema.of(rows).with_role("sensitive")
        for name, mask in groups_of(rows, column)
    }


def _by_group(
    named: Mapping[str, Array], truth: Array, predicted: Array
) -> dict[str, Any]:
    return {
        name: curves.steps_of(truth[mask] == 1, predicted[mask, 1])
        for name, mask in named.items()
        if mask.any()
    }


def _units_told(
    problem: Problem, groups: Array | None, weights: Array | None
) -> list[str]:
    told = []
    if groups is not None:
        count = len(np.unique(groups))
        few = ", too few to trust them" if count < FEWEST else ""
        told.append(f"intervals resample the {count} groups of {problem.group}{few}")
    if weights is not None:
        told.append(
            f"metrics count rows by {problem.weight}; pictures and promises each once"
        )
    return told


def _apart(values: Sequence[float]) -> list[str]:
    """Write numbers with as many digits as tell them apart."""
    told: list[str] = []
    for digits in DIGITS:
        told = [say(value, digits) for value in values]
        if len(set(told)) == len(set(values)):
            break
    return told


def _lines(counts: Array, classes: tuple[str, ...]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for k, name in enumerate(classes):
        rows, said, right = counts[k].sum(), counts[:, k].sum(), counts[k, k]
        wrong = np.where(np.arange(len(classes)) == k, -1, counts[k])
        most = int(wrong.argmax())
        found.append(
            (
                name,
                f"{rows:,}",
                f"{said:,}",
                f"{right / rows:.0%}" if rows else "–",
                f"{right / said:.0%}" if said else "–",
                f"{classes[most]} ({counts[k, most]:,})" if wrong[most] > 0 else "–",
            )
        )
    return found
