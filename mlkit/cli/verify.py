"""``mlkit verify``: every hash, the ledger's chain, the seal."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("verify")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--against", type=click.Path(path_type=Path), help="A package folder.")
def command(folder: Path, against: Path | None) -> None:
    """Hash every artifact again, and check the ledger's chain and the seal."""
    from mlkit.core.project import Project
    from mlkit.engine.verify import verify

    for line in verify(Project.open(folder), against):
        click.echo(f"✓ {line}")
