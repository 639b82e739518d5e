"""``mlkit feedback``: the truth about past requests, from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mlkit.product.journal.truths import Taken

__all__ = ["command"]


@click.command("feedback")
@click.option("--log", "path", default=None, type=click.Path(path_type=Path))
@click.option("--judged", is_flag=True, help="What people said in the monitor.")
@click.option("--early", is_flag=True, help="None of the requests is in the log yet.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object.")
@click.argument(
    "file", metavar="[FILE]", required=False, type=click.Path(path_type=Path)
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(
    path: Path | None,
    judged: bool,
    early: bool,
    as_json: bool,
    file: Path | None,
    folder: Path,
) -> None:
    """Enter what became of answered rows: request.id, request.row, and the target.

    The file is CSV, Parquet or JSON. Where a request had one row, request.row may be
    left out; truth.at may say when a truth was known. --judged takes no file, but what
    people said in the notebook `monitor` of decisions that it set aside.
    """
    from mlkit.cli.log import place_of
    from mlkit.core.errors import UsageError
    from mlkit.product.journal.given import Given, give

    if judged:
        folder = file or folder
        given = Given()
        given.add(_judged(folder, path or place_of(folder)))
    elif file:
        given = give(path or place_of(folder), file, early=early)
    else:
        raise UsageError("there is no file", todo="name it, or say --judged")
    if as_json:
        click.echo(json.dumps(given.form(), ensure_ascii=False))
        return
    click.echo("\n".join(given.told()))


def _judged(folder: Path, log: Path) -> Taken:
    from mlkit.core.project import Project
    from mlkit.product.retraining.judged import enter_judged

    return enter_judged(Project.open(folder), log)
