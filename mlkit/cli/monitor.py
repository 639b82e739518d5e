"""``mlkit monitor``: how the model at work is; exit 3 where it is to be retrained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mlkit.core.project import Project
    from mlkit.engine.running.options import Options
    from mlkit.product.monitor import Health

__all__ = ["asked", "command"]

RETRAIN = 3


@click.command("monitor")
@click.option("--json", "as_json", is_flag=True, help="The health as JSON, last line.")
@click.option("--log", default="", metavar="PATH", help="Of a package: its log.")
@click.option("--window", default="", help="Of a package: hour, day, week, N rows.")
@click.argument(
    "folder", metavar="[DIR_OR_PACKAGE]", default=".", type=click.Path(path_type=Path)
)
def command(as_json: bool, log: str, window: str, folder: Path) -> int:
    """Run the step monitor and say how the model is; exit 3 where it says retrain."""
    if (folder / "model.onnx").is_file():
        return _told(_alone(folder, log, window), as_json)
    from mlkit.core.errors import UsageError
    from mlkit.core.project import Project

    if log or window:
        raise UsageError(
            "--log and --window are for a package without a project",
            todo="change the parameters of the notebook `monitor`; for once: "
            "`mlkit run --only monitor -p monitor.log=PATH`",
        )
    project = Project.open(folder)
    code = _run(project, as_json)
    if code:
        return code
    found = _health(project)
    told = _told(found, as_json)
    _notify(project, found)
    return told


def _alone(package: Path, log: str, window: str) -> Health:
    """Judge a package by itself, in this process."""
    from mlkit.core.media import apart
    from mlkit.product.monitor import follow, monitor

    with apart():
        live = follow(package, log or "requests.sqlite")
        return monitor(live, window=window or "day")


def _run(project: Project, as_json: bool) -> int:
    """Run the step, on the champion's package; return the exit code of the run."""
    from mlkit.cli.run_ import run_project

    return run_project(project.root, asked(project), as_json)


def asked(project: Project) -> Options:
    """Return the run of the step on the champion's package, which must have a log.

    Raises
    ------
    UsageError
        Where there is no such step, no champion, or no request log yet.
    """
    from mlkit.core.errors import UsageError
    from mlkit.engine.planning.graph import build
    from mlkit.engine.running.champion import in_use
    from mlkit.engine.running.options import Options

    step = build(project).steps.get("monitor")
    if step is None:
        where, todo = str(project.root), "mlkit add monitor"
        raise UsageError("the project has no step monitor", where=where, todo=todo)
    in_use(project)
    for parameter in step.parameters:
        place = project.root / str(parameter.default)
        if parameter.name == "log" and not place.is_file():
            notebook = project.relative(step.path)
            raise UsageError(
                "no request has come in yet: there is no request log",
                where=str(place),
                todo="ask the model: `mlkit serve` keeps the log; where it was told to "
                f"keep another, write that one into `log` in {notebook}",
            )
    return Options(only="monitor", champion=True)


def _health(project: Project) -> Health:
    from mlkit.core.store import Store
    from mlkit.product.monitor import Health

    store = Store(project.state)
    found = store.get(store.refs()["health"])
    assert isinstance(found, Health)
    return found


def _told(health: Health, as_json: bool) -> int:
    """Print a health; return what the command exits with."""
    if as_json:
        form = {"event": "health", "state": health.state, **health.to_dict()}
        click.echo(json.dumps(form, ensure_ascii=False))
    else:
        click.echo(str(health))
    return RETRAIN if health.state == "retrain" else 0


def _notify(project: Project, health: Health) -> None:
    """Tell whom the project says; a failure is said, and changes no exit code."""
    from mlkit.core.errors import MlkitError
    from mlkit.product.watching.notify import notify

    settings = project.config("policies.notify", {})
    try:
        done = notify(health, settings, project.root.name) if settings else []
    except MlkitError as error:
        click.echo(f"not told: {error}", err=True)
    else:
        if done:
            click.echo(f"told by {' and '.join(done)}", err=True)
