"""Parquet: typed columns as they were written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mlkit.core.errors import InputError
from mlkit.data.sources import Found

__all__ = ["claims", "read"]


def claims(path: Path, head: bytes) -> bool:
    """Whether this is a Parquet file."""
    return head.startswith(b"PAR1") or path.suffix.lower() in (".parquet", ".pq")


def read(path: Path, where: str, how: Mapping[str, Any]) -> Found:  # noqa: ARG001
    """Read a Parquet file.

    Parameters
    ----------
    path
        The file.
    where
        Its name, for messages.
    how
        Not used: a Parquet file says itself how it is written.

    Raises
    ------
    InputError
        Where the file is torn, or a column name is used twice.
    """
    try:
        table = pq.read_table(path)
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
