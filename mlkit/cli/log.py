"""``mlkit log``: what the served model was asked, and what it said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mlkit.product.log import Request

__all__ = ["command", "place_of"]

WIDE = 60


@click.command("log")
@click.option("--id", "name", default="", help="One request, by the id in its reply.")
@click.option("--last", "count", default=20, help="How many of the newest; 20.")
@click.option("--rotate", "turn", is_flag=True, help="File closed days; drop old ones.")
@click.option(
    *("--merge", "others"),
    multiple=True,
    metavar="OTHER",
    type=click.Path(path_type=Path),
    help="Take in the log of another server; may be given again.",
)
@click.option(
    "--keep-days", "days", type=click.IntRange(1), help="Of --rotate: for how long."
)
@click.option("--refused", is_flag=True, help="What was refused or failed, counted.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
@click.option("--log", "path", default=None, type=click.Path(path_type=Path))
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(
    name: str,
    count: int,
    turn: bool,
    others: tuple[Path, ...],
    days: int | None,
    refused: bool,
    as_json: bool,
    path: Path | None,
    folder: Path,
) -> None:
    """Show past requests, newest first, or one with the model that answered it.

    --rotate moves closed days to Parquet files beside the log, and drops those that
    are older than [policies] log_days of mlkit.toml says; of a log that --log names,
    those that --keep-days says. --merge takes in requests
    and truths of other logs, which stay as they are. --refused counts requests that
    got no answer, by the hour, the newest first.
    """
    from mlkit.cli.traced import Traced
    from mlkit.core.project import Project
    from mlkit.product.log import find, last

    place = path or place_of(folder)
    if others:
        click.echo("\n".join(_merged(place, others)))
    if turn:
        click.echo(_rotated(place, days or (None if path else _kept(folder))))
    if refused:
        click.echo("\n".join(_refused(place, max(count, 0), as_json)))
    if others or turn or refused:
        return
    found = [find(place, name)] if name else last(place, max(count, 0))
    project = Project.find(folder)
    for request in found:
        traced = Traced.of(request, project)
        if as_json:
            click.echo(json.dumps(traced.form(), ensure_ascii=False))
        else:
            click.echo("\n".join(traced.told()) if name else _line(request))
    if not found and not as_json:
        click.echo("no request yet")


def _refused(place: Path, count: int, as_json: bool) -> Iterator[str]:
    """Tell what was refused or failed, by the hour."""
    from mlkit.product.log import refused

    hours = refused(place, every="h")
    newest = hours.sort_values(["at", "count"], ascending=False).head(count)
    for at, *rest in newest.itertuples(index=False):
        path, status, reason, many = rest
        if as_json:
            told = dict(zip(hours.columns, (at.isoformat(), *rest), strict=True))
            yield json.dumps(told)
        else:
            yield f"{at:%Y-%m-%d %H:%M}  {status}  {path}  {many}  {reason}".rstrip()
    if not len(newest) and not as_json:
        yield "no request was refused, and none failed"


def _merged(place: Path, others: Sequence[Path]) -> Iterator[str]:
    """Merge, and say what was done."""
    from mlkit.product.journal.merging import merge

    done = merge(place, others)
    yield f"{done.requests} requests taken in, {done.repeated} were here before"
    yield f"{done.truths} truths taken in"
    if done.forgotten:
        yield f"{done.forgotten} requests were forgotten here, and stay so"
    if done.dropped:
        yield f"{done.dropped} requests of days that were dropped here stay out"
    if done.still:
        some = ", ".join(done.still[:5])
        yield f"{len(done.still)} were forgotten there and are still here: {some}"


def _kept(folder: Path) -> int | None:
    """Return how many days a project keeps of its own log."""
    from mlkit.core.project import Project
    from mlkit.product.journal.policy import Policy

    return Policy.of(Project.find(folder)).days


def _rotated(place: Path, days: int | None) -> str:
    """Rotate, and say what was done."""
    from mlkit.product.journal.filing import rotate

    done = rotate(place, keep=days)
    requests = sum(day.requests for day in done.filed)
    some = "1 day" if len(done.filed) == 1 else f"{len(done.filed)} days"
    told = f"{some} filed, {requests} requests"
    return f"{told}; {len(done.dropped)} dropped" if done.dropped else told


def place_of(folder: Path) -> Path:
    """Return the log of a project, or the one that a bare package has here."""
    from mlkit.core.project import Project

    project = Project.find(folder)
    return project.state / "requests.sqlite" if project else folder / "requests.sqlite"


def _line(request: Request) -> str:
    said = ", ".join(_said(request))
    at = request.at.isoformat(sep=" ", timespec="seconds")[:19]
    rows = "1 row" if request.rows == 1 else f"{request.rows} rows"
    short = said if len(said) <= WIDE else said[: WIDE - 1] + "…"
    return f"{request.id}  {at}  {request.model[:12]}  {rows}: {short}"


def _said(request: Request) -> Iterator[str]:
    for told in request.reply.get("predictions", ()):
        if told is not None:
            yield str(told["label"] if "label" in told else told["value"])
