"""How a run ended: its state, its exit code, and what is written down of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from mlkit.core.project import Project
from mlkit.engine.planning.graph import Graph
from mlkit.engine.running.step import Step

__all__ = ["drawing", "exit_code", "groups", "state_of"]

CODES = {"passed": 0, "failed": 1, "blocked": 3, "interrupted": 130}
GROUPS = ("kept", "blocked", "failed", "skipped")
BAD_INPUT = frozenset({"InputError", "UsageError"})


def drawing(graph: Graph, project: Project) -> dict[str, Any]:
    """Return the graph as plain JSON: what each step is and is wired to."""
    return {
        name: {
            "parents": graph.parents(name),
            "loads": list(graph.inputs(name)),
            "saves": list(nb.saves),
            "notebook": project.relative(nb.path),
        }
        for name, nb in graph.steps.items()
    }


def groups(steps: Mapping[str, Step]) -> dict[str, list[str]]:
    """Return the names of the steps by how they ended, and those that ran."""
    found = {g: [s for s, step in steps.items() if step.state == g] for g in GROUPS}
    return found | {"executed": [s for s, step in steps.items() if step.executed]}


def state_of(steps: Collection[Step], interrupted: bool) -> str:
    """Return passed, blocked, failed or interrupted; failed outranks blocked."""
    states = {step.state for step in steps}
    if interrupted or "interrupted" in states or any(step.pending for step in steps):
        return "interrupted"
    return next((s for s in ("failed", "blocked") if s in states), "passed")


def exit_code(state: str, steps: Iterable[Step]) -> int:
    """Return the code of the worst; bad input that a step found is wrong usage."""
    types = {step.failure["type"] for step in steps if step.failure}
    return 2 if state == "failed" and types <= BAD_INPUT else CODES[state]
