"""``mlkit predict``: batch scoring by the champion, or by a package alone."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("predict")
@click.option("--input", "source", required=True, type=click.Path(path_type=Path))
@click.option("--output", "out", required=True, type=click.Path(path_type=Path))
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(source: Path, out: Path, folder: Path) -> None:
    """Score raw rows: id, prediction, probability_CLASS; DIR may be a package.

    A column of images or sounds holds their paths, from the table's folder; or --input
    is a folder of images, sounds or texts.
    """
    from mlkit.core.champion import package_of
    from mlkit.core.project import Project
    from mlkit.product.predict import predict_file

    alone = (folder / "model.onnx").is_file()
    package = folder if alone else package_of(Project.open(folder))
    rows = predict_file(package, source, out, lambda note: click.echo(note, err=True))
    click.echo(f"{rows} rows scored: {out}")
