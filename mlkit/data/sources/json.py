"""JSON and JSON lines: objects are rows, and what is nested in them has dotted names.

``{"name": "Ann", "home": {"city": "Oslo"}}`` gives the columns ``name`` and
``home.city``. A list in a cell is kept as JSON text. A file is read value by value, so
that only its columns lie in memory; a gzip file is read as what it holds.

Options: ``records`` says where the rows stand in an object, names joined by dots; left
out, the only list of objects in it is taken, and the receipt says which.

Examples
--------
>>> import tempfile
>>> path = Path(tempfile.mkdtemp()) / "people.json"
>>> text = '{"ok": true, "data": [{"name": "Ann", "home": {"city": "Oslo"}}, {}]}'
>>> _ = path.write_text(text)
>>> found = read(Place(str(path)).at(path))
>>> found.columns.to_pylist()[0], found.facts["records"]
({'name': 'Ann', 'home.city': 'Oslo'}, 'data')
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa

from mlkit.core.errors import InputError
from mlkit.data.sources import Found, Place
from mlkit.data.sources._cells import Gathered, batches
from mlkit.data.sources._stream import Stream, strict

__all__ = ["OPTIONS", "claims", "read"]

OPTIONS = {"records": "where the rows stand in an object, such as result.items"}

LINES = (".jsonl", ".ndjson", ".jsonlines")
SUFFIXES = (".json", ".geojson", *LINES)
NESTED = 64
LISTED = 8
NOTES = {
    "nested": "what is nested has names joined by dots",
    "list": "lists are kept as JSON text",
    "empty": "empty objects are read as missing",
    "nan": "NaN, which is not JSON, is read as missing",
    "infinite": "Infinity, which is not JSON, is read as an infinite number",
}


def claims(place: Place) -> bool:
    """Whether this is a JSON file."""
    return place.path is not None and not place.is_folder and place.suffix in SUFFIXES


def read(place: Place) -> Found:
    """Read objects from a list, from lines, or from a list inside an object.

    Parameters
    ----------
    place
        The file, and where in it the records stand.

    Raises
    ------
    InputError
        For text that is not JSON, with its line; for a name given twice, records that
        are no objects, no list of records or several.
    """
    cells, met = Gathered(), Counter[str]()
    lines = place.suffix in LINES or _is_lines(place)
    facts: dict[str, Any] = {"format": "JSON lines" if lines else "json"}
    with _opened(place) as file:
        stream = Stream(file, place.uri)
        path = place.option("records")
        rows: Iterable[tuple[str, Any]]
        if lines:
            rows = _lines(file, place.uri)
        else:
            found = enumerate(stream.records(path), 1)
            rows = ((f"record {n}", value) for n, (value, _) in found)
        with _utf8(place.uri):
            for batch in batches(rows):
                cells.add([_flat(v, f"{place.uri}, {at}", met) for at, v in batch])
    if stream.took:
        facts["records"] = stream.took
        if not path:
            cells.notes.append(f"the records are those of {stream.took!r}")
    with _utf8(place.uri):
        table = _named(cells.table(), cells.notes)
    notes = [f"{what}: {_columns(met, key)}" for key, what in NOTES.items() if met[key]]
    return Found(_whole(table, place.uri), False, facts, (*cells.notes, *notes))


def _is_lines(place: Place) -> bool:
    """Whether the first line is an object of its own, and more follow."""
    with _opened(place) as file:
        first = file.readline(1 << 20).strip()
        if not first.startswith("{") or not first.endswith("}"):
            return False
        try:
            json.loads(first)
        except (ValueError, RecursionError):
            return False
        return any(line.strip() for line in iter(lambda: file.readline(1 << 16), ""))


def _lines(file: TextIO, where: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(file, 1):
        if line.strip():
            yield f"line {number}", strict(line.strip(), where, number)


@contextmanager
def _opened(place: Place) -> Iterator[TextIO]:
    """Open the file as text, unpacked, whichever Unicode it is written in."""
    path: Path = place.file
    coding = json.detect_encoding(place.begins)
    try:
        with gzip.open(path) if place.is_packed else path.open("rb") as raw:
            yield io.TextIOWrapper(raw, coding, newline="\n")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            "this gzip file cannot be read",
            where=place.uri,
            got=str(error)[:120],
            todo="it may be cut short: copy or write it again",
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"this text is not {coding}, as it has to be",
            where=place.uri,
            got=f"the bytes {error.object[error.start : error.start + 8]!r}",
            todo="write it again as UTF-8",
        ) from None


def _flat(record: Any, where: str, met: Counter[str]) -> dict[str, Any]:
    """Return one record as cells by dotted name."""
    if not isinstance(record, dict):
        raise InputError(
            "a record is not an object",
            where=where,
            expected='such as {"name": "Ann", "age": 7}',
            got=str(record)[:60],
        )
    made: dict[str, Any] = {}
    _unfold(record, "", made, where, met)
    return made


def _unfold(
    record: Mapping[str, Any],
    base: str,
    made: dict[str, Any],
    where: str,
    met: Counter[str],
) -> None:
    for key, value in record.items():
        name = base + key
        if isinstance(value, dict) and value:
            if name.count(".") > NESTED:
                raise InputError("objects are nested too deeply", where=where)
            _note(met, "nested", name)
            _unfold(value, f"{name}.", made, where, met)
            continue
        if name in made:
            raise InputError(
                f"two cells of one record are both named {name!r}",
                where=where,
                todo="rename one: what is nested has names joined by dots",
            )
        made[name] = _cell(value, name, met)


def _cell(value: Any, name: str, met: Counter[str]) -> Any:
    if isinstance(value, list):
        _note(met, "list", name)
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        _note(met, "empty", name)
        return None
    if isinstance(value, float) and value != value:
        _note(met, "nan", name)
        return None
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        _note(met, "infinite", name)
    return value


def _note(met: Counter[str], what: str, name: str) -> None:
    met[what] += 1
    met[f"{what} {name}"] += 1


def _columns(met: Counter[str], what: str) -> str:
    names = [key[len(what) + 1 :] for key in met if key.startswith(f"{what} ")]
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


@contextmanager
def _utf8(where: str) -> Iterator[None]:
    """Refuse texts and names that no file can hold."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise InputError(
            "a text holds half of a character, a lone surrogate",
            where=where,
            got=repr(error.object[error.start : error.start + 1]),
            todo="mend the program that wrote it, or take this record out",
        ) from None


def _named(table: pa.Table, notes: list[str]) -> pa.Table:
    """Give a column whose name is empty one by its place."""
    names = [name or f"c{at}" for at, name in enumerate(table.column_names, 1)]
    if names == table.column_names:
        return table
    bare = names[table.column_names.index("")]
    if names.count(bare) > 1:
        return table
    notes.append(f"a column without a name is called {bare}")
    return table.rename_columns(names)


def _whole(table: pa.Table, where: str) -> pa.Table:
    if not table.num_columns:
        raise InputError(
            "there is no column in this JSON",
            where=where,
            todo="check the file: its records have no cell",
        )
    return table
