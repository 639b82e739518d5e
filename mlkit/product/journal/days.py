"""Closed days leave the database for a Parquet file each, and later the disk.

A day is written to a file, and one transaction says that the file now holds it; the
requests themselves are taken out afterwards, a few at a time, so that the server never
waits for long. What a kill leaves undone is done by whoever comes next. Of a request
that was filed its id, moment, model and size stay: it is never answered again, and
truth still finds it.
"""

from __future__ import annotations

import heapq
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mlkit.core.errors import Busy
from mlkit.product.journal.columns import Row, numbered
from mlkit.product.journal.parts import (
    SECONDS,
    folder_of,
    name_of,
    rows_of,
    write_part,
)
from mlkit.product.journal.tables import opened

__all__ = [
    "FRESH",
    "SETTLED",
    "Day",
    "Rotated",
    "calmly",
    "care",
    "days_of",
    "due",
    "models_of",
    "refile",
    "requests_of",
    "rotate",
]

SETTLED = 3600.0
"""Seconds after midnight UTC until when a repeated request gets its old reply."""
FEW = 500
T = TypeVar("T")
SHADOWS = """
    coalesce((SELECT nullif(json_group_array(json_object('model', model,
        'seconds', seconds, 'reply', json(reply))), '[]')
        FROM shadows WHERE request = id), '')
"""
UNFILED = """
    at >= ? AND at < ? AND cells != '' AND NOT EXISTS (
        SELECT 1 FROM days WHERE seq <= upto
        AND at >= day * 86400.0 AND at < (day + 1) * 86400.0)
"""
FRESH = f"""
    SELECT id, at, model, rows, seconds, cells, reply, {SHADOWS} FROM requests
    WHERE {UNFILED} ORDER BY at, seq
"""  # noqa: S608
"""The requests between two moments that are in no file."""


@dataclass(frozen=True)
class Day:
    """A closed day.

    Parameters
    ----------
    day
        Days since 1970, in UTC.
    file
        The file's name; "" once it was dropped.
    requests, rows
        How many there were.
    upto
        What is filed goes up to this request; 0 once all of it was taken out.
    """

    day: int
    file: str
    requests: int
    rows: int
    upto: int = 0

    @property
    def ends(self) -> tuple[float, float]:
        """From when to when, in seconds since 1970."""
        return float(self.day * SECONDS), float((self.day + 1) * SECONDS)


@dataclass(frozen=True)
class Rotated:
    """What a rotation did.

    Parameters
    ----------
    filed
        The days that went to files.
    dropped
        The days that were older than they are kept.
    """

    filed: tuple[Day, ...]
    dropped: tuple[Day, ...]


def rotate(path: Path, *, keep: int | None = None, now: float | None = None) -> Rotated:
    """Move closed days to files, and drop those that are older than they are kept.

    Parameters
    ----------
    path
        The log; a server may go on writing it.
    keep
        How many closed days are kept; None for all. Counts stay.
    now
        Seconds since 1970; None for now. A day is closed an hour after its end.

    Raises
    ------
    Busy
        Where another command is at work on the log.
    """
    moment = time.time() if now is None else now
    with care(path) as connection:
        closed = _closed(connection, moment - SETTLED)
        filed = tuple(refile(connection, path, day) for day in closed)
        oldest = None if keep is None else int(moment // SECONDS) - keep
        dropped = () if oldest is None else _retire(connection, path, oldest)
    return Rotated(filed, tuple(dropped))


def due(path: Path, keep: int | None, now: float | None = None) -> bool:
    """Tell whether `rotate` would have something to do."""
    moment = time.time() if now is None else now
    oldest = -1 if keep is None else int(moment // SECONDS) - keep
    with opened(path, read=True) as connection:
        old = any(day.file and day.day < oldest for day in days_of(connection))
        return old or bool(_closed(connection, moment - SETTLED))


@contextmanager
def care(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a log for one command at a time; finish what the last one left undone.

    What is deleted by this connection is overwritten.

    Raises
    ------
    Busy
        Where another command is at work on the log.
    """
    with opened(path) as connection, _alone(path):
        connection.execute("PRAGMA secure_delete = ON")
        for day in days_of(connection):
            if day.upto:
                _sweep(connection, day)
            if not day.file:
                _drop(connection, day)
        _tidy(connection, folder_of(path))
        yield connection


def days_of(connection: sqlite3.Connection) -> list[Day]:
    """Return the closed days, oldest first."""
    asked = "SELECT day, file, requests, rows, upto FROM days ORDER BY day"
    return [Day(*told) for told in connection.execute(asked)]


def models_of(connection: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """Return the number columns of each model of a log."""
    return numbered(connection.execute("SELECT identity, about FROM models"))


def requests_of(connection: sqlite3.Connection, path: Path) -> Iterator[Row]:
    """Yield all requests of a log, those in files as they were."""
    ends = (float("-inf"), float("inf"))
    yield from map(Row._make, connection.execute(FRESH, ends))
    for day in days_of(connection):
        if day.file:
            yield from rows_of(folder_of(path) / day.file)


def refile(
    connection: sqlite3.Connection,
    path: Path,
    day: int,
    changed: Callable[[Iterable[Row]], Iterable[Row]] | None = None,
) -> Day:
    """Write a day to a file anew: what its file has, and what came since.

    Parameters
    ----------
    connection
        That `care` gave.
    path
        The log.
    day
        Days since 1970.
    changed
        Told what the old file has; gives what the new one is to have of it.
    """
    folder = folder_of(path)
    connection.execute("BEGIN")
    filed = {one.day: one for one in days_of(connection)}
    old = filed.get(day, Day(day, "", 0, 0))

    def requests() -> Iterable[Row]:
        fresh = map(Row._make, connection.execute(FRESH, old.ends))
        before: Iterable[Row] = rows_of(folder / old.file) if old.file else ()
        before = changed(before) if changed else before
        return heapq.merge(before, fresh, key=lambda row: row.at)

    made = _counted(connection, old, name_of(folder, day))
    write_part(folder / made.file, requests, models_of(connection))
    connection.execute("COMMIT")
    entry = (made.day, made.file, made.requests, made.rows, made.upto)
    connection.execute("INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?, ?)", entry)
    _sweep(connection, made)
    _tidy(connection, folder)
    return made


def _counted(connection: sqlite3.Connection, old: Day, file: str) -> Day:
    """Return what a day will be with all that came since."""
    told = f"SELECT count(*), coalesce(sum(rows), 0) FROM requests WHERE {UNFILED}"  # noqa: S608
    requests, rows = connection.execute(told, old.ends).fetchone()
    asked = "SELECT coalesce(max(seq), 0) FROM requests"
    (upto,) = connection.execute(asked).fetchone()
    return Day(old.day, file, old.requests + requests, old.rows + rows, upto)


def _closed(connection: sqlite3.Connection, moment: float) -> list[int]:
    """Return the days before a moment that have requests in no file."""
    ends = (float("-inf"), float(moment // SECONDS * SECONDS))
    asked = f"SELECT at FROM requests WHERE {UNFILED}"  # noqa: S608
    return sorted({int(at // SECONDS) for (at,) in connection.execute(asked, ends)})


def _sweep(connection: sqlite3.Connection, day: Day) -> None:
    """Take out of the database what a day's file has."""
    asked = """SELECT seq, id FROM requests
               WHERE at >= ? AND at < ? AND seq <= ? AND cells != ''"""
    found = connection.execute(asked, (*day.ends, day.upto)).fetchall()
    for some in calmly(connection, found):
        emptied = "UPDATE requests SET cells = '', reply = '' WHERE seq = ?"
        connection.executemany(emptied, [(seq,) for seq, _ in some])
        silent = "DELETE FROM shadows WHERE request = ?"
        connection.executemany(silent, [(name,) for _, name in some])
    connection.execute("UPDATE days SET upto = 0 WHERE day = ?", (day.day,))


def _retire(connection: sqlite3.Connection, path: Path, oldest: int) -> list[Day]:
    """Drop the days before one."""
    old = [day for day in days_of(connection) if day.file and day.day < oldest]
    for day in old:
        connection.execute("UPDATE days SET file = '' WHERE day = ?", (day.day,))
        _tidy(connection, folder_of(path))
        _drop(connection, day)
    lost = """DELETE FROM truths WHERE at < ? AND NOT EXISTS (
              SELECT 1 FROM requests WHERE id = request)"""
    connection.execute(lost, (float(oldest * SECONDS),))
    return old


def _drop(connection: sqlite3.Connection, day: Day) -> None:
    """Take out what is left of a day whose file was dropped."""
    asked = "SELECT seq, id FROM requests WHERE at >= ? AND at < ? AND cells = ''"
    found = connection.execute(asked, day.ends).fetchall()
    for some in calmly(connection, found):
        told = "DELETE FROM truths WHERE request = ?"
        connection.executemany(told, [(name,) for _, name in some])
        gone = "DELETE FROM requests WHERE seq = ?"
        connection.executemany(gone, [(seq,) for seq, _ in some])


def calmly(connection: sqlite3.Connection, found: Sequence[T]) -> Iterator[Sequence[T]]:
    """Give a few at a time, each in a transaction; others write meanwhile."""
    for start in range(0, len(found), FEW):
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        yield found[start : start + FEW]
        connection.execute("COMMIT")
        if start + FEW < len(found):
            time.sleep(time.perf_counter() - begun)


def _tidy(connection: sqlite3.Connection, folder: Path) -> None:
    """Remove the files that no day is in."""
    kept = {day.file for day in days_of(connection)}
    for file in folder.glob("*") if folder.is_dir() else ():
        if file.name not in kept:
            file.unlink()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a log against other commands; not against the server."""
    handle = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if os.name == "posix":
            _lock(handle, path)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, path: Path) -> None:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        todo = "wait for it to end, then try again"
        told = "another command is at work on this log"
        raise Busy(told, where=str(path), todo=todo) from None
