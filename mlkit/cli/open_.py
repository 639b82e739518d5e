"""``mlkit open``: the last report, or a step's executed notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mlkit.core.project import Project

__all__ = ["command"]


@click.command("open")
@click.argument("step", default="")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--run", "past", metavar="RUN", default="", help="Of which run.")
@click.option("--print", "only_print", is_flag=True, help="Print the path alone.")
def command(step: str, folder: Path, past: str, only_print: bool) -> None:
    """Open the last report, or a STEP's notebook as it was executed last.

    The last report is of a run of the project; that of a look by `mlkit monitor` has
    an id, as all have, for --run.
    """
    from mlkit.cli.place import name_and_folder
    from mlkit.core.project import Project
    from mlkit.engine.reporting.past import notebook

    step, folder = name_and_folder(step, folder)
    project = Project.open(folder)
    path = notebook(project, step, past) if step else _report(project, past)
    if only_print or not _has_display():
        click.echo(str(path))
    elif step:
        _open_in_lab(path, project.root)
    else:
        import webbrowser

        if not webbrowser.open(path.as_uri()):
            click.echo(str(path))


def _report(project: Project, past: str) -> Path:
    """Return a run's report; one that is not there is written."""
    from mlkit.engine.reporting.past import find
    from mlkit.engine.reporting.report import NAME, write

    folder = find(project, past or "latest")
    path = folder / NAME
    return path if path.is_file() else write(project, folder)


def _has_display() -> bool:
    import os
    import sys

    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open_in_lab(path: Path, root: Path) -> None:
    import subprocess
    import sys

    click.echo(f"JupyterLab opens {path}; Ctrl-C ends it")
    lab = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={root}",
        str(path),
    ]
    subprocess.run(lab, check=False)
