"""Truth that comes in later: what became of the rows that were answered.

Every truth is kept; the one with the latest moment counts, and of one moment the one
that came last. A truth may come before the request that it is about, as it does where
logs are merged late; it counts once its row is known to be there.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlkit.core.values import number_words, write

__all__ = [
    "Feedback",
    "Taken",
    "Truth",
    "Unfit",
    "enter_truths",
    "fitted",
    "gone",
    "is_gone",
    "number_of",
]

ALONE = -1
"""The row of a truth that came before its request, and without one."""
LATER = 1e-6
"""Seconds by which a truth is later than the one that it corrects, at the least."""
FEW = 5


@dataclass(frozen=True, slots=True)
class Truth:
    """What became of one row.

    Parameters
    ----------
    request
        The id of the request, as in its reply.
    row
        Which of its rows, from 0; None for the only one.
    value
        A class as text, or a number.
    at
        When it was known, in seconds since 1970; None for when it came in.
    """

    request: str
    row: int | None
    value: Any
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """Truths that came in together, and are kept together or not at all.

    Parameters
    ----------
    truths
        In the order they came.
    at
        When, in seconds since 1970.
    """

    truths: Sequence[Truth]
    at: float


@dataclass
class Taken:
    """What became of a feedback.

    Parameters
    ----------
    written
        Truths that are new, corrections included.
    repeated
        Truths that were known.
    corrected
        Truths that are now the latest of their row, and differ from the one before.
    early
        Truths of requests that are not in the log yet.
    forgotten
        Truths of rows that were forgotten; they are not kept.
    unseen
        Some classes that the model does not know.
    """

    written: int = 0
    repeated: int = 0
    corrected: int = 0
    early: int = 0
    forgotten: int = 0
    unseen: list[str] = field(default_factory=list)

    def see(self, word: str) -> None:
        """Note a class that the model does not know."""
        if len(self.unseen) < FEW and word not in self.unseen:
            self.unseen.append(word)

    def form(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        names = ("written", "repeated", "corrected", "early", "forgotten")
        return {**{n: getattr(self, n) for n in names}, "unseen": self.unseen}


class Unfit(Exception):
    """Why a feedback is not taken.

    Parameters
    ----------
    what
        One sentence.
    place
        Which of its truths, from 0.
    name
        The part of it that is wrong: ``row`` or ``truth``.
    """

    def __init__(self, what: str, place: int, name: str) -> None:
        super().__init__(what)
        self.what, self.place, self.name = what, place, name


class _Models:
    """What the models of a log predict, asked once each."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._classes: dict[str, Sequence[str] | None] = {}

    def classes(self, model: str) -> Sequence[str] | None:
        """Return a model's classes; none for numbers, None where it is not known."""
        if model not in self._classes:
            asked = "SELECT about FROM models WHERE identity = ?"
            found = self._connection.execute(asked, (model,)).fetchone()
            about: Mapping[str, Any] = json.loads(found[0]) if found else {}
            output = about.get("schema", {}).get("output")
            self._classes[model] = output and [str(c) for c in output["classes"]]
        return self._classes[model]


def gone(name: str, row: int | None = None) -> str:
    """Return what is kept of a request, or one of its rows, that was forgotten."""
    told = name if row is None else f"{name}\0{row}"
    return hashlib.sha256(told.encode()).hexdigest()


def is_gone(connection: sqlite3.Connection, name: str, row: int) -> bool:
    """Tell whether a row, or all of its request, was forgotten."""
    asked = "SELECT 1 FROM gone WHERE hash IN (?, ?)"
    hashes = (gone(name), gone(name, row))
    return connection.execute(asked, hashes).fetchone() is not None


def fitted(
    connection: sqlite3.Connection, truths: Sequence[Truth], taken: Taken
) -> Iterator[Truth]:
    """Yield truths with values as their models give them, before any is kept.

    Parameters
    ----------
    connection
        To the log.
    truths
        As they came.
    taken
        Told of truths that come early, and of classes that are new.

    Raises
    ------
    Unfit
        Where a request has no such row, or a value cannot be what was predicted.
    """
    models = _Models(connection)
    some = connection.execute("SELECT 1 FROM gone LIMIT 1").fetchone() is not None
    for place, truth in enumerate(truths):
        asked = "SELECT rows, model FROM requests WHERE id = ?"
        found = connection.execute(asked, (truth.request,)).fetchone()
        rows, model = found or (0, "")
        row = truth.row or 0
        if some and is_gone(connection, truth.request, row):
            taken.forgotten += 1
            continue
        taken.early += found is None
        if found and (row >= rows or row < 0 or (truth.row is None and rows > 1)):
            told = f"request {truth.request} has {rows} rows, counted from 0"
            raise Unfit(told, place, "row")
        classes = models.classes(model)
        value = _value(truth.value, classes, place)
        if classes and value not in classes:
            taken.see(value)
        alone = found is None and truth.row is None
        yield Truth(truth.request, ALONE if alone else row, value, truth.at)


def enter_truths(connection: sqlite3.Connection, feedback: Feedback) -> Taken:
    """Keep a feedback, all of it; what is known already is not kept twice.

    Raises
    ------
    Unfit
        Where some of it cannot be; then nothing was kept.
    """
    taken = Taken()
    for truth in list(fitted(connection, feedback.truths, taken)):
        _enter(connection, truth, feedback.at, taken)
    return taken


def _enter(
    connection: sqlite3.Connection, truth: Truth, now: float, taken: Taken
) -> None:
    rows = _rows(connection, truth)
    asked = """SELECT at, value FROM truths WHERE request = ? AND row IN (?, ?)
               ORDER BY at DESC, value DESC LIMIT 1"""
    before = connection.execute(asked, (truth.request, *rows)).fetchone()
    at: float | None = now if truth.at is None else truth.at
    if before and truth.at is None:
        at = None if before[1] == truth.value else max(now, _after(before[0]))
    elif before and at <= before[0]:
        at = _free(connection, truth, rows)
    if at is None:
        taken.repeated += 1
        return
    told = (truth.request, truth.row, at, truth.value)
    connection.execute("INSERT INTO truths VALUES (?, ?, ?, ?)", told)
    taken.written += 1
    taken.corrected += bool(before and at > before[0] and before[1] != truth.value)


def _rows(connection: sqlite3.Connection, truth: Truth) -> tuple[int | None, ...]:
    """Return a truth's row, and under which one its row may be kept as well."""
    if truth.row == 0:
        asked = "SELECT 1 FROM requests WHERE id = ? AND rows = 1"
        if connection.execute(asked, (truth.request,)).fetchone():
            return 0, ALONE
    return truth.row, truth.row


def _free(
    connection: sqlite3.Connection, truth: Truth, rows: Sequence[int | None]
) -> float | None:
    """Return a truth's moment, after those told of the same; None where it is known."""
    asked = """SELECT value FROM truths
               WHERE request = ? AND row IN (?, ?) AND at = ?"""
    at = truth.at
    while at is not None:
        told = connection.execute(asked, (truth.request, *rows, at)).fetchall()
        if not told:
            return at
        at = None if (truth.value,) in told else _after(at)
    return None


def _after(at: float) -> float:
    """Return the next moment that a truth may have, however far off it is."""
    return max(at + LATER, math.nextafter(at, math.inf))


def _value(value: Any, classes: Sequence[str] | None, place: int) -> Any:
    """Return a class as text, or a number; either where the model is not known."""
    if classes or (classes is None and isinstance(value, str)):
        return write(value)
    number = number_of(value)
    if math.isfinite(number):
        return number
    if classes is None:
        return write(value)
    raise Unfit(f"the model predicts a number, not {str(value)[:80]!r}", place, "truth")


def number_of(value: Any) -> float:
    """Read a number, also from text; NaN where it is none."""
    if isinstance(value, str):
        plain = value.strip()
        return float(plain) if number_words().fullmatch(plain) else math.nan
    try:
        return math.nan if isinstance(value, bool) else float(value)
    except OverflowError:
        return math.nan
