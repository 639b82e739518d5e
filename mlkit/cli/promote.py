"""``mlkit promote``: make the newest package the champion."""

from __future__ import annotations

from pathlib import Path

import click

from mlkit.core.errors import StepError, UsageError

__all__ = ["command"]


@click.command("promote")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--why", required=True, help="The reason, for the ledger.")
def command(folder: Path, why: str) -> None:
    """Make the newest accepted package the champion, by a line in the ledger."""
    from mlkit.core import ledger
    from mlkit.core.project import Project
    from mlkit.core.store import Store
    from mlkit.engine.running.champion import champion

    if not why.strip():
        raise UsageError("a promotion needs a reason", todo='add --why "..."')
    project = Project.open(folder)
    entry = Store(project.state).refs().get("package")
    if entry is None:
        raise StepError("there is no accepted package yet", todo="mlkit run")
    if entry.identity == champion(project):
        click.echo(f"the package of run {entry.run} is the champion already")
        return
    facts = {"run": entry.run, "package": entry.identity, "why": why}
    ledger.append(project.ledger, "promote", **facts)
    click.echo(f"the package of run {entry.run} is the champion")
