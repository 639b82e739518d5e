"""The goal of a project, as the form in Lab reads and writes it.

It loads no package of numbers: the Jupyter server is to have none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkit.widgets.goal import Goal, GoalForm, Way

__all__ = ["read", "write"]

TEXTS = ("question", "use", "people")


def read(form: GoalForm) -> dict[str, Any]:
    """Return what ``[goal]`` says, and what could stand there."""
    goal = form.goal
    return {
        **{name: getattr(goal, name) for name in TEXTS},
        "costs": {".".join(path): cost for path, cost in goal.costs.items()},
        "bars": {".".join(path): bar for path, bar in goal.bars.items()},
        "titles": {
            "costs": _titles(form.costs, goal.costs),
            "bars": _titles(form.bars, goal.bars),
        },
    }


def write(form: GoalForm, asked: Mapping[str, Any]) -> None:
    """Write what differs; what the form cannot show stays as it is.

    Raises
    ------
    UsageError
        Where a number or a name is none that may stand there.
    """
    goal = form.goal
    texts = {name: str(asked.get(name, getattr(goal, name))) for name in TEXTS}
    costs = _ways(asked.get("costs"), form.costs, goal.costs)
    bars = _ways(asked.get("bars"), form.bars, goal.bars)
    form.save(Goal(**texts, costs=costs, bars=bars))


def _ways(
    given: Mapping[str, float] | None,
    known: Mapping[Way, str],
    was: Mapping[Way, float],
) -> Mapping[Way, float]:
    """Return numbers by path; those that stand there where none are given."""
    ways = {".".join(path): path for path in (*known, *was)}
    if given is None:
        return was
    return {ways.get(name, (name,)): value for name, value in given.items()}


def _titles(known: Mapping[Way, str], given: Mapping[Way, float]) -> dict[str, str]:
    told = {".".join(path): title for path, title in known.items()}
    return {".".join(path): " taken for ".join(path) for path in given} | told
