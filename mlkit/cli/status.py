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
    from mlkit.engine.reporting.standing import standing

    found = standing(Project.open(folder))
    steps, facts = found.steps, found.holder
    if as_json:
        click.echo(json.dumps({"steps": steps}, ensure_ascii=False))
        return
    for notice in found.graph.notices:
        click.echo(f"note: {notice}", err=True)
    width = max(map(len, steps), default=0)
    wide = max([8, *(len(str(step["state"])) for step in steps.values())])
    for name, step in steps.items():
        state = str(step["state"])
        colour = COLOURS.get(state, "white")
        drafts = f"  draft: {', '.join(step['drafts'])}" if step["drafts"] else ""
        mark = click.style(f"{state:<{wide}}", fg=colour)
        click.echo(f"{name:<{width}}  {mark} {_reason(name, str(step['why']))}{drafts}")
    if facts:
        click.echo(f"run {facts['run']} of {facts['by']} is going on")


COLOURS = {
    "fresh": "green",
    "stale": "yellow",
    "running": "cyan",
    "blocked": "magenta",
    "failed": "red",
    "unreadable": "red",
}


def _reason(name: str, why: str) -> str:
    if "nothing it depends on changed" in why and "blocked" not in why:
        return ""
    return why.removeprefix(f"{name} ").removeprefix("is stale: ")
