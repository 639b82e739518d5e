"""``mlkit rollback``: take an earlier champion back."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("rollback")
@click.argument("run", metavar="[RUN]", default="")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--why", required=True, help="The reason, for the ledger.")
def command(run: str, folder: Path, why: str) -> None:
    """Make the champion before this one, or that of RUN, the champion again."""
    from mlkit.cli.place import name_and_folder
    from mlkit.cli.promote import AWAY
    from mlkit.core.champion import champion, package_of
    from mlkit.core.errors import UsageError
    from mlkit.core.project import Project
    from mlkit.engine.running.champion import rollback
    from mlkit.product.serving.trial import turned_away

    if not why.strip():
        raise UsageError("a rollback needs a reason", todo='add --why "..."')
    run, folder = name_and_folder(run, folder)
    project = Project.open(folder)
    before = str((champion(project.ledger) or {}).get("package", ""))
    entry = rollback(project, why, run)
    click.echo(f"the package of run {entry.run} is the champion again")
    if away := turned_away(project, package_of(project, entry.identity), before):
        click.echo(AWAY.format(away))
