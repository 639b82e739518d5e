"""``mlkit export``: the champion in other people's formats."""

from __future__ import annotations

from pathlib import Path

import click

from mlkit.core.errors import UsageError, did_you_mean

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
    from mlkit.core.champion import package_of
    from mlkit.core.project import Project

    wanted = [name.strip() for name in formats.split(",")]
    for name in wanted:
        if name not in FORMATS:
            raise UsageError(f"no format {name!r}", todo=did_you_mean(name, FORMATS))
    package = package_of(Project.open(folder))
    for name in wanted:
        click.echo(str(_copy(package / FORMATS[name], out, len(wanted) > 1)))


def _copy(source: Path, out: Path, several: bool) -> Path:
    import shutil

    if source.is_dir():
        target = out / "package" if several else out
        return Path(shutil.copytree(source, target, dirs_exist_ok=True))
    into_folder = several or out.is_dir() or not out.suffix
    target = out / source.name if into_folder else out
    target.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(source, target))
