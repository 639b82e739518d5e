"""Which distributions are installed, and which of them a step rests on."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import Distribution

__all__ = ["Environment", "own_paths"]

NAME = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(-py[\d.]+)?\.(dist|egg)-info$")
OURS = "mlkit-notebooks"


class Environment:
    """The distributions below some ``site-packages`` folders.

    Parameters
    ----------
    paths
        The folders, as they stand in ``sys.path``.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = tuple(dict.fromkeys(paths))

    @cached_property
    def versions(self) -> dict[str, str]:
        """Distribution name → version, from folder names alone."""
        found: dict[str, str] = {}
        for folder in reversed(self.paths):
            for entry in Path(folder).glob("*-info"):
                parts = NAME.match(entry.name)
                if parts:
                    found[_normal(parts["name"])] = parts["version"]
        return found

    def has_module(self, name: str) -> bool:
        """Tell whether an import of `name` would find something."""
        places = (Path(folder) / name for folder in self.paths)
        return any(
            place.is_dir() or place.with_suffix(".py").is_file() for place in places
        )

    def rests_on(self, imports: Mapping[str, bool]) -> dict[str, str | None]:
        """Return the distributions behind imported modules, and what they require.

        Parameters
        ----------
        imports
            Module name → whether the import succeeded.

        Returns
        -------
        dict
            Distribution name → version; ``import NAME`` → None where it was absent.
        """
        found: dict[str, str | None] = {}
        todo = [
            d for name, there in imports.items() if there for d in self._behind(name)
        ]
        while todo:
            name = todo.pop()
            if name not in found and name in self.versions and name != OURS:
                found[name] = self.versions[name]
                todo += self._requires(name)
        absent = {
            f"import {name}": None for name, there in imports.items() if not there
        }
        return found | absent

    def holds(self, name: str, version: str | None) -> bool:
        """Tell whether a line of `rests_on` still holds."""
        if name.startswith("import "):
            return not self.has_module(name.removeprefix("import "))
        return self.versions.get(name) == version

    def _behind(self, module: str) -> list[str]:
        return self._modules.get(module, [_normal(module)])

    @cached_property
    def _distributions(self) -> dict[str, Distribution]:
        from importlib import metadata

        found = metadata.distributions(path=list(self.paths))
        return {_normal(d.metadata["Name"]): d for d in found}

    @cached_property
    def _modules(self) -> dict[str, list[str]]:
        """Top-level module → distributions, from their lists of files."""
        found: dict[str, list[str]] = {}
        for name, distribution in self._distributions.items():
            for module in _top_level(distribution):
                found.setdefault(module, []).append(name)
        return found

    def _requires(self, name: str) -> list[str]:
        distribution = self._distributions.get(name)
        return _wanted(tuple(distribution.requires or ())) if distribution else []


def own_paths() -> list[str]:
    """Return the folders that this process's distributions lie in."""
    return [p for p in sys.path if p.endswith(("site-packages", "dist-packages"))]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _top_level(distribution: Distribution) -> set[str]:
    listed = distribution.read_text("top_level.txt")
    if listed:
        return set(listed.split())
    record = distribution.read_text("RECORD") or ""
    tops = {line.partition(",")[0].partition("/")[0] for line in record.splitlines()}
    return {top.removesuffix(".py") for top in tops if not top.endswith("-info")}


@cache
def _parse(text: str) -> str | None:
    from packaging.requirements import Requirement

    requirement = Requirement(text)
    wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    return _normal(requirement.name) if wanted else None


def _wanted(requires: tuple[str, ...]) -> list[str]:
    return [name for text in requires if (name := _parse(text))]
