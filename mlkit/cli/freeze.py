"""``mlkit freeze``: the defaults in use, written as decisions."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("freeze")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Write the defaults in use as decisions, so that they stay."""
    from mlkit.core import decisions
    from mlkit.core.project import Project
    from mlkit.core.store import Store
    from mlkit.engine.planning.graph import build

    project = Project.open(folder)
    store, made = Store(project.state), decisions.read_all(project.decisions)
    frozen = []
    for step in build(project).steps:
        for record in store.records(step)[:1]:
            for name, one in record.get("decided", {}).items():
                if one["default"] and name not in made:
                    facts = {"why": f"the default of {step}, frozen"}
                    facts["seen"] = one["seen"]
                    new = decisions.record(
                        project.decisions, name, one["value"], **facts
                    )
                    # the step used this very value, so what it saved still holds
                    record["depfile"]["decisions"][name] = new.digest
                    store.add_record(step, record)
                    frozen.append(name)
    click.echo(f"frozen: {', '.join(frozen)}" if frozen else "nothing to freeze")
