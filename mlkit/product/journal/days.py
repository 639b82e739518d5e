"""The days of a log: which are in files, and the requests, wherever they lie."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlkit.product.journal.arrays import Row
from mlkit.product.journal.columns import typed
from mlkit.product.journal.parts import SECONDS, folder_of, rows_of

__all__ = ["FRESH", "UNFILED", "WHOLE", "Day", "days_of", "models_of", "requests_of"]

WHOLE = """
    id, at, model, rows, seconds, cells, reply, coalesce((
        SELECT nullif(json_group_array(json_object(
            'model', model, 'seconds', seconds, 'reply', json(reply))), '[]')
        FROM shadows WHERE request = id), '')
"""
"""The columns of a request, those of `mlkit.product.journal.arrays.Row`."""
UNFILED = """
    at >= ? AND at < ? AND cells != '' AND NOT EXISTS (
        SELECT 1 FROM days WHERE seq <= upto
        AND at >= day * 86400.0 AND at < (day + 1) * 86400.0)
"""
FRESH = f"""
    SELECT {WHOLE} FROM requests
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


def days_of(connection: sqlite3.Connection) -> list[Day]:
    """Return the closed days, oldest first."""
    asked = "SELECT day, file, requests, rows, upto FROM days ORDER BY day"
    return [Day(*told) for told in connection.execute(asked)]


def models_of(connection: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """Return the types of the columns of each model of a log."""
    return typed(connection.execute("SELECT identity, about FROM models"))


def requests_of(connection: sqlite3.Connection, path: Path) -> Iterator[Row]:
    """Yield all requests of a log, those in files as they were."""
    ends = (float("-inf"), float("inf"))
    yield from map(Row._make, connection.execute(FRESH, ends))
    for day in days_of(connection):
        if day.file:
            yield from rows_of(folder_of(path) / day.file)
