"""Rows and answers as Arrow streams, for many rows at a time.

What a stream says of itself is not believed: it has to be plain columns, uncompressed
and valid throughout, and its text may not grow when it is read.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mlkit.product.serving.forms import Asked, Form
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.tongues.cells import plain

__all__ = ["read", "write"]

BROKEN = (OSError, OverflowError, LookupError, TypeError, ValueError, struct.error)
"""What reading a damaged stream may raise, besides Arrow's own errors."""


def read(body: bytes | bytearray, form: Form) -> Asked:
    """Read an Arrow stream; its schema's metadata may hold an ``id``.

    Raises
    ------
    Refused
        415 where there is no pyarrow, 413 for too many rows, 422 for what is no
        stream of plain columns.
    """
    arrow = _arrow()
    whole = bytes(body)
    try:
        _uncompressed(arrow, whole)
        batches = list(_batches(arrow, whole, form.most))
        with arrow.ipc.open_stream(whole) as stream:
            metadata = dict(stream.schema.metadata or {})
            names = list(stream.schema.names)
        told = metadata.get(b"id", b"").decode()
        if len(set(names)) < len(names):
            raise Refused(422, "two columns have one name")
        columns = {
            name: _cells(arrow, name, batches, len(whole), name in form.media)
            for name in names
        }
    except (arrow.ArrowException, *BROKEN) as error:
        raise Refused(422, f"this is no Arrow stream: {error}") from None
    return form.take(told, columns)


def write(told: str) -> bytes:
    """Return a reply as an Arrow stream.

    A column ``label`` and a ``probability_<class>`` each, or ``rank``, or ``value``;
    ``lower`` and ``upper``, or the list ``set``, where something is promised; ``flags``
    as JSON; the ``id``, the ``model`` and the ``coverage`` are metadata of the schema.
    """
    arrow = _arrow()
    form = msgspec.json.decode(told)
    answers: Sequence[Mapping[str, Any]] = form["predictions"]
    columns = {"flags": [msgspec.json.encode(a["flags"]).decode() for a in answers]}
    if "label" in answers[0]:
        columns = {"label": [answer["label"] for answer in answers], **columns}
    (plain,) = {"value", "rank", "probabilities"}.intersection(answers[0])
    numbers = {plain: [answer[plain] for answer in answers]}
    if plain == "probabilities":
        numbers = {
            f"probability_{name}": [a["probabilities"][name] for a in answers]
            for name in answers[0]["probabilities"]
        }
    made = {name: arrow.array(cells, arrow.string()) for name, cells in columns.items()}
    numbers |= {
        n: [a[n] for a in answers] for n in ("lower", "upper") if n in answers[0]
    }
    made |= {n: arrow.array(cells, arrow.float64()) for n, cells in numbers.items()}
    if "set" in answers[0]:
        sets = [answer["set"] for answer in answers]
        made["set"] = arrow.array(sets, arrow.list_(arrow.string()))
    about = {name: str(told) for name, told in form.items() if name != "predictions"}
    table = arrow.table(made).replace_schema_metadata(about)
    sink = arrow.BufferOutputStream()
    with arrow.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def _arrow() -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError:
        told = "this server reads no Arrow: pip install pyarrow beside it"
        raise Refused(415, told) from None
    return pyarrow


def _batches(arrow: Any, whole: bytes, most: int) -> Any:
    """Yield the batches of a stream, each of them held to be false until checked."""
    rows = 0
    with arrow.ipc.open_stream(whole) as stream:
        for batch in stream:
            rows += batch.num_rows
            if rows > most:
                raise Refused(413, f"a request has at most {most} rows")
            batch.validate(full=True)
            yield batch


def _uncompressed(arrow: Any, whole: bytes) -> None:
    """Refuse compressed batches, which may be a thousand times what they seem."""
    from flatbuffers.table import Table  # type: ignore[import-untyped]

    def member(of: Any, place: int) -> Any:
        """Return a table within a table, by the number of its field."""
        offset = of.Offset(4 + 2 * place)
        if not offset:
            raise ValueError("its metadata is damaged")
        return Table(of.Bytes, of.Indirect(of.Pos + offset))

    for message in arrow.ipc.MessageReader.open_stream(whole):
        told, kind = bytes(message.metadata), message.type
        if kind == "schema":
            continue
        header = member(Table(told, int.from_bytes(told[:4], "little")), 2)
        if kind == "dictionary":
            header = member(header, 1)
        if header.Offset(10):
            raise ValueError("its buffers are compressed")


def _cells(
    arrow: Any, name: str, batches: Sequence[Any], most: int, raw: bool
) -> list[Any]:
    """Return a column's cells as JSON would hold them, or raw ones as bytes."""
    cells: list[Any] = []
    for batch in batches:
        column = batch.column(name)
        known: list[Any] | None = None
        if isinstance(column, arrow.DictionaryArray):
            known = _listed(arrow, name, column.dictionary, raw)
            column = column.indices
        made = _listed(arrow, name, column, raw)
        cells += made if known is None else [c if c is None else known[c] for c in made]
    if sum([len(cell) for cell in cells if type(cell) in (str, bytes)]) > most:
        raise Refused(413, "the text of a column is more than the request", field=name)
    return plain(name, cells)


def _listed(arrow: Any, name: str, column: Any, raw: bool) -> list[Any]:
    types = arrow.types
    kind = column.type
    if types.is_timestamp(kind) or types.is_date(kind):
        if getattr(kind, "tz", None):
            column = column.cast(arrow.timestamp(kind.unit, "UTC"))
            column = column.cast(arrow.timestamp(kind.unit))
        column = column.cast(arrow.string())
    elif types.is_decimal(kind):
        column = column.cast(arrow.string())
    elif not any(test(kind) for test in _plain(types, raw)):
        told = f"a column of {kind} cannot be read: cast it to text or numbers"
        raise Refused(422, told, field=name)
    listed: list[Any] = column.to_pylist()
    return listed


def _plain(types: Any, raw: bool) -> tuple[Any, ...]:
    texts: tuple[Any, ...] = (types.is_string, types.is_large_string)
    if raw:
        texts += (types.is_binary, types.is_large_binary)
    return (
        *texts,
        types.is_integer,
        types.is_floating,
        types.is_boolean,
        types.is_null,
    )
