"""The parameters of a step: what its cell says, and new values put into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlkit.core.errors import MlkitError, ParameterError, UsageError, did_you_mean
from mlkit.core.project import Project
from mlkit.engine.reading import notebook
from mlkit.engine.reading.kinds import Kind, guess, kind_of
from mlkit.engine.reading.literals import literal
from mlkit.engine.reading.notebook import Notebook, Parameter
from mlkit.lab.routes.route import Route, aside, guarded

__all__ = ["ROUTES"]


class Parameters(Route):
    """``parameters``: the form of a step's parameters cell."""

    @guarded
    async def get(self) -> None:
        """Return each parameter: its name, type, choices, value and help."""
        step = await aside(found, self.project, self.word("step"))
        self.reply(told(step))

    @guarded
    async def put(self) -> None:
        """Write new values, given as text, into the parameters cell."""
        step = await aside(found, self.project, self.word("step"))
        self.places.inside(step.path)
        values = self.form(values=dict).get("values", {})
        await aside(write, step, values)
        self.reply(told(notebook.read(step.path)))


def found(project: Project, name: str) -> Notebook:
    """Return a step by its name, also where the graph has a fault elsewhere.

    Raises
    ------
    UsageError
        Where there is none.
    """
    paths, _ = notebook.notebooks(project.root)
    steps = {nb.name: nb for nb in map(_read, paths) if nb and nb.has_parameters}
    if name not in steps:
        todo = did_you_mean(name, steps)
        raise UsageError(f"there is no step {name!r}", todo=todo)
    return steps[name]


def _read(path: Path) -> Notebook | None:
    try:
        return notebook.read(path)
    except MlkitError:
        return None


def told(step: Notebook) -> dict[str, Any]:
    """Return the form of a step."""
    fields = [field(parameter) for parameter in step.parameters]
    return {"step": step.name, "parameters": fields}


def field(parameter: Parameter) -> dict[str, Any]:
    """Return one field of the form.

    Examples
    --------
    >>> field(Parameter("seed", "int", 0, "of the split"))["text"]
    '0'
    """
    default = parameter.default
    kind = kind_of(parameter.type) if parameter.type else guess(default)
    return {
        "name": parameter.name,
        "type": parameter.type or kind.name,
        "kind": kind.name,
        "choices": choices(kind),
        "text": text(default),
        "help": parameter.help,
    }


def choices(kind: Kind) -> list[str]:
    """Return what can be chosen from, as text; nothing where it is to be typed.

    Examples
    --------
    >>> choices(kind_of("Literal['a', 'b'] | None"))
    ['a', 'b', 'None']
    """
    if kind.name == "literal":
        return [text(choice) for choice in kind.choices]
    if kind.name == "bool":
        return ["True", "False"]
    if kind.name == "union":
        inner = [["None"] if k.name == "None" else choices(k) for k in kind.inner]
        return [one for some in inner for one in some] if all(inner) else []
    return []


def text(value: Any) -> str:
    """Return a value as a person types it."""
    return value if isinstance(value, str) else literal(value)


def write(step: Notebook, values: dict[str, Any]) -> None:
    """Read texts as the parameters' types, and put them into the cell.

    Raises
    ------
    ParameterError
        Where a name is unknown or a text is no such value; nothing is written.
    """
    known = {parameter.name: parameter for parameter in step.parameters}
    typed = {}
    for name, value in values.items():
        if name not in known:
            todo = did_you_mean(name, known)
            raise ParameterError(f"there is no parameter {name!r}", todo=todo)
        if not isinstance(value, str):
            raise ParameterError(f"{name} is given as text", got=repr(value)[:80])
        typed[name] = known[name].parse(value)
    notebook.write_parameters(step.path, typed)


ROUTES: list[tuple[str, type[Route]]] = [("parameters", Parameters)]
