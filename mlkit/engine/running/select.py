"""Which steps a run is about."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mlkit.core.errors import UsageError, WiringError, did_you_mean
from mlkit.core.project import Project
from mlkit.engine.planning.graph import Graph
from mlkit.engine.running.options import Options

__all__ = ["missing", "select"]


def select(graph: Graph, options: Options, project: Project) -> list[str]:
    """Return the steps that are asked for, in order.

    Raises
    ------
    UsageError
        Where there is no such step, or options contradict each other.
    """
    if not graph.steps:
        raise WiringError(
            "there is no step in this project",
            where=str(project.root),
            expected="a notebook with a cell tagged `parameters` and a mk.save(...)",
            got="; ".join(graph.notices) or "no such notebook",
            todo="bring in a template with `mlkit add STEP`, or tag a cell",
        )
    if options.in_place and (options.given or options.profile):
        raise UsageError(
            "--in-place keeps outputs of the notebooks' own parameters alone",
            todo="leave out -p and --profile, or change the notebooks",
        )
    if options.only and (options.start or options.until):
        raise UsageError("--only runs one step, so it takes no --from and no --until")
    settings = project.config("steps", {})
    _check_settings(settings, graph)
    if options.only:
        graph[options.only]
        return [options.only]
    chosen = {s for s in graph.steps if not settings.get(s, {}).get("manual")}
    chosen |= {step for step in (options.start, options.until) if step}
    if options.start:
        chosen &= graph.downstream(options.start) | {options.start}
    if options.until:
        chosen &= graph.upstream(options.until) | {options.until}
    if not chosen and graph.steps:
        raise UsageError(
            f"{options.until} does not come after {options.start}",
            where="--from and --until",
            todo="`mlkit graph` shows which steps come after which",
        )
    return [name for name in graph.steps if name in chosen]


def missing(
    graph: Graph, selected: list[str], saved: Collection[str], options: Options
) -> dict[str, str]:
    """Tell of the steps that cannot run, as what they load was never saved, and why.

    Raises
    ------
    UsageError
        Where it was some steps in particular that were asked for.
    """
    found: dict[str, str] = {}
    for step in selected:
        for name in graph.inputs(step):
            saver = graph.savers[name]
            if name not in saved and saver not in selected:
                found[step] = f"{name!r} is not saved yet: `mlkit run --until {saver}`"
    if found and (options.only or options.start or options.until):
        step, why = next(iter(found.items()))
        what, _, todo = why.partition(": ")
        raise UsageError(what, where=f"{step} loads it", todo=todo)
    return found


def _check_settings(settings: Mapping[str, object], graph: Graph) -> None:
    known = {*graph.steps, *(nb.name for nb in (*graph.spares, *graph.readers))}
    for name in settings:
        if name not in known:
            raise UsageError(
                f"there is no step {name!r}",
                where=f"mlkit.toml [steps.{name}]",
                todo=did_you_mean(name, known),
            )
