"""``mlkit add``: one more template."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("add")
@click.argument("step")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(step: str, folder: Path) -> None:
    """Bring one more template into a project."""
    from mlkit.core.project import Project
    from mlkit.engine.scaffold import add

    project = Project.open(folder)
    click.echo(project.relative(add(project, step)))
