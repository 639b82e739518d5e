"""``mlkit gc``: clean the store."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("gc")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--runs", "keep", default=10, help="How many runs to keep.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def command(folder: Path, keep: int, dry_run: bool) -> None:
    """Remove what no name, draft, newest record or champion needs."""
    from mlkit.core.project import Project
    from mlkit.engine.clean_up import clean_up

    project = Project.open(folder)
    freed, gone = clean_up(project, keep, dry_run)
    verb = "would go" if dry_run else "went"
    click.echo(f"{gone} artifacts and runs {verb}, {freed / 2**20:.1f} MiB")
