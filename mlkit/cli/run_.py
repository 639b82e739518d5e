"""``mlkit run``: bring a project up to date."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlkit.core.errors import UsageError

if TYPE_CHECKING:
    from mlkit.core.project import Project
    from mlkit.engine.running.options import Options

__all__ = ["JsonLines", "command", "given_of", "run_project"]


@click.command("run")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--only", metavar="STEP", default="", help="Just this step.")
@click.option(
    "--from", "start", metavar="STEP", default="", help="This step and after."
)
@click.option("--until", metavar="STEP", default="", help="This step and before.")
@click.option(
    "-p", "given", metavar="[STEP.]NAME=VALUE", multiple=True, help="Set a parameter."
)
@click.option("--profile", default="", help="A [profiles.NAME] of mlkit.toml.")
@click.option(
    "--jobs", default=0, metavar="N", type=click.IntRange(0), help="Steps side by side."
)
@click.option("--refresh", is_flag=True, help="Run steps even where they are fresh.")
@click.option("--in-place", is_flag=True, help="Keep outputs in the notebooks.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--cold", is_flag=True, help="Plain kernels, no fork server.")
def command(
    folder: Path,
    only: str,
    start: str,
    until: str,
    given: tuple[str, ...],
    profile: str,
    jobs: int,
    refresh: bool,
    in_place: bool,
    as_json: bool,
    cold: bool,
) -> int:
    """Bring the project up to date: what is fresh is kept."""
    from mlkit.engine.running.options import Options

    options = Options(
        only=only,
        start=start,
        until=until,
        given=given_of(given),
        profile=profile,
        jobs=jobs,
        refresh=refresh,
        in_place=in_place,
        warm=not cold,
    )
    return run_project(folder, options, as_json)


class JsonLines:
    """Prints each event as a line of JSON."""

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to do."""

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Print one event."""
        import json

        if event["event"] != "tick":
            print(json.dumps(event, ensure_ascii=False), flush=True)  # noqa: T201


def run_project(folder: Path, options: Options, as_json: bool = False) -> int:
    """Run a project, show how it goes, write its report; return the exit code."""
    from mlkit.cli.progress import Progress
    from mlkit.core.project import Project
    from mlkit.engine.running.witness import recall

    shown = JsonLines() if as_json else Progress(sys.stdout, live=sys.stdout.isatty())
    project = Project.find(folder)
    with shown:
        show = _heard(shown)
        if project and options.plain and recall(project.root, show):
            return 0
        from mlkit.engine.running.run import run

        project = Project.open(folder)
        result = run(project, options, show)
    if result.run:
        _report(project, result.run, quiet=as_json)
        if options.plain and not as_json:
            _champion(project)
    return result.exit_code


def _heard(show: Callable[[Mapping[str, Any]], None]) -> Callable[..., None]:
    """Go on without a word when nobody reads any more, as after ``| head``."""
    unheard = [sys.stderr, sys.stdout]

    def tell(event: Mapping[str, Any]) -> None:
        try:
            show(event)
        except BrokenPipeError:
            if not unheard:
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), unheard.pop().fileno())

    return tell


def _champion(project: Project) -> None:
    """Say so where the newest package is not the one that predicts and is exported."""
    from mlkit.core.champion import champion
    from mlkit.core.store import Store

    entry, now = Store(project.state).refs().get("package"), champion(project.ledger)
    if entry and now and entry.identity != now["package"]:
        click.echo("the champion is an earlier package; to move on to this one:")
        click.echo('  mlkit promote --why "..."   (in the project)')


def _report(project: Project, run: str, quiet: bool) -> None:
    """Write the report; a fault in it does not change how the run ended."""
    from mlkit.engine.reporting.report import write

    try:
        page = write(project, project.runs / run)
    except Exception as error:
        click.echo(f"the report could not be written: {error}", err=True)
    else:
        if not quiet:
            click.echo(f"report: {_from_here(page)}")


def _from_here(path: Path) -> str:
    """Return a path as it is written from the current folder, or whole if shorter."""
    return min(os.path.relpath(path), str(path), key=len)


def given_of(texts: tuple[str, ...]) -> dict[str, str]:
    """Split ``NAME=VALUE`` texts.

    Raises
    ------
    UsageError
        Where one has no ``=``.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(
                "a parameter is given as NAME=VALUE", where=f"-p {text}", got=text
            )
        found[name] = value
    return found
