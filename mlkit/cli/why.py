"""``mlkit why``: what changed, in one sentence."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("why")
@click.argument("step")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(step: str, folder: Path) -> None:
    """Say in one sentence why a step is fresh, stale or blocked."""
    from mlkit.core.project import Project
    from mlkit.engine.planning.plan import status
    from mlkit.engine.planning.unread import seen

    project = Project.open(folder)
    graph, unread = seen(project)
    graph[step]
    click.echo(status(project, graph, unread=unread).checks[step].why)
