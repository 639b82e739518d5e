"""What a step's result depends on, and in one sentence what changed.

A record says under which *static* key (cells, parameters, kernel) and which *depfile*
(decisions, inputs, modules, distributions, outside things, settings) a step ended as
it did. A record that still holds makes the step fresh.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlkit.core import decisions
from mlkit.core.files import digest
from mlkit.core.outside import ABSENT, fingerprint_of
from mlkit.core.project import Project
from mlkit.core.watch import PACKAGE
from mlkit.engine.planning.environment import Environment, own_paths
from mlkit.engine.planning.remote import Remote
from mlkit.engine.planning.stats import Stats
from mlkit.engine.reading.literals import literal
from mlkit.engine.reading.notebook import Notebook
from mlkit.engine.reporting.say import is_secret

__all__ = ["World", "changes", "key_of", "literals", "static_of"]

DAY = 86400.0


def static_of(nb: Notebook, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a step's key that is read from its notebook alone."""
    values = {p.name: overrides.get(p.name, p.default) for p in nb.parameters}
    return {
        "cells": [digest(text)[:16] for text in nb.code],
        "parameters": literals({nb.name: values})[nb.name],
        "kernel": nb.kernel,
    }


def literals(
    values: Mapping[str, Mapping[str, Any]],
) -> dict[str, dict[str, str]]:
    """Write parameters as source text, a step each; of secrets only a hash.

    Examples
    --------
    >>> literals({"tune": {"trials": 3, "api_token": "abc"}})
    {'tune': {'trials': '3', 'api_token': 'secret 7f9628ad9a37afcb0b5adcfa1020bdc8'}}
    """
    return {
        step: {
            name: f"secret {digest(literal(value))[:32]}"
            if is_secret(name)
            else literal(value)
            for name, value in given.items()
        }
        for step, given in values.items()
    }


def key_of(record: Mapping[str, Any]) -> str:
    """Return a step's whole key: what the ledger and the manifest name."""
    return digest([record["static"], record["depfile"]])


@dataclass
class World:
    """What depfiles are held against: the project and this machine as they stand.

    Parameters
    ----------
    project
        The project.
    decisions
        The folder of decisions: the project's, or a run's snapshot.
    stats
        Hashes of files, remembered.
    """

    project: Project
    decisions: Path
    stats: Stats

    def __post_init__(self) -> None:
        self._environments: dict[tuple[str, ...], Environment] = {}
        self._decisions: dict[str, str | None] = {}
        self._remote = Remote(self.project.root)

    def environment(self, paths: list[str]) -> Environment:
        """Return the distributions below `paths`; none means mlkit's own."""
        key = tuple(paths or own_paths())
        return self._environments.setdefault(key, Environment(key))

    def decision(self, name: str) -> str | None:
        """Return the digest of a decision, None where there is none."""
        if name not in self._decisions:
            made = decisions.read(self.decisions, name)
            self._decisions[name] = made.digest if made else None
        return self._decisions[name]

    def decided(self, name: str) -> None:
        """Look at a decision anew: it was just recorded."""
        self._decisions.pop(name, None)

    def remote(self, thing: Mapping[str, Any]) -> str | None:
        """Return the fingerprint of a remote source now, None where it is not known."""
        return self._remote.fingerprint(thing)

    def module(self, name: str) -> str | None:
        """Return the hash of a module that a depfile names."""
        own = name.removeprefix("mlkit:")
        return self.stats.hash((self.project.root if own == name else PACKAGE) / own)


def changes(
    record: Mapping[str, Any],
    static: Mapping[str, Any],
    inputs: Mapping[str, str],
    world: World,
) -> Iterator[str]:
    """Yield what differs from a record, each as part of a sentence; nothing: it holds.

    Parameters
    ----------
    record
        One of the store's records of the step.
    static
        The step's static key now.
    inputs
        Name → identity of what the step would load now.
    world
        What the depfile is held against.
    """
    depfile = record["depfile"]
    yield from _static_changes(record["static"], static)
    yield from _input_changes(depfile, inputs)
    for name, was in depfile["decisions"].items():
        if world.decision(name) != was:
            yield f"decision {name!r} {_verb(was, world.decision(name))}"
    for name, was in depfile["config"].items():
        if digest(world.project.config(name)) != was:
            yield f"{name} in mlkit.toml changed"
    yield from _module_changes(depfile, world)
    yield from _distribution_changes(depfile, world)
    for thing in depfile["outside"]:
        yield from _outside_changes(thing, world)


def _static_changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    before, after = was["parameters"], now["parameters"]
    for name in sorted({*before, *after}):
        if name not in before:
            yield f"parameter {name} was added"
        elif name not in after:
            yield f"parameter {name} was removed"
        elif before[name] != after[name] and is_secret(name):
            yield f"parameter {name} changed"
        elif before[name] != after[name]:
            yield f"parameter {name} changed from {before[name]} to {after[name]}"
    if was["kernel"] != now["kernel"]:
        yield f"its kernel changed from {was['kernel']} to {now['kernel']}"
    if was["cells"] != now["cells"]:
        pairs = zip(was["cells"], now["cells"], strict=False)
        same = next((i for i, (a, b) in enumerate(pairs) if a != b), None)
        place = len(was["cells"]) if same is None else same
        yield f"code cell {place + 1} changed (counted after the parameters)"


def _input_changes(
    depfile: Mapping[str, Any], inputs: Mapping[str, str]
) -> Iterator[str]:
    for name, identity in inputs.items():
        if depfile["inputs"].get(name, identity) != identity:
            yield f"{name!r}, which it loads, changed"


def _module_changes(depfile: Mapping[str, Any], world: World) -> Iterator[str]:
    for name in depfile["changed"]:
        yield f"{name} changed while it ran"
    for name, was in depfile["modules"].items():
        now = world.module(name)
        if now != was:
            yield f"module {name} {_verb(was, now)}"
    for name in depfile.get("shadows", ()):
        if (world.project.root / name).exists():
            yield f"module {name} appeared"


def _distribution_changes(depfile: Mapping[str, Any], world: World) -> Iterator[str]:
    python = platform.python_version()
    if not depfile["paths"] and depfile["python"] not in ("", python):
        yield f"Python changed from {depfile['python']} to {python}"
    environment = world.environment(depfile["paths"])
    for name, was in depfile["distributions"].items():
        if not environment.holds(name, was):
            now = environment.versions.get(name)
            if was is None:
                module = name.removeprefix("import ")
                yield f"module {module}, absent before, is installed"
            else:
                yield f"package {name} changed from {was} to {now or 'absent'}"


def _outside_changes(thing: Mapping[str, Any], world: World) -> Iterator[str]:
    name, refresh = thing["uri"], thing["refresh"]
    if refresh == "never":
        return
    if refresh == "always":
        yield f"{name} is read anew at every run"
    elif "how" in thing:
        if refresh != "daily" or time.time() - thing["at"] > DAY:
            now = world.remote(thing)
            if now not in (None, thing["fingerprint"]):
                yield f"{name} changed"
    elif refresh == "daily":
        if time.time() - thing["at"] > DAY:
            yield f"{name} was read more than a day ago"
    elif thing.get("changed"):
        yield f"{name} changed while it ran"
    elif thing["kind"] == "file":
        now = world.stats.hash(world.project.root / name) or ABSENT
        if now != thing["fingerprint"]:
            yield f"file {name} {_verb(thing['fingerprint'], now)}"
    elif thing["kind"] == "folder":
        now = fingerprint_of("folder", world.project.root / name)
        if now != thing["fingerprint"]:
            yield f"folder {name} changed"


def _verb(was: str | None, now: str | None) -> str:
    if now in (None, ABSENT):
        return "is gone"
    return "was added" if was in (None, ABSENT) else "changed"
