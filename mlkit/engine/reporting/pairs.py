"""The key pictures of two runs, side by side where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlkit.core.project import Project
from mlkit.engine.reporting.look import Picture, look

__all__ = ["Pair", "pairs"]

Manifest = Mapping[str, Any]
MOST = 12 * 2**20  # characters of all pictures together


@dataclass(frozen=True)
class Pair:
    """The key picture of a step in two runs.

    Parameters
    ----------
    step
        Its name.
    old, new
        The pictures; None where there was none.
    """

    step: str
    old: Picture | None
    new: Picture | None


def pairs(project: Project, old: Manifest, new: Manifest) -> list[Pair]:
    """Return the key pictures that two runs' steps show, where they differ.

    Parameters
    ----------
    project
        Where the executed notebooks lie.
    old, new
        Manifests of two runs; only steps of both are looked at.
    """
    found: list[Pair] = []
    room = MOST
    for step in new["steps"]:
        paths = [run["steps"].get(step, {}).get("notebook") for run in (old, new)]
        if not all(paths) or paths[0] == paths[1]:
            continue
        sides = [_picture(project, path) for path in paths]
        one, other = (side.source if side else "" for side in sides)
        room -= len(one) + len(other)
        if one != other and room >= 0:
            found.append(Pair(step, *sides))
    return found


def _picture(project: Project, relative: str) -> Picture | None:
    path = project.root / relative
    inside = path.resolve().is_relative_to(project.root)
    return look(path).picture if inside else None
