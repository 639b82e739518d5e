"""Read the columns of a table, each as one type, and further tables as the first.

What the first table's columns are is told from its own cells. Rows that stand below may
widen a column, by decimals or by words that are new; they change no type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from mlkit.core.errors import InputError
from mlkit.core.values import numbers, texts
from mlkit.data.charts.cards import many
from mlkit.data.reading.decimals import comma_decimals
from mlkit.data.reading.infer import ISO, Inferred, infer, text_of, without
from mlkit.data.sources import Found

__all__ = ["CLASSES", "Further", "decimal_of", "lengthened", "notes_of", "read_columns"]

NAMED = 8
AS_TEXT = ("category", "text", "id", "image", "audio")
CLASSES = "classes"
"""The kind of a target whose classes are written as numbers."""


@dataclass(frozen=True)
class Further:
    """A table that stands below the first, with its cells as they were found.

    Parameters
    ----------
    uri
        Where it comes from, for messages.
    cells
        Its own columns; they may lack some of the first table's.
    written
        Whether they are text whose types are still to be told.
    decimal
        The decimal mark of its numbers.
    """

    uri: str
    cells: pa.Table
    written: bool
    decimal: str

    @classmethod
    def of(cls, uri: str, found: Found, missing: Sequence[str], mark: str) -> Further:
        """Take a found table, as `decimal_of` tells of the first one.

        Few cells do not tell how a file is written; it is then written as the first.
        """
        cells = without(found.columns, missing)
        comma = found.text and "comma" in (mark, decimal_of(cells, True))
        return cls(uri, cells, found.text, "," if comma else ".")


def decimal_of(cells: pa.Table, written: bool) -> str:
    """Return how the numbers of a text file are written, comma or point; else ""."""
    if not written:
        return ""
    columns = [column.combine_chunks() for column in cells.columns]
    return "comma" if comma_decimals(columns) else "point"


def read_columns(
    cells: pa.Table, written: bool, types: Mapping[str, str]
) -> dict[str, Inferred]:
    """Read every column of a table as the type that it has, or that was asked for.

    Parameters
    ----------
    cells
        The columns as they were found; missing cells are null.
    written
        Whether they are text whose types are still to be told.
    types
        What was asked for, by column.

    Raises
    ------
    InputError
        Where a column cannot be read as it was asked for.
    """
    decimal = "," if decimal_of(cells, written) == "comma" else "."
    read = {}
    for name in cells.column_names:
        column = cells[name].combine_chunks()
        asked = types.get(name, "")
        if asked in AS_TEXT:
            read[name] = Inferred(asked, text_of(column))
            continue
        read[name] = infer(
            column, name, written=written, decimal=decimal, ids=not asked
        )
        if asked and asked != read[name].type:
            read[name] = _as_asked(read[name], asked, name)
    return read


def notes_of(read: Mapping[str, Inferred]) -> list[str]:
    """Say what is to be known of columns, once for all that are alike."""
    alike: dict[str, list[str]] = {}
    for name, told in read.items():
        if told.note:
            alike.setdefault(told.note, []).append(name)
    notes = []
    for note, names in alike.items():
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        notes.append(f"{', '.join(names[:NAMED])}{more}: {note}")
    return notes


def lengthened(
    values: pd.Series,
    name: str,
    kind: str,
    rest: pa.ChunkedArray,
    further: Sequence[Further],
) -> tuple[pd.Series, list[str]]:
    """Return a column with the cells of further tables below, and what was lost.

    Parameters
    ----------
    values
        The first table's cells, as they were read.
    name
        The column's name.
    kind
        Its type, or `CLASSES`.
    rest
        The cells below, as the first table's were found.
    further
        The tables that these are of.

    Examples
    --------
    >>> more = Further("more", pa.table({"x": ["2.5", "few"]}), True, ".")
    >>> rest = more.cells["x"]
    >>> column, notes = lengthened(pd.Series([1, 2]), "x", "number", rest, [more])
    >>> column.tolist(), notes
    ([1.0, 2.0, 2.5, nan],
     ['x: 1 cell of more cannot be read as a number: missing there'])
    """
    made, notes, at = [values], list[str](), 0
    for table in further:
        count = table.cells.num_rows
        cells = rest.slice(at, count).combine_chunks()
        column = cells  # all missing, where the table lacks it
        if name in table.cells.column_names:
            column = table.cells[name].combine_chunks()
        gone = _blank(column)
        if _is_text(cells):  # a number, too, may be a word that means a gap
            gone |= _blank(cells)
        if kind in AS_TEXT:
            read = text_of(cells)
            new = read.isna() & ~gone  # a word where the first table writes numbers
            read = read.where(~new, text_of(column)) if new.any() else read
        else:
            read = _read_as(column, name, kind, table, values).where(~gone)
        lost = int((read.isna() & ~gone).sum())
        if lost:
            told = f"{many(lost, 'cell')} of {table.uri} cannot be read as a {kind}"
            notes.append(f"{name}: {told}: missing there")
        made.append(read)
        at += count
    return pd.concat(made, ignore_index=True), notes


def _read_as(
    column: pa.Array, name: str, kind: str, table: Further, like: pd.Series
) -> pd.Series:
    """Read cells as a number, a date or a class, whatever else they could be."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    found = infer(column, name, written=table.written, decimal=table.decimal, ids=False)
    if kind == "date":
        return _dates(found, like)
    if found.type == "number":
        plain = found.values
    else:
        marks = {"decimal": ",", "thousands": "."} if table.decimal == "," else {}
        plain = pd.Series(numbers(found.values.to_numpy(dtype=object), **marks))
    if kind != CLASSES:
        return plain
    classes = pd.Series(pd.array(texts(plain.to_numpy()), dtype="str"))
    return classes.where(plain.notna(), text_of(column))


def _dates(found: Inferred, like: pd.Series) -> pd.Series:
    """Return moments with a zone where the first table's have one; all are in UTC."""
    moments = found.values
    if found.type != "date":
        words = moments.astype("str")
        words = words.where(words.str.match(ISO, na=False))
        moments = pd.to_datetime(words, errors="coerce", format="ISO8601", utc=True)
    zoned = isinstance(like.dtype, pd.DatetimeTZDtype)
    if zoned and moments.dt.tz is None:
        moments = moments.dt.tz_localize("UTC")
    if not zoned and moments.dt.tz is not None:
        moments = moments.dt.tz_convert("UTC").dt.tz_localize(None)
    return moments.astype(like.dtype)


def _blank(column: pa.Array) -> pd.Series:
    """Return True where there is nothing in a cell."""
    gone = pd.Series(np.asarray(column.is_null(nan_is_null=True)))
    return gone | (text_of(column).str.strip() == "") if _is_text(column) else gone


def _is_text(column: pa.Array) -> bool:
    kind = column.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _as_asked(told: Inferred, asked: str, name: str) -> Inferred:
    """Return a column in which every cell is missing as one of another type."""
    if not told.values.isna().all():
        raise _not_as_asked(told, asked, name)
    gaps = pd.Series(np.nan, told.values.index, dtype="float64")
    if asked == "number":
        return Inferred(asked, gaps, told.note)
    moments = pd.to_datetime(gaps).astype("datetime64[us]")
    return Inferred(asked, moments, told.note)


def _not_as_asked(told: Inferred, asked: str, name: str) -> InputError:
    words = told.values.dropna().drop_duplicates().astype("str")
    fits = words.str.match(ISO)
    if asked == "number":
        fits = pd.Series(numbers(words.to_numpy(dtype=object)), words.index).notna()
    odd = words[~fits] if not fits.all() else words
    return InputError(
        f"this column cannot be read as a {asked}",
        where=f"column {name!r}",
        expected="plain numbers" if asked == "number" else "dates such as 2026-01-31",
        got=", ".join(map(repr, odd.head(5).tolist())),
        todo="mend these cells, or leave its type out here: the step clean reads it by "
        "a stated rule",
    )
