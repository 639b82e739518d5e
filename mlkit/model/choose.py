"""Choose a family of models: baselines first, then the others, on equal folds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from mlkit.core.cells import config
from mlkit.model import cross
from mlkit.model.cross import Trial, trial
from mlkit.model.families import first, names, ready
from mlkit.model.grid import Grid
from mlkit.model.metrics import METRICS, better
from mlkit.model.parity import agree
from mlkit.model.problem import KINDS, Problem, known
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Candidate", "Shortlist", "choose"]


@dataclass(frozen=True)
class Candidate:
    """One family and how it did.

    Parameters
    ----------
    family, title
        Its name in code and in words.
    score, error
        The mean of the metric over the folds, and the standard error of that mean.
    folds
        The metric on each fold.
    baseline, plain
        Whether it is there to compare with; whether a person can read it.
    formats
        The package formats it can take.
    size
        Bytes of the packaged model; 0 where it cannot be packaged.
    problem
        Why it cannot be packaged; "" where it can.
    """

    family: str
    title: str
    score: float
    error: float
    folds: tuple[float, ...]
    baseline: bool
    plain: bool
    formats: tuple[str, ...]
    size: int
    problem: str


@dataclass(frozen=True)
class Shortlist:
    """The families compared, and the one that is chosen.

    Parameters
    ----------
    problem
        What is to be predicted.
    candidates
        The best first.
    chosen
        The best family that can be packaged.
    best, gap
        The best family of all, and by how much it beats the chosen one.
    rows, folds
        How many rows were compared on, in how many folds.
    notes
        What a reader should know.
    seconds
        Processor time of each family's fits; not part of the identity.
    """

    volatile: ClassVar[tuple[str, ...]] = ("seconds",)

    problem: Problem
    candidates: tuple[Candidate, ...]
    chosen: str
    best: str
    gap: float
    rows: int
    folds: int
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, float]:
        """The chosen family's score, by the metric's name."""
        return {self.problem.metric: self[self.chosen].score}

    def __getitem__(self, name: str) -> Candidate:
        return next(c for c in self.candidates if c.family == name)

    def table(self) -> Grid:
        """Return the comparison as a table, the best first."""
        metric = METRICS[self.problem.metric].title
        rows = [
            (
                c.title + (" (chosen)" if c.family == self.chosen else ""),
                f"{say(c.score, 4)} ± {say(c.error, 2)}",
                "yes" if c.plain else "no",
                f"{c.size / 1000:,.0f} kB" if c.size else "–",
                c.problem or "agrees with ONNX",
            )
            for c in self.candidates
        ]
        heads = ("family", metric, "readable", "size", "package")
        return Grid(heads, rows, self.notes)

    def plot(self) -> Picture:
        """Draw each family's score on each fold."""
        from mlkit.model.charts.choose import compare

        return compare(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {
            **asdict(self),
            "problem": self.problem.to_dict(),
            "seconds": dict(self.seconds),
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Shortlist:
        """Read the form that `to_dict` gives."""
        listed = [
            Candidate(
                **{**c, "folds": tuple(c["folds"]), "formats": tuple(c["formats"])}
            )
            for c in form["candidates"]
        ]
        return cls(
            **{
                **form,
                "problem": Problem.from_dict(form["problem"]),
                "candidates": tuple(listed),
                "notes": tuple(form["notes"]),
            }
        )


def choose(
    train: pd.DataFrame,
    families: Iterable[str] | None = None,
    *,
    folds: int = 5,
    metric: str | None = None,
    most_rows: int = 20_000,
    seed: int = 0,
) -> Shortlist:
    """Compare families by cross-validation on the problem's metric.

    The chosen family is the best that survives a parity pre-check: one model of each
    is converted to ONNX and held against the original on rows left out and on ties,
    missing values, huge numbers and unseen categories.

    Parameters
    ----------
    train
        Cleaned rows with their target.
    families
        Which to compare; None or none takes those that are `first` in their file.
        The guess is always there.
    folds
        How many folds.
    metric
        The metric to compare by; None takes ``[goal] metric``, else the problem's.
    most_rows
        Compare on so many rows at most, drawn at random.
    seed
        Of everything drawn at random.
    """
    problem = Problem.of(
        train,
        metric or config("goal.metric"),
        config("goal.positive"),
        config("goal.kind"),
        config("goal.order"),
    )
    rows = sample(known(train, problem), most_rows, seed)
    fold = cross.folds(rows, problem, folds, seed)
    listed = _wanted(families, problem.kind)
    trials = {name: _trials(name, rows, problem, fold, seed) for name in listed}
    found = [_candidate(name, t, rows[fold == 0]) for name, t in trials.items()]
    found.sort(key=lambda c: -c.score if METRICS[problem.metric].greater else c.score)
    chosen = next((c for c in found if not c.problem), found[0])
    return Shortlist(
        problem=problem,
        candidates=tuple(found),
        chosen=chosen.family,
        best=found[0].family,
        gap=abs(found[0].score - chosen.score),
        rows=len(rows),
        folds=folds,
        notes=tuple(_notes(problem, found[0], chosen, len(train), len(rows))),
        seconds={n: round(sum(t.seconds for t in ts), 3) for n, ts in trials.items()},
    )


def sample(table: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Return at most `most` rows, in their order."""
    if len(table) <= most:
        return table
    picked = np.random.default_rng(seed).permutation(len(table))[:most]
    return table.iloc[np.sort(picked)]


def _wanted(families: Iterable[str] | None, kind: str) -> list[str]:
    asked = set(families or first(kind))
    for name in asked:
        ready(name, kind)
    return [name for name in names() if name in asked or name == "dummy"]


def _trials(
    name: str,
    rows: pd.DataFrame,
    problem: Problem,
    fold: NDArray[np.int64],
    seed: int,
) -> list[Trial]:
    every = range(int(fold.max()) + 1)
    jobs = (delayed(trial)(name, {}, rows, problem, fold, k, seed) for k in every)
    return list(Parallel()(jobs))


def _candidate(name: str, trials: list[Trial], left_out: pd.DataFrame) -> Candidate:
    scores = np.array([t.score for t in trials])
    scores = scores[np.isfinite(scores)]
    kind = ready(name, trials[0].model.problem.kind)
    check = agree(trials[0].model, left_out)
    error = scores.std(ddof=1) / np.sqrt(len(scores)) if len(scores) > 1 else 0.0
    return Candidate(
        family=name,
        title=kind.title,
        score=round(float(scores.mean()), 6) if len(scores) else 0.0,
        error=round(float(error), 6),
        folds=tuple(round(float(s), 6) for s in scores),
        baseline=kind.baseline,
        plain=kind.plain,
        formats=kind.formats,
        size=check.size,
        problem=check.reason,
    )


def _notes(
    problem: Problem, best: Candidate, chosen: Candidate, given: int, rows: int
) -> Iterable[str]:
    metric = METRICS[problem.metric]
    way = "greater" if metric.greater else "smaller"
    yield (
        f"{problem.target} is {KINDS[problem.kind]}: compared by {metric.title}, "
        f"{way} is better"
    )
    yield f"told so because {problem.told}"
    if problem.left_out:
        yield f"not used (text and dates): {', '.join(problem.left_out)}"
    if rows < given:
        yield f"compared on {rows:,} of {given:,} rows"
    if better(problem.metric, best.score, chosen.score):
        yield (
            f"{best.title} is better by {say(abs(best.score - chosen.score))}, "
            f"but cannot be packaged: {best.problem}"
        )
