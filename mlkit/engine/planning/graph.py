"""The graph: whoever saves a name comes before whoever loads it.

There is no pipeline file; the notebooks are read, not run, and everything that is
wrong with their wiring is said before a kernel starts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlkit.core.errors import UsageError, WiringError, did_you_mean
from mlkit.core.project import Project
from mlkit.engine.reading import notebook
from mlkit.engine.reading.notebook import Notebook

__all__ = ["Graph", "build", "refuse", "speaks_of_mlkit", "wire"]


@dataclass(frozen=True)
class Graph:
    """The steps of a project and how names connect them.

    Parameters
    ----------
    steps
        By name, each after all that it loads from.
    savers
        Artifact name → the step that saves it.
    readers
        Notebooks that only load: drawn, not run.
    spares
        Steps that another was chosen over in ``[use]``.
    notices
        Sentences about files that were passed over.
    """

    steps: Mapping[str, Notebook]
    savers: Mapping[str, str]
    readers: tuple[Notebook, ...] = ()
    spares: tuple[Notebook, ...] = ()
    notices: tuple[str, ...] = ()

    def __getitem__(self, step: str) -> Notebook:
        try:
            return self.steps[step]
        except KeyError:
            raise WiringError(
                f"there is no step {step!r}", todo=did_you_mean(step, self.steps)
            ) from None

    def inputs(self, step: str) -> tuple[str, ...]:
        """Return the names a step loads or unseals."""
        return _inputs(self[step])

    def parents(self, step: str) -> list[str]:
        """Return the steps that save what `step` loads, in order."""
        return list(dict.fromkeys(self.savers[name] for name in self.inputs(step)))

    def upstream(self, step: str) -> set[str]:
        """Return all steps before `step`."""
        found: set[str] = set()
        todo = self.parents(step)
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += self.parents(one)
        return found

    def downstream(self, step: str) -> set[str]:
        """Return all steps after `step`."""
        self[step]
        return {other for other in self.steps if step in self.upstream(other)}

    @property
    def sealed(self) -> set[str]:
        """The names that are saved under seal."""
        return {name for nb in self.steps.values() for name in nb.seals}


def build(project: Project) -> Graph:
    """Read the notebooks of a project and wire them.

    Raises
    ------
    WiringError
        Where they do not make a graph; says which cell and what to do.
    """
    paths, notices = notebook.notebooks(project.root)
    read = []
    for path in paths:
        try:
            read.append(notebook.read(path))
        except UsageError as error:
            if speaks_of_mlkit(path):
                raise
            notices.append(f"{project.relative(path)} is passed over: {error.what}")
    for nb in read:
        if nb.saves and not nb.has_parameters:
            notices.append(
                f"{project.relative(nb.path)} saves {', '.join(nb.saves)} "
                "but is no step: give it a cell tagged `parameters`"
            )
    graph = wire(read, project.config("use", {}), project.root)
    return Graph(graph.steps, graph.savers, graph.readers, graph.spares, tuple(notices))


def wire(
    notebooks: Iterable[Notebook], use: Mapping[str, str], root: Path = Path()
) -> Graph:
    """Wire notebooks that were read.

    Parameters
    ----------
    notebooks
        In the order of their paths.
    use
        Artifact name → step, for names that several steps save.
    root
        What paths in messages are written from.

    Raises
    ------
    WiringError
        Where they do not make a graph.
    """
    notebooks = list(notebooks)
    steps = [nb for nb in notebooks if nb.is_step]
    _check_each([nb for nb in notebooks if nb.wired], root)
    strangers = [nb for nb in notebooks if not nb.wired]
    savers = _savers(steps, use)
    used = [nb for nb in steps if any(savers[name] == nb.name for name in nb.saves)]
    by_name = {nb.name: nb for nb in used}
    _check_loads(used, savers, strangers, root)
    order = _order(by_name, savers)
    readers = tuple(nb for nb in notebooks if nb.is_reader)
    spares = tuple(nb for nb in steps if nb.name not in by_name)
    graph = Graph({name: by_name[name] for name in order}, savers, readers, spares)
    _check_seals(graph, root)
    _check_deciders(used)
    return graph


def speaks_of_mlkit(path: Path) -> bool:
    """Tell whether a file that is no notebook seems to have been a step."""
    return path.is_file() and b"mlkit" in path.read_bytes()


def _inputs(nb: Notebook) -> tuple[str, ...]:
    return tuple(dict.fromkeys(nb.loads + nb.unseals))


def _place(nb: Notebook, root: Path) -> str:
    inside = nb.path.is_relative_to(root)
    return nb.path.relative_to(root).as_posix() if inside else str(nb.path)


def refuse(nb: Notebook, root: Path) -> None:
    """Refuse a notebook that has a problem of its own.

    Raises
    ------
    WiringError
        With the first one, and the cell where it is.
    """
    for problem in nb.problems:
        cell = f"code cell {problem.cell}, line {problem.line}"
        raise WiringError(
            problem.what,
            where=f"{_place(nb, root)}, {cell}",
            got=problem.source,
            todo=problem.todo,
        )


def _check_each(candidates: list[Notebook], root: Path) -> None:
    seen: dict[str, Notebook] = {}
    for nb in candidates:
        refuse(nb, root)
        if nb.is_step and nb.name in seen:
            raise WiringError(
                f"two notebooks are the step {nb.name!r}",
                where=f"{_place(seen[nb.name], root)} and {_place(nb, root)}",
                todo="rename one of them",
            )
        seen[nb.name] = nb


def _savers(steps: list[Notebook], use: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, list[str]] = defaultdict(list)
    for nb in steps:
        for name in nb.saves:
            found[name].append(nb.name)
    for name, step in use.items():
        if name not in found or step not in found[name]:
            known = found.get(name)
            raise WiringError(
                f"[use] {name} = {step!r} chooses a step that does not save {name!r}",
                where="mlkit.toml",
                todo=did_you_mean(step, known) if known else did_you_mean(name, found),
            )
    for name, savers in found.items():
        if len(savers) > 1 and name not in use:
            lines = " or ".join(f'{name} = "{step}"' for step in savers)
            raise WiringError(
                f"two steps save {name!r}: {', '.join(savers)}",
                expected="one saver of each name",
                todo=f"choose one in mlkit.toml, under [use]: {lines}",
            )
    return {name: use.get(name, savers[0]) for name, savers in found.items()}


def _check_loads(
    steps: list[Notebook],
    savers: Mapping[str, str],
    strangers: list[Notebook],
    root: Path,
) -> None:
    """Every name is saved by somebody, and opened as it was closed.

    Where one is not, a notebook that does not speak of mlkit and cannot be read may
    well have been the step that saved it: then that is what is wrong.
    """
    sealed = {name for nb in steps for name in nb.seals}
    for nb in steps:
        for name in _inputs(nb):
            where = f"{_place(nb, root)} loads {name!r}"
            if name not in savers:
                for stranger in strangers:
                    refuse(stranger, root)
                raise WiringError(
                    f"nobody saves {name!r}",
                    where=where,
                    todo=did_you_mean(name, savers),
                )
            if name in nb.loads and name in sealed:
                raise WiringError(
                    f"{name!r} is sealed",
                    where=where,
                    todo=f'open it with mk.unseal({name!r}, why="...")',
                )
            if name in nb.unseals and name not in sealed:
                raise WiringError(
                    f"{name!r} is not sealed, so it cannot be unsealed",
                    where=f"{_place(nb, root)} unseals {name!r}",
                    todo=f"use mk.load({name!r}), or save it as mk.sealed(...)",
                )


def _order(steps: Mapping[str, Notebook], savers: Mapping[str, str]) -> list[str]:
    """Sort steps so that savers come first, else as their paths are sorted."""
    after = {
        name: {savers[loaded] for loaded in _inputs(nb)} for name, nb in steps.items()
    }
    order: list[str] = []
    while len(order) < len(steps):
        ready = [s for s in steps if s not in order and after[s] <= set(order)]
        if not ready:
            raise WiringError(
                "the notebooks load from each other in a circle",
                where=_circle({s: a for s, a in after.items() if s not in order}),
                todo="save one of these names under another name",
            )
        order.append(ready[0])
    return order


def _circle(after: Mapping[str, set[str]]) -> str:
    path = [next(iter(after))]
    while path.count(path[-1]) < 2:
        path.append(sorted(after[path[-1]] & set(after))[0])
    return " ← ".join(path[path.index(path[-1]) :])


def _check_seals(graph: Graph, root: Path) -> None:
    """No step after the one that seals may load an ancestor of the sealed name."""
    for sealer, nb in graph.steps.items():
        if not nb.seals:
            continue
        before = _ancestors(graph, sealer)
        for step in graph.downstream(sealer):
            for name in graph[step].loads:
                if name in before:
                    raise WiringError(
                        f"{name!r} holds the rows that {sealer!r} sealed as "
                        f"{', '.join(map(repr, nb.seals))}",
                        where=f"{_place(graph[step], root)} loads {name!r}",
                        todo=f"load what {sealer!r} saves instead, "
                        f'or mk.unseal({nb.seals[0]!r}, why="...")',
                    )


def _ancestors(graph: Graph, step: str) -> set[str]:
    """Return the names that `step` was made from, counted by name."""
    return {name for one in (step, *graph.upstream(step)) for name in graph.inputs(one)}


def _check_deciders(steps: list[Notebook]) -> None:
    seen: dict[str, str] = {}
    for nb in steps:
        for name in nb.decides:
            if name in seen:
                raise WiringError(
                    f"two steps decide {name!r}: {seen[name]} and {nb.name}",
                    expected="project-wide names of decisions",
                    todo="rename one of them",
                )
            seen[name] = nb.name
