"""Which steps are fresh, which are not, and why, in one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlkit.core.errors import ParameterError, UsageError, did_you_mean
from mlkit.core.project import Project
from mlkit.core.store import Entry, Store
from mlkit.engine.planning.graph import Graph
from mlkit.engine.planning.key import World, changes, static_of
from mlkit.engine.planning.stats import Stats
from mlkit.engine.reading.notebook import Notebook

__all__ = ["Check", "Overrides", "check", "overrides", "status"]

Overrides = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Check:
    """How a step stands.

    Parameters
    ----------
    state
        ``never``, ``fresh``, ``stale``, ``blocked``, ``failed`` or ``unreadable``.
    why
        One sentence.
    record
        The record that holds, for ``fresh`` and ``blocked``.
    """

    state: str
    why: str
    record: Mapping[str, Any] | None = None

    @property
    def saves(self) -> dict[str, Entry]:
        """What the step saved, where its record holds."""
        found = self.record["saves"] if self.record else {}
        return {name: Entry(**entry) for name, entry in found.items()}


@dataclass
class Status:
    """The whole project: a check for each step, and the drafts."""

    graph: Graph
    checks: dict[str, Check] = field(default_factory=dict)
    drafts: dict[str, Entry] = field(default_factory=dict)


def check(
    nb: Notebook, given: Mapping[str, Any], inputs: Mapping[str, Entry], world: World
) -> Check:
    """Tell how one step stands, all that it loads being known.

    Parameters
    ----------
    nb
        The step.
    given
        Parameter values that differ from the notebook's.
    inputs
        What each name it loads means now.
    world
        What depfiles are held against.
    """
    store = Store(world.project.state)
    records = store.records(nb.name)
    static = static_of(nb, given)
    identities = {name: entry.identity for name, entry in inputs.items()}
    reasons: list[tuple[list[str], Mapping[str, Any]]] = []
    for record in records:
        found = list(changes(record, static, identities, world))
        if not found:
            found = _lost(record, store, world.stats)
        if not found and record["state"] != "failed":
            return _held(nb.name, record)
        reasons.append((found, record))
    if not reasons:
        return Check("never", f"{nb.name} has never run")
    return _stale(nb.name, reasons)


def status(
    project: Project,
    graph: Graph,
    given: Overrides | None = None,
    unread: Mapping[str, UsageError] | None = None,
) -> Status:
    """Tell how every step of a project stands, running nothing.

    Parameters
    ----------
    project, graph
        The project and its steps.
    given
        Parameter values that differ from the notebooks', a step each.
    unread
        Steps whose notebooks cannot be read, and why.
    """
    stats = Stats(project.state / "stat.json")
    world = World(project, project.decisions, stats)
    found = Status(graph, drafts=Store(project.state).drafts())
    known: dict[str, Entry] = {}
    for name, nb in graph.steps.items():
        if unread and name in unread:
            found.checks[name] = Check("unreadable", _unread(name, unread[name]))
            continue
        waiting = [p for p in graph.parents(name) if found.checks[p].state != "fresh"]
        if waiting:
            found.checks[name] = _waits(name, waiting[0], found.checks, project)
            continue
        inputs = {n: known[n] for n in graph.inputs(name)}
        found.checks[name] = check(nb, (given or {}).get(name, {}), inputs, world)
        saves = found.checks[name].saves
        known |= {n: e for n, e in saves.items() if graph.savers.get(n) == name}
    stats.save()
    return found


def overrides(
    graph: Graph, project: Project, given: Mapping[str, str], profile: str = ""
) -> dict[str, dict[str, Any]]:
    """Turn ``-p [step.]name=text`` and a profile into values, a step each.

    Raises
    ------
    ParameterError
        Where no step has such a parameter, or the value is of the wrong type.
    """
    found: dict[str, dict[str, Any]] = {}
    for key, value in _profile(project, profile).items():
        for step, name in _owners(graph, key, f"[profiles.{profile}]"):
            parameter = next(p for p in graph[step].parameters if p.name == name)
            found.setdefault(step, {})[name] = parameter.accept(value)
    for key, text in given.items():
        for step, name in _owners(graph, key, f"-p {key}"):
            parameter = next(p for p in graph[step].parameters if p.name == name)
            found.setdefault(step, {})[name] = parameter.parse(text)
    return found


def _profile(project: Project, name: str) -> Mapping[str, Any]:
    profiles = project.config("profiles", {})
    if name and name not in profiles:
        raise UsageError(
            f"there is no profile {name!r}",
            where="mlkit.toml",
            todo=did_you_mean(name, profiles),
        )
    return profiles.get(name, {}) if name else {}


def _owners(graph: Graph, key: str, where: str) -> list[tuple[str, str]]:
    step, dot, name = key.rpartition(".")
    if dot:
        known = [p.name for p in graph[step].parameters]
        owners = [(step, name)] if name in known else []
    else:
        known = [p.name for nb in graph.steps.values() for p in nb.parameters]
        owners = [
            (s, name)
            for s, nb in graph.steps.items()
            if any(p.name == name for p in nb.parameters)
        ]
    if not owners:
        raise ParameterError(
            f"there is no parameter {key!r}",
            where=where,
            todo=did_you_mean(name, known),
        )
    return owners


def _held(step: str, record: Mapping[str, Any]) -> Check:
    if record["state"] == "blocked":
        why = f"{step} is blocked by its gate, and nothing it depends on changed"
        return Check("blocked", why, record)
    why = f"{step} is fresh: nothing it depends on changed since run {record['run']}"
    return Check("fresh", why, record)


def _stale(step: str, reasons: list[tuple[list[str], Mapping[str, Any]]]) -> Check:
    """Name what differs from the record that is nearest; the newest of equals."""
    found, record = min(reasons, key=lambda pair: len(pair[0]))
    if not found:
        return Check("failed", f"{step} failed in run {record['run']}, unchanged since")
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return Check("stale", f"{step} is stale: {found[0]}{more}")


def _waits(
    step: str, parent: str, checks: Mapping[str, Check], project: Project
) -> Check:
    state = checks[parent].state
    if state == "blocked":
        why = f"{step} waits: {parent}, which it loads from, is blocked"
    elif state == "failed":
        why = f"{step} waits: {parent}, which it loads from, failed"
    elif state == "unreadable":
        why = f"{step} waits: {parent}, which it loads from, cannot be read"
    else:
        root = checks[parent].why.partition(": ")[2] or "it has never run"
        why = f"{step} waits for {parent}: {root}"
    ran = bool(Store(project.state).records(step))
    return Check("stale" if ran else "never", why)


def _unread(step: str, error: UsageError) -> str:
    parts = [error.where, error.got and f"`{error.got}`"]
    where = ": ".join(part for part in parts if part)
    todo = f"; {error.todo}" if error.todo else ""
    return f"{step} cannot be read: {error.what} ({where}){todo}"


def _lost(record: Mapping[str, Any], store: Store, stats: Stats) -> list[str]:
    """Name saved artifacts that are no longer whole, by size, time and inode."""
    lost = []
    for name, entry in record["saves"].items():
        files = store.files(entry["identity"])
        if files is None or any(stats.hash(p) != sha for p, sha in files.items()):
            lost.append(f"what it saved as {name!r} is gone or damaged")
    return lost
