"""Review a model before it acts: what it looks at, for whom it works, what is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from mlkit.core.schema import Schema
from mlkit.model.choose import sample
from mlkit.model.explain import Importance, dependence, importance, leaks
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.measure import judged
from mlkit.model.metrics import METRICS, score
from mlkit.model.problem import Problem, known
from mlkit.model.slices import FEWEST, Slice, slices
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Remark", "Review", "review"]

SEVERITIES = ("serious", "warning", "note")


@dataclass(frozen=True)
class Remark:
    """One thing the review found.

    Parameters
    ----------
    severity
        ``serious``, ``warning`` or ``note``.
    what
        What was found, in a sentence.
    todo
        What to do about it.
    """

    severity: str
    what: str
    todo: str = ""


@dataclass(frozen=True)
class Review:
    """What a review found.

    Parameters
    ----------
    problem
        What is predicted.
    rows
        How many validation rows it rests on.
    seen, unseen
        The metric on training rows, and on validation rows.
    importance
        Permutation importance, the most important feature first.
    dependence
        Partial dependence of the most important features.
    slices
        Metrics by group of the sensitive columns.
    leaks
        Features that alone predict the target nearly perfectly, and how well.
    remarks
        What a person should read, the most severe first.
    """

    problem: Problem
    rows: int
    seen: float
    unseen: float
    importance: tuple[Importance, ...]
    dependence: Mapping[str, Any] = field(default_factory=dict)
    slices: tuple[Slice, ...] = ()
    leaks: Mapping[str, float] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()

    @property
    def metrics(self) -> dict[str, float]:
        """The metric on training and on validation rows."""
        name = self.problem.metric
        return {f"{name}_train": self.seen, f"{name}_valid": self.unseen}

    def table(self) -> Grid:
        """Return the remarks as a table, the most severe first."""
        rows = [(one.severity, one.what, one.todo) for one in self.remarks]
        return Grid(("", "what was found", "what to do"), rows)

    def plot(self) -> Picture:
        """Draw importance, dependence and groups."""
        from mlkit.model.charts.review import overview

        return overview(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {**asdict(self), "problem": self.problem.to_dict()}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Review:
        """Read the form that `to_dict` gives."""
        return cls(
            **{
                **form,
                "problem": Problem.from_dict(form["problem"]),
                "importance": tuple(Importance(**one) for one in form["importance"]),
                "slices": tuple(Slice.from_dict(one) for one in form["slices"]),
                "remarks": tuple(Remark(**one) for one in form["remarks"]),
            }
        )


def review(
    model: Model,
    train: pd.DataFrame,
    valid: pd.DataFrame,
    *,
    repeats: int = 5,
    most_rows: int = 2000,
    seed: int = 0,
) -> Review:
    """Look into a model with the rows it learnt from and rows it has not seen.

    Parameters
    ----------
    model
        A fitted model.
    train, valid
        Cleaned rows with their target.
    repeats
        Shuffles of each feature.
    most_rows
        Shuffle so many validation rows at most.
    seed
        Of everything drawn at random.

    Raises
    ------
    InputError
        Where no validation row has a target that the model knows.
    """
    problem = model.problem
    rows, truth, predicted, _ = judged(model, valid)
    learnt = known(train, problem)
    some = sample(rows, most_rows, seed)
    told = importance(model, some, repeats, seed)
    top = [one.feature for one in told[:4] if one.loss > 0]
    found = Review(
        problem=problem,
        rows=len(rows),
        seen=_score(model, learnt),
        unseen=_round(score(problem.metric, truth, predicted)),
        importance=told,
        dependence=dependence(model, some, top),
        slices=slices(problem, Schema.of(valid).attach(rows), truth, predicted),
        leaks=leaks(sample(learnt, 4000, seed), problem, seed=seed),
    )
    return _with_remarks(found, model)


def _score(model: Model, table: pd.DataFrame) -> float:
    some = sample(table, 20_000, 0)
    truth = model.problem.truth(some)
    return _round(score(model.problem.metric, truth, model.predicted(some)))


def _with_remarks(found: Review, model: Model) -> Review:
    remarks = [*_of_leaks(found), *_of_features(found), *_of_groups(found)]
    remarks += [*_of_rows(found, model), *_of_fit(found)]
    remarks.sort(key=lambda remark: SEVERITIES.index(remark.severity))
    return Review(**{**vars(found), "remarks": tuple(remarks)})


def _of_leaks(found: Review) -> Iterator[Remark]:
    target = found.problem.target
    for name, got in found.leaks.items():
        yield Remark(
            "serious",
            f"{name} alone predicts {target} nearly perfectly ({say(got)})",
            "make sure it is known before the target is; otherwise give it the role "
            "ignored in `collect`",
        )


def _of_features(found: Review) -> Iterator[Remark]:
    useful = [one for one in found.importance if one.loss > 2 * one.error]
    total = sum(one.loss for one in useful)
    if len(found.importance) > 2 and useful and useful[0].loss > 0.8 * total:
        yield Remark(
            "warning",
            f"the model rests almost wholly on {useful[0].feature}",
            "ask whether it will be there, and right, when the model is used",
        )
    idle = [one.feature for one in found.importance if one not in useful]
    if idle:
        yield Remark(
            "note",
            f"{len(idle)} of {len(found.importance)} features add nothing that shows: "
            + ", ".join(idle[:6])
            + (" and others" if len(idle) > 6 else ""),
            "what is not needed need not be collected",
        )


def _of_groups(found: Review) -> Iterator[Remark]:
    if not found.slices:
        yield Remark(
            "note",
            "fairness was not assessed: no column has the role sensitive",
            "give columns such as sex or age that role in `collect`",
        )
    for small in (s for s in found.slices if s.rows < FEWEST):
        yield Remark(
            "note",
            f"{small.column} = {small.group} was not assessed: {small.rows} rows",
            f"at least {FEWEST} rows of it are needed",
        )
    name = found.problem.metric
    for column in dict.fromkeys(s.column for s in found.slices):
        told = [s for s in found.slices if s.column == column]
        limits = [
            s.measured.intervals[name] for s in told if name in s.measured.metrics
        ]
        if limits and max(low for low, _ in limits) > min(high for _, high in limits):
            yield Remark(
                "warning",
                f"the model is not equally good for all groups of {column}",
                "look at the groups below before the model decides about people",
            )


def _of_rows(found: Review, model: Model) -> Iterator[Remark]:
    if found.rows < 100:
        yield Remark(
            "warning",
            f"only {found.rows} validation rows: every number here is uncertain",
            "read the intervals, and collect more rows",
        )
    for name, share in zip(model.classes, model.shares, strict=False):
        if share * model.rows < 20:
            yield Remark(
                "warning",
                f"class {name} had only {round(share * model.rows)} training rows",
                "collect more of it, or join it with another class",
            )


def _of_fit(found: Review) -> Iterator[Remark]:
    metric = METRICS[found.problem.metric]
    yield Remark(
        "note",
        f"{metric.title} is {say(found.seen)} on the rows it learnt from, and "
        f"{say(found.unseen)} on rows it has not seen",
        "only the second number counts",
    )


def _round(value: float) -> float:
    return float(f"{value:.7g}")
