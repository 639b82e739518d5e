"""Requests that one package answers together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from mlkit.product.journal.private import shown
from mlkit.product.journal.tables import Record
from mlkit.product.serving.forms import Asked
from mlkit.product.serving.served import Served

__all__ = ["Place", "Scored", "Ticket", "score"]

ENCODER = msgspec.json.Encoder(enc_hook=lambda cell: cell.data)
"""Of cells; an image or a sound is written as base64."""


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

    Attributes
    ----------
    flags
        Those that were set on its rows, once it is scored.
    """

    __slots__ = ("asked", "at", "begun", "flags", "id", "served")

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
        self.flags: Sequence[str] = ()

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
    seconds
        The processor's time.
    """

    replies: Sequence[str]
    rows: int
    seconds: float


def score(group: Sequence[Place]) -> Scored:
    """Answer requests of one package together; each is told its flags."""
    begun = time.thread_time()
    cells, rows = _together([one.asked for one in group])
    answers = group[0].served.answers(cells, rows)
    replies, start = list[str](), 0
    for one in group:
        stop = start + one.rows
        replies.append(answers.reply(one.id, start, stop))
        one.flags = answers.flags(start, stop)
        start = stop
    return Scored(replies, rows, time.thread_time() - begun)


def _together(some: Sequence[Asked]) -> tuple[Mapping[str, Sequence[Any]], int]:
    """Return the rows of all requests, which have the same columns in one order."""
    first = some[0]
    if len(some) == 1:
        return first.cells, first.rows
    columns = zip(*(asked.cells.values() for asked in some), strict=True)
    whole = map(list, map(chain.from_iterable, columns))
    cells = dict(zip(first.cells, whole, strict=True))
    return cells, sum(asked.rows for asked in some)
