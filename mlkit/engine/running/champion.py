"""The champion: the package that serves, predicts and is exported.

The ledger's last promotion or rollback is the pointer to it.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlkit.core import ledger
from mlkit.core.project import Project
from mlkit.core.store import Entry

__all__ = ["champion", "crown"]


def champion(project: Project) -> str:
    """Return the identity of the champion's package; "" where there is none."""
    moves = ("promote", "rollback")
    found = [x for x in ledger.lines(project.ledger) if x["event"] in moves]
    return str(found[-1]["package"]) if found else ""


def crown(project: Project, run: str, saves: Mapping[str, Entry]) -> None:
    """Make the first accepted package of an unmodified run the champion."""
    entry = saves.get("package")
    if entry is not None and not champion(project):
        facts = {"run": run, "package": entry.identity}
        why = "the first accepted package"
        ledger.append(project.ledger, "promote", **facts, why=why)
