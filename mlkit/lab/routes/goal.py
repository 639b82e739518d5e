"""The goal: the question, the use, the people, the costs of errors, the bars."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkit.lab.refusal import Refusal
from mlkit.lab.routes.route import Route, aside, guarded

__all__ = ["ROUTES"]

TEXTS = ("question", "use", "people")
LONGEST = 10_000  # characters of a text
LONG = 1_000  # characters of a name: of two classes, for a cost


class GoalRoute(Route):
    """``goal``: what ``[goal]`` of ``mlkit.toml`` says."""

    @guarded
    async def get(self) -> None:
        """Return it, and the costs and bars that could stand there."""
        self.reply(await aside(told, self.project.root))

    @guarded
    async def put(self) -> None:
        """Write what is given; comments, and what stands beside it, are kept."""
        project = self.project
        self.places.inside(project.root / "mlkit.toml")
        asked = self.form(question=str, use=str, people=str, costs=dict, bars=dict)
        checked(asked)
        self.reply(await aside(told, project.root, asked))


def told(root: Path, asked: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Write where something is asked for, then tell what the file says."""
    from mlkit.lab import goal

    form = goal.form_of(root)
    if asked is not None:
        goal.write(form, asked)
        form = goal.form_of(root)
    return goal.read(form)


def checked(asked: dict[str, Any]) -> None:
    """See that texts are texts of a length, and numbers numbers, or None.

    Raises
    ------
    Refusal
        Where one is not.
    """
    for name in TEXTS:
        text = asked.get(name, "")
        if len(text) > LONGEST or "\0" in text:
            raise Refusal(400, f"{name} cannot be this text", got=repr(text[:40]))
    for table in ("costs", "bars"):
        found = asked.get(table, {})
        if len(found) > 200 or any(len(name) > LONG for name in found):
            raise Refusal(400, f"{table} has too many names, or too long ones")
        for name, value in found.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (number and math.isfinite(value)):
                got = f"{name[:40]} = {value!r}"[:80]
                raise Refusal(400, f"{table} holds what is no number", got=got)


ROUTES: list[tuple[str, type[Route]]] = [("goal", GoalRoute)]
