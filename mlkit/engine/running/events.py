"""What happens in a run, as it happens: one JSON object a line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["Event", "Events", "read"]

Event = Mapping[str, Any]


class Events:
    """Writes a run's events to its file and shows them to who watches.

    Until there is a file, events wait in memory: a run in which nothing has to be
    executed leaves none.

    Parameters
    ----------
    run
        The run's id.
    observe
        Called with each event.
    """

    def __init__(self, run: str, observe: Callable[[Event], None]) -> None:
        self.run = run
        self.observe = observe
        self._path: Path | None = None
        self._waiting: list[Event] = []

    def emit(self, event: str, **facts: Any) -> None:
        """Tell of one event."""
        whole = {"event": event, "time": time.time(), "run": self.run, **facts}
        self._waiting.append(whole)
        if self._path:
            self.write_to(self._path)
        self.observe(whole)

    def write_to(self, path: Path) -> None:
        """Write what waits, and all that comes, to a file."""
        self._path = path
        with path.open("a", encoding="utf-8") as file:
            for event in self._waiting:
                file.write(json.dumps(event, ensure_ascii=False) + "\n")
        self._waiting.clear()


def read(path: Path) -> Iterator[Event]:
    """Yield the events of a file; a last line that is not whole is left out."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n")[:-1]:
        yield json.loads(line)
