"""Files whose cells have types: Parquet and JSON."""

from __future__ import annotations

import decimal
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from bad_tables.case import Case, plain, repeated

PLAIN = {"n": [float(word) for word in plain()["n"]], "t": plain()["t"]}


def parquet(
    name: str, values: pa.Array, truth: list[Any] | None, *told: str, **more: Any
) -> Case:
    """A Parquet file with one treacherous column, `x`."""
    table = pa.table({"x": values, "n": PLAIN["n"], "t": PLAIN["t"]})

    def write(path: Path) -> None:
        pq.write_table(table, path)

    cells = {} if truth is None else {"x": truth, **PLAIN}
    return Case(name, write, cells, told, file="table.parquet", **more)


def repeat(words: list[Any], kind: pa.DataType | None = None) -> pa.Array:
    return pa.array(repeated(words), kind)


def torn() -> Case:
    def write(path: Path) -> None:
        pq.write_table(pa.table(PLAIN), path)
        path.write_bytes(path.read_bytes()[:200])

    told = ("cannot be read", "cut short")
    return Case("a torn Parquet file", write, ends="error", told=told, file="t.parquet")


def twice() -> Case:
    def write(path: Path) -> None:
        table = pa.table([PLAIN["n"], PLAIN["n"], PLAIN["t"]], names=["n", "n", "t"])
        pq.write_table(table, path)

    told = ("used twice: n",)
    return Case(
        "a Parquet name used twice", write, ends="error", told=told, file="t.parquet"
    )


def lines(change: Callable[[int], dict[str, Any]]) -> bytes:
    """JSON lines: a plain row each, and what `change` adds."""
    rows = [{**change(i), "n": PLAIN["n"][i], "t": PLAIN["t"][i]} for i in range(60)]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


BIG = [9007199254740993, 1, None]
STAMP = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)

TYPED = [
    parquet(
        "Parquet: lists in cells",
        repeat([[1, 2], [3]]),
        None,
        "'x'",
        "list",
        ends="error",
    ),
    parquet(
        "Parquet: records in cells",
        repeat([{"a": 1}]),
        None,
        "'x'",
        "struct",
        ends="error",
    ),
    parquet("Parquet: bytes in cells", repeat([b"a", b"b"]), None, "'x'", ends="error"),
    parquet(
        "Parquet: large whole numbers beside gaps",
        repeat(BIG, pa.int64()),
        repeated(["9007199254740993", "1", None]),
        "2**53",
    ),
    parquet(
        "Parquet: the largest unsigned",
        repeat([2**64 - 1, 2**63, 5], pa.uint64()),
        repeated([str(2**64 - 1), str(2**63), "5"]),
        "2**53",
    ),
    parquet(
        "Parquet: truths beside gaps",
        repeat([True, False, None]),
        repeated(["True", "False", None]),
    ),
    parquet(
        "Parquet: infinities and NaN",
        repeat([float("inf"), float("nan"), 1.5, 2.5]),
        repeated([float("inf"), None, 1.5, 2.5]),
        "infinite",
    ),
    parquet(
        "Parquet: exact decimals",
        repeat([decimal.Decimal("1.10"), decimal.Decimal("2.25")]),
        repeated([1.10, 2.25]),
        "decimals",
    ),
    parquet(
        "Parquet: text of digits",
        repeat(["007", "7", "07"]),
        repeated(["007", "7", "07"]),
    ),
    parquet(
        "Parquet: a dictionary",
        repeat(["a", None, "b"]).dictionary_encode(),
        repeated(["a", None, "b"]),
    ),
    parquet(
        "Parquet: moments of a zone",
        pa.array(repeated([STAMP]), pa.timestamp("us", "America/New_York")),
        repeated([STAMP]),
        "America/New_York",
    ),
    parquet(
        "Parquet: nanoseconds",
        pa.array(range(60), pa.timestamp("ns")),
        [datetime(1970, 1, 1)] * 60,
        "microseconds",
    ),
    parquet(
        "Parquet: years beyond nanoseconds",
        pa.array(
            repeated([datetime(1492, 10, 12), datetime(2500, 1, 1)]), pa.timestamp("us")
        ),
        repeated([datetime(1492, 10, 12), datetime(2500, 1, 1)]),
    ),
    parquet(
        "Parquet: a column of nothing",
        pa.nulls(60),
        [None] * 60,
        "every cell is missing",
    ),
    parquet(
        "Parquet: times of day",
        pa.array(repeated([3_600_000, 7_200_000]), pa.time32("ms")),
        None,
        "'x'",
        ends="error",
    ),
    torn(),
    twice(),
    Case(
        "JSON lines: whole numbers beyond 2**53",
        lines(lambda i: {"x": BIG[i % 3]}),
        {"x": repeated(["9007199254740993", "1", None]), **PLAIN},
        ("2**53",),
        file="t.jsonl",
    ),
    Case(
        "JSON lines: numbers and words",
        lines(lambda i: {"x": [1, "one", 2.5][i % 3]}),
        {"x": repeated(["1", "one", "2.5"]), **PLAIN},
        ("x: holds numbers and text",),
        file="t.jsonl",
    ),
    Case(
        "JSON lines: keys that come and go",
        lines(lambda i: {"x": i % 7} if i % 2 else {}),
        {"x": [i % 7 if i % 2 else None for i in range(60)], **PLAIN},
        file="t.jsonl",
    ),
    Case(
        "JSON lines: a line cut off",
        lines(lambda i: {"x": i % 7})[:-12],
        ends="error",
        told=("line 60",),
        file="t.jsonl",
    ),
    Case("JSON: nothing in it", b"[]", ends="error", told=("no",), file="t.json"),
    Case(
        "JSON: a key twice in a record",
        b'[{"x": 1, "x": 2, "t": "a"}, {"x": 3, "t": "b"}]',
        ends="error",
        told=("twice",),
        file="t.json",
    ),
]
