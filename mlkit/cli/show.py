"""``mlkit show``: an artifact, printed or saved to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlkit.core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlkit.core.project import Project
    from mlkit.core.store import Entry

__all__ = ["command"]


@click.command("show")
@click.argument("name", default="")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option(
    "--rows",
    default=3,
    metavar="N",
    type=click.IntRange(0),
    help="How many rows of a table.",
)
@click.option(
    "--run", "past", metavar="RUN", default="", help="As a past run saved it."
)
@click.option(
    "--save",
    "target",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(
    name: str, folder: Path, rows: int, past: str, target: Path | None, as_json: bool
) -> None:
    """Print an artifact, or write it to a file; without NAME, list them all."""
    import json

    from mlkit.cli import showing
    from mlkit.cli.place import name_and_folder
    from mlkit.core.project import Project
    from mlkit.core.store import Store

    name, folder = name_and_folder(name, folder)
    project = Project.open(folder)
    store = Store(project.state)
    entries = _entries(project, past)
    if not name:
        lines = [showing.facts(n, e) for n, e in sorted(entries.items())]
        text = showing.listed(entries) if entries else _nothing(project, past)
        click.echo(json.dumps(lines) if as_json else text)
        return
    if name not in entries:
        raise _absent(project, name, entries, past)
    entry = entries[name]
    if target is not None:
        showing.export(store, name, entry, target)
        click.echo(f"{name} → {target}")
    elif as_json:
        form = showing.facts(name, entry) | showing.content(store, entry, rows)
        click.echo(json.dumps(form, ensure_ascii=False))
    else:
        click.echo(showing.shown(store, name, entry, rows))


def _entries(project: Project, past: str) -> dict[str, Entry]:
    """Return what each name means: now, or at the end of a past run."""
    from mlkit.core.store import Entry, Store
    from mlkit.engine.reporting.past import find, manifest

    if not past:
        return Store(project.state).refs()
    left = manifest(find(project, past)) or {}
    return {
        name: Entry(**entry)
        for facts in left.get("steps", {}).values()
        for name, entry in facts["saves"].items()
    }


def _nothing(project: Project, past: str) -> str:
    """Say that there is nothing to list, and where there is something."""
    trial = "" if past else _trial(project)
    if trial:
        return f"only a trial has saved something yet: `mlkit show --run {trial}`"
    return "nothing has been saved yet: `mlkit run`"


def _absent(
    project: Project, name: str, entries: Mapping[str, Entry], past: str
) -> UsageError:
    """Say that a name has not been saved, and what to do."""
    trial = "" if past else _trial(project, name)
    if trial:
        todo = f"see what it saved: `mlkit show {name} --run {trial}`"
        return UsageError(f"only a trial has saved {name!r}", todo=todo)
    todo = did_you_mean(name, entries) if entries else "run the project: `mlkit run`"
    return UsageError(f"nothing called {name!r} has been saved", todo=todo)


def _trial(project: Project, name: str = "") -> str:
    """Return the newest trial that saved a name, as --run takes it; "" for none."""
    from mlkit.engine.reporting.past import find, last_trial

    folder = last_trial(project, name)
    if folder is None:
        return ""
    return "latest" if folder == find(project) else folder.name
