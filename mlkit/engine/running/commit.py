"""What a step's kernel reported, made visible at once when the step ends."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from mlkit.core import decisions, ledger
from mlkit.core.errors import StepError
from mlkit.core.project import Project
from mlkit.core.store import Entry, Store
from mlkit.engine.planning.key import World, key_of
from mlkit.engine.reading.notebook import Notebook

__all__ = ["Report", "commit", "enter_bars", "enter_looks", "read_report"]

PASSING = ("imports", "foreign", "names", "places", "prefix")
EMPTY: dict[str, Any] = {
    "modules": {},
    "imports": {},
    "foreign": [],
    "names": [],
    "places": [],
    "changed": [],
    "config": {},
    "decisions": {},
    "inputs": {},
    "outside": [],
    "python": "",
    "prefix": "",
    "paths": [],
}


@dataclass
class Report:
    """The sum of what one kernel reported.

    Parameters
    ----------
    saves
        Name → entry.
    depfile
        The last one written.
    verdict
        The gate's, with whether a person overruled it.
    unsealed, kept, decided
        Facts for the ledger, for the decisions, for the report.
    """

    saves: dict[str, Entry] = field(default_factory=dict)
    depfile: dict[str, Any] = field(default_factory=lambda: dict(EMPTY))
    verdict: dict[str, Any] | None = None
    overruled: bool = False
    unsealed: list[dict[str, Any]] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    decided: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self, line: dict[str, Any]) -> None:
        """Add one line of the kernel's report."""
        event = line.pop("event")
        if event == "save":
            self.saves[line["name"]] = Entry(**line["entry"])
        elif event == "depfile":
            self.depfile = {**EMPTY, **line}
        elif event == "gate":
            self.verdict, self.overruled = line["verdict"], line["overruled"]
        elif event == "unseal":
            self.unsealed.append(line)
        elif event == "keep":
            self.kept[line["name"]] = line["value"]
        elif event == "decide":
            self.decided[line.pop("name")] = line


def read_report(path: Path) -> Report:
    """Read a kernel's report; a last line torn by a kill is left out.

    Raises
    ------
    StepError
        Where another line is torn, as on a full disk.
    """
    report = Report()
    if path.exists():
        for line in path.read_bytes().split(b"\n")[:-1]:
            report.take(_parsed(line, path))
    return report


def _parsed(line: bytes, path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(line))
    except ValueError:
        raise StepError(
            "what a step's kernel reported is torn",
            where=str(path),
            todo="see that there is room on the disk, and run again",
        ) from None


def commit(
    project: Project,
    world: World,
    nb: Notebook,
    report: Report,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Write the ledger, the kept choices and the record of a step that ended.

    Parameters
    ----------
    project, world
        The project, and what its depfiles are held against.
    nb
        The step.
    report
        What its kernel reported.
    facts
        static, state, run, notebook, seconds.
    """
    for name, value in report.kept.items():
        why = "chosen once, kept since"
        decisions.record(project.decisions, name, value, why=why)
        if world.decisions != project.decisions:
            decisions.record(world.decisions, name, value, why=why)
        world.decided(name)
    saves = {
        name: {
            **entry.to_dict(),
            "step": nb.name,
            "run": facts["run"],
            "at": time.time(),
        }
        for name, entry in report.saves.items()
    }
    record = {
        **facts,
        "imports": report.depfile["foreign"],
        "depfile": _resolve(project, world, report.depfile),
        "saves": saves,
        "verdict": report.verdict,
        "overruled": report.overruled,
        "decided": report.decided,
        "finished": time.time(),
    }
    if facts["state"] != "failed":
        _enter_verdict(project, nb, report, record)
    Store(project.state).add_record(nb.name, record)
    return record


def _resolve(
    project: Project, world: World, depfile: Mapping[str, Any]
) -> dict[str, Any]:
    """Turn imported modules into distributions, and add the modules that are not there.

    No paths means the environment that mlkit itself runs in, wherever that lies.
    """
    found = {k: v for k, v in depfile.items() if k not in PASSING}
    if depfile["prefix"] == sys.prefix:
        found["paths"] = []
    environment = world.environment(found["paths"])
    found["distributions"] = environment.rests_on(depfile["imports"])
    shadows = _shadows(depfile["names"], [Path(p) for p in depfile["places"]])
    found["shadows"] = sorted(map(project.relative, shadows))
    return found


def _shadows(names: Iterable[str], places: Iterable[Path]) -> Iterator[Path]:
    """Yield the files in a project that, were they there, would be imported instead."""
    for name in names:
        files = (
            p / file for p in places for file in (f"{name}/__init__.py", f"{name}.py")
        )
        yield from takewhile(lambda file: not file.exists(), files)


def enter_bars(project: Project) -> None:
    """Enter the bars that models will be judged by."""
    ledger.enter_bars(project.ledger, project.config("goal.bars", {}))


def enter_looks(
    project: Project, step: str, run: str, report: Report, refs: Mapping[str, Entry]
) -> None:
    """Enter what a step unsealed, and which models it looked at, however it ended."""
    for opened in report.unsealed:
        ledger.append(project.ledger, "unseal", step=step, run=run, **opened)
    loaded = report.depfile["inputs"].values()
    models = [one for one in loaded if one.startswith("model-")]
    sealed = [entry.identity for entry in refs.values() if entry.sealed]
    ledger.enter_results(project.ledger, models, sealed, step=step, run=run)


def _enter_verdict(
    project: Project, nb: Notebook, report: Report, record: Mapping[str, Any]
) -> None:
    """Enter how the gate judged into the ledger."""
    if report.verdict:
        who = {"step": nb.name, "run": record["run"]}
        state = "overruled" if report.overruled else report.verdict["state"]
        bars = [f["bar"] for f in report.verdict["findings"] if f["state"] == "missed"]
        key = key_of(record)
        ledger.append(project.ledger, "gate", **who, state=state, missed=bars, key=key)
