"""``mlkit demo``: the whole loop on real data that comes with the install."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command", "make"]

QUESTION = "Which species is this penguin, from its measurements?"


@click.command("demo")
@click.argument(
    "folder", metavar="[DIR]", default="mlkit-demo", type=click.Path(path_type=Path)
)
def command(folder: Path) -> int:
    """Make a project on real data, run the whole loop, say what to look at."""
    from mlkit.cli.run_ import run_project
    from mlkit.engine.running.options import Options

    if not (folder / "mlkit.toml").exists():
        make(folder)
    click.echo(f"the project: {folder}\n")
    code = run_project(folder, Options())
    if code == 0:
        _what_next(folder)
    return code


def make(folder: Path) -> None:
    """Make the demo's project: 344 penguins of three species, with holes."""
    import shutil
    from importlib.resources import as_file, files

    from mlkit.core.errors import UsageError
    from mlkit.engine import scaffold

    if folder.exists() and any(folder.iterdir()):
        raise UsageError(
            "the folder is not empty",
            where=str(folder),
            todo="name another one: `mlkit demo DIR`",
        )
    values = {"collect.data": "data/penguins.csv", "collect.target": "species"}
    scaffold.create(folder, scaffold.recipes()["table"], values, QUESTION)
    with as_file(files("palmerpenguins") / "data" / "penguins.csv") as source:
        shutil.copyfile(source, folder / "data" / "penguins.csv")
    click.echo(_glimpse(folder / "data" / "penguins.csv"))


def _glimpse(path: Path) -> str:
    """Count what is there, with the csv module alone: a first number at once."""
    import csv
    from collections import Counter

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    counts = Counter(row["species"] for row in rows)
    bars = [f"  {name:<10} {'█' * (n // 5)} {n}" for name, n in sorted(counts.items())]
    head = f"{len(rows)} penguins, {len(rows[0])} columns. {QUESTION}"
    return "\n".join([head, *bars])


def _what_next(folder: Path) -> None:
    click.echo(
        f"""
Look at
  {folder}/runs/latest/report.html     the whole run on one page
  {folder}/steps/                      the notebooks: open them in JupyterLab
  mlkit show evaluation {folder}       a saved artifact

Try next
  mlkit run {folder}                   nothing runs: all is fresh
  mlkit run {folder} -p split.test_size=0.3
  mlkit why package {folder}
  mlkit export --format onnx --to penguins.onnx {folder}
  mlkit serve {folder}                 answers, and has a page to try it by hand
  mlkit monitor {folder}               afterwards: how the model fares"""
    )
