"""What errors cost, as ``[goal.costs]`` states it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.cells import config
from mlkit.core.errors import UsageError, did_you_mean
from mlkit.core.names import EVEN
from mlkit.model.problem import Problem
from mlkit.model.runtime import choice
from mlkit.model.words import say

__all__ = ["EVEN", "matrix", "of_two", "remark", "told"]

Array = NDArray[Any]


def told(costs: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the costs that are given, else those of ``[goal.costs]``."""
    given: Mapping[str, Any] = config("goal.costs", {}) if costs is None else costs
    return given


def of_two(given: Mapping[str, Any]) -> dict[str, float]:
    """Return what a false alarm and a miss cost, 1 each where nothing is said.

    Raises
    ------
    UsageError
        Where a cost is unknown, no number of 0 or more, or both are 0.

    Examples
    --------
    >>> of_two({"miss": 5})
    {'false_alarm': 1.0, 'miss': 5.0}
    """
    for name, value in given.items():
        if name not in EVEN or not _is_cost(value):
            raise UsageError(
                f"this is no cost: {name} = {value!r}",
                where="[goal.costs]",
                expected="false_alarm and miss, numbers of 0 or more",
                todo=did_you_mean(name, EVEN),
            )
    found = {**EVEN, **{name: float(value) for name, value in given.items()}}
    if not sum(found.values()):
        raise UsageError("one of the costs must be above 0", where="[goal.costs]")
    return found


def matrix(problem: Problem, given: Mapping[str, Any]) -> Array | None:
    """Return what it costs to say a class where another is true, shape (true, said).

    Parameters
    ----------
    problem
        What is predicted, one of many classes.
    given
        By the true class, by what is said, the cost; a mistake that is not named
        costs 1. None is returned where no cost is given.

    Raises
    ------
    UsageError
        Where a class is unknown, or a cost is no number of 0 or more.

    Examples
    --------
    >>> problem = Problem("many_classes", "y", "log_loss", ("a", "b", "c"))
    >>> matrix(problem, {"a": {"c": 9}}).tolist()
    [[0.0, 1.0, 9.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
    """
    if not given:
        return None
    found = 1.0 - np.eye(len(problem.classes))
    for true, row in given.items():
        if not isinstance(row, Mapping):
            raise UsageError(
                f"this is no cost: {true} = {row!r}",
                where="[goal.costs]",
                expected="of many classes a table each: [goal.costs.TRUE] SAID = 2.0",
            )
        for said, value in row.items():
            for name in (true, said):
                if name not in problem.classes:
                    raise UsageError(
                        f"a cost is told of {name!r}, which is no class",
                        where=f"[goal.costs.{true}]",
                        todo=did_you_mean(name, problem.classes),
                    )
            if not _is_cost(value):
                raise UsageError(
                    f"this is no cost: {said} = {value!r}",
                    where=f"[goal.costs.{true}]",
                    expected="a number of 0 or more",
                )
            found[problem.classes.index(true), problem.classes.index(said)] = value
    return found


def remark(costs: Array, truth: Array, chances: Array, base: Array) -> str:
    """Say what a row costs, and what it would if costs decided (Elkan 2001).

    Parameters
    ----------
    costs
        By the true class and by what is said.
    truth
        Class codes, shape (rows,).
    chances, base
        Of the model and of a guess, shape (rows, classes).
    """
    likely = costs[truth, choice(chances)].mean()
    cheap = costs[truth, (chances @ costs).argmin(axis=1)].mean()
    guess = costs[truth, (base @ costs).argmin(axis=1)].mean()
    return (
        f"by the costs told a row costs {say(likely)}, where the likeliest class is "
        f"said; {say(cheap)}, were the class said that promises to cost least; "
        f"{say(guess)} by a guess"
    )


def _is_cost(value: Any) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and np.isfinite(value) and value >= 0
