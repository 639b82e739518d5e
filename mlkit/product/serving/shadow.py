"""A model in the champion's shadow: it answers what the champion answered, in silence.

It starts once the champion's reply is kept, on a thread of its own, and rests as long
as it worked, so that it never has more than half of a core. What it cannot keep up
with is left out and counted.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Sequence

from mlkit.product.journal.tables import Move, Shadow
from mlkit.product.serving.forms import Asked
from mlkit.product.serving.line import Line
from mlkit.product.serving.metrics import Metrics
from mlkit.product.serving.served import Served

__all__ = ["Silent"]

WAITING, TOGETHER = 4096, 1024


class Silent:
    """A package that answers in silence.

    Parameters
    ----------
    served
        The package; it takes what the champion takes.
    metrics
        Told of what was answered and what was left out.
    """

    def __init__(self, served: Served, metrics: Metrics) -> None:
        self.served, self.metrics = served, metrics
        self.line: Line
        self._waiting = 0
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[tuple[str, Asked] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)

    def start(self, line: Line) -> None:
        """Begin, and say so in the log."""
        self.line = line
        line.note(Move(time.time(), self.served.identity, "shadows"))
        self._thread.start()

    def offer(self, name: str, asked: Asked) -> None:
        """Take a request, or leave it out where too many rows wait."""
        with self._lock:
            full = self._waiting + asked.rows > WAITING
            self._waiting += 0 if full else asked.rows
            self.metrics.dropped += asked.rows if full else 0
        if not full:
            self._queue.put((name, asked))

    def stop(self) -> None:
        """Answer what was taken, and end."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            first = self._queue.get()
            group, rows = [first], first[1].rows if first else 0
            while rows < TOGETHER and group[-1] is not None:
                try:
                    group.append(self._queue.get_nowait())
                except queue.Empty:
                    break
                rows += group[-1][1].rows if group[-1] else 0
            going = None not in group
            began = time.perf_counter()
            self._answer([one for one in group if one is not None])
            if going:
                time.sleep(time.perf_counter() - began)

    def _answer(self, group: Sequence[tuple[str, Asked]]) -> None:
        """Answer a group; what breaks here hurts nobody, and is counted."""
        if not group:
            return
        rows = sum(asked.rows for _, asked in group)
        try:
            self._keep(group, rows)
        except Exception as error:
            print(f"the shadow failed: {error!r}", file=sys.stderr)  # noqa: T201
            self.metrics.dropped += rows
        else:
            self.metrics.silent += rows
        with self._lock:
            self._waiting -= rows

    def _keep(self, group: Sequence[tuple[str, Asked]], rows: int) -> None:
        began = time.perf_counter()
        cells = {
            field.name: [
                cell
                for _, asked in group
                for cell in asked.cells.get(field.name, [None] * asked.rows)
            ]
            for field in self.served.fields
        }
        answers = self.served.answers(cells, rows)
        seconds, start = time.perf_counter() - began, 0
        for name, asked in group:
            reply = answers.reply(name, start, start + asked.rows)
            start += asked.rows
            self.line.note(Shadow(name, self.served.identity, seconds, reply))
