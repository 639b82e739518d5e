"""Tune the best families: a random search whose budget is a count of trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from mlkit.model import cross
from mlkit.model.choose import Shortlist, sample
from mlkit.model.families import family
from mlkit.model.grid import Grid
from mlkit.model.metrics import METRICS
from mlkit.model.problem import Problem, known

if TYPE_CHECKING:
    from mlkit.data.plots import Picture

__all__ = ["Attempt", "Settings", "tune"]

SMALL = 1000
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Attempt:
    """One set of settings and how it did.

    Parameters
    ----------
    family, settings
        What was tried; no settings are the defaults.
    folds
        The metric on the folds it was tried on.
    """

    family: str
    settings: Mapping[str, Any]
    folds: tuple[float, ...]

    @property
    def score(self) -> float:
        """The mean over its folds."""
        return float(np.mean(self.folds)) if self.folds else float("nan")


@dataclass(frozen=True)
class Settings:
    """What will be trained, and the search that found it.

    Parameters
    ----------
    problem
        What is to be predicted.
    family, settings
        The best family and its settings; none are the defaults.
    score
        Its mean over the folds.
    default
        What the chosen family's defaults scored on the same folds.
    attempts
        All that was tried, in order; the weak ones were given up after few folds.
    folds
        How many folds the finalists were tried on.
    seed
        Of the search; training uses the same.
    seconds
        Processor time; not part of the identity.
    """

    volatile: ClassVar[tuple[str, ...]] = ("seconds",)

    problem: Problem
    family: str
    settings: Mapping[str, Any]
    score: float
    default: float
    attempts: tuple[Attempt, ...]
    folds: int
    seed: int
    seconds: float = 0.0

    @property
    def metrics(self) -> dict[str, float]:
        """The winner's score, by the metric's name."""
        return {self.problem.metric: self.score}

    def table(self) -> Grid:
        """Return what will be trained as a table."""
        told = {"family": family(self.family).title, **self.settings}
        notes = () if self.settings else ("its default settings were the best",)
        rows = [(name, str(value)) for name, value in told.items()]
        return Grid(("setting", "value"), rows, notes)

    def plot(self) -> Picture:
        """Draw the search: every attempt, and the best so far."""
        from mlkit.model.charts.tune import search

        return search(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {**asdict(self), "problem": self.problem.to_dict()}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Settings:
        """Read the form that `to_dict` gives."""
        tried = [Attempt(**{**a, "folds": tuple(a["folds"])}) for a in form["attempts"]]
        return cls(
            **{
                **form,
                "problem": Problem.from_dict(form["problem"]),
                "attempts": tuple(tried),
            }
        )


def tune(
    train: pd.DataFrame,
    shortlist: Shortlist,
    trials: int = 20,
    *,
    contenders: int = 2,
    folds: int = 5,
    most_rows: int = 20_000,
    seed: int = 0,
) -> Settings:
    """Search the settings of the best families, on folds of the training rows.

    A count is the budget, so that a search repeats. Past a thousand rows, weak
    attempts are given up after one and two folds (successive halving, Jamieson and
    Talwalkar 2016); the defaults of every contender are always tried on all folds.

    Parameters
    ----------
    train
        Cleaned rows with their target.
    shortlist
        What `choose` found.
    trials
        How many settings to draw, over all contenders; 0 keeps the defaults.
    contenders
        How many of the best families that can be packaged are searched.
    folds
        How many folds.
    most_rows
        Search on so many rows at most, drawn at random.
    seed
        Of everything drawn at random.
    """
    problem = shortlist.problem
    rows = sample(known(train, problem), most_rows, seed)
    race = _Race(rows, problem, cross.folds(rows, problem, folds, seed), seed)
    names = _contenders(shortlist, contenders)
    defaults: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in names]
    drawn = defaults + _draw(names, problem.kind, trials, seed)
    attempts = race.run(drawn, halve=len(rows) > SMALL, always=len(names))
    finalists = [a for a in attempts if len(a.folds) == folds]
    best = max(finalists, key=lambda a: race.sign * a.score)
    default = next(a for a in attempts if a.family == names[0])
    return Settings(
        problem=problem,
        family=best.family,
        settings=dict(best.settings),
        score=round(best.score, 6),
        default=round(default.score, 6),
        attempts=tuple(attempts),
        folds=folds,
        seed=seed,
        seconds=round(race.seconds, 3),
    )


class _Race:
    """Attempts on the same folds; the weak drop out."""

    def __init__(
        self, rows: pd.DataFrame, problem: Problem, fold: Ints, seed: int
    ) -> None:
        self.rows, self.problem, self.fold, self.seed = rows, problem, fold, seed
        self.sign = 1.0 if METRICS[problem.metric].greater else -1.0
        self.seconds = 0.0

    def run(
        self, drawn: list[tuple[str, dict[str, Any]]], *, halve: bool, always: int
    ) -> list[Attempt]:
        """Try all; after the first and the second fold keep the better half."""
        scores: list[list[float]] = [[] for _ in drawn]
        alive = list(range(len(drawn)))
        for k in range(int(self.fold.max()) + 1):
            for at, score in zip(alive, self._fold(drawn, alive, k), strict=True):
                scores[at].append(score)
            if halve and k < 2:
                alive = self._better_half(alive, scores, always)
        return [
            Attempt(name, settings, tuple(round(s, 6) for s in tried))
            for (name, settings), tried in zip(drawn, scores, strict=True)
        ]

    def _fold(
        self, drawn: list[tuple[str, dict[str, Any]]], alive: list[int], k: int
    ) -> list[float]:
        jobs = (
            delayed(_score)(
                *drawn[at], self.rows, self.problem, self.fold, k, self.seed
            )
            for at in alive
        )
        found = list(Parallel()(jobs))
        self.seconds += sum(seconds for _, seconds in found)
        return [score for score, _ in found]

    def _better_half(
        self, alive: list[int], scores: list[list[float]], always: int
    ) -> list[int]:
        ranked = sorted(alive, key=lambda at: (-self.sign * np.mean(scores[at]), at))
        kept = ranked[: (len(alive) + 1) // 2]
        return sorted({*kept, *range(always)})


def _score(
    name: str,
    settings: Mapping[str, Any],
    rows: pd.DataFrame,
    problem: Problem,
    fold: Ints,
    k: int,
    seed: int,
) -> tuple[float, float]:
    """Return score and seconds of one trial; an undefined score is the worst."""
    tried = cross.trial(name, settings, rows, problem, fold, k, seed)
    greater = METRICS[problem.metric].greater
    worst = -1e300 if greater else 1e300
    return (tried.score if np.isfinite(tried.score) else worst), tried.seconds


def _contenders(shortlist: Shortlist, count: int) -> list[str]:
    """Return the best families that can be packaged; the chosen one first."""
    able = [c.family for c in shortlist.candidates if not c.problem]
    rest = [n for n in able if n not in (shortlist.chosen, "dummy")]
    return [shortlist.chosen, *rest][: max(count, 1)]


def _draw(
    names: list[str], kind: str, trials: int, seed: int
) -> list[tuple[str, dict[str, Any]]]:
    """Draw settings for the contenders in turn, each from its own stream."""
    streams = [np.random.default_rng([seed, at]) for at in range(len(names))]
    turns = [at % len(names) for at in range(trials)]
    return [(names[at], family(names[at]).draw(kind, streams[at])) for at in turns]
