"""``mlkit forget``: erase rows from the request log for good."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlkit.core.errors import UsageError

if TYPE_CHECKING:
    from mlkit.core.project import Project
    from mlkit.product.journal.forgetting import Forgotten

__all__ = ["command"]


@click.command("forget")
@click.option("--id", "ids", multiple=True, help="A request, all of its rows.")
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Rows with it.")
@click.option("--row", default="", metavar="ID", help="Rows that the id column names.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--log", "path", default=None, type=click.Path(path_type=Path))
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(
    ids: tuple[str, ...],
    where: tuple[str, ...],
    row: str,
    yes: bool,
    path: Path | None,
    folder: Path,
) -> None:
    """Erase rows from the request log, its files and its journal.

    Rows have to have all that --where says. The ledger gets a line with a hash and how
    many, and no row. Of a project, tables and executed notebooks made from the log go
    too. What stays is said: models, packages, and tables that the champion needs.
    """
    from mlkit.cli.log import place_of
    from mlkit.core.project import Project
    from mlkit.product.journal.forgetting import Wanted, forget, sought

    if not (ids or where or row):
        raise UsageError("nothing to forget", todo="name it: --id, --where or --row")
    place, project = path or place_of(folder), Project.find(folder)
    wanted = Wanted(ids, dict(map(_cell, where)), row, _key(project))
    some = sought(place, wanted)
    if not yes:
        click.confirm(f"erase {_told(some)} for good?", abort=True)
    mine = project if path is None and some.rows else None
    made = list(_erased(mine)) if mine else []
    done = forget(place, wanted, partial(_enter, project if path is None else None))
    click.echo("\n".join([f"{_told(done)} erased", *made]))


def _cell(text: str) -> tuple[str, str]:
    name, equal, value = text.partition("=")
    if not equal or not name:
        expected = "--where COLUMN=VALUE"
        raise UsageError("this names no cell", got=text, expected=expected)
    return name, value


def _key(project: Project | None) -> bytes:
    from mlkit.product.journal.private import key_of

    there = project is not None and (project.state / "log.key").exists()
    return key_of(project.state) if project and there else b""


def _enter(project: Project | None, found: Forgotten) -> None:
    """Say in a project's ledger that something is forgotten, and not what.

    The truths that `mlkit retrain` took from the log go too; it takes them anew.
    """
    from mlkit.core import ledger
    from mlkit.product.retraining.returned import RETURNED

    if project is None or not found.rows:
        return
    (project.root / RETURNED).unlink(missing_ok=True)
    facts = {"requests": found.requests, "rows": found.rows, "forgotten": found.digest}
    ledger.append(project.ledger, "forget", **facts)


def _erased(project: Project) -> Iterator[str]:
    """Erase what was made from the log; say what went, and what stays."""
    from mlkit.engine.erase import erase
    from mlkit.product.retraining.judged import JUDGED
    from mlkit.product.retraining.returned import RETURNED

    done = erase(project, (".mlkit/requests.sqlite", RETURNED))
    yield f"made from the log: {done.artifacts} artifacts and {done.files} files erased"
    if done.kept:
        yield f"{done.kept} tables stay, by which the champion can be challenged:"
        yield "  once a newer one is promoted, `mlkit gc` removes them"
    if done.models:
        yield f"{done.models} models and packages stay; one of nearest neighbours holds"
        yield "  rows that it learned from: `mlkit retrain` makes one without them"
    if (project.decisions / f"{JUDGED}.jsonl").exists():
        yield f"what people judged stays: decisions/{JUDGED}.jsonl"
    yield "copies elsewhere are not reached: exports, backups, git, what was sent on"


def _told(done: Forgotten) -> str:
    rows = "1 row" if done.rows == 1 else f"{done.rows} rows"
    some = "1 request" if done.requests == 1 else f"{done.requests} requests"
    return f"{rows} of {some}"
