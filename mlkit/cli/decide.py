"""``mlkit decide``: list, set or undo a decision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlkit.core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from mlkit.core.project import Project

__all__ = ["command"]


@click.command("decide")
@click.argument("name", default="")
@click.argument("value", default="")
@click.option("--why", default="", help="The reason; an overrule needs one.")
@click.option("--add", is_flag=True, help="Add to what is decided, or in use.")
@click.option("--undo", is_flag=True, help="Drop the decision.")
@click.option("-C", "folder", default=".", type=click.Path(path_type=Path), help="DIR.")
def command(
    name: str, value: str, why: str, add: bool, undo: bool, folder: Path
) -> None:
    """List decisions, or set or undo one; overrule_STEP opens a step's gate."""
    from mlkit.cli.place import name_and_folder
    from mlkit.core import decisions
    from mlkit.core.project import Project

    if not value:
        name, folder = name_and_folder(name, folder)
    project = Project.open(folder)
    if not name:
        _list(project)
    elif undo:
        there = decisions.forget(project.decisions, name)
        click.echo(f"{name} is {'dropped' if there else 'not decided'}")
    elif not value:
        _print(project, name)
    else:
        _set(project, name, value, why, add)


def _list(project: Project) -> None:
    from mlkit.core import decisions
    from mlkit.engine.planning.graph import build

    graph = build(project)
    made = decisions.read_all(project.decisions)
    used = _in_use(project)
    asked = {name: step for step, nb in graph.steps.items() for name in nb.decides}
    for name in sorted({*asked, *made}):
        step = asked.get(name, "")
        if name in made:
            one = made[name]
            why = f": {one.why}" if one.why else ""
            told = one.told or _short(one.value)
            click.echo(f"{name:<20} {told}  by {one.by}, {one.at[:10]}{why}")
        elif name in used:
            click.echo(f"{name:<20} {_short(used[name]['value'])}  default of {step}")
        else:
            click.echo(f"{name:<20} not asked yet  {step}")


def _print(project: Project, name: str) -> None:
    import json

    from mlkit.core import decisions

    made = decisions.read(project.decisions, name)
    used = _in_use(project)
    if made is None and name not in used:
        known = {*used, *decisions.read_all(project.decisions)}
        raise UsageError(
            f"there is no decision {name!r}", todo=did_you_mean(name, known)
        )
    click.echo(json.dumps(made.value if made else used[name]["value"], indent=1))


def _set(project: Project, name: str, value: str, why: str, add: bool) -> None:
    from mlkit.core import decisions, ledger
    from mlkit.engine.planning.graph import build

    graph = build(project)
    overrules = {
        decisions.overrule_of(s): s for s, nb in graph.steps.items() if nb.gates
    }
    asked = {n for nb in graph.steps.values() for n in nb.decides} | {*overrules}
    used = _in_use(project)
    known = asked | {*used} | {*decisions.read_all(project.decisions)}
    if name not in known:
        raise UsageError(f"no step asks for {name!r}", todo=did_you_mean(name, known))
    seen = used.get(name, {}).get("seen", "")
    if name in overrules:
        if not why:
            raise UsageError("an overrule needs a reason", todo='add --why "..."')
        seen = _verdict(project, overrules[name])
        facts = {"step": overrules[name], "why": why, "bars": seen}
        ledger.append(project.ledger, "overrule", **facts)
    told = _read(value)
    if add:
        made = decisions.read(project.decisions, name)
        told = _added(
            name, made.value if made else used.get(name, {}).get("value"), told
        )
    decisions.record(project.decisions, name, told, why=why, seen=seen)
    click.echo(f"{name} is decided; next: mlkit run")


def _added(name: str, old: Any, told: Any) -> Any:
    """Return what is decided or in use with more added to it."""
    from mlkit.core.merging import merged

    if old is None and isinstance(told, list):
        raise UsageError(
            f"there is nothing that {name} could be added to yet",
            todo="run the step that asks for it first: mlkit run",
        )
    return merged(old, told)


def _verdict(project: Project, step: str) -> str:
    """Return the fingerprint of the bars that a step's gate holds shut."""
    from mlkit.core.store import Store
    from mlkit.core.verdict import Verdict

    records = Store(project.state).records(step)
    if not records or not records[0].get("verdict"):
        raise UsageError(f"the gate of {step} has not judged yet", todo="mlkit run")
    verdict = Verdict.from_dict(records[0]["verdict"])
    if verdict.state != "blocked":
        raise UsageError(f"the gate of {step} is open: there is nothing to overrule")
    return verdict.fingerprint


def _in_use(project: Project) -> dict[str, Any]:
    """Return what the steps' newest records decided, by name."""
    from mlkit.core.store import Store
    from mlkit.engine.planning.graph import build

    found: dict[str, Any] = {}
    store = Store(project.state)
    for step in build(project).steps:
        for record in store.records(step)[:1]:
            found |= record.get("decided", {})
    return found


def _read(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 48 else text[:47] + "…"
