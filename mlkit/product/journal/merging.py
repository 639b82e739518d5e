"""Logs of several servers made one: the union of their requests, by id."""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mlkit.core.errors import InputError
from mlkit.product.journal.arrays import Row
from mlkit.product.journal.care import calmly, care
from mlkit.product.journal.days import days_of, requests_of
from mlkit.product.journal.parts import SECONDS, chunks, folder_of, rows_of
from mlkit.product.journal.refusals import refusals_of, take_refusals
from mlkit.product.journal.tables import Record, Shadow, append, opened
from mlkit.product.journal.truths import gone, is_gone

__all__ = ["Merged", "merge"]

FEW = 5


@dataclass
class Merged:
    """What a merge did.

    Parameters
    ----------
    requests
        That are new here.
    repeated
        That were here before.
    truths
        That are new here.
    forgotten
        Requests of theirs that were forgotten here, and stay so.
    dropped
        Requests of theirs of days that were dropped here, or are older.
    still
        Some requests that were forgotten there, and are still here.
    """

    requests: int = 0
    repeated: int = 0
    truths: int = 0
    forgotten: int = 0
    dropped: int = 0
    still: list[str] = field(default_factory=list)


def merge(path: Path, others: Sequence[Path]) -> Merged:
    """Bring the requests and truths of other logs into one.

    The others stay as they are. Requests as old as a day that was dropped here stay
    out, as they would be dropped again. What a kill leaves undone is done by merging
    again.

    Parameters
    ----------
    path
        The log that takes them in; a server may go on writing it.
    others
        Logs, with their filed days beside them.

    Raises
    ------
    InputError
        Where a request has the same id in two of them and is not the same; then
        nothing was merged.
    Busy
        Where another command is at work on the log.
    """
    merged = Merged()
    with care(path) as connection:
        for other in others:
            _check(connection, path, other)
        for place, other in enumerate(others):
            for later in others[place + 1 :]:
                _check_two(other, later)
        for other in others:
            _take(connection, path, other, merged)
    return merged


@dataclass
class _Ours:
    """What a log has under an id; of days in files one file is kept in mind.

    It notes in `past` whom of others it does not take in, as their day was dropped.
    """

    connection: sqlite3.Connection
    path: Path
    files: dict[int, str] = field(default_factory=dict)
    file: str = ""
    known: dict[str, str] = field(default_factory=dict)
    past: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.files = {day.day: day.file for day in days_of(self.connection)}
        dropped = [day for day, file in self.files.items() if not file]
        self._kept = (max(dropped) + 1) * SECONDS if dropped else -math.inf

    def is_past(self, at: float) -> bool:
        """Tell whether a moment is as old as what was dropped here."""
        return at < self._kept

    def find(self, name: str) -> str | None:
        """Return the mark of a request; "" where its day was dropped."""
        asked = "SELECT at, model, cells, reply FROM requests WHERE id = ?"
        found = self.connection.execute(asked, (name,)).fetchone()
        if found is None:
            return None
        at, model, cells, reply = found
        if cells:
            return _mark(model, cells, reply)
        file = self.files.get(int(at // SECONDS), "")
        if file and file != self.file:
            rows = rows_of(folder_of(self.path) / file)
            self.known = {r.id: _mark(r.model, r.cells, r.reply) for r in rows}
            self.file = file
        return self.known.get(name, "") if file else ""

    def has_gone(self, name: str, rows: int) -> bool:
        """Tell whether a request, or a row of it, was forgotten here."""
        asked = "SELECT 1 FROM gone WHERE hash = ?"
        hashes = [gone(name), *(gone(name, row) for row in range(rows))]
        return any(self.connection.execute(asked, (h,)).fetchone() for h in hashes)


def _mark(model: str, cells: str, reply: str) -> str:
    told = f"{model}\n{cells}\n{reply}".encode()
    return hashlib.sha256(told).hexdigest()


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    with opened(path, read=True) as connection:
        connection.execute("BEGIN")
        yield connection


def _check(connection: sqlite3.Connection, path: Path, other: Path) -> None:
    """See that no id stands for two requests."""
    ours, differ = _Ours(connection, path), list[str]()
    with _reading(other) as theirs:
        also = _Ours(theirs, other)
        for row in requests_of(theirs, other):
            mark = ours.find(row.id)
            same = not mark or mark == _mark(row.model, row.cells, row.reply)
            some = ours.has_gone(row.id, row.rows) or also.has_gone(row.id, row.rows)
            if not same and not some:
                differ.append(row.id)
    if differ:
        raise InputError(
            f"{len(differ)} ids stand for other requests here than there",
            where=f"{path} and {other}",
            got=", ".join(differ[:FEW]),
            todo="nothing was merged; let each server give its requests ids of its own",
        )


def _check_two(one: Path, other: Path) -> None:
    with _reading(one) as connection:
        _check(connection, one, other)


def _take(
    connection: sqlite3.Connection, path: Path, other: Path, merged: Merged
) -> None:
    """Take in what another log has; it was checked."""
    ours = _Ours(connection, path)
    with _reading(other) as theirs:
        lost = {told for (told,) in theirs.execute("SELECT hash FROM gone")}
        told = theirs.execute("SELECT identity, at, about FROM models").fetchall()
        connection.executemany("INSERT OR IGNORE INTO models VALUES (?, ?, ?)", told)
        new = _new(requests_of(theirs, other), ours, merged)
        for some in chunks(new):
            _append(connection, some, lost, merged)
        merged.dropped += len(ours.past)
        _tell(connection, theirs, ours.past, merged)
        merged.still += _still(connection, lost) if lost else []


def _new(rows: Iterable[Row], ours: _Ours, merged: Merged) -> Iterator[Row]:
    """Yield the requests that are not here; count the others."""
    for row in rows:
        if ours.find(row.id) is not None:
            merged.repeated += 1
        elif ours.has_gone(row.id, row.rows):
            merged.forgotten += 1
        elif ours.is_past(row.at):
            ours.past.add(row.id)
        else:
            yield row


def _append(
    connection: sqlite3.Connection,
    rows: Sequence[Row],
    lost: set[str],
    merged: Merged,
) -> None:
    """Take in requests, with what was forgotten of them."""
    for some in calmly(connection, rows):
        for row in some:
            own = {gone(row.id, place) for place in range(row.rows)} & lost
            add = "INSERT OR IGNORE INTO gone VALUES (?)"
            connection.executemany(add, [(told,) for told in own])
            append(connection, Record(*row[:7]))
            for said in json.loads(row.shadows or "[]"):
                reply = json.dumps(said["reply"], ensure_ascii=False)
                told = (row.id, said["model"], said["seconds"], reply)
                append(connection, Shadow(*told))
        merged.requests += len(some)


def _tell(
    connection: sqlite3.Connection,
    theirs: sqlite3.Connection,
    past: Collection[str],
    merged: Merged,
) -> None:
    """Take in truths but of some requests, moves, and counts of what was refused."""
    told = theirs.execute("SELECT request, row, at, value FROM truths")
    truths = [truth for truth in told if truth[0] not in past]
    for some in calmly(connection, truths):
        for truth in some:
            if not is_gone(connection, truth[0], truth[1]):
                add = "INSERT OR IGNORE INTO truths VALUES (?, ?, ?, ?)"
                merged.truths += connection.execute(add, truth).rowcount
    moves = theirs.execute("SELECT at, model, event, why FROM moves").fetchall()
    add = """INSERT INTO moves SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (
             SELECT 1 FROM moves WHERE at = ?1 AND model = ?2 AND event = ?3)"""
    for some in calmly(connection, moves):
        connection.executemany(add, some)
    for some in calmly(connection, refusals_of(theirs)):
        take_refusals(connection, some)


def _still(connection: sqlite3.Connection, lost: set[str]) -> list[str]:
    """Return the requests here that were forgotten there, in whole or in part."""
    here = {told for (told,) in connection.execute("SELECT hash FROM gone")}
    found = list[str]()
    for name, rows in connection.execute("SELECT id, rows FROM requests"):
        own = {gone(name), *(gone(name, row) for row in range(rows))}
        if own & lost - here:
            found.append(name)
    return found
