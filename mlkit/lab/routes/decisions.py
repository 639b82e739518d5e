"""Decisions: what was chosen, what stands as a default, and a choice made or undone."""

from __future__ import annotations

import json
from typing import Any

from mlkit.core import decisions
from mlkit.core.project import Project
from mlkit.core.store import Store
from mlkit.engine.planning.unread import seen
from mlkit.lab.command import ask
from mlkit.lab.refusal import Refusal
from mlkit.lab.routes.route import Route, aside, guarded

__all__ = ["ROUTES"]

NAME = r"decisions/([A-Za-z_][A-Za-z0-9_-]*)"


class Decisions(Route):
    """``decisions``: all of a project, made or asked for."""

    @guarded
    async def get(self) -> None:
        """List them by name, each with the step that asks for it."""
        self.reply(await aside(listed, self.project))


class Decision(Route):
    """``decisions/NAME``: set, undo."""

    @guarded
    async def put(self, name: str) -> None:
        """Set a value, with a reason; ``overrule_STEP`` opens a step's gate."""
        asked = self.form(value=object, why=str)
        if "value" not in asked:
            raise Refusal(400, "there is no value", expected="value, why")
        value, why = json.dumps(asked["value"]), asked.get("why", "")
        if "\0" in why:
            raise Refusal(400, "a reason holds a NUL character")
        await self._decide(f"--why={why}", "--", name, value)

    @guarded
    async def delete(self, name: str) -> None:
        """Drop a decision, so that the default counts again."""
        await self._decide("--undo", "--", name)

    async def _decide(self, *words: str) -> None:
        root = self.project.root
        told = await ask("decide", f"-C{root}", *words, cwd=root)
        self.reply({"told": told.strip()})


def listed(project: Project) -> list[dict[str, Any]]:
    """Return each decision: its step, its value, who made it and why."""
    graph, store = seen(project)[0], Store(project.state)
    made = decisions.read_all(project.decisions)
    used: dict[str, Any] = {}
    for step in graph.steps:
        for record in store.records(step)[:1]:
            used |= record.get("decided", {})
    asked = {name: step for step, nb in graph.steps.items() for name in nb.decides}
    names = sorted({*asked, *made})
    return [told(n, asked.get(n, ""), made.get(n), used.get(n, {})) for n in names]


def told(
    name: str, step: str, made: decisions.Decision | None, used: dict[str, Any]
) -> dict[str, Any]:
    """Return one decision: as it was made, else the default in use."""
    if made is None:
        return {"name": name, "step": step, "made": False, "value": used.get("value")}
    who = {"by": made.by, "at": made.at, "why": made.why, "told": made.told}
    return {"name": name, "step": step, "made": True, "value": made.value, **who}


ROUTES: list[tuple[str, type[Route]]] = [("decisions", Decisions), (NAME, Decision)]
