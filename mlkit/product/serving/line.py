"""The line that requests stand in: scored together, logged together, then replied to.

As long as each turn of the event loop brings requests they gather; nothing is waited
for, since those who bring them are read meanwhile. Then they are scored there and then,
where that takes no longer than a blink; heavier work goes to a thread, which while it
is at work lets others gather, and takes all of them next. So batches grow with the
load, and nobody waits for a batch to fill. The scored ones go to the log's thread, and
from there back to the event loop.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from mlkit.core.errors import InputError
from mlkit.product.journal.refusals import Refusals
from mlkit.product.journal.tables import Move, Shadow
from mlkit.product.journal.truths import Feedback
from mlkit.product.journal.writer import Kept, Writer
from mlkit.product.serving.batches import Place, Scored, Ticket, score
from mlkit.product.serving.forms import Asked
from mlkit.product.serving.metrics import Metrics
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.served import Served

__all__ = ["Line"]

TOGETHER = 2048
BLINK, FEW = 0.003, 256
STILL, MANY = 2, 64
"""Turns of the event loop in which nothing came, or requests, until they are scored."""


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
        self._quick: tuple[Served | None, int] = (None, 0)
        self._loop, self._home = asyncio.get_running_loop(), threading.get_ident()
        self._came: list[Place] = []
        self._seen = self._still = 0
        self._names = _names()
        self._queue: queue.SimpleQueue[Place | None] = queue.SimpleQueue()
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
        future = self._enter(asked.rows)
        if not self._came:
            self._loop.call_soon(self._turn)
        name = asked.id or next(self._names)
        self._came.append(Place(served, asked, name, future))
        return await future

    async def keep(self, entry: Feedback | Refusals | None, rows: int = 0) -> str:
        """Return what became of an entry that is no request, once it is in the log.

        Raises
        ------
        Refused
            404 where there is no log, 422 where the entry is unfit, 503 as in `ask`.
        """
        if self.writer is None:
            raise Refused(404, "this server keeps no log")
        future = self._enter(rows)
        self.writer.put(Ticket(rows, future), entry)
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

    def _enter(self, rows: int) -> asyncio.Future[str]:
        if self.waiting + rows > self.most:
            raise Refused(503, "too many requests wait", wait=1)
        self.waiting += rows
        return self._loop.create_future()

    def _turn(self) -> None:
        """Score what came, or hand it to the thread, once no more is coming in."""
        count = len(self._came)
        self._still = self._still + 1 if count == self._seen else 0
        self._seen = count
        if self._still < STILL and count < MANY:
            self._loop.call_soon(self._turn)
            return
        came, self._came, self._seen = self._came, [], 0
        for group in _alike(came):
            served, quick = self._quick
            rows = sum(one.rows for one in group)
            if served is group[0].served and rows <= 2 * quick:
                self._score(group)
            else:
                for one in group:
                    self._queue.put(one)

    def _run(self) -> None:
        going = True
        while going:
            place = self._queue.get()
            group, rows = [place], place.rows if place else 0
            while rows < TOGETHER and place is not None:
                try:
                    place = self._queue.get_nowait()
                except queue.Empty:
                    break
                group.append(place)
                rows += place.rows if place else 0
            going = None not in group
            for some in _alike([one for one in group if one is not None]):
                self._score(some)

    def _score(self, group: Sequence[Place]) -> None:
        """Answer a group; one that breaks does not take the others with it."""
        group = self._still_there(group)
        if not group:
            return
        try:
            scored = score(group)
        except Exception as error:
            if len(group) > 1:
                for one in group:
                    self._score([one])
                return
            why = _broken(error)
            self._tell(lambda: self._settle(group[0], error=why))
            return
        self._learn(group[0].served, scored)
        self._tell(lambda: self.metrics.batches.add(scored.rows))
        pairs = zip(group, scored.replies, strict=True)
        if self.writer is None:
            self._kept([Kept(one, reply, "written") for one, reply in pairs])
        else:
            self.writer.put_all([(one, one.record(r, self.key)) for one, r in pairs])

    def _still_there(self, group: Sequence[Place]) -> Sequence[Place]:
        """Return those whose reply is still waited for; the others leave the line."""
        gone = {one for one in group if one.future.done()}
        if not gone:
            return group
        self._tell(lambda: self._leave(gone))
        return [one for one in group if one not in gone]

    def _leave(self, gone: Iterable[Place]) -> None:
        for one in gone:
            self._settle(one)

    def _learn(self, served: Served, scored: Scored) -> None:
        """Keep how many rows a package answers in a blink; files are never quick."""
        if served.files:
            return
        known, quick = self._quick
        quick = quick if known is served else 0
        slow = scored.seconds > BLINK
        quick = min(quick, scored.rows // 2) if slow else max(quick, scored.rows)
        self._quick = (served, quick)

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
            if isinstance(kept.ticket, Place) and kept.state == "written":
                self._hand_on(kept.ticket)

    def _hand_on(self, one: Place) -> None:
        if self.after:
            self.after(one.id, one.asked)

    def _settle(
        self, one: Ticket, reply: str = "", error: Refused | None = None
    ) -> None:
        """Wake the request up, in the event loop; count it where it is answered."""
        self.waiting -= one.rows
        lost = error is not None and error.status == 503
        self.metrics.failures += lost and one.rows > 0
        if one.future.done():
            return
        if error:
            one.future.set_exception(error)
            return
        one.future.set_result(reply)
        if isinstance(one, Place):
            self.metrics.rows += one.rows
            if one.flags:
                self.metrics.flags.update(one.flags)

    def _tell(self, what: Callable[[], None]) -> None:
        """Run something in the event loop, unless that has ended."""
        if threading.get_ident() == self._home:
            what()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)


def _names() -> Iterator[str]:
    """Yield new names, the later the larger: so the log's index grows at its end."""
    while True:
        chance = os.urandom(10 * FEW).hex()
        for at in range(0, 20 * FEW, 20):
            yield f"{time.time_ns() // 1_000_000:012x}{chance[at : at + 20]}"


def _alike(places: Sequence[Place]) -> list[list[Place]]:
    """Return runs of requests that one package answers."""
    return [list(some) for _, some in groupby(places, key=lambda one: id(one.served))]


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
