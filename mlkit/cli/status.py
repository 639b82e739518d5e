"""``mlkit status``: what is fresh, stale, draft, running, blocked."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("status")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(folder: Path, as_json: bool) -> None:
    """Say what is fresh, stale, draft, running or blocked; run nothing."""
    import json

    from mlkit.core.project import Project
    from mlkit.engine.planning.graph import build
    from mlkit.engine.planning.plan import status
    from mlkit.engine.running.lock import holder

    project = Project.open(folder)
    graph = build(project)
    found = status(project, graph)
    facts = holder(project)
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
    if as_json:
        click.echo(json.dumps({"steps": steps}, ensure_ascii=False))
        return
    for notice in graph.notices:
        click.echo(f"note: {notice}", err=True)
    width = max(map(len, steps), default=0)
    for name, step in steps.items():
        state = str(step["state"])
        colour = COLOURS.get(state, "white")
        drafts = f"  draft: {', '.join(step['drafts'])}" if step["drafts"] else ""
        mark = click.style(f"{state:<8}", fg=colour)
        click.echo(f"{name:<{width}}  {mark} {_reason(name, str(step['why']))}{drafts}")
    if facts:
        click.echo(f"run {facts['run']} of {facts['by']} is going on")


COLOURS = {
    "fresh": "green",
    "stale": "yellow",
    "running": "cyan",
    "blocked": "magenta",
    "failed": "red",
}


def _reason(name: str, why: str) -> str:
    if "nothing it depends on changed" in why and "blocked" not in why:
        return ""
    return why.removeprefix(f"{name} ").removeprefix("is stale: ")


def _running(events: Path) -> set[str]:
    from mlkit.engine.running.events import read

    found: set[str] = set()
    for event in read(events):
        if event["event"] == "step_started":
            found.add(event["step"])
        elif event["event"] == "step_finished":
            found.discard(event["step"])
    return found
