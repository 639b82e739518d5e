"""``mlkit new``: a project from data and a target."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mlkit.engine.scaffold import Recipe

__all__ = ["command"]

FILE = re.compile(r"((?:sqlite|duckdb):///)([^/?].*)")  # a database beside us
LOOKED_AT = 1000


@click.command("new")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--data", required=True, metavar="URI", help="A file, folder or URI.")
@click.option("--target", default="", metavar="COL", help="The column to predict.")
@click.option("--recipe", default="", help="Guessed from the data if left out.")
@click.option("--question", default="", help="What the model is to answer.")
@click.option(
    "-p", "given", metavar="STEP.NAME=VALUE", multiple=True, help="A parameter."
)
@click.option("--look", is_flag=True, help="Tell what it would be, as JSON, and stop.")
def command(
    folder: Path,
    data: str,
    target: str,
    recipe: str,
    question: str,
    given: tuple[str, ...],
    look: bool,
) -> None:
    """Make a project: a recipe's notebooks, filled in for your data."""
    from mlkit.cli.run_ import given_of
    from mlkit.core.errors import UsageError, did_you_mean
    from mlkit.core.schema import Schema
    from mlkit.engine import scaffold

    known = scaffold.recipes()
    if recipe and recipe not in known:
        raise UsageError(
            f"there is no recipe {recipe!r}", todo=did_you_mean(recipe, known)
        )
    if Path(data).is_dir() and folder.resolve().is_relative_to(Path(data).resolve()):
        raise UsageError(
            "the project would lie in its own data, and change it with every run",
            where=str(folder),
            todo="name a folder beside the data, not in it",
        )
    values = given_of(given)
    schema = Schema.of(_look(data, target, values))
    chosen = known[recipe] if recipe else scaffold.guess(_types(schema))
    if look:
        click.echo(_told(schema, chosen))
        return
    if schema.target is None and not chosen.kind:
        raise UsageError(
            "no column is named to predict",
            where=data,
            expected=f"--target and one of: {', '.join(schema.names)[:300]}",
            todo="or, without a target: --recipe cluster finds groups of like rows, "
            "--recipe anomaly rows unlike the rest",
        )
    values = {
        "collect.data": _from(data, folder),
        **({"collect.target": target} if target else {}),
        **values,
    }
    predicts = f"Predict {schema.target} from the other columns"
    question = question or chosen.question or predicts
    project = scaffold.create(folder, chosen, values, question)
    click.echo(f"{chosen.title}: {len(chosen.steps)} notebooks in {folder}/steps")
    click.echo(f"the data stays where it is: {values['collect.data']}")
    target_ = f"target {schema.target!r}" if schema.target else "no target"
    click.echo(f"{len(schema)} columns, {target_}")
    click.echo(
        f"next: mlkit run {folder}   or open {project.root.name}/steps in JupyterLab"
    )


def _look(data: str, target: str, values: dict[str, str]) -> Any:
    """Return the first rows, read as the notebook will read them."""
    from mlkit.data.collect import collect
    from mlkit.engine import scaffold

    mine = {
        name.removeprefix("collect."): text
        for name, text in values.items()
        if name.startswith("collect.")
    }
    told = scaffold.parsed("data/collect", mine)
    told = {"target": target, "sample": LOOKED_AT, **told}
    place = told.pop("data", data)
    return collect(_as_given(place), **told).table


def _told(schema: Any, chosen: Recipe) -> str:
    """Return the columns and the recipes as JSON, the one that fits by its name."""
    import json
    from dataclasses import asdict

    from mlkit.engine import scaffold

    columns = [{"name": c.name, "type": c.type, "roles": c.roles} for c in schema]
    known = [asdict(recipe) for recipe in scaffold.recipes().values()]
    found = {"columns": columns, "target": schema.target, "recipe": chosen.name}
    return json.dumps({**found, "recipes": known}, ensure_ascii=False)


def _types(schema: Any) -> set[str]:
    return {schema[name].type for name in schema.features}


def _as_given(data: str) -> str:
    """Write a place as `collect` finds it from here: if it can, as it was given."""
    here = Path.cwd()
    plain = Path(data).is_absolute() or _project(here) == here
    return data if plain else _from(data, here)


def _from(data: str, folder: Path) -> str:
    """Write a path, or a database's, as a project in `folder` writes it."""
    from mlkit.data.sources import scheme_of
    from mlkit.engine import scaffold

    base = _project(folder)
    if found := FILE.fullmatch(data):
        return found[1] + scaffold.relative(Path(found[2]), base)
    if scheme_of(data):
        return data
    return scaffold.relative(Path(data), base)


def _project(folder: Path) -> Path:
    """Return the root that paths are relative to: an enclosing project's, else it."""
    from mlkit.core.project import Project

    if folder.resolve() != Path.cwd():
        return folder
    found = Project.find(folder)
    return found.root if found else folder
