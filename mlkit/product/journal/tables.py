"""The tables of a request log, in SQLite: opened, made, and known again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from mlkit.core.errors import InputError
from mlkit.product.journal.refusals import TABLE

__all__ = [
    "Model",
    "Move",
    "Record",
    "Shadow",
    "append",
    "append_all",
    "connect",
    "enter",
    "make",
    "opened",
]

APPLICATION, FORMAT = 0x6D6C6B74, 2
TABLES = """
CREATE TABLE IF NOT EXISTS models (
    identity TEXT PRIMARY KEY,
    at REAL NOT NULL,
    about TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at REAL NOT NULL,
    model TEXT NOT NULL,
    rows INTEGER NOT NULL,
    seconds REAL NOT NULL,
    cells TEXT NOT NULL,
    reply TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS requests_at ON requests (at);
CREATE TABLE IF NOT EXISTS shadows (
    request TEXT NOT NULL,
    model TEXT NOT NULL,
    seconds REAL NOT NULL,
    reply TEXT NOT NULL,
    PRIMARY KEY (request, model)
) STRICT;
CREATE TABLE IF NOT EXISTS moves (
    at REAL NOT NULL,
    model TEXT NOT NULL,
    event TEXT NOT NULL,
    why TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS truths (
    request TEXT NOT NULL,
    row INTEGER NOT NULL,
    at REAL NOT NULL,
    value ANY NOT NULL,
    PRIMARY KEY (request, row, at, value)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS days (
    day INTEGER PRIMARY KEY,
    file TEXT NOT NULL,
    requests INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    upto INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS days_upto ON days (upto);
CREATE TABLE IF NOT EXISTS gone (
    hash TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
"""
INSERT = """
INSERT INTO requests (id, at, model, rows, seconds, cells, reply)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True)
class Model:
    """A package that answers: its identity, and what is known of it.

    Parameters
    ----------
    identity
        The hash of the package's files.
    about
        Plain JSON data: its schema, when it was made, by which run.
    """

    identity: str
    about: Mapping[str, Any]


class Record(NamedTuple):
    """One answered request, as it is kept; its fields are the columns of `INSERT`.

    Parameters
    ----------
    id
        Of the request; kept once.
    at
        When it came in, in seconds since 1970.
    model
        The identity of the package that answered.
    rows
        How many were asked for.
    seconds
        What it took until the reply was ready to be kept.
    cells
        The raw rows as JSON, by column, without private ones.
    reply
        The JSON that is sent back.
    """

    id: str
    at: float
    model: str
    rows: int
    seconds: float
    cells: str
    reply: str


@dataclass(frozen=True, slots=True)
class Shadow:
    """What a model in the champion's shadow said to a request, which nobody was told.

    Parameters
    ----------
    request
        The request's id.
    model
        The identity of the package that answered in silence.
    seconds
        What it took to answer those that it answered together.
    reply
        The JSON that would have been sent.
    """

    request: str
    model: str
    seconds: float
    reply: str


@dataclass(frozen=True, slots=True)
class Move:
    """That a model came to answer, or did not.

    Parameters
    ----------
    at
        When, in seconds since 1970.
    model
        The identity of its package.
    event
        ``serves``, ``shadows`` or ``refused``.
    why
        Of a refusal.
    """

    at: float
    model: str
    event: str
    why: str = ""


def make(path: Path, model: Model, at: float) -> None:
    """Make a log where there is none, and enter the model that will answer.

    Raises
    ------
    InputError
        Where the file is something else, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = connect(path, wait=10)
    except (OSError, sqlite3.Error) as error:
        raise _unfit(path, str(error)) from None
    try:
        _form(connection)
        enter(connection, model, at)
    except sqlite3.Error as error:
        raise _unfit(path, str(error)) from None
    finally:
        connection.close()


def connect(path: Path, *, wait: float = 1.0, read: bool = False) -> sqlite3.Connection:
    """Open a log: every commit is on the disk before it returns.

    Parameters
    ----------
    path
        The file.
    wait
        Seconds to wait for another writer.
    read
        Whether it is only looked at; then it has to be there.

    Raises
    ------
    InputError
        Where the file is there and is no log of a format known here.
    sqlite3.Error
        Where it cannot be opened.
    """
    where = f"{path.absolute().as_uri()}?mode={'ro' if read else 'rw'}"
    connection = sqlite3.connect(where, wait, uri=True, isolation_level=None)
    try:
        if _known(connection, path, empty=not read) == 1:
            connect(path, wait=wait).close() if read else _form(connection)
        if not read:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def opened(path: Path, *, read: bool = False) -> Iterator[sqlite3.Connection]:
    """Open a log that is there, for a person's command; see `connect`.

    Raises
    ------
    InputError
        Where there is none, or it cannot be read or written.
    """
    if not path.is_file():
        todo = "`mlkit serve` makes one; --log says where it is"
        raise InputError("there is no request log", where=str(path), todo=todo)
    try:
        connection = connect(path, wait=10, read=read)
        try:
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        told = f"the request log cannot be {'read' if read else 'written'}"
        raise InputError(told, where=str(path), got=str(error)) from None


def enter(connection: sqlite3.Connection, model: Model, at: float) -> None:
    """Enter a model, once."""
    import json

    about = json.dumps(model.about, ensure_ascii=False, sort_keys=True)
    told = (model.identity, at, about)
    connection.execute("INSERT OR IGNORE INTO models VALUES (?, ?, ?)", told)


def append(
    connection: sqlite3.Connection, record: Record | Shadow | Move
) -> tuple[str, str] | None:
    """Add a record; return the cells and the reply kept under its id before, if any."""
    if isinstance(record, Shadow):
        silent = (record.request, record.model, record.seconds, record.reply)
        connection.execute("INSERT OR IGNORE INTO shadows VALUES (?, ?, ?, ?)", silent)
        return None
    if isinstance(record, Move):
        move = (record.at, record.model, record.event, record.why)
        connection.execute("INSERT INTO moves VALUES (?, ?, ?, ?)", move)
        return None
    if connection.execute(INSERT, record).rowcount == 1:
        return None
    query = "SELECT cells, reply FROM requests WHERE id = ?"
    cells, reply = connection.execute(query, (record.id,)).fetchone()
    return cells, reply


def append_all(connection: sqlite3.Connection, records: Sequence[Record]) -> bool:
    """Add records at once; tell whether none of their ids was there before."""
    done = connection.executemany(INSERT, records)
    return done.rowcount == len(records)


def _form(connection: sqlite3.Connection) -> None:
    """Make the tables that are not there; a log of format 1 lacks some."""
    connection.executescript(
        f"BEGIN IMMEDIATE; {TABLES} {TABLE} PRAGMA application_id = {APPLICATION};"
        f"PRAGMA user_version = {FORMAT}; COMMIT;"
    )


def _known(connection: sqlite3.Connection, path: Path, *, empty: bool) -> int:
    """See that a file is a log, or where it may be, empty; return its format."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if empty and not tables:
        return 0
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (form,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION or not 1 <= form <= FORMAT:
        raise _unfit(path, f"a database of another kind or format ({form})")
    return int(form)


def _unfit(path: Path, got: str) -> InputError:
    return InputError(
        "this cannot be used as a request log",
        where=str(path),
        expected="a file that `mlkit serve` keeps, or a place for a new one",
        got=got,
    )
