"""Attempts on the same folds: the weak drop out, the finalists may be blended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from mlkit.model.measures.metrics import METRICS
from mlkit.model.problem import Problem
from mlkit.model.tuning import cross
from mlkit.model.tuning.kept import Kept, Outcome
from mlkit.model.tuning.live import Line
from mlkit.model.tuning.mixing import Judge, weigh

__all__ = ["Attempt", "Drawn", "Race", "mix"]

Array = NDArray[Any]
Drawn = list[tuple[str, dict[str, Any]]]
MOST = 12


@dataclass(frozen=True)
class Attempt:
    """One set of settings and how it did.

    Parameters
    ----------
    family, settings
        What was tried; no settings are the defaults.
    folds
        The metric on the folds it was tried on; on one that leaves it undefined, its
        mean over the others.
    """

    family: str
    settings: Mapping[str, Any]
    folds: tuple[float, ...]

    @property
    def score(self) -> float:
        """The mean over its folds."""
        return float(np.mean(self.folds)) if self.folds else float("nan")


class Race:
    """Attempts on the same folds.

    Parameters
    ----------
    rows, problem
        Cleaned rows with their target, and what to predict.
    fold
        Each row's fold, shape (rows,).
    seed
        Of every fit.
    kept
        Where finished fits are kept; None keeps none.
    told
        Called with all lines when a fold of all is finished.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        problem: Problem,
        fold: NDArray[np.int64],
        seed: int,
        *,
        kept: Kept | None = None,
        told: Callable[[Sequence[Line]], None] = lambda _: None,
    ) -> None:
        self.rows, self.problem, self.fold, self.seed = rows, problem, fold, seed
        self.kept, self.told = kept, told
        self.sign = 1.0 if METRICS[problem.metric].greater else -1.0
        self.count = int(fold.max()) + 1
        inside = [fold == k for k in range(self.count)]
        self.truth = [problem.truth(rows[mask]) for mask in inside]
        self.counted = cross.counted(problem, rows, inside)
        self.known = cross.defined(problem, self.truth, self.counted)
        self.said: dict[int, list[Array]] = {}
        self.scores: list[list[float]] = []
        self.seconds = 0.0

    def run(self, drawn: Drawn, *, halve: bool, always: int) -> list[Attempt]:
        """Try all; where asked, keep the better half after each of two folds.

        These are the first two of those that define the metric.

        Parameters
        ----------
        drawn
            Families and settings.
        halve
            Whether to give up the weak.
        always
            So many of the first are never given up.
        """
        scores: list[list[float]] = [[] for _ in drawn]
        self.scores = scores
        alive = list(range(len(drawn)))
        for k in range(self.count):
            for at, found in zip(alive, self._fold(drawn, alive, k), strict=True):
                known = k in self.known
                score = cross.finite(self.problem, found.score) if known else np.nan
                scores[at].append(score)
                self.said.setdefault(at, []).append(found.said)
            so_far = self.attempts(drawn)
            self.told([(one.family, dict(one.settings), one.folds) for one in so_far])
            if halve and k in self.known[:2]:
                alive = self._better_half(alive, scores, always)
        return self.attempts(drawn)

    def attempts(self, drawn: Drawn) -> list[Attempt]:
        """Return how each has done so far."""
        return [
            Attempt(name, settings, cross.rounded(_levelled(tried)))
            for (name, settings), tried in zip(drawn, self.scores, strict=True)
        ]

    def stop(self) -> bool:
        """Settle for the folds that are done; tell whether there is one."""
        self.count = max(map(len, self.scores), default=0)
        self.truth = self.truth[: self.count]
        return self.count > self.known[0]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is told of the folds that are done."""
        done = [k for k in self.known if k < self.count]
        return cross.passed_over(self.problem, self.count - len(done))

    def best(self, attempts: list[Attempt]) -> Attempt:
        """Return the best of those that ran to the end."""
        ended = [one for one in attempts if len(one.folds) == self.count]
        return max(ended, key=lambda one: self.sign * one.score)

    def judge(self, said: Sequence[Array]) -> float:
        """Return the mean score of predictions, given fold by fold."""
        judge = Judge(self.problem, self.truth, self.counted)
        return judge.sign * judge.of(judge.some(said))

    def _fold(self, drawn: Drawn, alive: list[int], k: int) -> list[Outcome]:
        kept = self.kept
        found = {at: kept.get(*drawn[at], k) if kept else None for at in alive}
        args = self.rows, self.problem, self.fold, k, self.seed
        lacking = [at for at, one in found.items() if one is None]
        jobs = (delayed(_tried)(*drawn[at], *args, kept) for at in lacking)
        found.update(zip(lacking, Parallel()(jobs), strict=True))
        outcomes = [one for one in found.values() if one is not None]
        self.seconds += sum(one.seconds for one in outcomes)
        return outcomes

    def _better_half(
        self, alive: list[int], scores: list[list[float]], always: int
    ) -> list[int]:
        mean = {at: float(np.nanmean(scores[at])) for at in alive}
        ranked = sorted(alive, key=lambda at: (-self.sign * mean[at], at))
        kept = ranked[: (len(alive) + 1) // 2]
        return sorted({*kept, *range(always)})


def mix(race: Race, attempts: list[Attempt]) -> tuple[dict[int, float], float]:
    """Weigh the finalists greedily on the rows that each fold left out.

    Parameters
    ----------
    race
        A race that was run.
    attempts
        What it returned.

    Returns
    -------
    dict
        Weights by place in `attempts`, summing to 1.
    float
        The mean score of the blend.
    """
    ended = [at for at, one in enumerate(attempts) if len(one.folds) == race.count]
    ended.sort(key=lambda at: (-race.sign * attempts[at].score, at))
    judge = Judge(race.problem, race.truth, race.counted)
    said = {at: judge.some(race.said[at]) for at in ended[:MOST]}
    weights, value = weigh(said, judge.of)
    return weights, race.sign * value


def _tried(
    name: str,
    settings: Mapping[str, Any],
    rows: pd.DataFrame,
    problem: Problem,
    fold: NDArray[np.int64],
    k: int,
    seed: int,
    kept: Kept | None,
) -> Outcome:
    """Return what came of one fit, and keep it as soon as it is finished."""
    tried = cross.trial(name, settings, rows, problem, fold, k, seed)
    outcome = Outcome(tried.score, tried.said, tried.seconds)
    if kept is not None:
        kept.put(name, settings, k, outcome)
    return outcome


def _levelled(scores: Sequence[float]) -> list[float]:
    """Return scores with their mean for those that are undefined; none without one."""
    if not np.isfinite(scores).any():
        return []
    mean = float(np.nanmean(scores))
    return [mean if np.isnan(one) else one for one in scores]
