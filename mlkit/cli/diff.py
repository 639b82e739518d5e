"""``mlkit diff``: what differs between two runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mlkit.engine.reporting.differ import Change

__all__ = ["command"]

TITLES = {
    "state": "States",
    "parameter": "Parameters",
    "decision": "Decisions",
    "metric": "Metrics",
    "artifact": "Artifacts",
    "version": "Versions",
}


@click.command("diff")
@click.argument("old", metavar="[RUN]", default="latest~1")
@click.argument("new", metavar="[RUN]", default="latest")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(old: str, new: str, folder: Path, as_json: bool) -> None:
    """Compare two runs: ids, their beginnings, latest, or latest~1.

    Without RUN, compare the last run with the one before it.
    """
    import json
    from dataclasses import asdict

    from mlkit.cli.place import name_and_folder
    from mlkit.core.project import Project
    from mlkit.engine.reporting.differ import differences
    from mlkit.engine.reporting.past import find, manifest

    lone, folder = name_and_folder(old, folder)
    project = Project.open(folder)
    places = [find(project, lone or "latest~1"), find(project, new)]
    sides = [manifest(place) or {} for place in places]
    changes = differences(sides[0], sides[1])
    if as_json:
        for change in changes:
            click.echo(json.dumps(asdict(change), ensure_ascii=False))
        return
    click.echo(f"{places[0].name} → {places[1].name}")
    click.echo(_told(changes) if changes else "nothing differs")


def _told(changes: list[Change]) -> str:
    from itertools import groupby

    blocks = []
    for kind, group in groupby(changes, key=lambda change: change.kind):
        lines = [_line(change) for change in group]
        width = max(len(name) for name, _ in lines)
        body = [f"  {name:<{width}}  {text}" for name, text in lines]
        blocks.append("\n".join([click.style(TITLES[kind], bold=True), *body]))
    return "\n\n".join(blocks)


def _line(change: Change) -> tuple[str, str]:
    from mlkit.engine.reporting.say import plain

    name = plain(".".join(part for part in (change.step, change.name) if part))
    if change.kind == "artifact" and change.old and change.new:
        return name, "changed"
    old, new = _value(change.kind, change.old), _value(change.kind, change.new)
    return name, f"{old} → {new}{_step_between(change)}"


def _value(kind: str, value: Any) -> str:
    from mlkit.engine.reporting.chapters import value_of
    from mlkit.engine.reporting.say import number

    if value is None:
        return "–"
    if kind == "artifact":
        return "there"
    return number(value) if kind == "metric" else value_of("", value)


def _step_between(change: Change) -> str:
    from mlkit.engine.reporting.say import number

    if change.kind != "metric" or change.old is None or change.new is None:
        return ""
    by = change.new - change.old
    return f"  ({'+' if by > 0 else '−'}{number(abs(by))})"
