"""Databases that SQLAlchemy speaks to, only to read from them."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlkit.core.errors import InputError, did_you_mean
from mlkit.data.reading import secrets
from mlkit.data.sources import Place
from mlkit.data.sources._cells import BATCH, Gathered
from mlkit.data.sources._kept import local, written
from mlkit.data.sources._statement import only_reads

__all__ = ["Alchemy", "mark_of", "opened", "refused"]

WAIT = 10.0
DRIVERS = {
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
}
READ_ONLY = {
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}
ISO = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?$"
DATES = "text such as 2026-01-31, as SQLite keeps dates, is read as dates"
POSTGRES = (
    "SELECT count(*),"
    " sum(('x' || left(md5(mlkit_row::text), 16))::bit(64)::bigint::numeric)"
    " FROM ({query}) mlkit_row"
)
MANY = 1 << 128


class Alchemy:
    """One connection in a transaction that is rolled back.

    Parameters
    ----------
    connection
        SQLAlchemy's.
    where
        The address, secrets as references.
    """

    def __init__(self, connection: Any, where: str) -> None:
        self.where = where
        self.kind = connection.dialect.name
        self._connection = connection

    def tables(self) -> list[str]:
        """Return the names of tables and views."""
        look = self._inspector()
        return sorted([*look.get_table_names(), *look.get_view_names()])

    def query_of(self, table: str) -> tuple[str, str]:
        """Return the query that reads a table, and the order of its key."""
        schema, name = self._split(table)
        look = self._inspector()
        quote = self._connection.dialect.identifier_preparer.quote
        whole = f"{quote(schema)}.{quote(name)}" if schema else quote(name)
        key = look.get_pk_constraint(name, schema)["constrained_columns"]
        order = f" ORDER BY {', '.join(map(quote, key))}" if key else ""
        return f"SELECT * FROM {whole}", order  # noqa: S608 - quoted names

    def checked(self, query: str) -> str:
        """Return a query that only reads, or refuse it."""
        return only_reads(query, self.where)

    def quoted(self, column: str) -> str:
        """Return a column's name as SQL writes it."""
        return str(self._connection.dialect.identifier_preparer.quote(column))

    def one(self, query: str) -> Sequence[Any]:
        """Return the first row of a query."""
        return tuple(self._run(query).first() or ())

    def hashed(self, query: str) -> str:
        """Return what tells whether any cell of a query's result changed.

        Rows count in any order. PostgreSQL hashes them itself; else each row comes
        over here, one batch in memory.
        """
        if self.kind == "postgresql":
            asked = f"SELECT * FROM ({query}\n) q WHERE false"  # noqa: S608
            names = ", ".join(self._run(asked).keys())
            rows, total = self.one(POSTGRES.format(query=f"{query}\n"))
            return mark_of(rows, names, total)
        result, rows, total = self._run(query), 0, 0
        for batch in result.partitions(BATCH):
            for row in batch:
                told = hashlib.blake2b(_written(row).encode(), digest_size=16)
                total = (total + int.from_bytes(told.digest())) % MANY
            rows += len(batch)
        return mark_of(rows, ", ".join(result.keys()), total)

    def table(self, query: str, table: str) -> tuple[pa.Table, list[str]]:
        """Return a query's rows as columns, and what is to be said of them.

        Parameters
        ----------
        query
            The query.
        table
            The one table that it reads whole, else "".
        """
        result = self._run(query)
        names = list(result.keys())
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(
                f"two columns have one name: {', '.join(twice)}",
                where=self.where,
                todo="name them in the query: SELECT a.id AS a_id, b.id AS b_id",
            )
        cells, listed = Gathered(names), set[str]()
        for batch in result.partitions(BATCH):
            cells.add_rows([_plain(row, names, listed) for row in batch])
        found = cells.table()
        notes = [*cells.notes]
        if listed:
            names = sorted(listed)
            notes.append(f"{', '.join(names)}: lists and objects are kept as JSON")
        if self.kind == "sqlite":
            found = self._as_declared(found, table, notes)
        return found, notes

    def _as_declared(self, found: pa.Table, table: str, notes: list[str]) -> pa.Table:
        """Read what SQLite keeps as numbers and text for lack of a type."""
        booleans, dates = set(), []
        if table:
            schema, name = self._split(table)
            columns = self._inspector().get_columns(name, schema)
            booleans = {c["name"] for c in columns if str(c["type"]) == "BOOLEAN"}
        made = {}
        for name in found.column_names:
            column = found[name]
            if name in booleans and pa.types.is_integer(column.type):
                known = set(pc.unique(column).to_pylist()) - {None}
                column = pc.equal(column, 1) if known <= {0, 1} else column
            elif pa.types.is_string(column.type) and _all_dates(column):
                column = _moments(column)
                dates += [name] if pa.types.is_timestamp(column.type) else []
            made[name] = column
        if dates:
            notes.append(f"{', '.join(dates)}: {DATES}")
        return pa.table(made)

    def _split(self, table: str) -> tuple[str | None, str]:
        look = self._inspector()
        known = self.tables()
        schema, dot, name = table.rpartition(".")
        if table in known or not dot:
            schema, name = "", table
        of = schema or None
        if name not in [*look.get_table_names(of), *look.get_view_names(of)]:
            raise InputError(
                f"there is no table {table!r}",
                where=self.where,
                todo=did_you_mean(table, known),
            )
        return of, name

    def _inspector(self) -> Any:
        import sqlalchemy

        return sqlalchemy.inspect(self._connection)

    def _run(self, query: str) -> Any:
        how = {"stream_results": True, "no_parameters": True, "yield_per": BATCH}
        return self._connection.exec_driver_sql(query, execution_options=how)


@contextmanager
def opened(place: Place) -> Iterator[Alchemy]:
    """Connect to a database, only to read.

    Raises
    ------
    InputError
        Where the driver is not installed, or the database says no; the message holds
        no secret.
    """
    import sqlalchemy

    engine = _engine(place)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection = connection.execution_options(postgresql_readonly=True)
            if words := READ_ONLY.get(engine.dialect.name):
                connection.exec_driver_sql(words)
                connection.rollback()
            try:
                yield Alchemy(connection, place.uri)
            finally:
                connection.rollback()
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise refused(str(getattr(error, "orig", None) or error), place.uri) from None
    finally:
        engine.dispose()


def mark_of(rows: int, names: str, total: Any) -> str:
    """Return the fingerprint of so many rows whose hashes add up to `total`."""
    return f"{rows} rows, {hashlib.sha256(f'{names} {total}'.encode()).hexdigest()}"


def refused(said: str, where: str) -> InputError:
    """Return the error for what a database said."""
    said = " ".join(said.split())
    todo = "check the query, the table and the address"
    if "lock" in said.lower():
        todo = "another program writes to it: end it, or read a copy"
    elif "not a database" in said or "not a valid" in said:
        todo = "check the file: it is of another kind, or torn"
    return InputError(
        "the database cannot be read", where=where, got=said[:300], todo=todo
    )


def _engine(place: Place) -> Any:
    import sqlalchemy

    if place.path:
        return _sqlite(place.path)
    address = re.sub("^postgres(?=[+:])", "postgresql", written(place))
    try:
        url = sqlalchemy.engine.make_url(address)
        # what a reference stands for may hold an @ or a /: put in place part by part
        url = url.set(
            username=secrets.filled(url.username),
            password=secrets.filled(url.password),
            host=secrets.filled(url.host),
            database=secrets.filled(url.database),
            query={k: secrets.filled(v) for k, v in url.query.items()},
        )
        if url.get_backend_name() == "sqlite":
            return _sqlite(local(url.database or "", place.uri))
        return sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    except ModuleNotFoundError as error:
        package = DRIVERS.get(str(error.name), str(error.name))
        raise InputError(
            "the driver for this database is not installed",
            where=place.uri,
            todo=f'pip install "{package}"',
        ) from None
    except sqlalchemy.exc.NoSuchModuleError:
        raise InputError(
            f"SQLAlchemy knows no dialect {place.scheme!r} here",
            where=place.uri,
            todo="install the package that brings it, or check what stands before ://",
        ) from None
    except (sqlalchemy.exc.ArgumentError, ValueError):
        raise InputError(
            "this is no address of a database",
            where=place.uri,
            expected="such as postgresql://ann:env:PASSWORD@host/shop",
        ) from None


def _sqlite(path: Path) -> Any:
    import sqlalchemy

    address = f"{path.resolve().as_uri()}?mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=WAIT)

    return sqlalchemy.create_engine(
        "sqlite://", creator=connect, poolclass=sqlalchemy.pool.NullPool
    )


def _written(row: Sequence[Any]) -> str:
    cells = (bytes(v) if isinstance(v, memoryview) else v for v in row)
    return repr(tuple(cells))


def _plain(row: Sequence[Any], names: list[str], listed: set[str]) -> list[Any]:
    """Return a row's cells; lists and objects as JSON text."""
    made = list(row)
    for place, value in enumerate(made):
        if isinstance(value, (list, dict, tuple)):
            listed.add(names[place])
            made[place] = json.dumps(value, ensure_ascii=False, default=str)
    return made


def _all_dates(column: pa.ChunkedArray) -> bool:
    known = column.drop_null()
    if not len(known) or not pc.all(pc.match_substring_regex(known[:50], ISO)).as_py():
        return False
    return bool(pc.all(pc.match_substring_regex(known, ISO)).as_py())


def _moments(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return pc.cast(column, pa.timestamp("us"))
    except pa.ArrowInvalid:  # such as February 31st
        return column
