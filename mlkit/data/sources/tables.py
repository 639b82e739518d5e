"""A folder of tables of one kind, such as monthly CSV files, read as one.

All files must have the same columns, in any order. A folder named ``year=2026`` gives
its files a column ``year``. Files that are no tables, hidden ones and those that begin
with an underscore are passed over.

Options: ``files``, such as ``2026-*.csv``, to read only those; ``file``, a name for a
column that says which file a row came from; and those of the files' own source.

Examples
--------
>>> import tempfile
>>> import pyarrow.parquet as pq
>>> folder = Path(tempfile.mkdtemp())
>>> for month in (1, 2):
...     table = pa.table({"day": [1, 2], "sold": [month, month * 7]})
...     pq.write_table(table, folder / f"{month}.parquet")
>>> read(Place("sales", options={"file": "month"}).at(folder)).columns.to_pylist()[3]
{'day': 2, 'sold': 14, 'month': '2.parquet'}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from mlkit.core.errors import InputError, did_you_mean
from mlkit.data.charts.cards import many
from mlkit.data.sources import Found, Place, _folders
from mlkit.data.sources import read as read_place

__all__ = ["HANDS_ON", "OPTIONS", "claims", "read"]

OPTIONS = {
    "files": "only the files whose name is like this, such as 2026-*.csv",
    "file": "the name of a column that says which file a row came from",
}
HANDS_ON = True
KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".xlsx": "workbook",
}
NAMED = 5


def claims(place: Place) -> bool:
    """Whether this is a folder with tables, and not one of images, sounds or texts."""
    if place.path is None or not place.is_folder:
        return False
    if any(_folders.claims(place, kind) for kind in _folders.ENDINGS):
        return False
    return any(_kind(path) for path in _files(place.path))


def read(place: Place) -> Found:
    """Read every table below a folder, one after the other by name, as one.

    Raises
    ------
    InputError
        Where the files are of several kinds or differ in their columns; it names them.
    """
    root, notes = place.file, list[str]()
    files = _chosen(root, place, notes)
    options = {k: v for k, v in place.options.items() if k not in OPTIONS}
    parts: dict[str, Found] = {}
    for path in files:
        name = path.relative_to(root).as_posix()
        here = replace(place, uri=f"{place.uri.rstrip('/')}/{name}", options=options)
        parts[name] = _with_folders(read_place(here.at(path)), name, place)
    names, found = list(parts), list(parts.values())
    _check_alike(parts, place)
    order = found[0].columns.column_names
    tables = [part.columns.select(order) for part in found]
    if any(
        table.column_names != part.columns.column_names
        for table, part in zip(tables, found, strict=True)
    ):
        notes.append(
            "the files have their columns in another order: the first one's holds"
        )
    whole = pa.concat_tables(_alike(tables, names, place))
    roles = dict(found[0].roles)
    if column := str(place.option("file")):
        whole = _with_file(whole, column, parts, place)
        roles[column] = "ignored"
    notes.append(f"{many(len(files), 'file')} are read as one table")
    facts = {**found[0].facts, "files": len(files)}
    return replace(
        found[0],
        columns=whole,
        facts=facts,
        roles=roles,
        notes=(*notes, *_notes(parts)),
    )


def _files(root: Path) -> list[Path]:
    """Return the files below a folder, those left out that are hidden."""
    found = []
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root).parts
        if path.is_file() and not any(part[0] in "._" for part in inside):
            found.append(path)
    return found


def _kind(path: Path) -> str:
    name = path.name.lower()
    return KINDS.get(Path(name.removesuffix(".gz")).suffix, "")


def _chosen(root: Path, place: Place, notes: list[str]) -> list[Path]:
    every, pattern = _files(root), str(place.option("files"))
    mine = [path for path in every if _kind(path)]
    if pattern:
        like = [path for path in mine if path.match(pattern)]
        if not like:
            raise InputError(
                f"no table is named like {pattern!r}",
                where=place.uri,
                got=_few([path.relative_to(root).as_posix() for path in mine]),
                todo=did_you_mean(pattern, [path.name for path in mine]),
            )
        mine = like
    by_kind = {_kind(path): path.relative_to(root).as_posix() for path in mine}
    if len(by_kind) > 1:
        raise InputError(
            "tables of several kinds lie in this folder",
            where=place.uri,
            got=", ".join(sorted(by_kind.values())),
            todo="choose some by the option files, such as *.csv",
        )
    others = [path.relative_to(root).as_posix() for path in every if not _kind(path)]
    if others:
        notes.append(f"passed over: {_few(others)}")
    return mine


def _with_folders(found: Found, name: str, place: Place) -> Found:
    """Give a part the columns that its folders name, as in year=2026."""
    table = found.columns
    for part in name.split("/")[:-1]:
        column, equals, value = part.partition("=")
        if not equals:
            continue
        if column in table.column_names:
            raise InputError(
                f"the folder and the file both have a column {column!r}",
                where=f"{place.uri}/{name}",
            )
        plain = value.isdecimal() and str(int(value)) == value and not found.text
        cell = int(value) if plain else value
        table = table.append_column(column, pa.array([cell] * table.num_rows))
    return replace(found, columns=table)


def _check_alike(parts: Mapping[str, Found], place: Place) -> None:
    """Refuse files that differ in their columns."""
    (first, found), *rest = parts.items()
    names = set(found.columns.column_names)
    for name, part in rest:
        differ = names ^ set(part.columns.column_names)
        if differ:
            lacks = names - set(part.columns.column_names)
            told = [f"{name} lacks {_few(sorted(lacks))}"] if lacks else []
            more = differ - lacks
            told += [f"{name} has {_few(sorted(more))} besides"] if more else []
            raise InputError(
                "the files of this folder differ in their columns",
                where=place.uri,
                expected=f"those of {first}: {_few(found.columns.column_names)}",
                got="; ".join(told),
                todo="choose those that are alike by the option files",
            )


def _alike(
    tables: Sequence[pa.Table], names: Sequence[str], place: Place
) -> list[pa.Table]:
    """Bring the columns of all parts to one type each, where no cell is changed."""
    made = {}
    for column in tables[0].column_names:
        kinds = [table.schema.field(column).type for table in tables]
        wanted = _common(kinds)
        if wanted is None:
            odd = next(i for i, kind in enumerate(kinds) if kind != kinds[0])
            raise InputError(
                f"the column {column!r} is of another type in another file",
                where=place.uri,
                got=f"{kinds[0]} in {names[0]}, {kinds[odd]} in {names[odd]}",
                todo="write the files alike, or choose some by the option files",
            )
        made[column] = wanted
    schema = pa.schema(list(made.items()))
    plain = [table.replace_schema_metadata() for table in tables]
    try:
        return [table.cast(schema) for table in plain]
    except pa.ArrowInvalid as error:
        raise InputError(
            "the files hold numbers or times that do not fit into one type",
            where=place.uri,
            got=str(error)[:200],
            todo="write the files alike",
        ) from None


def _common(kinds: Sequence[pa.DataType]) -> pa.DataType | None:
    known = {kind for kind in kinds if not pa.types.is_null(kind)}
    if len(known) <= 1:
        return next(iter(known), pa.null())
    if all(pa.types.is_signed_integer(kind) for kind in known):
        return pa.int64()
    if known <= {
        pa.int64(),
        pa.int32(),
        pa.int16(),
        pa.int8(),
        pa.float64(),
        pa.float32(),
    }:
        return pa.float64()
    if all(pa.types.is_timestamp(kind) and kind.tz is None for kind in known):
        return pa.timestamp("us")
    if all(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in known
    ):
        return pa.large_string()
    return None


def _with_file(
    whole: pa.Table, column: str, parts: Mapping[str, Found], place: Place
) -> pa.Table:
    if column in whole.column_names:
        raise InputError(
            f"there is a column {column!r} already",
            where=place.uri,
            todo="give the option file another name",
        )
    names = [n for n, part in parts.items() for _ in range(part.columns.num_rows)]
    return whole.append_column(column, pa.array(names, pa.string()))


def _notes(parts: Mapping[str, Found]) -> list[str]:
    """Return what was said of the parts, once where it is the same of several."""
    told: dict[str, list[str]] = {}
    for name, part in parts.items():
        for note in part.notes:
            told.setdefault(note, []).append(name)
    return [
        note if len(names) == len(parts) else f"{_few(names)}: {note}"
        for note, names in told.items()
    ]


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
