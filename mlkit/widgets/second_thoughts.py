"""What a labeller thinks over in the background: what is next, what is doubtful."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from mlkit.data.label import label
from mlkit.data.labels.queue import Queue
from mlkit.data.labels.ranking import Ranker
from mlkit.data.labels.suspects import suspects

__all__ = ["Thoughts"]

AGAIN = 20
LIKELY = "yes"


class Thoughts:
    """Ranks what is next and doubts what was given, one thread at a time.

    Parameters
    ----------
    queue
        The rows; its order is set anew when it is thought over.
    told
        Called from the thread with ``order`` or ``doubts`` when they have changed,
        or with what went wrong.

    Attributes
    ----------
    doubts
        By row id: the given and the suggested label, and why.
    """

    def __init__(self, queue: Queue, told: Callable[[str], None]) -> None:
        self.doubts: dict[str, dict[str, Any]] = {}
        self._queue, self._told = queue, told
        self._ranker = None if queue.numeric else Ranker(queue.table)
        self._asked: Mapping[str, Any] | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._doubted = -AGAIN

    def think(self, labels: Mapping[str, Any]) -> None:
        """Think over what the labels change; a newer call replaces one that waits.

        Parameters
        ----------
        labels
            Settled labels by row id.
        """
        with self._lock:
            self._asked = dict(labels)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until nothing is left to think over."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _work(self) -> None:
        while True:
            with self._lock:
                labels, self._asked = self._asked, None
                if labels is None:
                    self._thread = None
                    return
            try:
                self._rank(labels)
                self._doubt(labels)
            except Exception as error:  # a thought that fails changes nothing
                self._told(f"the order stays as it is: {error}")

    def _rank(self, labels: Mapping[str, Any]) -> None:
        if self._ranker is None:
            return
        order = self._ranker.rank(labels)
        if len(order):
            self._queue.rank(order)
            self._told("order")

    def _doubt(self, labels: Mapping[str, Any]) -> None:
        if len(labels) - self._doubted < AGAIN:
            return
        self._doubted = len(labels)
        found = suspects(label(self._queue.table, labels).table).table
        likely = found[found["likely"] == LIKELY]
        kept = ["given", "suggested", "why"]
        self.doubts = {
            str(row): {
                name: _plain(cell) for name, cell in zip(kept, line, strict=True)
            }
            for row, line in zip(
                likely.index, likely[kept].to_numpy(object), strict=True
            )
        }
        self._told("doubts")


def _plain(cell: Any) -> Any:
    return cell if isinstance(cell, str) else float(cell)
