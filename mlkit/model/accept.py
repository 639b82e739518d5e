"""Accept a model, or not: the sealed rows judge it against stated bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd
from numpy.typing import NDArray

from mlkit.core.cells import config
from mlkit.core.past import champion, past
from mlkit.core.schema import Schema
from mlkit.core.verdict import Finding, Verdict
from mlkit.data.clean import Cleaning
from mlkit.model.conformal import Conformal
from mlkit.model.evaluate import Evaluation
from mlkit.model.fitted import Model
from mlkit.model.groups.fairness import Fairness, assess
from mlkit.model.groups.price import Price
from mlkit.model.judging import bars as bars_of
from mlkit.model.judging import group_bars, rival, seal
from mlkit.model.judging.controls import of_controls
from mlkit.model.judging.duel import Duel, meet, of_champion
from mlkit.model.measures import measure as measured_of
from mlkit.model.measures.measure import Measured
from mlkit.model.measures.metrics import METRICS
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.model.runtime import cut
from mlkit.model.slicing import parts
from mlkit.model.slicing.search import Weakest
from mlkit.model.slicing.slices import Slice, slices
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Accepted", "accept"]

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
    fairness
        How it treats the groups of the sensitive columns.
    parts
        Metrics of named parts of the rows, and of those that evaluate found weak.
    mitigation
        What was switched on so that groups are treated alike, and its price.
    conformal
        The intervals or sets that evaluate calibrated; they travel with the package.
    judged, looked, changed, entered
        What the ledger says: how many models most of these rows have judged, the
        looks before this one was made, the bars that changed after results were seen,
        and whether the bars in use stand there. Not part of the identity.
    fresh
        Whether most of these rows are newer than such results; not part of the
        identity.
    champion, duel
        How it compares with the champion, as a finding and in figures; not part of
        the identity.
    """

    volatile: ClassVar[tuple[str, ...]] = (
        *("champion", "changed", "duel", "entered", "fresh", "judged", "looked"),
    )

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
    fairness: Fairness | None = None
    parts: tuple[Slice, ...] = ()
    mitigation: Price | None = None
    conformal: Conformal | None = None
    judged: int = 1
    looked: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    entered: bool = True
    fresh: bool = False
    champion: Finding | None = field(default=None)
    duel: Duel | None = None

    @property
    def metrics(self) -> Mapping[str, float]:
        """The metrics by name."""
        return self.measured.metrics

    @property
    def verdict(self) -> Verdict:
        """What the gate judges by."""
        ledger = seal.of_bars(
            self.changed,
            entered=self.entered,
            stated=bool(self.bars),
            fresh=self.fresh,
        )
        rest = [self.champion] if self.champion else []
        looks = seal.of_looks(self.judged, self.looked)
        return Verdict((*self.findings, *rest, *ledger, *looks), "Acceptance")

    def plot(self) -> Picture:
        """Draw each metric between the guess and its bar."""
        from mlkit.model.charts.accept import overview

        return overview(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        kept = ("conformal", "fairness", "mitigation")
        whole = {name: getattr(self, name) for name in kept}
        return {
            **asdict(self),
            "problem": self.problem.to_dict(),
            "metrics": dict(self.metrics),
            **{name: one and one.to_dict() for name, one in whole.items()},
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
                **_beyond(form),
            }
        )


def accept(
    model: Model,
    cleaning: Cleaning,
    evaluation: Evaluation,
    review: Review,
    test: pd.DataFrame,
    *,
    slices: Weakest | None = None,
    known_leaks: Sequence[str] = (),
    bars: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Accepted:
    """Judge a model by sealed raw rows, cleaned as a request would be.

    It must beat a guess without features, by the limit of a paired bootstrap
    interval; meet each bar of ``[goal.bars]`` by its confidence limit; and no feature
    may give the target away, unless a person has said that it is known in time. What
    was not assessed is said, and blocks where a bar is set on it.

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
    slices
        The weak parts that evaluate found; those that ``[goal.slices]`` names are
        measured in any case.
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
    named = Schema.of(cleaned).attach(rows)
    seen = _Seen(problem, named, truth, predicted, at, seed)
    price = _price(model)
    found = seen.groups()
    fair = seen.fairness(evaluation.threshold)
    weak = seen.parts(slices)
    told = seen.measured()
    base = measured_of.guess(model, len(truth))
    findings = [
        rival.of_guess(problem, truth, predicted, base, at, seen.units, seed),
        *bars_of.of_metrics(problem, told, asked, len(truth)),
        *group_bars.of_groups(problem, found, asked, len(truth), fair.hints),
        *group_bars.of_fairness(fair, asked, price),
        *group_bars.of_parts(
            problem, weak, asked, parts.titles(config("goal.slices", {}))
        ),
        *_of_leaks(review, known_leaks),
        *of_controls(review, asked),
        bars_of.of_rows(len(truth), asked),
    ]
    before = past("test", bars_of.stated() if bars is None else bars)
    met = seen.duel(test)
    return Accepted(
        problem=problem,
        family=model.title,
        rows=len(truth),
        measured=told,
        guessed=measured_of.guesses(problem, truth, base, seen.units[1]),
        threshold=evaluation.threshold,
        slices=found,
        bars=asked,
        findings=tuple(findings),
        notes=(
            *notes,
            *_beside(problem, told, evaluation),
            *_promised(evaluation, truth, predicted),
            *_mitigated(price),
        ),
        fairness=fair,
        parts=weak,
        mitigation=price,
        conformal=evaluation.conformal,
        judged=before.models,
        looked=seal.told_looks(before),
        changed=seal.told_changes(before),
        entered=before.entered,
        fresh=seal.fresh(before),
        champion=_of_champion(met, asked.get("champion")),
        duel=met,
    )


@dataclass(frozen=True)
class _Seen:
    """The sealed rows as they are judged."""

    problem: Problem
    rows: pd.DataFrame
    truth: Array
    predicted: Array
    at: float
    seed: int

    @property
    def units(self) -> tuple[Array | None, Array | None]:
        """Each row's group, and what it counts."""
        return measured_of.units(self.problem, self.rows)

    @property
    def all(self) -> tuple[Problem, pd.DataFrame, Array, Array, float]:
        return self.problem, self.rows, self.truth, self.predicted, self.at

    def measured(self) -> Measured:
        return measured_of.measure_rows(*self.all, seed=self.seed)

    def groups(self) -> tuple[Slice, ...]:
        return slices(*self.all)

    def fairness(self, threshold: float | None) -> Fairness:
        problem, rows, truth, predicted, _ = self.all
        return assess(problem, rows, truth, predicted, threshold, seed=self.seed)

    def parts(self, weak: Weakest | None) -> tuple[Slice, ...]:
        return parts.measured(*self.all, weak, config("goal.slices", {}))

    def duel(self, test: pd.DataFrame) -> Duel | None:
        """Hold the model against the champion; None where there is none."""
        held = champion("test")
        if held is None:
            return None
        problem, rows, truth, predicted, at = self.all
        raw = test.loc[rows.index]
        more: Any = {"units": self.units, "seed": self.seed}
        return meet(problem, raw, truth, predicted, at, held, **more)


def _of_champion(met: Duel | None, bar: float | None) -> Finding | None:
    if met is not None:
        return of_champion(met, bar)
    if bar is None:
        return None
    why, title = "there is no champion yet", "ahead of the champion"
    return Finding(title, "not_assessed", got=why)


def _price(model: Model) -> Price | None:
    """Return what a mitigation of the model costs; None where none is switched on."""
    form = getattr(model, "mitigation", None)
    return Price.from_dict(form) if form else None


def _mitigated(price: Price | None) -> list[str]:
    if price is None:
        return []
    return [f"mitigated: {price.statement}, on rows that folds left out", *price.notes]


def _promised(evaluation: Evaluation, truth: Array, predicted: Array) -> list[str]:
    """Tell how often the truth of the sealed rows was in the interval or the set."""
    held = evaluation.conformal
    if held is None or held.radius is None:
        return []
    share, rows = held.holds(truth, predicted).mean(), len(truth)
    what = "sets" if predicted.ndim == 2 else "intervals"
    told = f"{what} promise to hold {held.coverage:.0%} of the truths"
    return [f"{told}; of these {rows:,} they held {share:.1%}"]


def _beyond(form: Mapping[str, Any]) -> dict[str, Any]:
    """Read the parts of a form that an older one lacks."""
    fair, price, rest = (form.get(n) for n in ("fairness", "mitigation", "champion"))
    held = form.get("conformal")
    met = form.get("duel")
    return {
        "fairness": fair and Fairness.from_dict(fair),
        "mitigation": price and Price.from_dict(price),
        "champion": rest and Finding(**rest),
        "conformal": held and Conformal.from_dict(held),
        "duel": met and Duel.from_dict(met),
        "parts": tuple(Slice.from_dict(one) for one in form.get("parts", ())),
        "looked": tuple(form.get("looked", ())),
        "changed": tuple(form.get("changed", ())),
    }


def _of_leaks(review: Review, known: Sequence[str]) -> list[Finding]:
    target = review.problem.target
    bar, why = f"no feature gives {target} away", review.unassessed
    if why or not review.leaks:
        first = [Finding(bar, "not_assessed" if why else "passed", got=why)]
    else:
        first = []
    return first + [
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
