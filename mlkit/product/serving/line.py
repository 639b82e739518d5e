"""The line that requests stand in: scored together, logged together, then replied to.

One thread scores. While it is at work others come in, and it takes all of them next:
batches grow with the load, and nobody waits for a batch to fill. The scored ones go to
the log's thread, and from there back to the event loop.
"""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from mlkit.core.errors import InputError
from mlkit.product.journal.private import shown
from mlkit.product.journal.tables import Move, Record, Shadow
from mlkit.product.journal.truths import Feedback
from mlkit.product.journal.writer import Kept, Writer
from mlkit.product.serving.forms import Asked
from mlkit.product.serving.metrics import Metrics
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.served import Answer, Served

__all__ = ["Line"]

TOGETHER = 2048


@dataclass(frozen=True, eq=False)
class _Ticket:
    """One who waits for the log, and how many rows that is."""

    rows: int
    future: asyncio.Future[str]


@dataclass(frozen=True, eq=False)
class _Place(_Ticket):
    """One request in the line, and who answers it."""

    served: Served
    asked: Asked
    id: str
    at: float
    begun: float


class Line:
    """Requests that wait, and the threads that answer and keep them.

    Parameters
    ----------
    metrics
        Told of what was done.
    log
        The log's file; None keeps nothing.
    most
        How many rows may wait at a time.
    after
        Told, in the log's thread, of each request that was answered and kept.
    key
        With what private cells are hashed; b"" leaves them out.
    """

    def __init__(
        self,
        metrics: Metrics,
        log: Path | None,
        most: int,
        after: Callable[[str, Asked], None] | None = None,
        key: bytes = b"",
    ) -> None:
        self.metrics, self.most, self.after, self.key = metrics, most, after, key
        self.waiting = 0
        self._encoder = msgspec.json.Encoder()
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Place | None] = queue.SimpleQueue()
        self.writer = Writer(log, self._kept) if log else None
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    async def ask(self, served: Served, asked: Asked) -> str:
        """Return a package's reply to a request, once it is kept.

        Raises
        ------
        Refused
            503 where too many wait or the log cannot be written; 409 where the id
            was used for other rows.
        """
        if self.waiting + asked.rows > self.most:
            raise Refused(503, "too many requests wait", wait=1)
        self.waiting += asked.rows
        future: asyncio.Future[str] = self._loop.create_future()
        name = asked.id or uuid.uuid4().hex
        begun = (time.time(), time.perf_counter())
        self._queue.put(_Place(asked.rows, future, served, asked, name, *begun))
        return await future

    async def keep(self, entry: Feedback | None, rows: int = 0) -> str:
        """Return what became of an entry that is no request, once it is in the log.

        Raises
        ------
        Refused
            404 where there is no log, 422 where the entry is unfit, 503 as in `ask`.
        """
        if self.writer is None:
            raise Refused(404, "this server keeps no log")
        if self.waiting + rows > self.most:
            raise Refused(503, "too many requests wait", wait=1)
        self.waiting += rows
        future: asyncio.Future[str] = self._loop.create_future()
        self.writer.put(_Ticket(rows, future), entry)
        return await future

    async def well(self) -> bool:
        """Tell whether the log can be written; after a failure, try."""
        if self.writer is None or self.writer.healthy:
            return True
        try:
            await self.keep(None)
        except Refused:
            return False
        return True

    def note(self, entry: Shadow | Move) -> None:
        """Enter something in the log, where there is one, that nobody waits for."""
        if self.writer:
            self.writer.put(None, entry)

    def stop(self) -> None:
        """Answer and keep what was taken in, and end the threads."""
        self._queue.put(None)
        self._thread.join()
        if self.writer:
            self.writer.stop()

    def _run(self) -> None:
        going = True
        while going:
            place = self._queue.get()
            group, rows = [place], place.asked.rows if place else 0
            while rows < TOGETHER and place is not None:
                try:
                    place = self._queue.get_nowait()
                except queue.Empty:
                    break
                group.append(place)
                rows += place.asked.rows if place else 0
            going = None not in group
            taken = [one for one in group if one is not None]
            for _, some in groupby(taken, key=lambda one: id(one.served)):
                self._score(list(some))

    def _score(self, group: Sequence[_Place]) -> None:
        """Answer a group; one that breaks does not take the others with it."""
        try:
            answers = self._answers(group)
        except Exception as error:
            if len(group) > 1:
                for one in group:
                    self._score([one])
                return
            why = _broken(error)
            self._tell(lambda: self._settle(group[0], error=why))
            return
        self._count(answers)
        done, start = list[Kept](), 0
        for one in group:
            told = answers[start : start + one.asked.rows]
            start += one.asked.rows
            reply = self._reply(one, told)
            if self.writer is None:
                done.append(Kept(one, reply, "written"))
            else:
                self.writer.put(one, self._record(one, reply))
        if done:
            self._kept(done)

    def _answers(self, group: Sequence[_Place]) -> list[Answer]:
        served = group[0].served
        if len(group) == 1:
            return served.answer(group[0].asked.cells, group[0].asked.rows)
        names = [field.name for field in served.fields]
        cells = {
            name: [cell for one in group for cell in one.asked.cells[name]]
            for name in names
        }
        return served.answer(cells, sum(one.asked.rows for one in group))

    def _reply(self, one: _Place, told: list[Answer]) -> str:
        whole = {"id": one.id, "model": one.served.version, "predictions": told}
        return self._encoder.encode(whole).decode()

    def _record(self, one: _Place, reply: str) -> Record:
        kept = shown(one.asked.cells, one.served.hidden, self.key)
        cells = self._encoder.encode(kept).decode()
        seconds = time.perf_counter() - one.begun
        told = (one.served.identity, one.asked.rows, seconds, cells, reply)
        return Record(one.id, one.at, *told)

    def _count(self, answers: Sequence[Answer]) -> None:
        flags = Counter(flag["flag"] for told in answers for flag in told["flags"])

        def add() -> None:
            self.metrics.batches.add(len(answers))
            self.metrics.rows += len(answers)
            self.metrics.flags.update(flags)

        self._tell(add)

    def _kept(self, group: Sequence[Kept]) -> None:
        failed = next((kept.why for kept in group if kept.state == "failed"), None)
        if failed is not None:
            print(f"the request log failed: {failed}", file=sys.stderr)  # noqa: T201

        def settle() -> None:
            for kept in group:
                if kept.ticket is not None:
                    self._settle(kept.ticket, kept.reply, _refusal(kept))

        self._tell(settle)
        for kept in group if self.after else ():
            if isinstance(kept.ticket, _Place) and kept.state == "written":
                self._hand_on(kept.ticket)

    def _hand_on(self, one: _Place) -> None:
        if self.after:
            self.after(one.id, one.asked)

    def _settle(
        self, one: _Ticket, reply: str = "", error: Refused | None = None
    ) -> None:
        """Wake the request up, in the event loop."""
        self.waiting -= one.rows
        self.metrics.failures += error is not None and error.status == 503
        if one.future.done():
            return
        if error:
            one.future.set_exception(error)
        else:
            one.future.set_result(reply)

    def _tell(self, what: Any) -> None:
        """Run something in the event loop, unless that has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)


def _refusal(kept: Kept) -> Refused | None:
    if kept.state == "failed":
        return Refused(503, "the request log cannot be written", wait=2)
    if kept.state == "unfit":
        return Refused(422, kept.why, where=kept.where)
    if kept.state == "differs":
        why = kept.why or "this id was used for other rows"
        return Refused(409, why, where="$.id")
    return None


def _broken(error: Exception) -> Refused:
    if isinstance(error, InputError):
        return Refused(422, error.what)
    print(f"the model failed: {error!r}", file=sys.stderr)  # noqa: T201
    return Refused(500, "the model failed on these rows")
