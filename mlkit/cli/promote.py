"""``mlkit promote``: make an accepted package the champion."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["AWAY", "command"]

AWAY = "a server at work turns it away and goes on as before: {}; start it anew"


@click.command("promote")
@click.argument("run", metavar="[RUN]", default="")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--why", required=True, help="The reason, for the ledger.")
@click.option(
    "--anyway", is_flag=True, help="Even where a running server would turn it away."
)
def command(run: str, folder: Path, why: str, anyway: bool) -> None:
    """Make a run's package, else the newest, the champion, by a line in the ledger.

    RUN is an unmodified run, or one that `mlkit retrain` made: its id, the beginning of
    it, or latest. A server at work serves it at once, unless it takes other columns or
    lacks classes: that needs --anyway, and a server that is started anew.
    """
    from mlkit.cli.place import name_and_folder
    from mlkit.core.champion import package_of
    from mlkit.core.errors import UsageError
    from mlkit.core.project import Project
    from mlkit.engine.reporting.past import find
    from mlkit.engine.running.champion import promotable, promote
    from mlkit.product.serving.trial import turned_away

    if not why.strip():
        raise UsageError("a promotion needs a reason", todo='add --why "..."')
    if (Path(run) / "model.onnx").is_file():
        raise UsageError(
            "a run is promoted, not a package",
            where=run,
            expected="the run that made it; see `mlkit runs`",
            todo="`mlkit serve PACKAGE` answers by a package alone",
        )
    run, folder = name_and_folder(run, folder)
    project = Project.open(folder)
    run = find(project, run).name if run else ""
    entry, _ = promotable(project, run)
    away = turned_away(project, package_of(project, entry.identity))
    if away and not anyway:
        raise UsageError(
            "a server that answers by the champion would turn this package away",
            where=f"run {entry.run}",
            got=away,
            todo="add --anyway to promote it, then start the server anew",
        )
    entry, moved = promote(project, why, run)
    already = "" if moved else " already"
    click.echo(f"the package of run {entry.run} is the champion{already}")
    if away:
        click.echo(AWAY.format(away))
