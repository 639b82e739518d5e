"""``mlkit graph``: the steps and the names they pass."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("graph")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(folder: Path, as_json: bool) -> None:
    """Draw the steps and the names they pass, running nothing."""
    import json

    from mlkit.cli.progress import graph_text
    from mlkit.core.project import Project
    from mlkit.engine.planning.graph import build
    from mlkit.engine.planning.plan import status

    project = Project.open(folder)
    graph = build(project)
    for notice in graph.notices:
        click.echo(f"note: {notice}", err=True)
    if as_json:
        steps = {
            name: {
                "parents": graph.parents(name),
                "loads": list(graph.inputs(name)),
                "saves": list(nb.saves),
                "notebook": project.relative(nb.path),
            }
            for name, nb in graph.steps.items()
        }
        click.echo(json.dumps({"steps": steps}, ensure_ascii=False))
        return
    click.echo(graph_text(graph, status(project, graph).checks))
