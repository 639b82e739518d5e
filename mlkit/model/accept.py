"""Accept a model, or not: the sealed rows judge it against stated bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.cells import config, judged
from mlkit.core.schema import Schema
from mlkit.core.verdict import Finding, Verdict
from mlkit.data.clean import Cleaning
from mlkit.model import bars as bars_of
from mlkit.model import measure as measured_of
from mlkit.model.evaluate import Evaluation
from mlkit.model.fitted import Model
from mlkit.model.measure import Measured
from mlkit.model.metrics import METRICS
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.model.runtime import choice, cut
from mlkit.model.slices import Slice, slices
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Accepted", "accept"]

ENOUGH = 20
Array = NDArray[Any]


@dataclass(frozen=True)
class Accepted:
    """What the sealed rows say of a model.

    Parameters
    ----------
    problem
        What is predicted.
    family
        What the model is.
    rows
        How many sealed rows judged it.
    measured, guessed
        Its metrics with intervals, and those of a guess.
    threshold
        Of two classes, the least probability that says the second; else None.
    slices
        Metrics by group of the sensitive columns.
    bars
        What ``[goal.bars]`` asked for.
    findings
        How each bar went.
    notes
        What a reader should know.
    judged
        How many models these sealed rows have judged; not part of the identity.
    """

    volatile: ClassVar[tuple[str, ...]] = ("judged",)

    problem: Problem
    family: str
    rows: int
    measured: Measured
    guessed: Mapping[str, float]
    threshold: float | None
    slices: tuple[Slice, ...]
    bars: Mapping[str, float]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    judged: int = 1

    @property
    def metrics(self) -> Mapping[str, float]:
        """The metrics by name."""
        return self.measured.metrics

    @property
    def verdict(self) -> Verdict:
        """What the gate judges by."""
        return Verdict((*self.findings, _of_seal(self.judged)), "Acceptance")

    def plot(self) -> Picture:
        """Draw each metric between the guess and its bar."""
        from mlkit.model.charts.accept import overview

        return overview(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {
            **asdict(self),
            "problem": self.problem.to_dict(),
            "metrics": dict(self.metrics),
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Accepted:
        """Read the form that `to_dict` gives."""
        return cls(
            **{
                **{k: v for k, v in form.items() if k != "metrics"},
                "problem": Problem.from_dict(form["problem"]),
                "measured": Measured.from_dict(form["measured"]),
                "slices": tuple(Slice.from_dict(one) for one in form["slices"]),
                "findings": tuple(Finding(**one) for one in form["findings"]),
                "notes": tuple(form["notes"]),
            }
        )


def accept(
    model: Model,
    cleaning: Cleaning,
    evaluation: Evaluation,
    review: Review,
    test: pd.DataFrame,
    *,
    known_leaks: Sequence[str] = (),
    bars: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Accepted:
    """Judge a model by sealed raw rows, cleaned as a request would be.

    It must beat a guess without features, by the limit of a paired bootstrap
    interval; meet each bar of ``[goal.bars]`` by its confidence limit; and no feature
    may give the target away, unless a person has said that it is known in time.

    Parameters
    ----------
    model
        A fitted model.
    cleaning
        The cell operations, replayed on the raw rows.
    evaluation
        Where the threshold was set.
    review
        Where features were found that know too much.
    test
        Raw rows with their target, never seen before.
    known_leaks
        Features that are known in time, though they predict nearly perfectly.
    bars
        None takes ``[goal.bars]``.
    seed
        Of the resampling.

    Raises
    ------
    InputError
        Where no row has a target that the model knows.
    UsageError
        Where a bar is unknown.
    """
    problem, at = model.problem, cut(evaluation.threshold)
    asked = bars_of.read(problem, bars)
    cleaned = cleaning.apply(test)
    rows, truth, predicted, notes = measured_of.judged(model, cleaned)
    base = measured_of.guess(model, len(truth))
    told = measured_of.measure(problem, truth, predicted, at, seed=seed)
    named = Schema.of(cleaned).attach(rows)
    found = slices(problem, named, truth, predicted, at)
    findings = [
        _of_guess(problem, truth, predicted, base, at, seed),
        *bars_of.of_metrics(problem, told, asked),
        *bars_of.of_groups(problem, found, asked),
        *_of_leaks(review, known_leaks),
        bars_of.of_rows(len(truth), asked),
    ]
    return Accepted(
        problem=problem,
        family=model.title,
        rows=len(truth),
        measured=told,
        guessed=measured_of.guesses(problem, truth, base),
        threshold=evaluation.threshold,
        slices=found,
        bars=asked,
        findings=tuple(findings),
        notes=(*notes, *_beside(problem, told, evaluation)),
        judged=max(len(judged("test")), 1),
    )


def _of_guess(
    problem: Problem,
    truth: Array,
    predicted: Array,
    base: Array,
    threshold: float,
    seed: int,
) -> Finding:
    """Judge by how much the model beats a guess, row for row."""
    metric = METRICS[problem.metric]
    if metric.takes == "labels":
        predicted, base = choice(predicted, threshold), base.argmax(axis=1)
    sign = 1 if metric.greater else -1

    def ahead(picked: NDArray[np.int64]) -> float:
        mine = metric.compute(truth[picked], predicted[picked])
        return sign * (mine - metric.compute(truth[picked], base[picked]))

    told = measured_of.resampled({"ahead": ahead}, len(truth), seed)
    bar = f"better than a guess in {metric.title}"
    if "ahead" not in told.metrics:
        why = f"{metric.title} is undefined on these rows"
        return Finding(bar, "not_assessed", got=why, required=True)
    return Finding(
        bar,
        "passed" if told.intervals["ahead"][0] > 0 else "missed",
        got=f"ahead by {told.words('ahead')}",
        need="a lower limit above 0",
        help="the features do not tell: look at the review, add features or rows",
        required=True,
    )


def _of_leaks(review: Review, known: Sequence[str]) -> list[Finding]:
    target = review.problem.target
    if not review.leaks:
        return [Finding(f"no feature gives {target} away", "passed")]
    return [
        Finding(
            f"{name} does not give {target} away",
            "passed" if name in known else "missed",
            got=f"alone it scores {say(got)}"
            + (", and is said to be known in time" if name in known else ""),
            help=f"give {name} the role ignored in `collect`; or, if it is known "
            f"before {target} is, say so in the decision known_leaks",
            required=True,
        )
        for name, got in review.leaks.items()
    ]


def _of_seal(count: int) -> Finding:
    most = int(config("policies.models_per_holdout", ENOUGH))
    bar = f"sealed rows that judged at most {most} models"
    got = f"{count} so far, this one included"
    if count <= most:
        return Finding(bar, "passed", got=got)
    help_ = "they are no longer unseen: bring fresh rows and split again"
    return Finding(bar, "not_assessed", got=got, help=help_)


def _beside(problem: Problem, told: Measured, evaluation: Evaluation) -> list[str]:
    """Say so where the sealed rows and the validation rows do not agree."""
    name, metric = problem.metric, METRICS[problem.metric]
    if name not in told.metrics or name not in evaluation.metrics:
        return []
    mine, theirs = told.intervals[name], evaluation.measured.intervals[name]
    if mine[0] <= theirs[1] and theirs[0] <= mine[1]:
        return []
    here, there = told.words(name), evaluation.measured.words(name)
    return [f"{metric.title} here, {here}, is not what evaluate saw, {there}"]
