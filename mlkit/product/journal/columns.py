"""Requests as columns: a row for each row that was asked for, typed by the models.

JSON is read by msgspec and handed to Arrow a column at a time; no row is ever a Python
object of its own.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mlkit.core.values import Array, column_of, numbers, texts, write

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FRONT", "RAW", "Row", "flat", "joined", "numbered", "widened"]

FRONT = tuple(f"request.{n}" for n in ("id", "row", "at", "model", "seconds"))
RAW = ("request.cells", "request.reply", "request.shadows")
PLAIN = {int, float, type(None)}


class Row(NamedTuple):
    """One request, as it lies in the log; JSON is not read yet."""

    id: str
    at: float
    model: str
    rows: int
    seconds: float
    cells: str
    reply: str
    shadows: str = ""


def numbered(models: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Return the number columns of each model, from what the log knows of it.

    Examples
    --------
    >>> about = '{"schema": {"input": [{"name": "age", "type": "number"}]}}'
    >>> numbered([("m", about)])
    {'m': frozenset({'age'})}
    """
    made = {}
    for identity, about in models:
        columns = json.loads(about).get("schema", {}).get("input", ())
        made[identity] = frozenset(
            column["name"]
            for column in columns
            if column["type"] == "number" and "private" not in column.get("roles", ())
        )
    return made


def flat(
    requests: Sequence[Row],
    models: Mapping[str, Collection[str]],
    *,
    raw: bool = False,
) -> pa.Table:
    """Return a table with a row for each row of the requests, in their order.

    Parameters
    ----------
    requests
        As they lie in the log.
    models
        The number columns of each model.
    raw
        Whether the JSON is kept, on the first row of each request.
    """
    import pyarrow as pa

    if not requests:
        return _empty(raw)
    places: dict[str, list[int]] = {}
    for place, request in enumerate(requests):
        places.setdefault(request.model, []).append(place)
    tables, order = list[Any](), list[Array]()
    for model, of in places.items():
        with _uncounted():
            some = [requests[place] for place in of]
            table, index = _of_model(some, models.get(model, ()), raw)
        tables.append(table)
        order.append(np.array(of)[index])
    if len(tables) == 1:
        return tables[0]
    sorted_ = np.argsort(np.concatenate(order), kind="stable")
    return joined(tables).take(pa.array(sorted_))


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Return tables one below the other; a column is text where it is so in one."""
    import pyarrow as pa

    wide = widened([table.schema for table in tables])
    return pa.concat_tables([_fit(table, wide) for table in tables])


def widened(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return the columns of all schemas, in order; text where one of them has text."""
    import pyarrow as pa

    types: dict[str, Any] = {}
    for schema in schemas:
        for column in schema:
            known = types.setdefault(column.name, column.type)
            if known != column.type:
                types[column.name] = pa.string()
    places = dict.fromkeys(FRONT, 0) | dict.fromkeys(RAW, 3)
    names = sorted(types, key=lambda n: places.get(n, 1 + n.startswith("output.")))
    return pa.schema([(name, types[name]) for name in names])


def _fit(table: pa.Table, wide: pa.Schema) -> pa.Table:
    import pyarrow as pa

    made = []
    for column in wide:
        if column.name not in table.column_names:
            made.append(pa.nulls(table.num_rows, column.type))
        elif table.schema.field(column.name).type == column.type:
            made.append(table[column.name])
        else:
            cells = table[column.name].to_pylist()
            made.append(pa.array(map(write, cells), pa.string()))
    return pa.Table.from_arrays(made, schema=wide)


@contextmanager
def _uncounted() -> Iterator[None]:
    """Leave the collector out: it would walk cells again and again, in vain."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _of_model(
    requests: Sequence[Row], wanted: Collection[str], raw: bool
) -> tuple[pa.Table, Array]:
    """Return the table of one model's requests, and of each row which request it is."""
    import msgspec
    import pyarrow as pa

    read = msgspec.json.Decoder(dict[str, list[Any]]).decode
    cells = [read(request.cells) for request in requests]
    said = [_replies().decode(request.reply).predictions for request in requests]
    counts = np.array([len(answers) for answers in said])
    index = np.repeat(np.arange(len(requests)), counts)
    row = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
    answers = list(chain.from_iterable(said))
    there = np.array([answer is not None for answer in answers], dtype=bool)
    columns = _front(requests, index, row)
    for name in dict.fromkeys(chain.from_iterable(cells)):
        columns[f"input.{name}"] = _input(cells, counts, name, name in wanted)
    if not there.all():
        answers = [answer for answer in answers if answer is not None]
        index = index[there]
        columns = {n: c.filter(pa.array(there)) for n, c in columns.items()}
    columns |= _output(answers)
    if raw:
        columns |= _raw(requests, index)
    return pa.table(columns), index


@cache
def _replies() -> Any:
    """Return what reads a reply; its flags stay JSON."""
    import msgspec

    parts = [
        ("label", str | None, None),
        ("value", float | None, None),
        ("probabilities", dict[str, float] | None, None),
        ("flags", msgspec.Raw, msgspec.Raw(b"[]")),
    ]
    answers = list.__class_getitem__(msgspec.defstruct("Answer", parts) | None)
    reply = msgspec.defstruct("Reply", [("predictions", answers)])
    return msgspec.json.Decoder(reply)


def _front(requests: Sequence[Row], index: Array, row: Array) -> dict[str, Any]:
    import pyarrow as pa

    at = np.array([request.at for request in requests])
    moments = (at * 1e6).round().astype("M8[us]")
    told = {
        "id": pa.array([request.id for request in requests]).take(pa.array(index)),
        "row": pa.array(row),
        "at": pa.array(moments[index], pa.timestamp("us", "UTC")),
        "model": pa.array([r.model for r in requests]).take(pa.array(index)),
        "seconds": pa.array(np.array([r.seconds for r in requests])[index]),
    }
    return {f"request.{name}": column for name, column in told.items()}


def _input(
    cells: Sequence[Mapping[str, list[Any]]], counts: Array, name: str, number: bool
) -> pa.Array:
    """Return one column of the raw rows."""
    import pyarrow as pa

    empty = list[Any]()
    parts = [given.get(name, empty) for given in cells]
    for place, part in enumerate(parts):
        if len(part) != counts[place]:
            parts[place] = [None] * int(counts[place])
    values = list(chain.from_iterable(parts))
    kinds = set(map(type, values))
    if number and kinds <= PLAIN:
        return pa.array(np.array(values, np.float64), from_pandas=True)
    if number:
        made = numbers(column_of({name: values}, name, len(values)))
        return pa.array(made, from_pandas=True)
    if kinds <= {str, type(None)}:
        return pa.array(values, pa.string())
    whole = texts(column_of({name: values}, name, len(values)))
    return pa.array(whole.tolist(), pa.string())


def _output(answers: Sequence[Any]) -> dict[str, Any]:
    """Return the columns of what was said."""
    import pyarrow as pa

    made: dict[str, Any] = {}
    labels = [answer.label for answer in answers]
    if any(label is not None for label in labels):
        made["output.label"] = pa.array(labels, pa.string())
    values = [answer.value for answer in answers]
    if any(value is not None for value in values):
        made["output.value"] = pa.array(values, pa.float64())
    chances = [answer.probabilities or {} for answer in answers]
    for name in dict.fromkeys(chain.from_iterable(chances)):
        given = [chance.get(name) for chance in chances]
        made[f"output.probability_{name}"] = pa.array(given, pa.float64())
    flags = [bytes(answer.flags) for answer in answers]
    made["output.flags"] = pa.array(flags, pa.binary()).cast(pa.string())
    return made


def _raw(requests: Sequence[Row], index: Array) -> dict[str, Any]:
    import pyarrow as pa

    first = np.ones(len(index), dtype=bool)
    first[1:] = index[1:] != index[:-1]
    place = pa.array(index, mask=~first)
    kept = ([r.cells for r in requests], [r.reply for r in requests])
    whole = (*kept, [r.shadows for r in requests])
    pairs = zip(RAW, whole, strict=True)
    return {name: pa.array(texts_, pa.string()).take(place) for name, texts_ in pairs}


def _empty(raw: bool) -> pa.Table:
    import pyarrow as pa

    kinds = (
        *(pa.string(), pa.int64(), pa.timestamp("us", "UTC"), pa.string()),
        pa.float64(),
    )
    columns = dict(zip(FRONT, kinds, strict=True))
    columns |= dict.fromkeys(RAW, pa.string()) if raw else {}
    return pa.table({name: pa.array([], kind) for name, kind in columns.items()})
