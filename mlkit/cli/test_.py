"""``mlkit test``: a project's notebooks, executed again and compared."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("test")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--update", is_flag=True, help="Keep the new outputs.")
@click.option("--tolerance", default=1e-6, help="How far numbers may differ.")
def command(folder: Path, update: bool, tolerance: float) -> int:
    """Execute the notebooks in graph order in a copy, and compare their outputs."""
    from mlkit.core.project import Project
    from mlkit.engine.testing.plugin import test_project

    root = Project.open(folder).root
    return test_project(root, update, tolerance=tolerance)
