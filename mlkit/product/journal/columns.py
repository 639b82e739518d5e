"""Requests as columns: a row for each row that was asked for, typed by the models.

JSON is read by msgspec and handed to Arrow a column at a time; no row is ever a Python
object of its own.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from mlkit.core.media import KINDS
from mlkit.core.values import Array, write
from mlkit.product.journal.arrays import FRONT, RAW, Row, arrays
from mlkit.product.journal.packed import Keep, digests

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Models", "flat", "joined", "typed", "widened"]

Models = Mapping[str, Mapping[str, str]]
"""By model, the columns whose cells are more than text: number, image or audio."""
TYPED = ("number", *KINDS)


def typed(models: Iterable[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """Return the types of each model's columns, from what the log knows of it.

    Examples
    --------
    >>> about = '{"schema": {"input": [{"name": "age", "type": "number"}]}}'
    >>> typed([("m", about)])
    {'m': {'age': 'number'}}
    """
    made = {}
    for identity, about in models:
        columns = json.loads(about).get("schema", {}).get("input", ())
        made[identity] = {
            column["name"]: column["type"]
            for column in columns
            if column["type"] in TYPED and "private" not in column.get("roles", ())
        }
    return made


def flat(
    requests: Sequence[Row],
    models: Models,
    *,
    raw: bool = False,
    keep: Keep = digests,
) -> pa.Table:
    """Return a table with a row for each row of the requests, in their order.

    Parameters
    ----------
    requests
        As they lie in the log.
    models
        The types of each model's columns; see `typed`.
    raw
        Whether the JSON is kept, on the first row of each request.
    keep
        What is to become of images and sounds, which are digests in the table.
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
            table, index = arrays(some, models.get(model, {}), raw, keep)
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


def _empty(raw: bool) -> pa.Table:
    import pyarrow as pa

    kinds = (
        *(pa.string(), pa.int64(), pa.timestamp("us", "UTC"), pa.string()),
        pa.float64(),
    )
    columns = dict(zip(FRONT, kinds, strict=True))
    columns |= dict.fromkeys(RAW, pa.string()) if raw else {}
    return pa.table({name: pa.array([], kind) for name, kind in columns.items()})
