"""The graph with its states, and a pulse that tells when to look again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkit.core.champion import champion
from mlkit.core.decisions import overrule_of
from mlkit.core.errors import WiringError
from mlkit.core.files import digest
from mlkit.core.project import Project
from mlkit.core.store import Store
from mlkit.core.tram import draw
from mlkit.engine.planning.graph import Graph
from mlkit.engine.reading import notebook
from mlkit.engine.reporting.standing import standing
from mlkit.engine.running.lock import holder
from mlkit.lab.places import Places
from mlkit.lab.routes.projects import facts
from mlkit.lab.routes.route import Route, aside, guarded
from mlkit.lab.routes.served import served, told
from mlkit.lab.told import headline

__all__ = ["ROUTES"]

STATE = ("refs/main.json", "drafts", "steps", "lock")


class GraphRoute(Route):
    """``graph``: each step, its state, why, its time, and where it is drawn."""

    @guarded
    async def get(self) -> None:
        """Tell how the project stands; a graph with a fault says where it is."""
        project = self.project
        try:
            found = await aside(drawn, self.places, project)
        except WiringError as error:
            found = await aside(faulty, self.places, project, error)
        self.reply({"project": facts(self.places, project), **found})


class Pulse(Route):
    """``pulse``: which run goes on, what is served, a mark of the files."""

    _track_activity = False

    @guarded
    async def get(self) -> None:
        """Answer at once, however large the project."""
        project = self.project
        facts = await aside(holder, project)
        mark = await aside(marked, project)
        run = facts["run"] if facts else ""
        models = [told(self.places, one) for one in served(self)]
        self.reply({"run": run, "mark": mark, "served": models})


def drawn(places: Places, project: Project) -> dict[str, Any]:
    """Return the steps with all that the panel shows of them."""
    found = standing(project)
    graph, store = found.graph, Store(project.state)
    steps = {
        name: {
            **step,
            "notebook": places.name(graph[name].path),
            "parents": graph.parents(name),
            "decides": list(graph[name].decides),
            "gates": graph[name].gates,
            "parameters": len(graph[name].parameters),
            "overrule": overrule_of(name),
            **last(places, project, (store.records(name) or [{}])[0]),
        }
        for name, step in found.steps.items()
    }
    return {
        "steps": steps,
        "map": mapped(graph),
        "notices": list(graph.notices),
        "readers": [places.name(nb.path) for nb in graph.readers],
        "spares": [places.name(nb.path) for nb in graph.spares],
        "run": found.holder["run"] if found.holder else "",
        "champion": champion(project.ledger) is not None,
        "problem": None,
    }


def last(places: Places, project: Project, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of the last time that a step ran."""
    path = project.root / str(record.get("notebook", ""))
    there = bool(record.get("notebook")) and path.is_file()
    return {
        "seconds": record.get("seconds"),
        "executed": places.name(path) if there else "",
        "verdict": record.get("verdict"),
        "overruled": bool(record.get("overruled", False)),
        "headline": headline(record.get("saves", {})),
    }


def mapped(graph: Graph) -> dict[str, Any]:
    """Return where the steps and their lines are drawn, in pixels."""
    found = draw({name: graph.parents(name) for name in graph.steps})
    return {
        "stops": {stop.step: [stop.x, stop.y] for stop in found.stops},
        "lines": [{"from": a, "to": b, "path": path} for a, b, path in found.lines],
        "label": found.label,
        "height": found.height,
    }


def faulty(places: Places, project: Project, error: WiringError) -> dict[str, Any]:
    """Return the notebooks of a graph that cannot be wired, and what is wrong."""
    paths, notices = notebook.notebooks(project.root)
    told = {n: getattr(error, n) for n in ("what", "where", "expected", "got", "todo")}
    at = [p for p in paths if project.relative(p) in error.where]
    return {
        "steps": {},
        "notebooks": [places.name(path) for path in paths],
        "notices": notices,
        "run": "",
        "problem": {**told, "notebooks": [places.name(path) for path in at]},
    }


def marked(project: Project) -> str:
    """Return a text that changes when a notebook, a decision or a save does."""
    files = [
        here / name
        for here, names in notebook.walk(project.root)
        for name in names
        if name.endswith((".ipynb", ".py"))
    ]
    files += [project.root / "mlkit.toml", project.decisions, project.ledger]
    files += [project.state / name for name in STATE]
    files += sorted(project.decisions.glob("*"))
    return digest([[str(path), *_times(path)] for path in files])[:16]


def _times(path: Path) -> list[int]:
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_mtime_ns, found.st_size]


ROUTES: list[tuple[str, type[Route]]] = [("graph", GraphRoute), ("pulse", Pulse)]
