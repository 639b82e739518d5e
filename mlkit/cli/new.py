"""``mlkit new``: a project from a table and a target."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("new")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--data", required=True, metavar="FILE", help="The table.")
@click.option("--target", required=True, metavar="COL", help="The column to predict.")
@click.option("--recipe", default="", help="Guessed from the data if left out.")
@click.option("--question", default="", help="What the model is to answer.")
@click.option(
    "-p", "given", metavar="STEP.NAME=VALUE", multiple=True, help="A parameter."
)
def command(
    folder: Path,
    data: str,
    target: str,
    recipe: str,
    question: str,
    given: tuple[str, ...],
) -> None:
    """Make a project: a recipe's notebooks, filled in for your data."""
    from mlkit.cli.run_ import given_of
    from mlkit.core.errors import InputError, UsageError, did_you_mean
    from mlkit.data.collect import collect
    from mlkit.engine import scaffold

    known = scaffold.recipes()
    if recipe and recipe not in known:
        raise UsageError(
            f"there is no recipe {recipe!r}", todo=did_you_mean(recipe, known)
        )
    chosen = known[recipe] if recipe else scaffold.guess(data)
    path = Path(data)
    if not path.is_file():
        raise InputError("no such file", where=data, todo="check --data")
    table = collect(path.resolve(), target=target, sample=1000).table
    values = {
        "collect.data": scaffold.relative(path, folder),
        "collect.target": target,
        **given_of(given),
    }
    question = question or f"Predict {target} from the other columns"
    project = scaffold.create(folder, chosen, values, question)
    click.echo(f"{chosen.title}: {len(chosen.steps)} notebooks in {folder}/steps")
    click.echo(f"the data stays where it is: {values['collect.data']}")
    click.echo(f"{table.shape[1]} columns, target {target!r}")
    click.echo(
        f"next: mlkit run {folder}   or open {project.root.name}/steps in JupyterLab"
    )
