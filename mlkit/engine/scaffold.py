"""New projects: a recipe's templates copied, numbered and filled in."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlkit.core.errors import ParameterError, UsageError, did_you_mean
from mlkit.core.media import KINDS
from mlkit.core.project import Project
from mlkit.engine.reading import notebook

__all__ = ["Recipe", "add", "create", "guess", "parsed", "recipes", "templates"]

SETTINGS = """\
format = 1

[goal]
question = {question}
use = ""       # what will be done with an answer
people = ""    # who is affected by it
{kind}

[goal.bars]    # what acceptance asks for; with none, {without}
# {bar}

[profiles.smoke]
{smoke}

[profiles.best]   # mlkit run --profile best: the best model for the time
{best}
"""
MANUAL = ("monitor", "retrain")
"""Steps that a plain run leaves out: they have commands of their own."""

GIT = {
    ".gitignore": ".mlkit/\nruns/\n.ipynb_checkpoints/\n__pycache__/\n",
    ".gitattributes": "decisions/*.jsonl merge=union\n",  # labels of several people
}


@dataclass(frozen=True)
class Recipe:
    """A list of templates, in the order a person reads them.

    Parameters
    ----------
    name, title
        In code and in words.
    holds
        The type of column that tells it.
    steps, optional
        The templates.
    kind
        The kind of problem where no target is named; "" where one is needed.
    question
        What it answers where nobody asks anything else.
    bar
        An example of a bar.
    """

    name: str
    title: str
    holds: str
    steps: tuple[str, ...]
    optional: tuple[str, ...] = ()
    kind: str = ""
    question: str = ""
    bar: str = "roc_auc = 0.8"


def templates() -> Path:
    """Return the folder of templates: in the wheel, or beside an editable install."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / "_templates"
    return shipped if shipped.is_dir() else package.parent / "templates"


def recipes() -> dict[str, Recipe]:
    """Return the recipes by name."""
    form = tomllib.loads((templates() / "recipes.toml").read_text(encoding="utf-8"))
    return {
        name: Recipe(
            name,
            r["title"],
            r["holds"],
            tuple(r["steps"]),
            tuple(r.get("optional", ())),
            **{k: r[k] for k in ("kind", "question", "bar") if k in r},
        )
        for name, r in form.items()
    }


def guess(types: Collection[str]) -> Recipe:
    """Tell the recipe from the types of the features.

    Parameters
    ----------
    types
        As a schema names them; images and audio tell it alone, text where there is
        nothing else.

    Examples
    --------
    >>> guess({"number", "text"}).name, guess({"text"}).name, guess({"image"}).name
    ('table', 'text', 'images')
    """
    media = set(KINDS).intersection(types)
    holds = min(media, default="text" if set(types) == {"text"} else "")
    found = [r for r in recipes().values() if not r.kind]
    return next(r for r in found if r.holds == holds)


def parsed(template: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Return values for a template's parameters, each read as its type.

    Raises
    ------
    ParameterError
        Where there is no such parameter, or a text cannot be read so.
    """
    return _typed(templates() / f"{template}.ipynb", given)


def create(
    folder: Path, recipe: Recipe, values: Mapping[str, Any], question: str = ""
) -> Project:
    """Make a project from a recipe.

    Parameters
    ----------
    folder
        Absent, or empty, or without steps and settings.
    recipe
        Whose templates are copied into ``steps/``.
    values
        ``step.name`` → a value, or text to be read as that parameter's type.
    question
        What the model is to answer.

    Raises
    ------
    UsageError
        Where there is a project already, or a value fits no parameter; nothing is
        left behind.
    """
    for name in ("mlkit.toml", "steps"):
        if (folder / name).exists():
            raise UsageError(
                "there is a project here already",
                where=str(folder / name),
                todo="choose another folder, or bring in one step with `mlkit add`",
            )
    new = not folder.exists()
    try:
        _fill(folder, recipe, values, question)
    except BaseException:
        shutil.rmtree(folder if new else folder / "steps", ignore_errors=True)
        (folder / "mlkit.toml").unlink(missing_ok=True)
        raise
    return Project.open(folder)


def add(project: Project, step: str) -> Path:
    """Copy one more template into a project and return the notebook.

    Raises
    ------
    UsageError
        Where there is no such template, or the project has that step.
    """
    for recipe in recipes().values():
        for number, template in enumerate((*recipe.steps, *recipe.optional), 1):
            if template.partition("/")[2] == step:
                path = project.root / "steps" / f"{number:02}_{step}.ipynb"
                taken = [p for p in path.parent.glob("*.ipynb") if _step(p) == step]
                if taken:
                    raise UsageError(
                        f"the project has the step {step!r}", where=str(taken[0])
                    )
                path.parent.mkdir(exist_ok=True)
                shutil.copyfile(templates() / f"{template}.ipynb", path)
                _leave_out(project, step)
                return path
    known = [
        template.partition("/")[2]
        for recipe in recipes().values()
        for template in (*recipe.steps, *recipe.optional)
    ]
    raise UsageError(f"there is no template {step!r}", todo=did_you_mean(step, known))


def _fill(
    folder: Path, recipe: Recipe, values: Mapping[str, Any], question: str
) -> None:
    for name in ("steps", "data", "decisions"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    smoke = '"tune.trials" = 3' if "model/tune" in recipe.steps else ""
    best = '"tune.seconds" = 600.0' if "model/tune" in recipe.steps else ""
    told = {"question": json.dumps(question), "smoke": smoke, "best": best}
    told |= {"bar": recipe.bar, "kind": '# metric = "roc_auc"'}
    told["without"] = "the model must beat the dummy"
    if recipe.kind:
        told["kind"] = f'kind = "{recipe.kind}"   # no target is needed'
        told["without"] = "the steps' own"
    steps = [template.partition("/")[2] for template in recipe.steps]
    settings = SETTINGS.format(**told) + "".join(map(_manual, steps))
    (folder / "mlkit.toml").write_text(settings, encoding="utf-8")
    for name, text in GIT.items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")
    paths = {}
    for number, template in enumerate(recipe.steps, 1):
        step = template.partition("/")[2]
        paths[step] = folder / "steps" / f"{number:02}_{step}.ipynb"
        shutil.copyfile(templates() / f"{template}.ipynb", paths[step])
    for step, given in _by_step(paths, values).items():
        _write(paths[step], given)


def _leave_out(project: Project, step: str) -> None:
    """Have plain runs leave a step out that has a command of its own."""
    if not project.config(f"steps.{step}") and _manual(step):
        with (project.root / "mlkit.toml").open("a", encoding="utf-8") as file:
            file.write(_manual(step))


def _manual(step: str) -> str:
    """Return the settings of a step that plain runs leave out; of others none."""
    if step not in MANUAL:
        return ""
    return f"\n[steps.{step}]   # by its command alone: mlkit {step}\nmanual = true\n"


def _by_step(
    paths: Mapping[str, Path], values: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        step, dot, name = key.partition(".")
        if not dot or step not in paths:
            raise ParameterError(
                f"there is no step for the parameter {key!r}",
                expected="STEP.NAME=VALUE",
                todo=did_you_mean(step, paths),
            )
        found.setdefault(step, {})[name] = value
    return found


def _write(path: Path, given: Mapping[str, Any]) -> None:
    notebook.write_parameters(path, _typed(path, given))


def _typed(path: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    known = {p.name: p for p in notebook.read(path).parameters}
    for name in given:
        if name not in known:
            raise ParameterError(
                f"{_step(path)} has no parameter {name!r}",
                todo=did_you_mean(name, known),
            )
    return {
        name: known[name].parse(value) if isinstance(value, str) else value
        for name, value in given.items()
    }


def _step(path: Path) -> str:
    return notebook.read(path).name


def relative(path: Path, folder: Path) -> str:
    """Return `path` as a project in `folder` writes it: from its root."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
