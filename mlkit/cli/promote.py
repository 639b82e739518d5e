"""``mlkit promote``: make an accepted package the champion."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("promote")
@click.argument("run", metavar="[RUN]", default="")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--why", required=True, help="The reason, for the ledger.")
def command(run: str, folder: Path, why: str) -> None:
    """Make a run's package, else the newest, the champion, by a line in the ledger.

    RUN is an unmodified run, or one that `mlkit retrain` made.
    """
    from mlkit.cli.place import name_and_folder
    from mlkit.core.errors import UsageError
    from mlkit.core.project import Project
    from mlkit.engine.running.champion import promote

    if not why.strip():
        raise UsageError("a promotion needs a reason", todo='add --why "..."')
    run, folder = name_and_folder(run, folder)
    entry, moved = promote(Project.open(folder), why, run)
    already = "" if moved else " already"
    click.echo(f"the package of run {entry.run} is the champion{already}")
