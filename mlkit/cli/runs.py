"""``mlkit runs``: past runs, the newest first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

__all__ = ["command"]


@click.command("runs")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("-n", "count", default=20, help="How many.", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(folder: Path, count: int, as_json: bool) -> None:
    """List past runs: how each ended, when, what it executed, its numbers."""
    import json

    from mlkit.core.project import Project
    from mlkit.engine.reporting.past import facts, folders

    project = Project.open(folder)
    found = [facts(project, place) for place in folders(project)[:count]]
    if as_json:
        for one in found:
            click.echo(json.dumps(one, ensure_ascii=False))
    else:
        click.echo("\n".join(map(_line, found)) or "there are no runs yet: `mlkit run`")


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
    parts = [plain(facts["said"]), *parts] if facts["said"] else parts
    parts = ["variant", *parts] if facts["variant"] != "main" else parts
    return (
        f"{facts['run']}  {told} {at:%Y-%m-%d %H:%M}  "
        f"{seconds(facts['seconds']):>9}  {count:>7}  {'  '.join(parts)}".rstrip()
    )
