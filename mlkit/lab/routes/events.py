"""The events of a run as they happen, one JSON object a line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tornado.iostream import StreamClosedError

from mlkit.core.project import Project
from mlkit.engine.running.lock import holder
from mlkit.lab.routes.route import Route, guarded
from mlkit.lab.routes.runs import ID, run_folder

__all__ = ["ROUTES"]

LOOK = 0.2  # seconds between two looks at the file
BEAT = 15.0  # seconds after which an empty line says that we are here
MOST = 10**12


class EventsRoute(Route):
    """``runs/ID/events``: streamed until the run has ended."""

    @guarded
    async def get(self, run: str) -> None:
        """Send the events from byte ``from`` on, and go on while the run does."""
        project, start = self.project, self.count("from", 0, MOST)
        if not _going(project, run):  # one that has just begun may have no folder yet
            run_folder(self.places, project, run)
        path = self.places.inside(project.runs / run / "events.jsonl")
        self.set_header("Content-Type", "application/x-ndjson")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        try:
            async for text in followed(project, run, path, start):
                self.write(text)
                await self.flush()
        except StreamClosedError:
            return
        self.finish(set_content_type="application/x-ndjson")


async def followed(
    project: Project, run: str, path: Path, start: int
) -> AsyncIterator[bytes]:
    """Yield whole lines of a file that grows, and empty ones while it does not."""
    told, at = time.monotonic(), start
    while True:
        going = _going(project, run)  # asked before the last look
        text = _grown(path, at)
        if text:
            at, told = at + len(text), time.monotonic()
            yield text
        if not going and not text:
            return
        if not text and time.monotonic() - told > BEAT:
            told = time.monotonic()
            yield b"\n"
        await asyncio.sleep(LOOK if going else 0)


def _going(project: Project, run: str) -> bool:
    return (holder(project) or {}).get("run") == run


def _grown(path: Path, start: int) -> bytes:
    """Return the whole lines of a file from a byte on."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            text = file.read()
    except FileNotFoundError:
        return b""
    return text[: text.rfind(b"\n") + 1]


ROUTES: list[tuple[str, type[Route]]] = [(f"runs/{ID}/events", EventsRoute)]
