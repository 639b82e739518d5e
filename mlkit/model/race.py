"""Attempts on the same folds: the weak drop out, the finalists may be blended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from mlkit.model import cross
from mlkit.model.metrics import METRICS, score
from mlkit.model.problem import Problem

__all__ = ["Attempt", "Race", "mix"]

Array = NDArray[Any]
Drawn = list[tuple[str, dict[str, Any]]]
ROUNDS, MOST = 20, 12
WORST = 1e300


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
    """

    def __init__(
        self, rows: pd.DataFrame, problem: Problem, fold: NDArray[np.int64], seed: int
    ) -> None:
        self.rows, self.problem, self.fold, self.seed = rows, problem, fold, seed
        self.sign = 1.0 if METRICS[problem.metric].greater else -1.0
        self.count = int(fold.max()) + 1
        self.truth = [problem.truth(rows[fold == k]) for k in range(self.count)]
        self.said: dict[int, list[Array]] = {}
        self.seconds = 0.0

    def run(self, drawn: Drawn, *, halve: bool, always: int) -> list[Attempt]:
        """Try all; where asked, keep the better half after the first two folds.

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
        alive = list(range(len(drawn)))
        for k in range(self.count):
            for at, found in zip(alive, self._fold(drawn, alive, k), strict=True):
                scores[at].append(found[0])
                self.said.setdefault(at, []).append(found[1])
            if halve and k < 2:
                alive = self._better_half(alive, scores, always)
        return [
            Attempt(name, settings, tuple(round(s, 6) for s in tried))
            for (name, settings), tried in zip(drawn, scores, strict=True)
        ]

    def best(self, attempts: list[Attempt]) -> Attempt:
        """Return the best of those that ran to the end."""
        ended = [one for one in attempts if len(one.folds) == self.count]
        return max(ended, key=lambda one: self.sign * one.score)

    def judge(self, said: list[Array]) -> float:
        """Return the mean score of predictions, given fold by fold."""
        pairs = zip(self.truth, said, strict=True)
        told = [_finite(self.problem, score(self.problem.metric, *p)) for p in pairs]
        return float(np.mean(told))

    def _fold(
        self, drawn: Drawn, alive: list[int], k: int
    ) -> list[tuple[float, Array]]:
        jobs = (
            delayed(_tried)(
                *drawn[at], self.rows, self.problem, self.fold, k, self.seed
            )
            for at in alive
        )
        found = list(Parallel()(jobs))
        self.seconds += sum(seconds for *_, seconds in found)
        return [(value, said) for value, said, _ in found]

    def _better_half(
        self, alive: list[int], scores: list[list[float]], always: int
    ) -> list[int]:
        ranked = sorted(alive, key=lambda at: (-self.sign * np.mean(scores[at]), at))
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
    ended = ended[:MOST]
    counts = dict.fromkeys(ended, 0)
    total = [np.zeros_like(said, dtype=np.float64) for said in race.said[ended[0]]]
    best, kept = -np.inf, dict(counts)
    for step in range(1, ROUNDS + 1):
        sums = {at: _add(total, race.said[at]) for at in ended}
        told = {
            at: race.sign * race.judge([s / step for s in sums[at]]) for at in ended
        }
        at = max(ended, key=lambda at: told[at])
        counts[at] += 1
        total = sums[at]
        if told[at] > best + 1e-12:
            best, kept = told[at], dict(counts)
    whole = sum(kept.values())
    return {at: n / whole for at, n in kept.items() if n}, race.sign * best


def _add(total: list[Array], said: list[Array]) -> list[Array]:
    return [mine + more for mine, more in zip(total, said, strict=True)]


def _tried(
    name: str,
    settings: Mapping[str, Any],
    rows: pd.DataFrame,
    problem: Problem,
    fold: NDArray[np.int64],
    k: int,
    seed: int,
) -> tuple[float, Array, float]:
    """Return score, predictions and seconds of one trial."""
    tried = cross.trial(name, settings, rows, problem, fold, k, seed)
    said = tried.model.predicted(rows[fold == k])
    return _finite(problem, tried.score), said, tried.seconds


def _finite(problem: Problem, value: float) -> float:
    """Return a score; one that is undefined is the worst."""
    if np.isfinite(value):
        return value
    return -WORST if METRICS[problem.metric].greater else WORST
