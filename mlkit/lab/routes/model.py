"""The model of a project: the champion, or the last package, and its card."""

from __future__ import annotations

from typing import Any

from mlkit.core import champion
from mlkit.core.errors import MlkitError
from mlkit.core.project import Project
from mlkit.core.store import Store
from mlkit.engine.reporting import past
from mlkit.lab.refusal import Refusal
from mlkit.lab.routes.route import Route, aside, guarded
from mlkit.lab.routes.runs import run_folder

__all__ = ["ROUTES"]

CARD = "card.md"
MOVE = ("event", "at", "by", "why", "run", "package")
LONGEST = 500_000  # bytes of a card


class Model(Route):
    """``model``: which package it is, who made it champion, and its card."""

    @guarded
    async def get(self) -> None:
        """Tell of the champion, else of the last package; of a past run, its own."""
        project, run = self.project, self.word("run", "")
        moved = await aside(champion.champion, project.ledger)
        if run:
            folder = run_folder(self.places, project, run)
            package = of_a_run(await aside(past.manifest, folder) or {})
        else:
            package = str(moved["package"]) if moved else last(project)
        if not package:
            todo = "run the project until a package is accepted"
            raise Refusal(404, "there is no package yet", todo=todo)
        facts = {key: moved.get(key) for key in MOVE} if moved else None
        self.reply(
            {
                "package": package,
                "champion": facts,
                "is_champion": bool(moved) and moved["package"] == package,
                "trial": await aside(past.by_trial, project.runs / run),
                "card": await aside(card, project, package),
            }
        )


def of_a_run(manifest: dict[str, Any]) -> str:
    """Return the package that a run left; "" where it left none.

    Examples
    --------
    >>> saves = {"package": {"identity": "folder-1"}}
    >>> of_a_run({"steps": {"package": {"saves": saves}}})
    'folder-1'
    """
    for step in manifest.get("steps", {}).values():
        if "package" in step["saves"]:
            return str(step["saves"]["package"]["identity"])
    return ""


def last(project: Project) -> str:
    """Return the package saved last, accepted or not; "" where there is none."""
    found = Store(project.state).refs().get("package")
    return found.identity if found and found.kind == "folder" else ""


def card(project: Project, package: str) -> str:
    """Return a package's card, in Markdown.

    Raises
    ------
    Refusal
        Where it has none, or is not in the store.
    """
    try:
        file = champion.package_of(project, package) / CARD
    except MlkitError as error:
        raise Refusal(404, error.what, todo=error.todo) from None
    if not file.is_file() or file.stat().st_size > LONGEST:
        raise Refusal(404, "this package has no model card", got=package[:20])
    return file.read_text(encoding="utf-8")


ROUTES: list[tuple[str, type[Route]]] = [("model", Model)]
