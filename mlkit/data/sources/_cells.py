"""Python values, as drivers and parsers give them, to Arrow columns, losing nothing.

Cells come in batches, so that only one batch lies there as Python objects. A column
whose cells are of several kinds becomes text, each cell as it is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["BATCH", "Gathered", "Number", "batches"]

BATCH = 20_000
EXACT = 2**53
LARGEST = 2**63
DIGITS = 15
LISTED = 8
ONE = {bool: "bool", int: "int", float: "float", str: "text", dt.date: "date"}
SAID = {
    "zoned": "its times carry a zone: kept in UTC, so that a day may begin elsewhere",
    "decimal": "exact decimals are read as floating-point numbers",
}
MIXED = "holds {} and {}: kept as text"
EMPTY: Mapping[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "decimal": pa.float64(),
    "text": pa.string(),
    "date": pa.timestamp("us"),
    "moment": pa.timestamp("us"),
    "zoned": pa.timestamp("us", "UTC"),
    "bytes": pa.binary(),
}
WORDS = {
    "bool": "true or false",
    "int": "numbers",
    "float": "numbers",
    "long": "numbers of many digits",
    "date": "dates",
    "moment": "dates",
    "zoned": "times with a zone",
    "bytes": "bytes",
    "text": "text",
    "other": "text",
}


class Number(str):
    """A number as it is written, which a float would round."""

    __slots__ = ()


class Gathered:
    """Columns that grow batch by batch.

    Parameters
    ----------
    names
        The columns, where they are known; others are added as records name them.

    Examples
    --------
    >>> cells = Gathered()
    >>> cells.add([{"a": 1, "b": "x"}, {"a": 2.5}])
    >>> cells.table().to_pylist()
    [{'a': 1.0, 'b': 'x'}, {'a': 2.5, 'b': None}]
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.rows = 0
        self.notes: list[str] = []
        self._chunks: dict[str, list[tuple[int, str, pa.Array]]] = {
            name: [] for name in names
        }
        self._told: dict[str, list[str]] = {}

    def add(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Add records; a name that a record lacks is a missing cell."""
        for record in records:
            for name in record:
                self._chunks.setdefault(name, [])
        for name in self._chunks:
            self._put(name, [record.get(name) for record in records])
        self.rows += len(records)

    def add_rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows whose cells stand in the order of the names."""
        for name, values in zip(self._chunks, zip(*rows, strict=True), strict=True):
            self._put(name, values)
        self.rows += len(rows)

    def table(self) -> pa.Table:
        """Return the columns, and say in `notes` what became text."""
        columns = {name: self._column(name) for name in self._chunks}
        for what, names in self._told.items():
            more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
            self.notes.append(f"{', '.join(names[:LISTED])}{more}: {what}")
        return pa.table(columns)

    def _put(self, name: str, values: Sequence[Any]) -> None:
        kind, array = _array(values)
        if kind != "none":
            self._chunks[name].append((self.rows, kind, array))

    def _column(self, name: str) -> pa.ChunkedArray:
        chunks = self._chunks[name]
        kind = _common([(kind, array) for _, kind, array in chunks])
        if kind.startswith("mixed") or kind == "long":
            found = sorted({word for _, k, a in chunks for word in _words(k, a)})
            what = MIXED.format(", ".join(found[:-1]) or found[0], found[-1])
            if len(found) == 1:
                what = f"holds {found[0]} that a computer would round: kept as text"
            self._told.setdefault(what, []).append(name)
            kind = "text"
        if kind in SAID:
            self._told.setdefault(SAID[kind], []).append(name)
        wanted = EMPTY.get(kind, pa.null())
        made: list[pa.Array] = []
        filled = 0
        for start, _, array in chunks:
            if start > filled:
                made.append(pa.nulls(start - filled, wanted))
            made.append(_cast(array, wanted))
            filled = start + len(array)
        if self.rows > filled:
            made.append(pa.nulls(self.rows - filled, wanted))
        return pa.chunked_array(made, wanted)


def batches(items: Iterable[Any], size: int = BATCH) -> Iterable[list[Any]]:
    """Yield lists of at most `size` items.

    Examples
    --------
    >>> list(batches("abc", 2))
    [['a', 'b'], ['c']]
    """
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _array(values: Sequence[Any]) -> tuple[str, pa.Array]:
    """Return cells of one batch as an Arrow array, and of which kind they are."""
    kinds = {_kind(value) for value in values} - {"none"}
    if not kinds:
        return "none", pa.nulls(len(values))
    if kinds <= {"int", "float", "decimal"} and not _rounds(values, kinds):
        plain = next(k for k in ("decimal", "float", "int") if k in kinds)
        values = [v if v is None or plain == "int" else float(v) for v in values]
        return plain, pa.array(values, EMPTY[plain])
    if kinds <= {"date", "moment"}:
        kind = "moment" if "moment" in kinds else "date"
        return kind, pa.array([_midnight(value) for value in values], EMPTY[kind])
    if len(kinds) == 1 and (kind := min(kinds)) in EMPTY:
        return kind, pa.array(values, EMPTY[kind])
    texts = pa.array([None if v is None else _text(v) for v in values], pa.string())
    if kinds <= {"int", "float", "decimal", "long"}:
        return "long", texts
    if kinds <= {"text", "other"}:
        return "text", texts
    return "mixed " + "|".join(sorted({_word(kind) for kind in kinds})), texts


def _kind(value: Any) -> str:
    if value is None:
        return "none"
    kind = ONE.get(type(value))
    if kind:
        return kind if kind != "int" or -LARGEST <= value < LARGEST else "long"
    if isinstance(value, Number):
        return "long"
    if isinstance(value, Decimal):
        exact = (
            not value.is_finite() or len(value.normalize().as_tuple().digits) <= DIGITS
        )
        return "decimal" if exact else "long"
    if isinstance(value, dt.datetime):
        return "zoned" if value.tzinfo else "moment"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes"
    return next((word for t, word in ONE.items() if isinstance(value, t)), "other")


def _rounds(values: Sequence[Any], kinds: set[str]) -> bool:
    """Whether whole numbers beyond 2**53 would become floats."""
    if "int" not in kinds or len(kinds) == 1:
        return False
    return any(type(v) is int and not -EXACT <= v <= EXACT for v in values)


def _midnight(value: Any) -> Any:
    if value is None or isinstance(value, dt.datetime):
        return value
    return dt.datetime(value.year, value.month, value.day)


def _text(value: Any) -> str:
    """Write a cell as a person would."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return (
            f"{value:.0f}" if value.is_integer() and abs(value) < EXACT else str(value)
        )
    if isinstance(value, dt.datetime):
        bare = value.tzinfo is None and value.time() == dt.time()
        return value.date().isoformat() if bare else value.isoformat(" ")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    return str(value)


def _word(kind: str) -> str:
    return WORDS.get(kind, "numbers")


def _words(kind: str, array: pa.Array) -> list[str]:
    if kind.startswith("mixed "):
        return kind.removeprefix("mixed ").split("|")
    if kind in ("int", "float") and not len(array.drop_null()):
        return []
    return [_word(kind)]


def _common(chunks: list[tuple[str, pa.Array]]) -> str:
    """Return the one kind that all batches of a column fit into."""
    kinds = {kind for kind, _ in chunks}
    if len(kinds) <= 1:
        return min(kinds, default="none")
    if kinds <= {"int", "float", "decimal"}:
        ends = [pc.min_max(a).as_py() for kind, a in chunks if kind == "int"]
        fits = all(e["min"] >= -EXACT and e["max"] <= EXACT for e in ends)
        kind = "decimal" if "decimal" in kinds else "float"
        return kind if fits else "long"
    if kinds == {"date", "moment"}:
        return "moment"
    return "long" if kinds <= {"int", "float", "decimal", "long"} else "mixed"


def _cast(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    if array.type == wanted:
        return array
    if pa.types.is_string(wanted):
        return pa.array([None if v is None else _text(v) for v in array.to_pylist()])
    return pc.cast(array, wanted)
