"""Pages that open inside Lab: a run's report, executed notebooks, a model card.

Their addresses are those of the files, so that links between them hold. Whatever
stands in them, the policy lets nothing run and nothing be sent. They keep their
origin, or the browser would withhold the login from the links between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlkit.core.project import Project
from mlkit.engine.reporting import past, report
from mlkit.lab.refusal import Refusal
from mlkit.lab.routes.route import Route, aside, guarded

__all__ = ["ROUTES"]

PLACE = re.compile(
    r"(?:(?P<project>.*)/)?(?:runs/(?P<run>[^/]+)/(?P<file>[^/]+\.(?:html|ipynb))"
    r"|\.mlkit/objects/(?P<object>folder-[0-9a-f]{64})/folder/"
    r"(?P<page>[^/]+\.(?:html|md)))"
)
POLICY = (
    "sandbox allow-same-origin; default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"


class Pages(Route):
    """``pages/PATH``: a page of a project, to be looked at and no more."""

    @guarded
    async def get(self, path: str) -> None:
        """Send a report, an executed notebook as a page, or a model card."""
        place = PLACE.fullmatch(path)
        if place is None:
            raise Refusal(404, "there is no such page", got=path[:200])
        project = self.places.project(place["project"] or "")
        if self.places.name(project.root) != (place["project"] or ""):
            raise Refusal(404, "this is not an mlkit project", got=path[:200])
        if place["run"]:
            text = await self._of_a_run(project, place["run"], place["file"])
        else:
            folder = project.state / "objects" / place["object"] / "folder"
            text = await self._text(folder / place["page"])
        kind = PLAIN if path.endswith(".md") else HTML
        self.finish(text, set_content_type=kind)

    @property
    def content_security_policy(self) -> str:
        """Show, and let nothing run."""
        return POLICY

    async def _of_a_run(self, project: Project, run: str, name: str) -> str:
        if not past.ID.fullmatch(run) or not (project.runs / run).is_dir():
            raise Refusal(404, "there is no such run", got=run[:80])
        folder = self.places.inside(project.runs / run)
        if name == report.NAME and not (folder / name).exists():
            await aside(report.write, project, folder)
        if name.endswith(".ipynb"):
            return await self._text(folder / name, rendered)
        return await self._text(folder / name)

    async def _text(
        self, path: Path, read: Callable[[Path], str] = Path.read_text
    ) -> str:
        found = self.places.inside(path)
        if not found.is_file():
            raise Refusal(404, "there is no such page", got=path.name)
        text: str = await aside(read, found)
        return text


def rendered(path: Path) -> str:
    """Return an executed notebook as a page."""
    from nbconvert import HTMLExporter

    exporter: Any = HTMLExporter
    return str(exporter(embed_images=True).from_filename(str(path))[0])


ROUTES: list[tuple[str, type[Route]]] = [("pages/(.*)", Pages)]
