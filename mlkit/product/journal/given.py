"""A file with the truth about past requests, entered in a log."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlkit.core.errors import InputError, did_you_mean
from mlkit.product.journal.tables import opened
from mlkit.product.journal.truths import (
    Feedback,
    Taken,
    Truth,
    Unfit,
    enter_truths,
    fitted,
)

__all__ = ["IDS", "Given", "give"]

IDS = re.compile(r"[A-Za-z0-9._:-]{1,128}")
NAMES = ("request.id", "request.row", "truth.at")
TOGETHER, FEW = 2000, 5
NUMBERS = ("written", "repeated", "corrected", "early", "forgotten")


@dataclass
class Given(Taken):
    """What became of a file.

    Parameters
    ----------
    open
        Rows whose truth is not there yet.
    unknown
        Some ids that are not in the log yet.
    """

    open: int = 0
    unknown: list[str] = field(default_factory=list)

    def add(self, taken: Taken) -> None:
        """Add what became of some more truths."""
        for name in NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(taken, name))
        for word in taken.unseen:
            self.see(word)

    def form(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {**Taken.form(self), "open": self.open, "unknown": self.unknown}

    def told(self) -> Iterator[str]:
        """Yield it in sentences."""
        yield f"{_count(self.written)} entered, {self.repeated} known before"
        if self.corrected:
            yield f"{self.corrected} correct an earlier one; the latest counts"
        if self.early:
            some = ", ".join(self.unknown)
            yield f"{self.early} of requests that are not in the log yet: {some}"
        if self.forgotten:
            yield f"{self.forgotten} of rows that were forgotten: not kept"
        if self.unseen:
            some = ", ".join(self.unseen)
            yield f"new to the model that answered: {some}"
        if self.open:
            rows = "1 row" if self.open == 1 else f"{self.open} rows"
            yield f"of the file without a truth yet: {rows}"


def give(path: Path, file: Path, *, early: bool = False) -> Given:
    """Enter the truths in a file; all of them are looked at before any is kept.

    What a kill leaves undone is done by giving the file again.

    Parameters
    ----------
    path
        The log.
    file
        CSV, Parquet or JSON with ``request.id``, the target's column or ``truth``,
        and, where they are known, ``request.row`` and ``truth.at``.
    early
        Whether it is well that none of the requests is in the log.

    Raises
    ------
    InputError
        Where a file cannot be read, a request has no such row, a truth cannot be what
        was predicted, or no request at all is known.
    """
    given = Given()
    with opened(path, read=True) as connection:
        truths = list(_truths(file, _targets(connection), given))
        _look(connection, truths, file, early=early)
        given.unknown = _unknown(connection, truths)
    with opened(path) as connection:
        for start in range(0, len(truths), TOGETHER):
            connection.execute("BEGIN IMMEDIATE")
            some = Feedback(truths[start : start + TOGETHER], time.time())
            given.add(enter_truths(connection, some))
            connection.execute("COMMIT")
    return given


def _look(
    connection: sqlite3.Connection, truths: Sequence[Truth], file: Path, *, early: bool
) -> None:
    """See that all of a file can be entered."""
    taken = Taken()
    try:
        for _ in fitted(connection, truths, taken):
            pass
    except Unfit as unfit:
        where = f"{file}, row {unfit.place + 1} of those with a truth"
        raise InputError(unfit.what, where=where) from None
    if truths and taken.early == len(truths) and not early:
        raise InputError(
            "none of these requests is in the log",
            where=str(file),
            got=", ".join(truth.request for truth in truths[:FEW]),
            todo="see that request.id holds the ids of the replies; --early keeps "
            "truths of requests that are still to come",
        )


def _unknown(connection: sqlite3.Connection, truths: Sequence[Truth]) -> list[str]:
    found: list[str] = []
    for truth in truths:
        asked = "SELECT 1 FROM requests WHERE id = ?"
        known = connection.execute(asked, (truth.request,)).fetchone()
        if known is None and truth.request not in found:
            found.append(truth.request)
            if len(found) == FEW:
                break
    return found


def _targets(connection: sqlite3.Connection) -> list[str]:
    """Return the columns that the log's models predict, the newest model's first."""
    found = connection.execute("SELECT about FROM models ORDER BY at DESC")
    outputs = [json.loads(about).get("schema", {}).get("output") for (about,) in found]
    return [str(output["target"]) for output in outputs if output]


def _truths(file: Path, targets: Sequence[str], given: Given) -> Iterator[Truth]:
    """Yield the truths of a file in order; rows without one are counted."""
    from mlkit.core.values import is_missing

    columns, size = _columns(file, targets)
    for place in range(size):
        value = columns["truth"][place]
        if is_missing(value) or (isinstance(value, str) and not value.strip()):
            given.open += 1
            continue
        where = f"{file}, row {place + 1}"
        name = str(columns["request.id"][place])
        if not IDS.fullmatch(name):
            raise InputError("this is no request's id", where=where, got=repr(name))
        row = _row(columns.get("request.row"), place, where)
        yield Truth(name, row, value, _at(columns.get("truth.at"), place, where))


def _columns(
    file: Path, targets: Sequence[str]
) -> tuple[dict[str, Sequence[Any]], int]:
    """Read the columns of a file that are looked at."""
    from mlkit.data.sources import Place, read

    if not file.is_file():
        raise InputError("there is no such file", where=str(file))
    table = read(Place(str(file)).at(file)).columns
    there = table.column_names
    value = next((name for name in ("truth", *targets) if name in there), None)
    wanted = value or (targets[0] if targets else "truth")
    for name in ("request.id", wanted):
        if name not in there:
            raise InputError(
                f"the file has no column {name!r}",
                where=str(file),
                got=", ".join(there)[:300],
                todo=did_you_mean(name, there),
            )
    made = {name: table[name].to_pylist() for name in NAMES if name in there}
    return {**made, "truth": table[wanted].to_pylist()}, table.num_rows


def _row(column: Sequence[Any] | None, place: int, where: str) -> int | None:
    cell = column[place] if column is not None else None
    if cell is None or str(cell).strip() == "":
        return None
    try:
        number = float(cell)
        if number != int(number) or number < 0:
            raise ValueError
    except (ValueError, OverflowError):
        told = "request.row counts from 0"
        raise InputError(told, where=where, got=repr(cell)) from None
    return int(number)


def _at(column: Sequence[Any] | None, place: int, where: str) -> float | None:
    cell = column[place] if column is not None else None
    if cell is None or str(cell).strip() == "":
        return None
    try:
        text = str(cell).strip()
        moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(text)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        at = zoned.timestamp()
        if not 0 <= at <= time.time() + 300:
            raise ValueError
    except (ValueError, OverflowError):
        told = "truth.at is a moment in ISO form, not in the future"
        raise InputError(told, where=where, got=repr(cell)) from None
    return at


def _count(number: int) -> str:
    return "1 truth" if number == 1 else f"{number} truths"
