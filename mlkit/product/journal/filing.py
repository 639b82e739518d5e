"""Closed days leave the database for a Parquet file each, and later the disk.

A day is written to a file, and one transaction says that the file now holds it; the
requests themselves are taken out afterwards. Of a request that was filed its id,
moment, model and size stay: it is never answered again, and truth still finds it.
"""

from __future__ import annotations

import heapq
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mlkit.product.journal.arrays import Row
from mlkit.product.journal.care import care, drop, sweep, tidy
from mlkit.product.journal.days import FRESH, UNFILED, Day, days_of, models_of
from mlkit.product.journal.parts import (
    SECONDS,
    folder_of,
    name_of,
    rows_of,
    write_part,
)
from mlkit.product.journal.refusals import refusals_of
from mlkit.product.journal.tables import opened

__all__ = ["SETTLED", "Rotated", "due", "refile", "rotate"]

SETTLED = 3600.0
"""Seconds after midnight UTC until when a repeated request gets its old reply."""


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
    sweep(connection, made)
    tidy(connection, folder)
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


def _retire(connection: sqlite3.Connection, path: Path, oldest: int) -> list[Day]:
    """Drop the days before one."""
    old = [day for day in days_of(connection) if day.file and day.day < oldest]
    for day in old:
        connection.execute("UPDATE days SET file = '' WHERE day = ?", (day.day,))
        tidy(connection, folder_of(path))
        drop(connection, day)
    lost = """DELETE FROM truths WHERE at < ? AND NOT EXISTS (
              SELECT 1 FROM requests WHERE id = request)"""
    connection.execute(lost, (float(oldest * SECONDS),))
    if refusals_of(connection):
        few = "DELETE FROM refusals WHERE minute < ?"
        connection.execute(few, (oldest * SECONDS // 60,))
    return old
