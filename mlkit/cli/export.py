"""``mlkit export``: the champion in other people's formats."""

from __future__ import annotations

from pathlib import Path

import click

from mlkit.core.errors import StepError, UsageError, did_you_mean

__all__ = ["command"]

FORMATS = {"onnx": "model.onnx", "package": ""}


@click.command("export")
@click.option("--format", "formats", required=True, help="onnx, package; with commas.")
@click.option(
    "--to", "out", required=True, type=click.Path(path_type=Path), help="OUT."
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(formats: str, out: Path, folder: Path) -> None:
    """Copy the champion out in one or more formats."""
    from mlkit.core.project import Project

    wanted = [name.strip() for name in formats.split(",")]
    for name in wanted:
        if name not in FORMATS:
            raise UsageError(f"no format {name!r}", todo=did_you_mean(name, FORMATS))
    package = champion_package(Project.open(folder))
    for name in wanted:
        click.echo(str(_copy(package / FORMATS[name], out, len(wanted) > 1)))


def champion_package(project: object) -> Path:
    """Return the folder of the champion's package.

    Raises
    ------
    StepError
        Where there is no champion, or its package is not in this store.
    """
    from mlkit.core.project import Project
    from mlkit.core.store import Entry, Store
    from mlkit.engine.running.champion import champion

    assert isinstance(project, Project)
    identity = champion(project)
    todo = "run the project until a package is accepted: `mlkit run`"
    if not identity:
        raise StepError("there is no champion yet", where=str(project.root), todo=todo)
    store = Store(project.state)
    if not store.files(identity):
        raise StepError("the champion's package is not in this store", todo=todo)
    found = store.get(Entry(identity))
    assert isinstance(found, Path)
    return found


def _copy(source: Path, out: Path, several: bool) -> Path:
    import shutil

    if source.is_dir():
        target = out / "package" if several else out
        return Path(shutil.copytree(source, target, dirs_exist_ok=True))
    into_folder = several or out.is_dir() or not out.suffix
    target = out / source.name if into_folder else out
    target.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(source, target))
