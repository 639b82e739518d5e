"""Which rows of a log a person means: by request, by cells, or by the id column."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.values import write
from mlkit.product.journal.days import models_of, requests_of
from mlkit.product.journal.private import hashed
from mlkit.product.journal.truths import is_gone, number_of

__all__ = ["Rows", "Wanted", "seek"]

Rows = dict[str, frozenset[int]]
"""Places of rows, by request."""


@dataclass(frozen=True)
class Wanted:
    """Which rows are to be forgotten: those of requests, and those with some cells.

    Parameters
    ----------
    ids
        Requests, all of their rows.
    cells
        Column → value; rows that have all of them.
    row
        The value of the id column.
    key
        The project's, where private cells are kept as hashes.
    """

    ids: Collection[str] = ()
    cells: Mapping[str, str] = field(default_factory=dict)
    row: str = ""
    key: bytes = field(default=b"", repr=False)


def seek(connection: sqlite3.Connection, path: Path, wanted: Wanted) -> Rows:
    """Return the rows of each request that are wanted.

    Raises
    ------
    InputError
        Where there is no such request, or no such column.
    """
    cells = dict(wanted.cells)
    if wanted.row:
        cells[_id_column(connection, path)] = wanted.row
    found = _named(connection, path, wanted.ids)
    for name, places in _matching(connection, path, cells, wanted.key).items():
        found[name] = found.get(name, frozenset()) | places
    return found


def _named(connection: sqlite3.Connection, path: Path, ids: Collection[str]) -> Rows:
    found: Rows = {}
    for name in ids:
        asked = "SELECT rows FROM requests WHERE id = ?"
        told = connection.execute(asked, (name,)).fetchone()
        if told is not None:
            found[name] = frozenset(range(told[0]))
        elif not is_gone(connection, name, 0):
            todo = "see `mlkit log` for the newest ones"
            raise InputError(f"no request {name!r}", where=str(path), todo=todo)
    return found


def _matching(
    connection: sqlite3.Connection, path: Path, wanted: Mapping[str, str], key: bytes
) -> Rows:
    """Return the rows whose cells are those that are wanted."""
    if not wanted:
        return {}
    tests = {name: _test(name, value, key) for name, value in wanted.items()}
    models, found, columns = models_of(connection), Rows(), set[str]()
    for request in requests_of(connection, path):
        cells = json.loads(request.cells)
        columns.update(cells)
        if all(name in cells for name in tests):
            types = models.get(request.model, {})
            told = [(t, cells[n], types.get(n) == "number") for n, t in tests.items()]
            places = frozenset(
                place
                for place in range(request.rows)
                if all(test(column[place], counts) for test, column, counts in told)
            )
            found |= {request.id: places} if places else {}
    for name in wanted:
        if columns and name not in columns:
            raise InputError(
                f"the log has no column {name!r}",
                where=str(path),
                todo=did_you_mean(name, columns),
            )
    return found


def _test(column: str, value: str, key: bytes) -> Callable[[Any, bool], bool]:
    """Return what tells whether a cell is a value, written or hashed.

    It is told whether the column is of numbers; then text is read as one.
    """
    texts = {value, hashed(column, value, key) if key else value}
    number = number_of(value)
    if not math.isfinite(number):
        return lambda cell, _: write(cell) in texts

    def test(cell: Any, counts: bool) -> bool:
        if write(cell) in texts:
            return True
        read = number_of(cell) if counts and isinstance(cell, str) else cell
        return isinstance(read, int | float) and read == number

    return test


def _id_column(connection: sqlite3.Connection, path: Path) -> str:
    """Return the column that names rows, from the newest model that has one."""
    for (about,) in connection.execute("SELECT about FROM models ORDER BY at DESC"):
        for column in json.loads(about).get("schema", {}).get("input", ()):
            if column["type"] == "id":
                return str(column["name"])
    todo = "name a column: --where COLUMN=VALUE"
    raise InputError(
        "no model of this log has an id column", where=str(path), todo=todo
    )
