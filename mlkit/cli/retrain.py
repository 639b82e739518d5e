"""``mlkit retrain``: a challenger from all truth that came in, against the champion."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mlkit.core.project import Project
    from mlkit.engine.running.options import Options
    from mlkit.product.retrain import Promotion

__all__ = ["command"]

POLICIES = ("auto", "ask", "never")
KEPT = 3
LOCK = "retrain.lock"


@click.command("retrain")
@click.option("--if-needed", is_flag=True, help="Only where the monitor says retrain.")
@click.option("--data", default="", metavar="URI", help="A newer version of the data.")
@click.option("--promote", default="", metavar="|".join(POLICIES), help="Who decides.")
@click.option("--log", default=None, type=click.Path(path_type=Path))
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(
    if_needed: bool, data: str, promote: str, log: Path | None, folder: Path
) -> int:
    """Hold a challenger, made with all truth that came in, against the champion.

    Exit 0 where all is well or the challenger was promoted, 3 where the champion was
    kept or a gate is shut.
    """
    from mlkit.core.project import Project
    from mlkit.engine.running.champion import in_use
    from mlkit.engine.running.lock import lock

    project = Project.open(folder)
    policy = _policy(project, promote)
    with lock(project, "retrain", LOCK):
        in_use(project)
        code = _look(project, if_needed)
        if code is not None:
            return code
        options = _options(project, data, log)
        return _challenge(project, options, policy) if options else KEPT


def _policy(project: Project, asked: str) -> str:
    """Return who decides: the flag, else ``[policies] promote``, else a person."""
    from mlkit.core.errors import UsageError, did_you_mean

    policy = asked or project.config("policies.promote", "ask")
    if policy not in POLICIES:
        raise UsageError(
            f"nobody decides by {policy!r}",
            where="--promote" if asked else "mlkit.toml [policies] promote",
            expected=", ".join(POLICIES),
            todo=did_you_mean(str(policy), POLICIES),
        )
    return str(policy)


def _look(project: Project, if_needed: bool) -> int | None:
    """Run the monitor on the champion; return a code where there is no more to do."""
    from mlkit.core.store import Store
    from mlkit.engine.running.options import Options

    code = _run(project, Options(only="monitor", champion=True))
    if code:
        return code
    store = Store(project.state)
    health = store.get(store.refs()["health"])
    if not if_needed:
        return None
    if health.model != _champion(project).partition("-")[2]:
        click.echo("the champion stays: it has not answered a request yet")
        return 0
    if health.state != "retrain":
        said = "to be watched" if health.state == "watch" else health.state
        click.echo(f"the champion stays: it is {said}")
        return 0
    return None


def _options(project: Project, data: str, log: Path | None) -> Options | None:
    """Return the run to be made; None where there is nothing new to learn from."""
    from mlkit.core.champion import package_of
    from mlkit.engine.running.options import Options
    from mlkit.product.retraining.returned import RETURNED, gather

    place = log or project.state / "requests.sqlite"
    back = gather(place, package_of(project), project.root / RETURNED)
    click.echo(str(back))
    if not back.rows and not data:
        click.echo("the champion stays: there is nothing new to learn from")
        return None
    further = [uri for uri in _further(project) if uri != RETURNED]
    given = {"collect.more": repr([*further, RETURNED])}
    if data:
        given["collect.data"] = data
    return Options(until="retrain", given=given, challenger=True)


def _further(project: Project) -> list[str]:
    """Return the further tables that collect reads anyway."""
    from mlkit.core.errors import UsageError
    from mlkit.engine.planning.graph import build

    steps = build(project).steps
    for name in ("collect", "retrain"):
        if name not in steps:
            todo = f"mlkit add {name}"
            raise UsageError(f"the project has no step {name}", todo=todo)
    for parameter in steps["collect"].parameters:
        if parameter.name == "more":
            return list(parameter.default)
    raise UsageError(
        "collect cannot take the truth that came in",
        where=project.relative(steps["collect"].path),
        expected="a parameter `more: list[str] = []`, handed to `collect(more=more)`",
        todo="add it to the notebook",
    )


def _challenge(project: Project, options: Options, policy: str) -> int:
    """Make the challenger, hold it against the champion, and do as the policy says."""
    code = _run(project, options)
    if code:
        return code
    found = _promotion(project)
    if found.champion != _champion(project) != found.challenger:
        again = replace(options, start="accept", refresh=True)
        code = _run(project, again)  # the champion it met is none any more
        if code:
            return code
        found = _promotion(project)
    click.echo(repr(found))
    return _decide(project, found, policy)


def _decide(project: Project, found: Promotion, policy: str) -> int:
    from mlkit.core.champion import move
    from mlkit.engine.running.champion import challenger

    entry, rows = challenger(project)
    if entry.identity == _champion(project):
        click.echo(f"the package of run {entry.run} is the champion already")
        return 0
    by_hand = f'mlkit promote {entry.run} --why "..."'
    if not found.better or policy == "never":
        click.echo(f"the champion stays; to overrule that: {by_hand}")
        return KEPT
    if policy == "ask" and not _agreed():
        click.echo(f"the champion stays until somebody agrees: {by_hand}")
        return KEPT
    why = f"retrained: {found.why}"
    move(project.ledger, "promote", entry, why, policy=policy, **rows)
    click.echo(f"the package of run {entry.run} is the champion now")
    return 0


def _agreed() -> bool:
    """Ask whoever sits there."""
    return sys.stdin.isatty() and click.confirm("Promote the challenger?")


def _run(project: Project, options: Options) -> int:
    from mlkit.cli.run_ import run_project

    return run_project(project.root, options)


def _promotion(project: Project) -> Promotion:
    from mlkit.core.store import Store
    from mlkit.engine.running.champion import CHALLENGER
    from mlkit.product.retrain import Promotion

    store = Store(project.state)
    found = store.get(store.refs(CHALLENGER)["promotion"])
    assert isinstance(found, Promotion)
    return found


def _champion(project: Project) -> str:
    from mlkit.core.champion import champion

    return str((champion(project.ledger) or {}).get("package", ""))
