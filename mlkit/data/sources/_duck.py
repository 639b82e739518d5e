"""DuckDB's databases, only to read from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlkit.core.cells import root
from mlkit.core.errors import InputError, did_you_mean
from mlkit.data.sources import Place
from mlkit.data.sources._alchemy import mark_of, refused
from mlkit.data.sources._cells import BATCH, DIGITS
from mlkit.data.sources._kept import local

__all__ = ["Duck", "opened", "plain"]

LARGEST_DAY, SMALLEST_DAY = 2_932_896, -719_162  # years 1 to 9999
LARGEST, SMALLEST = (
    (LARGEST_DAY + 1) * 86_400_000_000 - 1,
    SMALLEST_DAY * 86_400_000_000,
)
UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}


class Duck:
    """One connection that cannot write.

    Parameters
    ----------
    connection
        DuckDB's.
    where
        The address, secrets as references.
    """

    kind = "duckdb"

    def __init__(self, connection: Any, where: str) -> None:
        self.where = where
        self._connection = connection

    def tables(self) -> list[str]:
        """Return the names of tables and views."""
        found = self._connection.sql(
            "SELECT table_schema, table_name FROM information_schema.tables"
        ).fetchall()
        return sorted(name if of == "main" else f"{of}.{name}" for of, name in found)

    def query_of(self, table: str) -> tuple[str, str]:
        """Return the query that reads a table, and no order: rows lie as they came."""
        if table not in self.tables():
            raise InputError(
                f"there is no table {table!r}",
                where=self.where,
                todo=did_you_mean(table, self.tables()),
            )
        whole = ".".join(map(self.quoted, table.split(".")))
        return f"SELECT * FROM {whole}", ""  # noqa: S608 - quoted names

    def checked(self, query: str) -> str:
        """Return a query that only reads, or refuse it."""
        import duckdb

        found = duckdb.extract_statements(query)
        if len(found) != 1 or found[0].type != duckdb.StatementType.SELECT:
            raise InputError(
                "this query may change the database, and is not run",
                where=self.where,
                expected="one statement that begins with SELECT or WITH",
                got=" ".join(query.split())[:120] or "nothing",
            )
        return str(found[0].query).strip().rstrip(";")

    def quoted(self, column: str) -> str:
        """Return a column's name as SQL writes it."""
        return '"' + column.replace('"', '""') + '"'

    def one(self, query: str) -> Sequence[Any]:
        """Return the first row of a query."""
        return tuple(self._connection.execute(query).fetchone() or ())

    def hashed(self, query: str) -> str:
        """Return what tells whether any cell changed; DuckDB hashes the rows itself."""
        relation = self._connection.sql(query)
        columns = zip(relation.columns, relation.types, strict=True)
        names = ", ".join(f"{name} {kind}" for name, kind in columns)
        asked = f"SELECT count(*), sum(hash(mlkit_row)) FROM ({query}\n) mlkit_row"  # noqa: S608
        rows, total = self.one(asked)
        return mark_of(rows, names, total)

    def table(self, query: str, table: str) -> tuple[pa.Table, list[str]]:
        """Return a query's rows as columns, and what is to be said of them."""
        del table  # its columns have types
        relation = self._connection.sql(query)
        reader = (
            getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
        )
        return plain(reader(BATCH).read_all())


@contextmanager
def opened(place: Place) -> Iterator[Duck]:
    """Connect to a database, only to read; to none at all for a query over files.

    Raises
    ------
    InputError
        Where DuckDB says no.
    """
    import duckdb

    name = place.address.partition("://")[2].partition("?")[0]
    name = name.removeprefix("/")
    memory = not place.path and name in ("", ":memory:")
    try:
        if memory:
            connection = duckdb.connect()
        else:
            path = place.path or local(name, place.uri)
            connection = duckdb.connect(str(path), read_only=True)
        with connection:
            connection.execute("SET file_search_path = ?", [str(root())])
            yield Duck(connection, place.uri)
    except duckdb.Error as error:
        raise refused(str(error), place.uri) from None


def plain(table: pa.Table) -> tuple[pa.Table, list[str]]:
    """Return columns of types that mlkit reads, and what is to be said of them.

    Examples
    --------
    >>> plain(pa.table({"a": [[1, 2], None]}))[0].to_pylist()
    [{'a': '[1, 2]'}, {'a': None}]
    """
    made, told = {}, dict[str, list[str]]()
    for name in table.column_names:
        made[name], note = _plain(table[name])
        if note:
            told.setdefault(note, []).append(name)
    return pa.table(made), [
        f"{', '.join(names)}: {note}" for note, names in told.items()
    ]


def _plain(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str]:
    kind = column.type
    if pa.types.is_nested(kind):
        texts = [None if v is None else _json(v) for v in column.to_pylist()]
        return pa.chunked_array(
            [texts], pa.string()
        ), "lists and objects are kept as JSON"
    if pa.types.is_decimal(kind):
        return _decimals(column)
    if pa.types.is_time(kind):
        return pc.cast(column, pa.string()), "times of day are kept as text"
    if pa.types.is_interval(kind) or pa.types.is_duration(kind):
        texts = [None if v is None else _duration(v) for v in column.to_pylist()]
        return pa.chunked_array([texts], pa.string()), "durations are kept as text"
    if pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.unit in UNITS):
        return _finite(column)
    return column, ""


def _decimals(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str]:
    """Keep decimals as text where a floating-point number would round them."""
    texts = pc.cast(column, pa.string())
    digits = texts
    if column.type.scale > 0:
        digits = pc.replace_substring_regex(digits, r"\.?0+$", "")
    digits = pc.replace_substring_regex(digits, r"^-?0*|\.", "")
    longest = pc.max(pc.utf8_length(digits)).as_py() or 0
    if longest > DIGITS:
        return texts, "numbers of more than 15 digits are kept as text"
    if column.type.scale == 0:
        return pc.cast(column, pa.int64()), ""
    return column, ""


def _finite(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str]:
    """Take out infinite dates, which stand for no day."""
    if pa.types.is_date(column.type):
        plain, ends = pc.cast(column, pa.int32()), (SMALLEST_DAY, LARGEST_DAY)
    else:
        size = UNITS[column.type.unit]
        plain, ends = pc.cast(column, pa.int64()), (SMALLEST // size, LARGEST // size)
    beyond = pc.or_(pc.less(plain, ends[0]), pc.greater(plain, ends[1]))
    if not pc.any(beyond).as_py():
        return column, ""
    gone = pc.if_else(beyond, pa.scalar(None, column.type), column)
    return gone, "infinite dates, and those beyond year 9999, are read as missing"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _duration(value: Any) -> str:
    if not hasattr(value, "months"):
        return str(value)
    seconds = value.nanoseconds / 1e9
    return f"{value.months} months {value.days} days {seconds:g} seconds"
