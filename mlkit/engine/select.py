"""What a run is asked for, and which steps that means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlkit.core.project import Project
from mlkit.engine.graph import Graph

__all__ = ["Options", "select"]


@dataclass(frozen=True)
class Options:
    """What a run is asked for.

    Parameters
    ----------
    only, start, until
        Steps: just this one; from this one on; up to this one.
    given
        ``[step.]name`` → text, as after ``-p``.
    profile
        A ``[profiles.NAME]`` of ``mlkit.toml``.
    jobs
        How many steps may run side by side; 0 for as many as there are processors.
    refresh
        Run the selected steps even where they are fresh.
    in_place
        Write the executed notebooks over the project's own.
    warm
        Start kernels from a fork server, where the system can.
    """

    only: str = ""
    start: str = ""
    until: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    profile: str = ""
    jobs: int = 0
    refresh: bool = False
    in_place: bool = False
    warm: bool = True


def select(graph: Graph, options: Options, project: Project) -> list[str]:
    """Return the steps that are asked for, in order."""
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
