"""A project of which some notebooks cannot be read: the others are still told of.

A run refuses such a project; to look at it, a notebook that is being mended stands
where it stood when it last ran.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from mlkit.core.errors import UsageError, WiringError
from mlkit.core.project import Project
from mlkit.core.store import Store
from mlkit.engine.planning.graph import Graph, build, refuse, speaks_of_mlkit, wire
from mlkit.engine.reading import notebook
from mlkit.engine.reading.notebook import Notebook

__all__ = ["seen"]


def seen(project: Project) -> tuple[Graph, Mapping[str, UsageError]]:
    """Wire a project, and do not stop at notebooks that cannot be read.

    Returns
    -------
    tuple
        The graph, and what is wrong by step; such a step has the names that can be
        read of it and those of its last run.

    Raises
    ------
    WiringError
        Where they make no graph all the same.
    """
    try:
        return build(project), {}
    except UsageError as error:
        first = error
    paths, notices = notebook.notebooks(project.root)
    found, wrong = [], {}
    for path in paths:
        nb, fault = _read(path, project)
        if fault:
            wrong[nb.name] = fault
        found.append(nb)
    sealed = {name for nb in found for name in nb.seals}
    wired = [_opened(nb, sealed) if nb.name in wrong else nb for nb in found]
    try:
        graph = wire(wired, project.config("use", {}), project.root)
    except WiringError:
        raise first from None
    if not wrong.keys() <= graph.steps.keys():
        raise first
    if not wrong:  # what could not be read a moment ago was being written
        return build(project), {}
    return replace(graph, notices=tuple(notices)), wrong


def _read(path: Path, project: Project) -> tuple[Notebook, UsageError | None]:
    """Read a notebook; one that cannot be read is what it was when it last ran."""
    try:
        nb = notebook.read(path)
    except UsageError as error:
        nb = _blank(path)
        known = speaks_of_mlkit(path) or Store(project.state).records(nb.name)
        where = project.relative(path)
        told = WiringError(error.what, where=where, got=error.got, todo=error.todo)
        return (_as_it_was(nb, project), told) if known else (nb, None)
    try:
        refuse(nb, project.root)
    except WiringError as error:
        if nb.wired or Store(project.state).records(nb.name):
            return _as_it_was(nb, project), error
    return nb, None


def _blank(path: Path) -> Notebook:
    none: tuple[str, ...] = ()
    return Notebook(
        *(path, notebook.step_name(path), "python", "python3", (), False),
        *(none, none, none, none, none),
        *(False, (), (), False),
    )


def _as_it_was(nb: Notebook, project: Project) -> Notebook:
    """Add the names of the last run to those that can be read."""
    records = Store(project.state).records(nb.name)
    last = records[0] if records else {"saves": {}, "depfile": {}}
    seals = [name for name, entry in last["saves"].items() if entry.get("sealed")]
    saves = _both(nb.saves, last["saves"])
    return replace(
        nb,
        loads=_both(nb.loads, last["depfile"].get("inputs", ())),
        saves=saves,
        seals=_both(nb.seals, seals),
        decides=_both(nb.decides, last.get("decided", ())),
        has_parameters=nb.has_parameters or bool(records),
        problems=(),
        wired=True,
    )


def _opened(nb: Notebook, sealed: set[str]) -> Notebook:
    """Tell what is loaded from what is unsealed."""
    names = _both(nb.loads, nb.unseals)
    loads = tuple(name for name in names if name not in sealed)
    return replace(nb, loads=loads, unseals=tuple(n for n in names if n in sealed))


def _both(some: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*some, *more]))
