"""The goal of a project, as the form in Lab reads and writes it.

It loads no package of numbers: the Jupyter server is to have none of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkit.core.files import read_state
from mlkit.core.project import Project
from mlkit.core.store import Entry, Store
from mlkit.widgets.goal import Goal, GoalForm, Way

__all__ = ["classes_of", "form_of", "read", "write"]

TEXTS = ("question", "use", "people")
BARE = re.compile("[A-Za-z0-9_-]+")
OFFERED = 40  # classes; of more, costs are stated in the file


def form_of(root: Path) -> GoalForm:
    """Return the form of a project: of the costs it offers those that fit."""
    return GoalForm(folder=root, classes=classes_of(Project.open(root)))


def classes_of(project: Project) -> tuple[str, ...] | None:
    """Return the classes of the target, as the last artifact that names them has them.

    That is a record of a problem, or a table with a category as its target. Of a number
    there are none; None is returned where nothing is known yet.
    """
    store = Store(project.state)
    for entry in sorted(store.refs().values(), key=lambda one: -one.at):
        found = None if entry.sealed else _classes(store.path(entry.identity), entry)
        if found is not None:
            return tuple(map(str, found))
    return None


def _classes(folder: Path, entry: Entry) -> list[Any] | None:
    if entry.kind == "record":
        fields = (read_state(folder / "record.json", dict) or {}).get("fields")
        problem = fields.get("problem") if isinstance(fields, dict) else None
        return problem.get("classes") if isinstance(problem, dict) else None
    if entry.kind == "table":
        columns = (read_state(folder / "schema.json", dict) or {}).get("columns", [])
        targets = (c for c in columns if "target" in c.get("roles", []))
        return next((c.get("categories") for c in targets), None)
    return None


def read(form: GoalForm) -> dict[str, Any]:
    """Return what ``[goal]`` says, and what could stand there; paths as TOML has them.

    A cost of many classes is told as ``cat."big dog"``: what a cat said to be a big dog
    costs.
    """
    goal = form.goal
    many = len(form.classes or ()) > OFFERED
    return {
        **{name: getattr(goal, name) for name in TEXTS},
        "costs": {_key(path): cost for path, cost in goal.costs.items()},
        "bars": {_key(path): bar for path, bar in goal.bars.items()},
        "titles": {
            "costs": _titles({} if many else form.costs, goal.costs),
            "bars": _titles(form.bars, goal.bars),
        },
    }


def write(form: GoalForm, asked: Mapping[str, Any]) -> None:
    """Write what is given; what is not given stays as it is, and None takes away.

    Raises
    ------
    UsageError
        Where a number or a name is none that may stand there.
    """
    goal = form.goal
    texts = {name: str(asked.get(name, getattr(goal, name))) for name in TEXTS}
    costs = _ways(asked.get("costs", {}), form.costs, goal.costs)
    bars = _ways(asked.get("bars", {}), form.bars, goal.bars)
    form.save(Goal(**texts, costs=costs, bars=bars))


def _ways(
    given: Mapping[str, float | None],
    known: Mapping[Way, str],
    was: Mapping[Way, float],
) -> Mapping[Way, float]:
    """Return the numbers that are to stand there, by path."""
    ways = {_key(path): path for path in (*known, *was)}
    asked = {ways.get(name, (name,)): value for name, value in given.items()}
    return {way: value for way, value in {**was, **asked}.items() if value is not None}


def _titles(known: Mapping[Way, str], given: Mapping[Way, float]) -> dict[str, str]:
    told = {_key(path): title for path, title in known.items()}
    return {_key(path): " taken for ".join(path) for path in given} | told


def _key(path: Way) -> str:
    """Return a path as a text that no other path has: as a dotted key of TOML."""
    quoted = (json.dumps(part, ensure_ascii=False) for part in path)
    return ".".join(
        part if BARE.fullmatch(part) else text
        for part, text in zip(path, quoted, strict=True)
    )
