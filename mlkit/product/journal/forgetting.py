"""Rows that are erased from a log: from the database, its journal, and filed days.

Of what was forgotten the log keeps hashes of the ids alone, so that no merge brings it
back. The database is written anew at the end, for deleted rows lie in its free pages.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlkit.core.errors import Busy
from mlkit.core.files import digest
from mlkit.product.journal.arrays import Row
from mlkit.product.journal.care import calmly, care
from mlkit.product.journal.days import days_of
from mlkit.product.journal.filing import refile
from mlkit.product.journal.parts import SECONDS
from mlkit.product.journal.seeking import Rows, Wanted, seek
from mlkit.product.journal.tables import opened
from mlkit.product.journal.truths import gone

__all__ = ["Forgotten", "Wanted", "forget", "sought"]

PATIENCE = 10.0


@dataclass(frozen=True)
class Forgotten:
    """What is, or would be, forgotten.

    Parameters
    ----------
    requests
        How many, in whole or in part.
    rows
        How many rows.
    digest
        The hash of the hashes of their ids, for a ledger.
    """

    requests: int
    rows: int
    digest: str

    @classmethod
    def of(cls, found: Rows) -> Forgotten:
        """Return it of requests and their rows."""
        hashes = sorted(gone(name, place) for name, of in found.items() for place in of)
        return cls(len(found), len(hashes), digest(hashes))


def sought(path: Path, wanted: Wanted) -> Forgotten:
    """Return what `forget` would erase.

    Raises
    ------
    InputError
        Where there is no such request, or no such column.
    """
    with opened(path, read=True) as connection:
        connection.execute("BEGIN")
        return Forgotten.of(seek(connection, path, wanted))


def forget(
    path: Path, wanted: Wanted, note: Callable[[Forgotten], None] = lambda _: None
) -> Forgotten:
    """Erase rows from a log; what a kill leaves undone is done by asking again.

    Parameters
    ----------
    path
        The log. A server that writes it waits at the end, and may refuse requests
        meanwhile.
    wanted
        Which rows.
    note
        Told what will be erased, before any of it is.

    Raises
    ------
    InputError
        Where there is no such request, or no such column.
    Busy
        Where another command is at work on the log, or somebody reads it for long.
    """
    with care(path) as connection:
        found = seek(connection, path, wanted)
        note(Forgotten.of(found))
        _erase(connection, found, whole=True)
        days = _days(connection, found)
        for day in days_of(connection):
            if day.file and day.day in days:
                refile(connection, path, day.day, _without(found))
        _erase(connection, found, whole=False)
        _rewrite(connection, path)
    return Forgotten.of(found)


def _without(found: Rows) -> Callable[[Iterable[Row]], Iterator[Row]]:
    """Return what leaves rows out of requests."""

    def left(requests: Iterable[Row]) -> Iterator[Row]:
        for request in requests:
            places = found.get(request.id)
            kept = request if places is None else _left(request, places)
            if kept is not None:
                yield kept

    return left


def _left(request: Row, places: Collection[int]) -> Row | None:
    """Return a request without some rows, which keep their places; None if empty."""
    reply = json.loads(request.reply)
    said = [None if n in places else x for n, x in enumerate(reply["predictions"])]
    if all(one is None for one in said):
        return None
    cells = {
        name: [None if n in places else cell for n, cell in enumerate(column)]
        for name, column in json.loads(request.cells).items()
    }
    whole = {**reply, "predictions": said}
    texts = (_json(cells), _json(whole))
    return request._replace(cells=texts[0], reply=texts[1], shadows="")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _days(connection: sqlite3.Connection, found: Rows) -> set[int]:
    days = set()
    for name in found:
        asked = "SELECT at FROM requests WHERE id = ? AND cells = ''"
        days |= {int(at // SECONDS) for (at,) in connection.execute(asked, (name,))}
    return days


def _erase(connection: sqlite3.Connection, found: Rows, *, whole: bool) -> None:
    """Erase rows of requests that the database has whole; or what it has of others."""
    for some in calmly(connection, sorted(found.items())):
        for name, places in some:
            asked = """SELECT id, at, model, rows, seconds, cells, reply
                       FROM requests WHERE id = ?"""
            told = connection.execute(asked, (name,)).fetchone()
            if told and bool(told[5]) == whole:
                _erase_one(connection, Row(*told), places)


def _erase_one(
    connection: sqlite3.Connection, request: Row, places: Collection[int]
) -> None:
    name = request.id
    left = _left(request, places) if request.cells else None
    if left is not None:
        change = "UPDATE requests SET cells = ?, reply = ? WHERE id = ?"
        connection.execute(change, (left.cells, left.reply, name))
    elif request.cells or len(places) == request.rows:
        connection.execute("DELETE FROM requests WHERE id = ?", (name,))
        connection.execute("INSERT OR IGNORE INTO gone VALUES (?)", (gone(name),))
    hashes = [(gone(name, place),) for place in places]
    connection.executemany("INSERT OR IGNORE INTO gone VALUES (?)", hashes)
    connection.execute("DELETE FROM shadows WHERE request = ?", (name,))
    told = [(name, place) for place in places]
    connection.executemany("DELETE FROM truths WHERE request = ? AND row = ?", told)
    vain = "DELETE FROM truths WHERE request = ? AND row NOT BETWEEN 0 AND ?"
    connection.execute(vain, (name, request.rows - 1))


def _rewrite(connection: sqlite3.Connection, path: Path) -> None:
    """Write the database anew, without its free pages, and empty its journal."""
    connection.execute("VACUUM")
    end = time.monotonic() + PATIENCE
    while True:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return
        if time.monotonic() > end:
            todo = "end what reads the log, then run this again"
            told = "what was forgotten still lies in the log's journal"
            raise Busy(told, where=f"{path}-wal", todo=todo)
        time.sleep(0.05)
