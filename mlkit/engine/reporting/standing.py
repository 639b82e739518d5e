"""How a project stands: each step's state and why, its drafts, the run going on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlkit.core.project import Project
from mlkit.engine.planning.graph import Graph
from mlkit.engine.planning.plan import status
from mlkit.engine.planning.unread import seen
from mlkit.engine.running.events import read
from mlkit.engine.running.lock import holder

__all__ = ["Standing", "standing"]


@dataclass(frozen=True)
class Standing:
    """How a project stands.

    Parameters
    ----------
    graph
        Its steps and what they pass.
    steps
        Step → state, why, loads, saves, notebook, drafts.
    holder
        Who runs it now; None if nobody does.
    """

    graph: Graph
    steps: Mapping[str, Mapping[str, Any]]
    holder: Mapping[str, Any] | None


def standing(project: Project) -> Standing:
    """Tell how a project stands, running nothing.

    A step whose notebook cannot be read is told of as it last ran.

    Raises
    ------
    WiringError
        Where its notebooks do not make a graph.
    """
    graph, unread = seen(project)
    found, facts = status(project, graph, unread=unread), holder(project)
    running = _running(project.runs / facts["run"] / "events.jsonl") if facts else set()
    steps = {
        name: {
            "state": "running" if name in running else check.state,
            "why": check.why,
            "loads": list(graph.inputs(name)),
            "saves": list(graph[name].saves),
            "notebook": project.relative(graph[name].path),
            "drafts": [n for n in graph[name].saves if n in found.drafts],
        }
        for name, check in found.checks.items()
    }
    return Standing(graph, steps, facts)


def _running(events: Path) -> set[str]:
    found: set[str] = set()
    for event in read(events):
        if event["event"] == "step_started":
            found.add(event["step"])
        elif event["event"] == "step_finished":
            found.discard(event["step"])
    return found
