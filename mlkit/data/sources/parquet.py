"""Parquet: typed columns as they were written."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from mlkit.core.errors import InputError
from mlkit.data.sources import Found, Place

__all__ = ["OPTIONS", "claims", "read"]

OPTIONS: dict[str, str] = {}


def claims(place: Place) -> bool:
    """Whether this is a Parquet file."""
    if place.path is None or place.is_folder:
        return False
    return place.head.startswith(b"PAR1") or place.suffix in (".parquet", ".pq")


def read(place: Place) -> Found:
    """Read a Parquet file, which says itself how it is written.

    Raises
    ------
    InputError
        Where the file is torn, or a column name is used twice.
    """
    where = place.uri
    try:
        table = pq.read_table(place.file)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            "this Parquet file cannot be read",
            where=where,
            got=str(error).partition("\n")[0][:160],
            todo="it may be cut short: copy or write it again",
        ) from None
    names = [str(name) for name in table.column_names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"a column name is used twice: {', '.join(twice)}", where=where
        )
    hidden = [name for name in names if name.startswith("__index_level_")]
    notes = ("the row labels that pandas had written were left out",) if hidden else ()
    return Found(table.drop_columns(hidden), False, {"format": "parquet"}, notes)
