"""Parquet: typed columns as they were written, images and sounds in them unpacked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mlkit.core.errors import InputError
from mlkit.data.sources import Found, Place

__all__ = ["OPTIONS", "claims", "read"]

OPTIONS: dict[str, str] = {}
GROUPS = 8


def claims(place: Place) -> bool:
    """Whether this is a Parquet file."""
    if place.path is None or place.is_folder:
        return False
    return place.head.startswith(b"PAR1") or place.suffix in (".parquet", ".pq")


def read(place: Place) -> Found:
    """Read a Parquet file, which says itself how it is written.

    Columns of ``{bytes, path}``, as Hugging Face's datasets write images and sounds,
    become digests; numbers that stand for named classes become the names. For a first
    look a few row groups are enough.

    Raises
    ------
    InputError
        Where the file is torn, or a column name is used twice.
    """
    try:
        with pq.ParquetFile(place.file) as file:
            schema = file.schema_arrow
            _check_names(schema, place.uri)
            groups = _groups(file.metadata, place.sample)
            table = file.read_row_groups(groups)
            notes = [_first(groups, file.metadata)] if place.sample else []
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            "this Parquet file cannot be read",
            where=place.uri,
            got=str(error).partition("\n")[0][:160],
            todo="it may be cut short: copy or write it again",
        ) from None
    hidden = [n for n in table.column_names if n.startswith("__index_level_")]
    if hidden:
        notes.append("the row labels that pandas had written were left out")
    table, told = _unpacked(table.drop_columns(hidden), schema)
    facts = {"format": "parquet"}
    return Found(table, False, facts, tuple(filter(None, notes)), **told)


def _check_names(schema: pa.Schema, where: str) -> None:
    names = [str(name) for name in schema.names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"a column name is used twice: {', '.join(twice)}",
            where=where,
            todo="rename one of them where the file is written",
        )


def _groups(metadata: pq.FileMetaData, sample: int | None) -> list[int]:
    """Return the row groups to be read: all, or a few evenly spaced."""
    count = metadata.num_row_groups
    if not sample or count <= 1:
        return list(range(count))
    places: list[int] = []
    for wanted in range(1, min(GROUPS, count) + 1):
        places = np.unique(np.linspace(0, count - 1, wanted).astype(int)).tolist()
        if sum(metadata.row_group(i).num_rows for i in places) >= sample:
            return places
    return places


def _first(groups: list[int], metadata: pq.FileMetaData) -> str:
    if len(groups) == metadata.num_row_groups:
        return ""
    return f"a first look at {len(groups)} of {metadata.num_row_groups} row groups"


def _unpacked(table: pa.Table, schema: pa.Schema) -> tuple[pa.Table, dict[str, Any]]:
    from mlkit.data.media.unpacking import class_names, kinds, unpacked

    media, classes = kinds(schema), class_names(schema)
    for name, kind in media.items():
        table = _put(table, name, unpacked(table[name], kind))
    for name, words in classes.items():
        known = pa.array(words, pa.string())
        inside = pc.if_else(pc.less(table[name], 0), None, table[name])
        table = _put(table, name, pc.take(known, inside.combine_chunks()))
    types = {**media, **dict.fromkeys(classes, "category")}
    target = next(iter(classes)) if media and len(classes) == 1 else ""
    return table, {"types": types, "target": target}


def _put(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)
