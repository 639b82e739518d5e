"""What differs between two runs, by their manifests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlkit.engine.reporting.say import is_secret

__all__ = ["Change", "differences"]

Manifest = Mapping[str, Any]
KINDS = ("state", "parameter", "decision", "metric", "artifact", "version")


@dataclass(frozen=True)
class Change:
    """One thing that differs.

    Parameters
    ----------
    kind
        ``state``, ``parameter``, ``decision``, ``metric``, ``artifact``, ``version``.
    step
        Where; "" for what concerns the whole run.
    name
        Its name.
    old, new
        The values; None where it was absent.
    """

    kind: str
    step: str
    name: str
    old: Any
    new: Any


def differences(old: Manifest, new: Manifest) -> list[Change]:
    """Return what differs, in the order of the newer run's steps.

    Parameters
    ----------
    old, new
        Manifests of two runs.

    Examples
    --------
    >>> a = {"steps": {"tune": {"state": "passed", "parameters": {"trials": "12"}}}}
    >>> b = {"steps": {"tune": {"state": "passed", "parameters": {"trials": "24"}}}}
    >>> differences(a, b)
    [Change(kind='parameter', step='tune', name='trials', old='12', new='24')]
    """
    steps = list(dict.fromkeys([*new["steps"], *old["steps"]]))
    found = [
        change
        for step in steps
        for kind, of in OF_A_STEP.items()
        for change in _compare(kind, step, of, old, new)
    ]
    versions = _sides("version", "", _versions(old), _versions(new))
    return sorted([*found, *versions], key=lambda change: KINDS.index(change.kind))


def _compare(
    kind: str,
    step: str,
    of: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    old: Manifest,
    new: Manifest,
) -> list[Change]:
    sides = (of(side["steps"].get(step, {})) for side in (old, new))
    return _sides(kind, step, *sides)


def _sides(
    kind: str, step: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[Change]:
    names = dict.fromkeys([*new, *old])
    return [
        _change(kind, step, name, old.get(name), new.get(name))
        for name in names
        if _form(old.get(name)) != _form(new.get(name))
    ]


def _change(kind: str, step: str, name: str, old: Any, new: Any) -> Change:
    if is_secret(name):
        old, new = ("••••" if v is not None else None for v in (old, new))
    return Change(kind, step, name, old, new)


def _form(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _states(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a step stands; kept is passed, only earlier."""
    state = facts.get("state")
    return {"": "passed" if state == "kept" else state} if state else {}


def _decisions(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {n: used.get("value") for n, used in facts.get("decided", {}).items()}


def _metrics(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{saved}.{name}": value
        for saved, entry in facts.get("saves", {}).items()
        for name, value in entry.get("metrics", {}).items()
    }


def _artifacts(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {n: entry["identity"] for n, entry in facts.get("saves", {}).items()}


OF_A_STEP: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    "state": _states,
    "parameter": lambda facts: facts.get("parameters", {}),
    "decision": _decisions,
    "metric": _metrics,
    "artifact": _artifacts,
}


def _versions(side: Manifest) -> dict[str, str]:
    """Return the versions that a run's steps rest on; where they differ, all."""
    found: dict[str, set[str]] = {}
    for facts in side["steps"].values():
        versions = {"python": facts.get("python"), **facts.get("distributions", {})}
        for name, version in versions.items():
            found.setdefault(name, set()).add(version or "absent")
    found.get("python", set()).discard("absent")
    return {name: ", ".join(sorted(versions)) for name, versions in found.items()}
