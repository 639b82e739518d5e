"""Which steps a run is about."""

from __future__ import annotations

from mlkit.core.errors import UsageError
from mlkit.core.project import Project
from mlkit.engine.planning.graph import Graph
from mlkit.engine.running.options import Options

__all__ = ["select"]


def select(graph: Graph, options: Options, project: Project) -> list[str]:
    """Return the steps that are asked for, in order.

    Raises
    ------
    UsageError
        Where there is no such step, or options contradict each other.
    """
    if options.in_place and (options.given or options.profile):
        raise UsageError(
            "--in-place keeps outputs of the notebooks' own parameters alone",
            todo="leave out -p and --profile, or change the notebooks",
        )
    manual = {
        name
        for name, settings in project.config("steps", {}).items()
        if settings.get("manual")
    }
    for name in project.config("steps", {}):
        graph[name]
    if options.only:
        graph[options.only]
        return [options.only]
    chosen = set(graph.steps) - manual
    if options.start:
        chosen &= graph.downstream(options.start) | {options.start}
    if options.until:
        chosen &= graph.upstream(options.until) | {options.until}
        chosen |= {options.until}
    return [name for name in graph.steps if name in chosen]
