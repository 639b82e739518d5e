"""Requests that were refused or failed: counted by the minute, never kept one by one.

So a stranger who asks in vain all day fills no disk: of a minute there are at most as
many lines as `mlkit.product.serving.tally` lets through.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["TABLE", "Key", "Refusals", "enter_refusals", "refusals_of", "take_refusals"]

Key = tuple[int, str, int, str]
"""Minutes since 1970, the door, the status, and why."""
TABLE = """
CREATE TABLE IF NOT EXISTS refusals (
    server TEXT NOT NULL,
    minute INTEGER NOT NULL,
    path TEXT NOT NULL,
    status INTEGER NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (server, minute, path, status, reason)
) STRICT, WITHOUT ROWID;
"""
COLUMNS = "server, minute, path, status, reason, count"
SAME = "ON CONFLICT (server, minute, path, status, reason) DO UPDATE SET count"


@dataclass(frozen=True, slots=True)
class Refusals:
    """What one server refused, or failed to answer, since it last said so.

    Parameters
    ----------
    server
        The server's name: another one each time that it starts.
    counts
        By minute, door, status and reason.
    """

    server: str
    counts: Mapping[Key, int]


def enter_refusals(connection: sqlite3.Connection, told: Refusals) -> None:
    """Add counts to those that are there."""
    add = f"""INSERT INTO refusals ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)
              {SAME} = count + excluded.count"""  # noqa: S608
    lines = [(told.server, *key, count) for key, count in told.counts.items()]
    connection.executemany(add, lines)


def refusals_of(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """Return every line of a log, as `TABLE` has them; none of an older log."""
    asked = "SELECT 1 FROM sqlite_master WHERE name = 'refusals'"
    if connection.execute(asked).fetchone() is None:
        return []
    whole = f"SELECT {COLUMNS} FROM refusals ORDER BY minute, path, status, reason"  # noqa: S608
    return connection.execute(whole).fetchall()


def take_refusals(
    connection: sqlite3.Connection, lines: Sequence[tuple[Any, ...]]
) -> None:
    """Take in lines of another log; taken in twice they count once."""
    connection.execute(TABLE)
    add = f"""INSERT INTO refusals ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)
              {SAME} = max(count, excluded.count)"""  # noqa: S608
    connection.executemany(add, lines)
