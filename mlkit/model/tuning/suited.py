"""Which families suit some rows, and whether there is time to embed their texts."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mlkit.model.encoding.embeddings import embed, takes
from mlkit.model.families import family
from mlkit.model.problem import Problem
from mlkit.model.tuning.budget import Budget, OutOfTime
from mlkit.model.tuning.trying import Item
from mlkit.model.words import say

__all__ = ["suited"]

SHARE, ROOM = 1 / 3, 1.3


def suited(
    items: Sequence[Item], rows: pd.DataFrame, problem: Problem, budget: Budget
) -> tuple[list[Item], list[str]]:
    """Return the families that suit some rows, and what is to be said of others.

    Where one of them reads sentence embeddings, all texts are embedded here, if that
    is foreseen to take a third of the budget at most; they are then at hand.

    Parameters
    ----------
    items
        Families and settings.
    rows, problem
        Cleaned rows, and what to predict.
    budget
        The time.

    Examples
    --------
    >>> rows = pd.DataFrame({"x": [0.0, 1.0], "y": [1.0, 2.0]})
    >>> problem = Problem("number", "y", "rmse", numbers=("x",))
    >>> suited([("linear", {}), ("embeddings", {})], rows, problem, Budget(60))
    ([('linear', {})], [])
    """
    kept = [item for item in items if _suits(item[0], rows, problem)]
    plain = [item for item in kept if not family(item[0]).encoding.embeddings]
    if len(plain) == len(kept):
        return kept, []
    foreseen, most = takes(rows, problem.texts, len(rows)), SHARE * budget.left
    if foreseen > most:
        told = f"would take {say(foreseen, 2)} s, more than {say(most, 2)} s"
        return plain, [f"sentence embeddings: {told}"]
    try:
        with budget.alarm(ROOM * most):
            for name in problem.texts:
                embed(rows[name].tolist())
    except OutOfTime:
        told = f"took longer than the {say(foreseen, 2)} s that were foreseen"
        return plain, [f"sentence embeddings: left, as they {told}"]
    return kept, []


def _suits(name: str, rows: pd.DataFrame, problem: Problem) -> bool:
    kind = family(name)
    return kind.suits(rows, problem) if hasattr(kind, "suits") else True
