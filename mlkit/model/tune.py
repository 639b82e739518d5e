"""Tune the best families: a random search whose budget is a count of trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from mlkit.model import cross
from mlkit.model.choose import Shortlist, sample
from mlkit.model.families import family
from mlkit.model.fitted import Member
from mlkit.model.grid import Grid
from mlkit.model.metrics import better
from mlkit.model.problem import Problem, known
from mlkit.model.race import Attempt, Race, mix
from mlkit.model.words import listed, say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Settings", "tune"]

SMALL = 1000


@dataclass(frozen=True)
class Settings:
    """What will be trained, and the search that found it.

    Parameters
    ----------
    problem
        What is to be predicted.
    members
        The best attempt; or those that are better together, with their weights.
    score
        Its mean over the folds.
    alone
        The best score of one attempt alone.
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
    members: tuple[Member, ...]
    score: float
    alone: float
    default: float
    attempts: tuple[Attempt, ...]
    folds: int
    seed: int
    seconds: float = 0.0

    @property
    def metrics(self) -> dict[str, float]:
        """The winner's score, by the metric's name."""
        return {self.problem.metric: self.score}

    @property
    def title(self) -> str:
        """What will be trained, in a few words."""
        titles = sorted({family(member.family).title for member in self.members})
        many = len(self.members) > 1
        return f"blend of {listed(titles)}" if many else titles[0]

    def table(self) -> Grid:
        """Return what will be trained as a table."""
        rows = []
        for member in self.members:
            told = ", ".join(f"{k} {v}" for k, v in member.settings.items())
            share = f"{member.weight:.0%}"
            rows.append((family(member.family).title, share, told or "the defaults"))
        note = f"the best alone scored {say(self.alone, 4)}, this {say(self.score, 4)}"
        notes = (note,) if len(self.members) > 1 else ()
        return Grid(("family", "weight", "settings"), rows, notes)

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
                "members": tuple(Member(**member) for member in form["members"]),
                "attempts": tuple(tried),
            }
        )


def tune(
    train: pd.DataFrame,
    shortlist: Shortlist,
    trials: int = 20,
    *,
    contenders: int = 3,
    blend: bool = True,
    folds: int = 5,
    most_rows: int = 20_000,
    seed: int = 0,
) -> Settings:
    """Search the settings of the best families, on folds of the training rows.

    A count is the budget, so that a search repeats. Past a thousand rows, weak
    attempts are given up after one and two folds (successive halving, Jamieson and
    Talwalkar 2016); the defaults of every contender are always tried on all folds.
    At the end the finalists may be blended, by weights chosen greedily on the rows
    that each fold left out (Caruana and others 2004).

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
    blend
        Whether to blend the finalists, where that is clearly better than the best.
    folds
        How many folds.
    most_rows
        Search on so many rows at most, drawn at random.
    seed
        Of everything drawn at random.
    """
    problem = shortlist.problem
    rows = sample(known(train, problem), most_rows, seed)
    race = Race(rows, problem, cross.folds(rows, problem, folds, seed), seed)
    names = _contenders(shortlist, contenders)
    defaults: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in names]
    drawn = defaults + _draw(names, problem.kind, trials, seed)
    attempts = race.run(drawn, halve=len(rows) > SMALL, always=len(names))
    best = race.best(attempts)
    members, score = _blended(race, attempts, best) if blend else _alone(best)
    return Settings(
        problem=problem,
        members=members,
        score=round(score, 6),
        alone=round(best.score, 6),
        default=round(attempts[0].score, 6),
        attempts=tuple(attempts),
        folds=folds,
        seed=seed,
        seconds=round(race.seconds, 3),
    )


def _alone(best: Attempt) -> tuple[tuple[Member, ...], float]:
    return (Member(best.family, dict(best.settings)),), best.score


def _blended(
    race: Race, attempts: list[Attempt], best: Attempt
) -> tuple[tuple[Member, ...], float]:
    """Return the blend where it is clearly better: by a tenth of a standard error."""
    weights, score = mix(race, attempts)
    error = np.std(best.folds, ddof=1) / np.sqrt(len(best.folds))
    bar = best.score + race.sign * 0.1 * error
    if len(weights) < 2 or not better(race.problem.metric, score, bar):
        return _alone(best)
    made = [
        Member(attempts[at].family, dict(attempts[at].settings), weight)
        for at, weight in weights.items()
    ]
    return tuple(made), score


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
