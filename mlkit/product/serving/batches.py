"""Requests that one package answers together."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from mlkit.product.journal.private import shown
from mlkit.product.journal.tables import Record
from mlkit.product.serving.forms import Asked
from mlkit.product.serving.served import Answer, Served

__all__ = ["Place", "Scored", "Ticket", "score"]

ENCODER = msgspec.json.Encoder()


class Ticket:
    """One who waits, and how many rows that is.

    Parameters
    ----------
    rows
        How many.
    future
        Woken up with the reply.
    """

    __slots__ = ("future", "rows")

    def __init__(self, rows: int, future: asyncio.Future[str]) -> None:
        self.rows, self.future = rows, future


class Place(Ticket):
    """One request in the line, and who answers it.

    Parameters
    ----------
    served
        The package that was on duty when it came.
    asked
        The request.
    id
        Its name.
    future
        Woken up with the reply.
    """

    __slots__ = ("asked", "at", "begun", "id", "served")

    def __init__(
        self,
        served: Served,
        asked: Asked,
        id: str,  # noqa: A002
        future: asyncio.Future[str],
    ) -> None:
        super().__init__(asked.rows, future)
        self.served, self.asked, self.id = served, asked, id
        self.at, self.begun = time.time(), time.perf_counter()

    def record(self, reply: str, key: bytes) -> Record:
        """Return what the log keeps of it.

        Parameters
        ----------
        reply
            What is sent back.
        key
            With what private cells are hashed; b"" leaves them out.
        """
        kept = shown(self.asked.cells, self.served.hidden, key)
        cells = ENCODER.encode(kept).decode()
        seconds = time.perf_counter() - self.begun
        told = (self.served.identity, self.rows, seconds, cells, reply)
        return Record(self.id, self.at, *told)


@dataclass(frozen=True)
class Scored:
    """What became of a group.

    Parameters
    ----------
    replies
        One for each request.
    rows
        How many were answered.
    flags
        How often each was set.
    seconds
        The processor's time.
    """

    replies: Sequence[str]
    rows: int
    flags: Counter[str]
    seconds: float


def score(group: Sequence[Place]) -> Scored:
    """Answer requests of one package together."""
    begun = time.thread_time()
    served = group[0].served
    answers = _answers(served, group)
    replies, start = list[str](), 0
    for one in group:
        told = answers[start : start + one.rows]
        start += one.rows
        replies.append(served.reply(one.id, told))
    flags = Counter(flag["flag"] for told in answers for flag in told["flags"])
    return Scored(replies, start, flags, time.thread_time() - begun)


def _answers(served: Served, group: Sequence[Place]) -> list[Answer]:
    if len(group) == 1:
        return served.answer(group[0].asked.cells, group[0].rows)
    cells = {
        field.name: [cell for one in group for cell in one.asked.cells[field.name]]
        for field in served.fields
    }
    return served.answer(cells, sum(one.rows for one in group))
