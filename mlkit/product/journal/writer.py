"""The thread that writes the log: what came in together is committed together.

A record is handed back only once its transaction is on the disk, or has failed.
Group commit makes one wait for the disk serve all requests that came in meanwhile
(DeWitt et al., Implementation Techniques for Main Memory Database Systems, 1984).
"""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mlkit.core.errors import MlkitError
from mlkit.core.values import write
from mlkit.product.journal.refusals import Refusals, enter_refusals
from mlkit.product.journal.tables import (
    Move,
    Record,
    Shadow,
    append,
    append_all,
    connect,
)
from mlkit.product.journal.truths import Feedback, Unfit, enter_truths

__all__ = ["Kept", "Writer"]

GROUP = 512
Entry = Record | Shadow | Move | Feedback | Refusals
Pair = tuple[Any, Entry | None]


class Kept(NamedTuple):
    """What became of a record.

    Parameters
    ----------
    ticket
        What it was handed in with.
    reply
        The reply that is on the disk: its own, or that of the same request before.
    state
        ``written``, ``repeated``, ``differs`` (its id was used for other rows),
        ``unfit`` (a truth that cannot be), or ``failed``; in the last three there is
        no reply.
    why
        Of what failed, differs or is unfit.
    where
        In the body of the request, what is unfit.
    """

    ticket: Any
    reply: str
    state: str
    why: str = ""
    where: str = ""


class Writer:
    """One thread and one connection; records go in, `Kept` come out in groups.

    Parameters
    ----------
    path
        A log that `mlkit.product.journal.tables.make` made.
    settle
        Told, in the writer's thread, of each group.
    wait
        Seconds to wait for somebody else's lock before a group has failed.
    """

    def __init__(
        self, path: Path, settle: Callable[[list[Kept]], None], wait: float = 1.0
    ) -> None:
        self.path, self.settle, self.wait = path, settle, wait
        self.healthy = True
        self._queue: queue.SimpleQueue[Sequence[Pair] | None] = queue.SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._file = (0, 0)
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def put(self, ticket: Any, record: Entry | None) -> None:
        """Hand a record in; None only tries whether the log can be written."""
        self._queue.put([(ticket, record)])

    def put_all(self, pairs: Sequence[Pair]) -> None:
        """Hand in what is to be committed together."""
        self._queue.put(pairs)

    def stop(self) -> None:
        """Write what was handed in, and end."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            pairs, group = self._queue.get(), list[Pair]()
            while pairs is not None:
                group += pairs
                if len(group) >= GROUP or self._queue.empty():
                    break
                pairs = self._queue.get()
            going = pairs is not None
            self._write(group)
        self._close()

    def _write(self, group: Sequence[Pair]) -> None:
        if not group:
            return
        try:
            kept = self._commit(group)
            self.healthy = True
        except (sqlite3.Error, MlkitError, OSError) as error:
            self.healthy = False
            self._close()
            kept = [Kept(ticket, "", "failed", str(error)) for ticket, _ in group]
        self.settle(kept)

    def _commit(self, group: Sequence[Pair]) -> list[Kept]:
        """Write a group in one transaction."""
        if self._connection is None:
            self._connection = connect(self.path, wait=self.wait)
            self._file = _file(self.path)
        if _file(self.path) != self._file:
            raise FileNotFoundError("the log was moved, removed or replaced")
        self._connection.execute("BEGIN IMMEDIATE")
        kept = self._add(self._connection, group)
        if any(record is None for _, record in group):
            self._connection.execute("UPDATE models SET at = at")
        self._connection.execute("COMMIT")
        return kept

    def _add(self, connection: sqlite3.Connection, group: Sequence[Pair]) -> list[Kept]:
        """Add a group: requests that are all new at once, else one after another."""
        records = [record for _, record in group if isinstance(record, Record)]
        if len(records) == len(group) > 1:
            if append_all(connection, records):
                return [
                    Kept(t, r.reply, "written")
                    for (t, _), r in zip(group, records, strict=True)
                ]
            connection.execute("ROLLBACK")
            connection.execute("BEGIN IMMEDIATE")
        return [self._append(connection, *pair) for pair in group]

    @staticmethod
    def _append(
        connection: sqlite3.Connection, ticket: Any, record: Entry | None
    ) -> Kept:
        if record is None:
            return Kept(ticket, "", "written")
        if isinstance(record, Feedback):
            return _truths(connection, ticket, record)
        if isinstance(record, Refusals):
            enter_refusals(connection, record)
            return Kept(ticket, "", "written")
        before = append(connection, record)
        if before is None:
            reply = record.reply if isinstance(record, Record) else ""
            return Kept(ticket, reply, "written")
        assert isinstance(record, Record)
        cells, reply = before
        if not cells:
            return Kept(ticket, "", "differs", "this id was answered on a closed day")
        if cells != record.cells and _given(cells) != _given(record.cells):
            return Kept(ticket, "", "differs")
        return Kept(ticket, reply, "repeated")

    def _close(self) -> None:
        """Close the connection, which rolls back what was not committed."""
        if self._connection is not None:
            try:
                self._connection.close()
            except sqlite3.Error:
                self.healthy = False
            self._connection = None


def _given(cells: str) -> tuple[int, dict[str, list[str | None]]]:
    """Return how many rows there are, and their columns in which a cell is given.

    A newer package may have columns that a request knows nothing of, and a client may
    write 50 as 50.0 when it asks again: cells are told as they are read.
    """
    columns: dict[str, list[Any]] = json.loads(cells)
    read = {name: [*map(write, column)] for name, column in columns.items()}
    given = {n: c for n, c in read.items() if any(cell is not None for cell in c)}
    return max(map(len, columns.values()), default=0), given


def _truths(connection: sqlite3.Connection, ticket: Any, feedback: Feedback) -> Kept:
    try:
        taken = enter_truths(connection, feedback)
    except Unfit as unfit:
        where = f"$.truths[{unfit.place}].{unfit.name}"
        return Kept(ticket, "", "unfit", unfit.what, where)
    return Kept(ticket, json.dumps(taken.form(), ensure_ascii=False), "written")


def _file(path: Path) -> tuple[int, int]:
    """Tell a file from one that was put in its place."""
    found = path.stat()
    return found.st_dev, found.st_ino
