"""A project: a folder with an ``mlkit.toml``, and where things lie in it."""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mlkit.core.errors import UsageError, did_you_mean

__all__ = ["Project", "gib"]

FILE = "mlkit.toml"
SECTIONS = ("format", "goal", "use", "profiles", "steps", "policies")
STEP_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "timeout": (int, float),
    "kernel": str,
    "cpus": int,
    "memory": (int, float, str),
    "manual": bool,
}
UNITS = {"M": 2**-10, "G": 1.0, "T": 2**10}  # GiB in each
SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([MGT])iB")
TYPES = {
    dict: "a table",
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}


@dataclass(frozen=True)
class Project:
    """A project's root, its settings, and the places below it.

    Parameters
    ----------
    root
        The folder that holds ``mlkit.toml``.
    """

    root: Path
    _cache: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def find(cls, start: Path) -> Project | None:
        """Return the project that `start` lies in, walking up; None outside of one."""
        here = start.resolve()
        for folder in (here, *here.parents):
            if (folder / FILE).is_file():
                return cls(folder)
        return None

    @classmethod
    def open(cls, start: Path) -> Project:
        """Return the project that `start` lies in.

        Raises
        ------
        UsageError
            Where there is none, or its ``mlkit.toml`` cannot be read.
        """
        if not start.exists():
            raise UsageError("no such folder", where=str(start))
        project = cls.find(start)
        if project is None:
            raise UsageError(
                "this is not an mlkit project",
                where=str(start),
                expected=f"a folder with {FILE}, or one inside such a folder",
                todo="make one with `mlkit new DIR --data FILE --target COL`, "
                f"or put {FILE} with the line `format = 1` beside your notebooks",
            )
        _check(project)
        return project

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """What ``mlkit.toml`` says."""
        path = self.root / FILE
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{FILE} cannot be read", where=str(path), got=str(error)
            ) from None

    def config(self, key: str, default: Any = None) -> Any:
        """Return the value at a dotted `key` of ``mlkit.toml``, else `default`."""
        value: Any = self.settings
        for part in key.split("."):
            if not isinstance(value, Mapping) or part not in value:
                return default
            value = value[part]
        return value

    @property
    def state(self) -> Path:
        """The store, the locks, the request log: not committed."""
        return self.root / ".mlkit"

    @property
    def decisions(self) -> Path:
        """What was clicked: committed."""
        return self.root / "decisions"

    @property
    def ledger(self) -> Path:
        """Seals, gates, overrules, promotions: committed."""
        return self.root / "ledger.jsonl"

    @property
    def runs(self) -> Path:
        """One folder a run."""
        return self.root / "runs"

    def relative(self, path: Path) -> str:
        """Return `path` as written from the root, with forward slashes."""
        return Path(os.path.relpath(path, self.root)).as_posix()


def gib(memory: float | str) -> float:
    """Return the GiB that a step's ``memory`` says; not a number where it says none.

    Examples
    --------
    >>> gib(2), gib("512 MiB")
    (2.0, 0.5)
    """
    if not isinstance(memory, str):
        return float(memory)
    found = SIZE.fullmatch(memory.strip())
    return float(found[1]) * UNITS[found[2]] if found else math.nan


def _check(project: Project) -> None:
    settings, where = project.settings, str(project.root / FILE)
    if settings.get("format") != 1:
        raise UsageError(
            f"{FILE} is of a format this mlkit does not know",
            where=where,
            expected="format = 1",
            got=f"format = {settings.get('format', 'absent')}",
            todo="write `format = 1` at its top, or install the mlkit it was made with",
        )
    for section, value in settings.items():
        _known(section, SECTIONS, where)
        if section != "format":
            _of_type(value, dict, section, where)
    for name, table in settings.get("steps", {}).items():
        _of_type(table, dict, f"steps.{name}", where)
        for key, value in table.items():
            _known(key, tuple(STEP_KEYS), f"{where} [steps.{name}]")
            _of_type(value, STEP_KEYS[key], f"steps.{name}.{key}", where)
            _possible(f"steps.{name}.{key}", key, value, where)
    bars = settings.get("goal", {}).get("bars", {})
    _of_type(bars, dict, "goal.bars", where)
    for name, value in bars.items():
        _of_type(value, (int, float), f"goal.bars.{name}", where)
    for name, step in settings.get("use", {}).items():
        _of_type(step, str, f"use.{name}", where)
    for name, table in settings.get("profiles", {}).items():
        _of_type(table, dict, f"profiles.{name}", where)


def _of_type(value: Any, wanted: type | tuple[type, ...], key: str, where: str) -> None:
    types = wanted if isinstance(wanted, tuple) else (wanted,)
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise _unfit(key, " or ".join(TYPES[one] for one in types), value, where)


def _possible(name: str, key: str, value: Any, where: str) -> None:
    if key == "timeout" and not 0 < value < math.inf:
        raise _unfit(name, "seconds, more than 0", value, where)
    if key == "cpus" and value < 1:
        raise _unfit(name, "a whole number, 1 or more", value, where)
    if key == "memory" and not 0 < gib(value) < math.inf:
        expected = 'GiB, more than 0, or text like "2 GiB", "512 MiB"'
        raise _unfit(name, expected, value, where)


def _unfit(key: str, expected: str, got: Any, where: str) -> UsageError:
    return UsageError(
        f"{key} cannot be this", where=where, expected=expected, got=repr(got)[:80]
    )


def _known(key: str, known: tuple[str, ...], where: str) -> None:
    if key not in known:
        raise UsageError(
            f"unknown setting {key!r}", where=where, todo=did_you_mean(key, known)
        )
