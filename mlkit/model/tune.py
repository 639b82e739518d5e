"""Tune the best families: within a count of trials, or within a budget of time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from mlkit.core.session import session
from mlkit.model.choose import sample
from mlkit.model.families import family
from mlkit.model.fitted import Member
from mlkit.model.grid import Grid
from mlkit.model.measures.metrics import METRICS, better
from mlkit.model.problem import Problem, known
from mlkit.model.shortlist import Shortlist
from mlkit.model.tuning import cross, decided
from mlkit.model.tuning.kept import Kept
from mlkit.model.tuning.live import Board, Line
from mlkit.model.tuning.prefer import checked, plainest, weighed
from mlkit.model.tuning.race import Attempt, Drawn, Race, mix
from mlkit.model.tuning.timed import Found, Timed, affordable, search
from mlkit.model.words import listed, say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Settings", "tune"]

SMALL, MOST = 1000, 20_000


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
        The best that the defaults of the families to be trained scored on the same
        folds; in the comparison, where no defaults ran on all of these.
    attempts
        All that was tried, in order; the weak ones were given up after few folds.
    folds
        How many folds the finalists were tried on.
    seed
        Of the search; training uses the same.
    rows
        How many rows were searched on; members that are kept fold by fold are trained
        on the same.
    notes
        What a reader should know.
    seconds
        Time that was spent; not part of the identity.
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
    rows: int = 0
    notes: tuple[str, ...] = ()
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
        return Grid(("family", "weight", "settings"), rows, (*notes, *self.notes))

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
                "notes": tuple(form.get("notes", ())),
            }
        )


def tune(
    train: pd.DataFrame,
    shortlist: Shortlist,
    trials: int = 20,
    *,
    seconds: float = 0.0,
    prefer: str = "best",
    class_weight: str = "auto",
    contenders: int = 3,
    blend: bool = True,
    folds: int = 0,
    most_rows: int = 0,
    megabytes: float = 100.0,
    seed: int = 0,
    keep: Path | None = None,
) -> Settings:
    """Search the settings of the best families, on folds of the training rows.

    With a count for a budget a search repeats. Past a thousand rows, weak attempts are
    given up after one and two folds (successive halving, Jamieson and Talwalkar 2016);
    the defaults of every contender are always tried on all folds. At the end the
    finalists may be blended, by weights chosen greedily on the rows that each fold left
    out (Caruana and others 2004).

    With seconds for a budget, all families that can be packaged are tried: what is
    done next is what promises most for its time, and nothing starts that is not
    expected to fit. The models of the folds are kept and averaged.

    Finished fits are kept in the project: a search that was interrupted goes on where
    it was.

    Parameters
    ----------
    train
        Cleaned rows with their target.
    shortlist
        What `choose` found.
    trials
        How many settings to draw, over all contenders; 0 keeps the defaults. With
        `seconds` no other count binds.
    seconds
        Of time by the clock on the wall, training included; 0 for none.
    prefer
        ``best``; ``transparent``, one model that a person can read, the plainest that
        is within a standard error of the best such; or ``portable``, one model that
        every format can take. What a person decided in `choose` holds in any case.
    class_weight
        Whether rows of rare classes count more when models are fitted: ``auto``, where
        the metric judges all classes alike, ``balanced`` or ``none``. Chances then are
        those of a world in which classes are even; the threshold is set by costs in
        any case.
    contenders
        How many of the best families that can be packaged are searched.
    blend
        Whether to blend the finalists, where that is clearly better than the best.
    folds
        How many folds; 0 takes 5, and with `seconds` 8, 5 or 3, by the rows.
    most_rows
        Search on so many rows at most, drawn at random; 0 takes 20,000, and with
        `seconds` as many as it affords.
    megabytes
        With `seconds`: what the packaged model may take, about.
    seed
        Of everything drawn at random.
    keep
        A folder for finished fits; None takes the project's, where there is one.

    Raises
    ------
    UsageError
        Where what is preferred and what a person decided in `choose` rule each other
        out.
    InputError
        Where the budget is too small for any family that is preferred.
    """
    start = time.monotonic()
    checked(prefer)
    decided.agreed(shortlist, prefer)
    problem = replace(shortlist.problem, class_weight=weighed(class_weight))
    shortlist = replace(shortlist, problem=problem)
    rows = known(train, problem)
    many = affordable(rows, problem, seconds) if seconds else MOST
    rows = sample(rows, most_rows or many, seed)
    if seconds:
        asked = Timed(
            seconds=seconds,
            prefer=prefer if blend or prefer != "best" else "alone",
            names=[shortlist.insisted] if shortlist.insisted else (),
            out=decided.out(shortlist),
            agreed=[c.family for c in shortlist.candidates if not c.problem],
            folds=folds,
            draws=trials > 0,
            megabytes=megabytes,
            seed=seed,
            keep=keep,
            start=start,
        )
        found = search(rows, problem, asked)
        left = seconds - found.seconds if prefer == "best" else 0.0
        return _settings(found, shortlist, prefer, len(rows), seed, left)
    return _counted(
        rows, shortlist, trials, prefer, contenders, blend, folds or 5, seed, keep
    )


def _outdone(found: Found, shortlist: Shortlist, left: float) -> bool:
    """Tell whether the chosen family, which was not searched, did better before.

    It must be possible to fit it once in the seconds that are left.
    """
    name = shortlist.chosen
    searched = any(n == name and len(s) == found.folds for n, _, s in found.lines)
    once = shortlist.seconds.get(name, np.inf) / max(shortlist.folds, 1)
    ahead = better(shortlist.problem.metric, shortlist[name].score, found.score)
    return ahead and not searched and once <= left


def _settings(
    found: Found,
    shortlist: Shortlist,
    prefer: str,
    rows: int,
    seed: int,
    left: float,
) -> Settings:
    """Return what a search in time found; if nothing, the best compared defaults."""
    notes, score, alone = found.notes, found.score, found.alone
    members, chosen = found.members, shortlist[shortlist.chosen]
    if not members:
        one = decided.compared(shortlist, prefer)
        members, score, alone = (Member(one.family),), one.score, one.score
        notes = (*notes, decided.untried(shortlist, prefer))
    elif _outdone(found, shortlist, left):
        members, score, alone = (Member(chosen.family),), chosen.score, chosen.score
        notes = (*notes, decided.outdone(chosen.family))
    else:
        notes = (*notes, *found.trained)
    default = _default(members, found.lines, found.folds, shortlist)
    score, alone, default = cross.rounded([score, alone, default])
    return Settings(
        problem=shortlist.problem,
        members=members,
        score=score,
        alone=alone,
        default=default,
        attempts=tuple(Attempt(*line) for line in found.lines),
        folds=found.folds,
        seed=seed,
        rows=rows,
        notes=notes,
        seconds=round(found.seconds, 3),
    )


def _default(
    members: Sequence[Member], lines: Iterable[Line], folds: int, shortlist: Shortlist
) -> float:
    """Return the best that the defaults of the members' families scored.

    On all folds, or in the comparison; where neither has one, the chosen family's.
    """
    names = {one.family for one in members}
    scored = [
        float(np.mean(scores))
        for name, settings, scores in lines
        if name in names and not settings and len(scores) == folds
    ]
    scored = scored or [c.score for c in shortlist.candidates if c.family in names]
    scored = scored or [shortlist[shortlist.chosen].score]
    return max(scored) if METRICS[shortlist.problem.metric].greater else min(scored)


def _counted(
    rows: pd.DataFrame,
    shortlist: Shortlist,
    trials: int,
    prefer: str,
    contenders: int,
    blend: bool,
    folds: int,
    seed: int,
    keep: Path | None,
) -> Settings:
    problem = shortlist.problem
    fold = cross.folds(rows, problem, folds, seed)
    kept = Kept.of(keep, rows, problem, fold, seed, "apart")
    board = Board(problem.metric, int(fold.max()) + 1)
    race = Race(rows, problem, fold, seed, kept=kept, told=board.show)
    drawn, always = decided.drawn(shortlist, trials, prefer, contenders, seed)
    attempts, notes = _run(race, drawn, always, len(rows) > SMALL)
    board.folds = race.count
    lines = [(a.family, dict(a.settings), a.folds) for a in attempts]
    board.done(lines)
    best = race.best(attempts)
    if prefer == "transparent":
        best = attempts[plainest(drawn, [a.folds for a in attempts], problem.metric)]
    together = blend and prefer == "best"
    members, score = _blended(race, attempts, best) if together else _alone(best)
    default = _default(members, lines, race.count, shortlist)
    score, alone, default = cross.rounded([score, best.score, default])
    return Settings(
        problem=problem,
        members=members,
        score=score,
        alone=alone,
        default=default,
        attempts=tuple(attempts),
        folds=race.count,
        seed=seed,
        rows=len(rows),
        notes=(*race.notes, *notes),
        seconds=round(race.seconds, 3),
    )


def _run(
    race: Race, drawn: Drawn, always: int, halve: bool
) -> tuple[list[Attempt], tuple[str, ...]]:
    """Run a race; a person may stop it once something ran to the end."""
    try:
        return race.run(drawn, halve=halve and always < len(drawn), always=always), ()
    except KeyboardInterrupt:
        if session().job or not race.stop():
            raise
        many = "one fold" if race.count == 1 else f"{race.count} folds"
        told = f"stopped by hand after {many}: the best so far is kept"
        return race.attempts(drawn), (told,)


def _alone(best: Attempt) -> tuple[tuple[Member, ...], float]:
    return (Member(best.family, dict(best.settings)),), best.score


def _blended(
    race: Race, attempts: list[Attempt], best: Attempt
) -> tuple[tuple[Member, ...], float]:
    """Return the blend where it is clearly better: by a tenth of a standard error.

    One fold alone tells no error, and so of no blend that it is.
    """
    if race.count < 2:
        return _alone(best)
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
