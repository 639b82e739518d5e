"""Weights of a blend, chosen greedily on rows that no part of it has seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.measures.metrics import METRICS, score
from mlkit.model.problem import Problem
from mlkit.model.tuning import cross

__all__ = ["Judge", "weigh"]

Array = NDArray[Any]
STEPS, MOST, ROWS, SAME = 40, 25, 20_000, 1e-12


class Judge:
    """The metric of predictions given fold by fold, signed so that more is better.

    Folds whose truth leaves it undefined are passed over.

    Parameters
    ----------
    problem
        What is predicted, and by which metric it is judged.
    truth
        The truth of the rows of each fold.
    counted
        What the rows of each fold count; None where all count the same.
    most
        Judge by so many rows at most, drawn at random; but a fold on which the metric
        is undefined on those drawn is judged whole.
    """

    def __init__(
        self,
        problem: Problem,
        truth: Sequence[Array],
        counted: Sequence[Array] | None = None,
        *,
        most: int = ROWS,
    ) -> None:
        self.problem = problem
        self.sign = 1.0 if METRICS[problem.metric].greater else -1.0
        share = most / max(sum(map(len, truth)), 1)
        rng = np.random.default_rng(0)
        self.known = cross.defined(problem, truth, counted)
        self.rows: list[Array | None] = [None] * len(truth)
        for k, one in enumerate(truth) if share < 1 else ():
            some = np.sort(rng.permutation(len(one))[: max(int(share * len(one)), 1)])
            counts = counted[k][some] if counted else None
            if k not in self.known or cross.definable(problem, one[some], counts):
                self.rows[k] = some
        self.truth = self.some(truth)
        self.counted = self.some(counted) if counted else [None] * len(self.truth)

    def some(self, said: Sequence[Array]) -> list[Array]:
        """Return the rows that are judged, fold by fold."""
        pairs = zip(said, self.rows, strict=False)
        return [one if rows is None else one[rows] for one, rows in pairs]

    def of(self, said: Sequence[Array]) -> float:
        """Return the mean over the folds that define it; undefined is the worst."""
        told = [
            score(self.problem, self.truth[k], said[k], self.counted[k])
            for k in self.known
        ]
        return self.sign * float(
            np.mean([cross.finite(self.problem, one) for one in told])
        )


def weigh(
    said: Mapping[int, Sequence[Array]],
    judge: Callable[[Sequence[Array]], float],
    steps: int = STEPS,
) -> tuple[dict[int, float], float]:
    """Add one candidate at a time, with replacement; keep the best of all steps.

    The first step takes the best alone, so that no blend is worse than that on the
    rows it was weighed on.

    Parameters
    ----------
    said
        What each candidate predicts, fold by fold, on rows it has not seen.
    judge
        Tells how good predictions are; more is better.
    steps
        How many are added.

    Returns
    -------
    dict
        Weights by candidate, summing to 1.
    float
        What the judge says of the blend.

    Notes
    -----
    Caruana and others 2004, "Ensemble selection from libraries of models".

    Examples
    --------
    >>> said = {0: [np.array([0.0, 2.0])], 1: [np.array([2.0, 0.0])]}
    >>> weigh(said, lambda told: 1 - float(np.abs(told[0] - 1).sum()))
    ({0: 0.5, 1: 0.5}, 1.0)
    """
    counts = dict.fromkeys(said, 0)
    total: list[Array] = [np.zeros_like(one, float) for one in said[next(iter(said))]]
    best, kept = -np.inf, dict(counts)
    for step in range(1, steps + 1):
        told = {}
        for at, mine in said.items():
            pairs = zip(total, mine, strict=True)
            told[at] = judge([(so_far + more) / step for so_far, more in pairs])
        at = max(told, key=lambda one: told[one])
        counts[at] += 1
        total = [so_far + more for so_far, more in zip(total, said[at], strict=True)]
        if told[at] - best > SAME * abs(told[at]):
            best, kept = told[at], dict(counts)
    whole = sum(kept.values())
    return {at: n / whole for at, n in kept.items() if n}, float(best)
