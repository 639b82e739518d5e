"""A table or a query of a database: SQLite, DuckDB, or any that SQLAlchemy speaks to.

``sqlite:///shop.db`` and ``duckdb:///shop.duckdb`` are files, from the project's root;
``postgresql://ann:env:PASSWORD@host/shop`` and the like need their driver. Nothing is
ever written there: files are opened read-only, elsewhere a query that is more than a
SELECT is refused, and the transaction is rolled back.

Options: ``table`` or ``query``; where there is one table it is taken. ``cursor`` names
a column that only grows, such as a serial number or a time of change: its maximum and
the count of rows then tell whether anything is new, which costs next to nothing, and
misses a change that moves neither. Without it every cell counts: DuckDB and PostgreSQL
hash their rows themselves, of others each row is fetched and hashed, a batch at a
time; a file that was not written to since is not read at all.

NULL is a missing cell, and an empty text is a text.

Examples
--------
>>> import sqlite3, tempfile
>>> path = Path(tempfile.mkdtemp()) / "shop.db"
>>> with sqlite3.connect(path) as db:
...     _ = db.execute("CREATE TABLE sales (day DATE, amount REAL)")
...     _ = db.execute("INSERT INTO sales VALUES ('2026-01-31', 7.5), (NULL, 8)")
>>> place = Place(f"sqlite:///{path}", options={"query": "SELECT amount FROM sales"})
>>> read(place).columns.to_pylist()
[{'amount': 7.5}, {'amount': 8.0}]
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from mlkit.core.errors import InputError
from mlkit.core.files import digest, read_state, write_json
from mlkit.data.sources import Found, Place
from mlkit.data.sources._kept import kept, local, written

if TYPE_CHECKING:
    from mlkit.data.sources._alchemy import Alchemy
    from mlkit.data.sources._duck import Duck

__all__ = ["OPTIONS", "claims", "fingerprint", "read"]

OPTIONS = {
    "table": "the table or view to read whole",
    "query": "one SELECT to read instead",
    "cursor": "a column that only grows: its maximum tells whether there is more",
}
BUILT_IN = ("sqlite", "duckdb", "postgresql", "postgres", "mysql", "mariadb", "mssql")
DIALECTS = (*BUILT_IN, "oracle")
NUMBERED = ("sqlite", "duckdb", "postgresql", "mysql", "mariadb")
FILES = (".db", ".sqlite", ".sqlite3", ".duckdb", ".ddb")
SQLITE, DUCK = b"SQLite format 3\x00", b"DUCK"
SETTLED = 2.0
MANY = 200_000
UNORDERED = "the query has no ORDER BY: the rows come in the database's own order"

HASHED = "its whole file tells a change; one of this table alone is told by an address"

_MARKS: dict[str, str] = {}
"""Fingerprints found in this process, for the receipt of what is read next."""


def claims(place: Place) -> bool:
    """Whether this is the address of a database, or a database's file."""
    if place.path:
        known = place.head.startswith(SQLITE) or place.head[8:12] == DUCK
        return known and not place.is_folder and place.suffix in FILES
    name = place.scheme.partition("+")[0]
    return bool(name) and (name in DIALECTS or _installed(name))


def read(place: Place) -> Found:
    """Read a table or the result of a query.

    Parameters
    ----------
    place
        The database; of a sample, evenly spaced rows are fetched.

    Raises
    ------
    InputError
        Where there is no such database, driver or table; where there are several
        tables and none is named; for a query that may write.
    """
    with _opened(place) as database:
        table, query, order, notes = _chosen(place, database)
        facts = {"format": database.kind, **({"table": table} if table else {})}
        thin = _thinned(place, database, query + order)
        columns, told = database.table(thin or query + order, table)
        if thin:
            columns = columns.drop_columns(["mlkit_row"])
            notes.append("a first look: evenly spaced rows are fetched")
    columns, types, seen = _media(columns)
    notes += [*told, *seen]
    if columns.num_rows > MANY and not place.option("cursor"):
        notes.append(
            "to tell a change, all its rows are hashed each time; the option cursor,"
            " a column that only grows, makes that cheap"
        )
    if place.path:
        notes.append(f"{HASHED}, such as {database.kind}:///{place.uri}")
    if not columns.num_columns:
        raise InputError("there is no column in this result", where=place.uri)
    known = _MARKS.get(digest(place.how), "")
    mark = digest(known) if known else ""
    size = columns.nbytes
    return Found(
        columns, False, facts, tuple(notes), types=types, size=size, sha256=mark
    )


def fingerprint(place: Place) -> str:
    """Return the count of rows with the cursor's maximum, or with a hash of all rows.

    Raises
    ------
    InputError
        Where the database cannot be read.
    """
    stats = _stats(place)
    path = kept(place, "sources").with_suffix(".json")
    known = read_state(path, dict) or {}
    if stats and known.get("stats") == stats:
        return _remembered(place, str(known["mark"]))
    with _opened(place) as database:
        query = _chosen(place, database)[1]
        if cursor := place.option("cursor"):
            name = database.quoted(cursor)
            asked = f"SELECT count(*), max({name}) FROM ({query}\n) q"  # noqa: S608
            rows, most = database.one(asked)
            mark = f"{rows} rows, {cursor} up to {most}"
        else:
            mark = database.hashed(query)
    if stats and stats == _stats(place):
        write_json(path, {"stats": stats, "mark": mark})
    return _remembered(place, mark)


def _remembered(place: Place, mark: str) -> str:
    _MARKS[digest(place.how)] = mark
    return mark


def _opened(place: Place) -> AbstractContextManager[Alchemy | Duck]:
    from mlkit.data.sources import _alchemy, _duck

    if place.scheme.startswith("duckdb") or place.head[8:12] == DUCK:
        return _duck.opened(place)
    return _alchemy.opened(place)


def _chosen(place: Place, database: Alchemy | Duck) -> tuple[str, str, str, list[str]]:
    """Return the table, the query and its order, and what is to be said of them."""
    table, query = str(place.option("table")), str(place.option("query"))
    if table and query:
        raise InputError("table and query are both given", where=place.uri)
    if query:
        told = [] if "order by" in query.lower() else [UNORDERED]
        return "", database.checked(query), "", told
    if table:
        return table, *database.query_of(table), []
    known = database.tables()
    if len(known) != 1:
        raise InputError(
            "several tables are there" if known else "there is no table",
            where=place.uri,
            got=", ".join(known)[:300],
            todo=f'name one by options = {{"table": "{known[0]}"}}, or give a query'
            if known
            else "check the address",
        )
    return known[0], *database.query_of(known[0]), [f"its one table is {known[0]!r}"]


def _thinned(place: Place, database: Alchemy | Duck, query: str) -> str:
    """Return a query for evenly spaced rows; "" where all are wanted."""
    if not place.sample or database.kind not in NUMBERED:
        return ""
    rows = int(database.one(f"SELECT count(*) FROM ({query}\n) q")[0])  # noqa: S608
    step = rows // max(place.sample, 2)
    if step < 2:
        return ""
    each = "q.*, row_number() OVER () AS mlkit_row"
    numbered = f"SELECT {each} FROM ({query}\n) q"  # noqa: S608
    return f"SELECT * FROM ({numbered}) n WHERE (mlkit_row - 1) % {step} = 0"  # noqa: S608


def _media(columns: pa.Table) -> tuple[pa.Table, dict[str, str], list[str]]:
    """Keep images and sounds that lie in cells; leave other bytes out, and say so."""
    from mlkit.data.media import unpacked

    types: dict[str, str] = {}
    notes = []
    for place, name in enumerate(columns.column_names):
        column = columns[name]
        if not pa.types.is_binary(column.type) and not pa.types.is_large_binary(
            column.type
        ):
            continue
        kind = _media_kind(column)
        if kind:
            types[name] = kind
            columns = columns.set_column(place, name, unpacked(column, kind))
    bare = [n for n in columns.column_names if pa.types.is_binary(columns[n].type)]
    if bare:
        columns = columns.drop_columns(bare)
        notes.append(
            f"{', '.join(bare)}: bytes that are no images or sounds are left out"
        )
    return columns, types, notes


def _media_kind(column: pa.ChunkedArray) -> str:
    starts = [bytes(cell[:12]) for cell in column.drop_null().to_pylist()]
    if starts and all(map(_is_image, starts)):
        return "image"
    return "audio" if starts and all(map(_is_audio, starts)) else ""


def _is_image(start: bytes) -> bool:
    known = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
    return start.startswith(known) or start[8:12] == b"WEBP"


def _is_audio(start: bytes) -> bool:
    return start.startswith((b"fLaC", b"OggS", b"ID3")) or start[8:12] == b"WAVE"


def _stats(place: Place) -> list[list[int]] | None:
    """Return size, time and inode of a database's files; None where they tell nothing.

    A file written to within two seconds may be written to again within the same tick.
    """
    name = place.scheme.partition("+")[0]
    base = written(place).partition(":///")[2].partition("?")[0]
    if name not in ("sqlite", "duckdb") or not base or "env:" in base or base[0] == ":":
        return None
    path = local(base, place.uri)
    found = []
    for file in (path, *(Path(f"{path}{end}") for end in ("-wal", ".wal", "-journal"))):
        if file.exists():
            stat = file.stat()
            found.append([stat.st_size, stat.st_mtime_ns, stat.st_ino])
    newest = max(time_ns for _, time_ns, _ in found) / 1e9
    return found if time.time() - newest > SETTLED else None


def _installed(name: str) -> bool:
    return any(
        e.name.partition(".")[0] == name
        for e in entry_points(group="sqlalchemy.dialects")
    )
