"""``mlkit stop``: end the run that holds a project."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("stop")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--wait", default=30.0, help="Seconds to wait for its end.")
def command(folder: Path, wait: float) -> int:
    """End the run that is going on; what it did so far is kept."""
    import os
    import signal
    import socket
    import time

    from mlkit.core.errors import UsageError
    from mlkit.core.project import Project
    from mlkit.engine.running.lock import holder

    project = Project.open(folder)
    facts = holder(project)
    if not facts or not facts["pid"]:
        click.echo("no run is going on here")
        return 0
    if facts["host"] not in ("", socket.gethostname()):
        raise UsageError(
            f"run {facts['run']} goes on on another machine",
            where=facts["host"],
            todo="stop it there",
        )
    os.kill(facts["pid"], signal.SIGTERM)
    deadline = time.monotonic() + wait
    while holder(project) and time.monotonic() < deadline:
        time.sleep(0.1)
    if holder(project):
        click.echo(f"run {facts['run']} was asked to end, and has not yet")
        return 1
    click.echo(f"run {facts['run']} was ended")
    return 0
