"""Further tables put below the first: its columns, its types, its rows' ids unmoved.

The first table says what the columns are. Of a further one, cells are read as the
first has them, columns that it lacks are missing, and others are left out.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.data.charts.cards import many
from mlkit.data.reading.identify import as_found, row_ids, row_keys
from mlkit.data.sources import Found

__all__ = ["joined", "named"]

DISTINCT = 0.95
NAMED = 8
WHOLE, POINT = r"0|[1-9]\d*", r"^(0|[1-9]\d*)\.0+$"


def joined(first: Found, further: Found, uri: str) -> Found:
    """Return a found table with the rows of another below its own.

    Parameters
    ----------
    first
        What says which columns there are, and of which types.
    further
        The rows to add.
    uri
        Where those come from, for messages.

    Raises
    ------
    InputError
        Where the two have no column in common.

    Examples
    --------
    >>> first = Found(pa.table({"x": ["1", "2"], "y": ["a", "b"]}), True)
    >>> more = Found(pa.table({"y": ["c"], "x": [3.0], "z": [0]}), False)
    >>> joined(first, more, "more").columns.to_pylist()[2]
    {'x': '3', 'y': 'c'}
    """
    mine, theirs = first.columns, further.columns
    common = [name for name in mine.column_names if name in theirs.column_names]
    if not common:
        raise InputError(
            "a further table has none of the columns",
            where=uri,
            expected=", ".join(mine.column_names)[:200],
            got=", ".join(theirs.column_names)[:200],
            todo="give a table of the same kind",
        )
    kinds = pa.schema([(f.name, _open(f.type)) for f in mine.schema])
    made = {
        field.name: _fitted(theirs[field.name], field.type)
        if field.name in common
        else pa.nulls(theirs.num_rows, field.type)
        for field in kinds
    }
    whole = pa.concat_tables([mine.cast(kinds), pa.table(made, schema=kinds)])
    lacks = [name for name in mine.column_names if name not in common]
    more = [name for name in theirs.column_names if name not in common]
    notes = [f"{many(theirs.num_rows, 'row')} of {uri} stand below"]
    notes += [f"{uri} has no {_few(lacks)}: missing there"] if lacks else []
    notes += [f"{_few(more)} of {uri}: left out"] if more else []
    return replace(first, columns=whole, notes=(*first.notes, *notes))


def named(
    cells: pa.Table, table: pd.DataFrame, key: str | None, target: str, first: int
) -> tuple[pd.Index, NDArray[np.bool_]]:
    """Return the ids of all rows, and which of them are taken.

    The first table's rows are named as if they were alone. A further row is not taken
    again where its id is there already. Where rows are named by their cells, and these
    tell nearly all rows of the first table apart, an equal row is the same row, there
    or further below; equal are the values, however they are written.

    Parameters
    ----------
    cells, table, key, target
        As `mlkit.data.reading.identify.row_ids` takes them.
    first
        How many rows are of the first table.

    Returns
    -------
    Index, shape (rows,)
        Unique among the rows that are taken.
    bool array, shape (rows,)
        True for every row of the first table.
    """
    ids = row_ids(cells, table, key, target)
    own = np.arange(len(table)) < first
    if own.all():
        return ids, own
    if key is not None:
        gone = table[key].isna().to_numpy()
        ids = ids.where(~gone, row_ids(cells, table, None, target))
        if ids[own].str.fullmatch(WHOLE).all():
            ids = ids.str.replace(POINT, r"\1", regex=True)
        return ids, own | ~ids.duplicated()
    units = pd.DataFrame({"cells": _units(cells, table, target)})
    if units["cells"][own].nunique() < DISTINCT * first:
        return ids, own | True
    if target:
        units["target"] = table[target].astype("str").to_numpy()
    return ids, own | ~units.duplicated().to_numpy()


def _units(cells: pa.Table, table: pd.DataFrame, target: str) -> NDArray[np.uint64]:
    """Return what equal rows share, however their numbers and dates are written."""
    names = [name for name in cells.column_names if name != target]
    values = {
        name: table[name]
        if table[name].dtype.kind == "M"
        else as_found(cells[name], table[name])
        for name in names
    }
    return row_keys(values, len(table))


def _open(kind: pa.DataType) -> pa.DataType:
    """Return what a column is to hold: words, where nothing or a choice is in it."""
    if pa.types.is_dictionary(kind):
        return kind.value_type
    return pa.string() if pa.types.is_null(kind) else kind


def _fitted(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Return cells as another type; those that cannot be read so are missing."""
    if column.type == kind or pa.types.is_null(column.type):
        return column.cast(kind)
    if pa.types.is_boolean(column.type) and kind in (pa.string(), pa.large_string()):
        return pc.if_else(column, "True", "False").cast(kind)
    try:
        return pc.cast(column, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        words = column.to_pandas()
    if pa.types.is_temporal(kind):
        read = pd.to_datetime(words, errors="coerce", format="ISO8601")
    else:
        read = pd.to_numeric(words, errors="coerce")
    made = pa.array(read, from_pandas=True)
    fits = pa.types.is_temporal(kind) or pa.types.is_floating(kind)
    if not fits:  # a whole number, or true and false
        whole = read.where((read % 1 == 0) & (read.abs() < 2**53))
        made = pa.array(whole, from_pandas=True)
    try:
        return pa.chunked_array([pc.cast(made, kind, safe=False)])
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # an exact decimal
        return pa.chunked_array([pa.nulls(len(column), kind)])


def _few(names: list[str]) -> str:
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest
