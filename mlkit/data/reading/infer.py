"""Tell a column's type from its cells, never at the cost of a digit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mlkit.core.errors import InputError
from mlkit.data.reading import hints
from mlkit.data.reading.decimals import COMMA, all_match, plain

__all__ = ["Inferred", "infer", "text_of", "text_type", "without"]

EXACT = 2**53
ISO = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)?)?$"
DATED = r"\s*\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}(?!\d|[-/.])"
DAY = r"^\d{4}-\d\d-\d\d"
ZONE = r"[T ].*(Z|[+-]\d\d(:?\d\d)?)$"
WHOLE = r"^[+-]?[0-9]+$"
CODE = r"^[+-]?0[0-9]"
ID_NAME = re.compile(r"(?:^|[_\-. ])(?:id|uuid|guid|key)$|[a-z](?:ID|Id)$", re.I)


@dataclass(frozen=True)
class Inferred:
    """A column's type, its values, and what a person should know of it."""

    type: str
    values: pd.Series
    note: str = ""


def infer(
    column: pa.Array,
    name: str,
    *,
    written: bool = True,
    decimal: str = ".",
    ids: bool = True,
) -> Inferred:
    """Tell the type of one column and convert it.

    Parameters
    ----------
    column
        Text as it stood in a file, or an Arrow column that has a type already;
        missing cells are null.
    name
        Its name, which may say that it is an id.
    written
        Whether it is text whose type is still to be told.
    decimal
        The decimal mark of the file.
    ids
        Whether whole numbers that name the rows are ids.

    Raises
    ------
    InputError
        Where the cells are lists, structs or bytes.

    Examples
    --------
    >>> infer(pa.array(["007", "012"]), "code").type
    'category'
    >>> infer(pa.array(["1.5", None]), "height").type
    'number'
    """
    found = _from_text(column, name, decimal) if written else _from_typed(column, name)
    if ids and found.type == "number":
        return _as_id(found, column, name)
    return found


def without(columns: pa.Table, missing: Sequence[str]) -> pa.Table:
    """Return the table with those text cells null that are one of `missing`.

    Examples
    --------
    >>> without(pa.table({"x": ["1", "NA"]}), ["NA"])["x"].to_pylist()
    ['1', None]
    """
    words = pa.array(list(missing), pa.string())
    made = []
    for column in columns.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            gone = pc.is_in(column, words.cast(column.type))
            if pc.any(gone).as_py():
                column = pc.if_else(gone, pa.scalar(None, column.type), column)
        made.append(column)
    return pa.table(made, names=columns.column_names).combine_chunks()


def text_type(values: pd.Series, name: str) -> str:
    """Tell category, text or id by how many distinct values there are, and how long.

    Parameters
    ----------
    values
        Text cells.
    name
        The column's name.
    """
    known = values.dropna()
    distinct = known.drop_duplicates()
    if distinct.empty:
        return "category"
    share = len(distinct) / len(known)
    blanks = float(distinct.str.count(" ").mean())
    length = float(distinct.str.len().mean())
    one_word = not distinct.str.contains(r"\s", regex=True).any()
    if share == 1.0 and one_word and length <= 64 and _names_rows(distinct, name):
        return "id"
    if len(distinct) > 20 and share > 0.2 and (blanks >= 3 or length >= 50):
        return "text"
    return "category" if len(distinct) <= 30 or share <= 0.5 else "text"


def _names_rows(distinct: pd.Series, name: str) -> bool:
    """Whether distinct words are ids: by the column's name, or by their digits.

    Amounts such as $7.50, and dates, differ too, and are none.
    """
    if ID_NAME.search(name):
        return True
    digits = distinct.str.contains(r"[0-9]", regex=True).mean()
    if len(distinct) < 20 or digits < 0.8:
        return False
    if distinct.str.match(DATED).mean() > 0.5:
        return False
    some = distinct.head(200).str.strip().tolist()
    return hints.marks(some) is None and not hints.date_formats(some)


def _from_text(column: pa.Array, name: str, decimal: str) -> Inferred:
    known = column.drop_null()
    if not len(known):
        return Inferred("category", text_of(column), "every cell is missing")
    numbers = _numbers(column, known, decimal)
    if numbers is not None:
        return _numeric(numbers)
    moments = _moments(column, known)
    if moments is not None:
        return moments
    values = text_of(column)
    return Inferred(text_type(values, name), values, _odd_note(known))


def _numbers(column: pa.Array, known: pa.Array, decimal: str) -> pa.Array | None:
    """Return plain numbers as int64 or double; None where a digit would be lost."""
    if decimal == "," and all_match(known, COMMA):
        column = plain(column)
        known = column.drop_null()
    floats = None if _cast(known[:100]) is None else _cast(column)
    if floats is None:
        return None
    if not pc.all(pc.is_finite(floats)).as_py() or _any_code(known):
        return None
    whole = _whole(column, floats)
    beyond = pc.greater_equal(pc.abs(floats), float(EXACT))
    large = column.filter(pc.fill_null(beyond, False))
    if len(large) and pc.any(pc.match_substring_regex(large, WHOLE)).as_py():
        return None
    return floats if whole is None else whole


def _cast(column: pa.Array) -> pa.Array | None:
    try:
        return pc.cast(column, pa.float64())
    except pa.ArrowInvalid:
        return None


def _whole(column: pa.Array, floats: pa.Array) -> pa.Array | None:
    """Return whole numbers as int64; a cast that must fail is slow, so look first."""
    if not pc.all(pc.equal(pc.floor(floats), floats)).as_py():
        return None
    try:
        return pc.cast(column, pa.int64())
    except pa.ArrowInvalid:
        return None


def _numeric(numbers: pa.Array) -> Inferred:
    if numbers.null_count:
        numbers = pc.cast(numbers, pa.float64())
    return Inferred("number", pd.Series(numbers.to_numpy(zero_copy_only=False)))


def _as_id(found: Inferred, column: pa.Array, name: str) -> Inferred:
    """Tell whole numbers that name the rows: they count up from 0 or 1, or say so."""
    values = found.values
    if values.dtype.kind != "i" or len(values) < 2:
        return found
    low, high = int(values.min()), int(values.max())
    run = low in (0, 1) and high - low + 1 == len(values) and len(values) >= 10
    if not (run or ID_NAME.search(name)) or not values.is_unique:
        return found
    why = "counts up" if run else "is an id by its name"
    note = f"every value differs and it {why}: read as an id"
    return Inferred("id", text_of(column), note)


def _moments(column: pa.Array, known: pa.Array) -> Inferred | None:
    if not all_match(known[:50], ISO) or not all_match(known, ISO):
        return None
    try:
        plain = pc.cast(column, pa.timestamp("us"))
        return Inferred("date", plain.to_pandas().astype("datetime64[us]"))
    except pa.ArrowInvalid:
        pass
    try:
        zoned = pc.cast(column, pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        return None
    note = "its times carry a zone: kept in UTC, so that a day may begin elsewhere"
    return Inferred("date", zoned.to_pandas().astype("datetime64[us, UTC]"), note)


def _from_typed(column: pa.Array, name: str) -> Inferred:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _from_typed(column.dictionary_decode(), name)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _from_typed_text(column, name)
    if pa.types.is_boolean(kind):
        return Inferred("category", text_of(column))
    if pa.types.is_integer(kind):
        return _from_whole(column, name)
    if pa.types.is_floating(kind):
        return Inferred("number", pd.Series(_floats(column)), _infinite_note(column))
    if pa.types.is_decimal(kind):
        note = "exact decimals are read as floating-point numbers"
        return Inferred("number", pd.Series(_floats(column)), note)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _from_stamps(column)
    if pa.types.is_null(kind):
        return Inferred("category", text_of(column), "every cell is missing")
    if pa.types.is_string_view(kind):
        return _from_typed_text(pc.cast(column, pa.string()), name)
    raise InputError(
        f"mlkit does not read cells of type {kind}",
        where=f"column {name!r}",
        expected="numbers, text, booleans, dates or timestamps",
        todo="turn the column into one of these, or leave it out of the file",
    )


def _from_typed_text(column: pa.Array, name: str) -> Inferred:
    """Text that a typed file holds is text: 007 and 7 were both meant so."""
    values = text_of(column)
    return Inferred(text_type(values, name), values, _odd_note(column.drop_null()))


def _from_whole(column: pa.Array, name: str) -> Inferred:
    known = column.drop_null()
    ends = pc.min_max(known).as_py() if len(known) else {"min": 0, "max": 0}
    if ends["max"] >= EXACT or ends["min"] <= -EXACT:
        values = text_of(pc.cast(column, pa.string()))
        return Inferred(text_type(values, name), values, LARGE)
    return _numeric(pc.cast(column, pa.int64()))


def _from_stamps(column: pa.Array) -> Inferred:
    zone = getattr(column.type, "tz", None)
    kind = pa.timestamp("us", "UTC") if zone else pa.timestamp("us")
    note = f"its times are in {zone}: kept in UTC" if zone and zone != "UTC" else ""
    try:
        exact = pc.cast(column, kind)
    except pa.ArrowInvalid:
        exact = pc.cast(column, kind, safe=False)
        note = "its times are cut to microseconds"
    dtype = "datetime64[us, UTC]" if zone else "datetime64[us]"
    return Inferred("date", exact.to_pandas().astype(dtype), note)


def _floats(column: pa.Array) -> Any:
    return pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)


def text_of(column: pa.Array) -> pd.Series:
    """Return text cells as a column of str, whatever they were."""
    if pa.types.is_boolean(column.type):
        column = pc.if_else(column, "True", "False")
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(
        column.type
    ):
        column = pc.cast(column, pa.string())
    return pd.Series(pd.array(column.to_pandas(), dtype="str"))


LARGE = "whole numbers beyond 2**53 are kept as text, so that no digit is lost"


def _any_code(known: pa.Array) -> bool:
    """Whether a number is written with leading zeros; looks closely at few cells."""
    for sign in ("", "-", "+"):
        zero = pc.starts_with(known, f"{sign}0")
        point = pc.starts_with(known, f"{sign}0.")
        likely = known.filter(pc.and_not(zero, point))
        if pc.any(pc.match_substring_regex(likely, CODE)).as_py():
            return True
    return False


def _odd_note(known: pa.Array) -> str:
    """Say why a column that looks like numbers or moments was kept as text."""
    if len(known) and all_match(known[:50], DAY):
        return _odd_moment(known)
    if not len(known) or not all_match(known[:50], r"^[+-]?[0-9]+$"):
        return ""
    if pc.any(pc.match_substring_regex(known, CODE)).as_py():
        return "codes with leading zeros are kept as text"
    return LARGE if all_match(known, WHOLE) else ""


def _odd_moment(known: pa.Array) -> str:
    """Say why moments were kept as text: one is none, or only some carry a zone."""
    if not all_match(known, ISO):
        return ""
    zoned = pc.match_substring_regex(known, ZONE)
    if pc.any(zoned).as_py() and not pc.all(zoned).as_py():
        return "some of its times carry a zone and some do not: kept as text"
    odd = next((cell for cell in known.to_pylist() if not _is_moment(cell)), "")
    return f"{odd!r} is no day that there is: kept as text" if odd else ""


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _infinite_note(column: pa.Array) -> str:
    known = column.drop_null()
    return "it holds infinite values" if pc.any(pc.is_inf(known)).as_py() else ""
