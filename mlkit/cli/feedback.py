"""``mlkit feedback``: the truth about past requests, from a file."""

from __future__ import annotations

import json
from pathlib import Path

import click

__all__ = ["command"]


@click.command("feedback")
@click.option("--log", "path", default=None, type=click.Path(path_type=Path))
@click.option("--early", is_flag=True, help="None of the requests is in the log yet.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object.")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(
    path: Path | None, early: bool, as_json: bool, file: Path, folder: Path
) -> None:
    """Enter what became of answered rows: request.id, request.row, and the target.

    The file is CSV, Parquet or JSON. Where a request had one row, request.row may be
    left out; truth.at may say when a truth was known.
    """
    from mlkit.cli.log import place_of
    from mlkit.product.journal.given import give

    given = give(path or place_of(folder), file, early=early)
    if as_json:
        click.echo(json.dumps(given.form(), ensure_ascii=False))
        return
    click.echo("\n".join(given.told()))
