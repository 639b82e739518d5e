"""``mlkit runs``: past runs, the newest first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mlkit.core.project import Project

__all__ = ["command"]


@click.command("runs")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("-n", "count", default=20, help="How many.", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(folder: Path, count: int, as_json: bool) -> None:
    """List past runs: how each ended, when, what it executed, its numbers."""
    import json

    from mlkit.core.project import Project
    from mlkit.engine.reporting.past import folders

    project = Project.open(folder)
    found = [_facts(project, place) for place in folders(project)[:count]]
    if as_json:
        for facts in found:
            click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        click.echo("\n".join(map(_line, found)) or "there are no runs yet: `mlkit run`")


def _facts(project: Project, place: Path) -> dict[str, Any]:
    from mlkit.engine.reporting.past import manifest
    from mlkit.engine.running.lock import holder

    left = manifest(place)
    if left is None:
        going = (holder(project) or {}).get("run") == place.name
        return {"run": place.name, "state": "running" if going else "unfinished"}
    metrics: dict[str, float] = {}
    for facts in left["steps"].values():
        for entry in facts["saves"].values():
            metrics |= entry.get("metrics", {})
    here = [step for step, f in left["steps"].items() if f.get("run") == left["run"]]
    return {
        "run": left["run"],
        "state": left["state"],
        "variant": left["variant"],
        "began": left["began"],
        "seconds": left["seconds"],
        "executed": here,
        "metric": project.config("goal.metric", ""),
        "metrics": metrics,
    }


def _line(facts: dict[str, Any]) -> str:
    from datetime import datetime

    from mlkit.cli.progress import COLOURS
    from mlkit.engine.reporting.say import headlines, number, plain, seconds

    state = facts["state"]
    told = click.style(f"{state:<11}", fg=COLOURS.get(state, "white"))
    if "began" not in facts:
        return f"{facts['run']}  {told}"
    at = datetime.fromtimestamp(facts["began"]).astimezone()
    numbers = headlines({"": facts["metrics"]}, facts["metric"])
    count = f"{len(facts['executed'])} ran"
    parts = [f"{plain(n)} {number(v)}" for n, v in list(numbers.items())[:3]]
    parts = ["variant", *parts] if facts["variant"] != "main" else parts
    return (
        f"{facts['run']}  {told} {at:%Y-%m-%d %H:%M}  "
        f"{seconds(facts['seconds']):>9}  {count:>7}  {'  '.join(parts)}".rstrip()
    )
