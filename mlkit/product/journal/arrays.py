"""One model's requests as Arrow arrays: its cells, and what it said to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mlkit.core.media import KINDS
from mlkit.core.values import Array, column_of, numbers, texts
from mlkit.product.journal.packed import Keep, named

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FRONT", "RAW", "Row", "arrays"]

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


def arrays(
    requests: Sequence[Row], types: Mapping[str, str], raw: bool, keep: Keep
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
        column = _gathered(cells, counts, name)
        columns[f"input.{name}"] = _input(column, name, types.get(name, ""), keep)
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
        ("rank", float | None, None),
        ("lower", float | None, None),
        ("upper", float | None, None),
        ("set", msgspec.Raw, msgspec.Raw(b"")),
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


def _gathered(
    cells: Sequence[Mapping[str, list[Any]]], counts: Array, name: str
) -> list[Any]:
    """Return one column's cells of all requests."""
    empty = list[Any]()
    parts = [given.get(name, empty) for given in cells]
    for place, part in enumerate(parts):
        if len(part) != counts[place]:
            parts[place] = [None] * int(counts[place])
    return list(chain.from_iterable(parts))


def _input(values: list[Any], name: str, type_: str, keep: Keep) -> pa.Array:
    """Return one column of the raw rows."""
    import pyarrow as pa

    if type_ in KINDS:
        return pa.array(named(values, keep), pa.string())
    kinds, number = set(map(type, values)), type_ == "number"
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
    for name in ("value", "rank", "lower", "upper"):
        values = [getattr(answer, name) for answer in answers]
        if any(value is not None for value in values):
            made[f"output.{name}"] = pa.array(values, pa.float64())
    chances = [answer.probabilities or {} for answer in answers]
    for name in dict.fromkeys(chain.from_iterable(chances)):
        given = [chance.get(name) for chance in chances]
        made[f"output.probability_{name}"] = pa.array(given, pa.float64())
    sets = [bytes(answer.set) or None for answer in answers]
    if any(held is not None for held in sets):
        made["output.set"] = pa.array(sets, pa.binary()).cast(pa.string())
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
