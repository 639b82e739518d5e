"""One command at a time that cares for a log, beside a server that writes it.

What such a command takes out of the database it takes out a few at a time, so that the
server never waits for long. What a kill leaves undone is done by whoever comes next.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from mlkit.core.errors import Busy
from mlkit.product.journal.days import Day, days_of
from mlkit.product.journal.parts import folder_of
from mlkit.product.journal.tables import opened

__all__ = ["calmly", "care", "drop", "sweep", "tidy"]

FEW = 500
T = TypeVar("T")


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
                sweep(connection, day)
            if not day.file:
                drop(connection, day)
        tidy(connection, folder_of(path))
        yield connection


def calmly(connection: sqlite3.Connection, found: Sequence[T]) -> Iterator[Sequence[T]]:
    """Give a few at a time, each in a transaction; others write meanwhile."""
    for start in range(0, len(found), FEW):
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        yield found[start : start + FEW]
        connection.execute("COMMIT")
        if start + FEW < len(found):
            time.sleep(time.perf_counter() - begun)


def sweep(connection: sqlite3.Connection, day: Day) -> None:
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


def drop(connection: sqlite3.Connection, day: Day) -> None:
    """Take out what is left of a day whose file was dropped."""
    asked = "SELECT seq, id FROM requests WHERE at >= ? AND at < ? AND cells = ''"
    found = connection.execute(asked, day.ends).fetchall()
    for some in calmly(connection, found):
        told = "DELETE FROM truths WHERE request = ?"
        connection.executemany(told, [(name,) for _, name in some])
        gone = "DELETE FROM requests WHERE seq = ?"
        connection.executemany(gone, [(seq,) for seq, _ in some])


def tidy(connection: sqlite3.Connection, folder: Path) -> None:
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
