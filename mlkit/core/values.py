"""Reading cells of any origin, DataFrame, JSON or array, to the same bits."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.errors import InputError

__all__ = [
    "Array",
    "Cells",
    "clean_numbers",
    "column_of",
    "dates",
    "each",
    "is_missing",
    "missing",
    "moments",
    "number_words",
    "numbers",
    "rows_of",
    "texts",
    "write",
]

Array = NDArray[Any]
Cells = Mapping[str, Sequence[Any] | NDArray[Any]]
PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
NOTHING = ("NAType", "NaTType")
STAMP = "M8[us]"
DIGITS = {
    "d": r"3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9]",
    "m": r"1[0-2]|0[1-9]|[1-9]",
    "Y": r"\d\d\d\d",
    "y": r"\d\d",
    "H": r"2[0-3]|[0-1]\d|\d",
    "M": r"[0-5]\d|\d",
    "S": r"6[0-1]|[0-5]\d|\d",
}
WRITTEN = {str, type(None)}
SIGN = np.int64(-(2**63))
"""The bits of -0.0, which has a sign and no other."""


def rows_of(cells: Cells) -> int:
    """Return the one length of all columns.

    Raises
    ------
    InputError
        Where they differ in length.
    """
    lengths = {name: len(values) for name, values in cells.items()}
    if len(set(lengths.values())) > 1:
        raise InputError("the columns differ in length", got=str(lengths)[:200])
    return next(iter(lengths.values()), 0)


def column_of(cells: Cells, name: str, rows: int) -> Array:
    """Return one column as an array; all missing where it is absent."""
    values = cells.get(name)
    if values is None:
        return np.full(rows, None, dtype=object)
    if isinstance(values, np.ndarray) and values.ndim == 1:
        return values
    made = np.empty(len(values), dtype=object)
    made[:] = list(values)
    return made


def each(values: Array, read: Callable[[Any], Any]) -> Array:
    """Map `read` over objects, once per distinct cell of one type."""
    cells: list[Any] = values.tolist()
    if set(map(type, cells)) <= WRITTEN:
        words = {cell: read(cell) for cell in dict.fromkeys(cells)}
        return np.fromiter(map(words.__getitem__, cells), object, len(cells))
    known: dict[Any, Any] = {}
    made = np.empty(len(values), dtype=object)
    for place, value in enumerate(cells):
        key = value if type(value) is str else (type(value), value)
        try:
            found = key in known
        except TypeError:
            made[place] = read(value)
            continue
        if not found:
            known[key] = read(value)
        made[place] = known[key]
    return made


def is_missing(value: Any) -> bool:
    """Tell whether one cell is None, NaN, NaT or NA.

    Examples
    --------
    >>> is_missing(float("nan")), is_missing(""), is_missing(None)
    (True, False, True)
    """
    return (
        value is None
        or type(value).__name__ in NOTHING
        or (isinstance(value, (float, np.floating)) and math.isnan(value))
        or (isinstance(value, np.datetime64) and bool(np.isnat(value)))
    )


def missing(values: Array) -> Array:
    """Return True where a cell is missing."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind == "M":
        return np.isnat(values)
    if values.dtype.kind in "iub":
        return np.zeros(len(values), dtype=bool)
    cells = values.tolist()
    return np.array([type(v) is not str and is_missing(v) for v in cells], dtype=bool)


def write(value: Any) -> str | None:
    """Write one cell as a person would.

    Examples
    --------
    >>> write(3.0), write(2.5), write(True), write(float("nan"))
    ('3', '2.5', 'True', None)
    """
    if isinstance(value, str):
        return str(value)
    if is_missing(value):
        return None
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)):
        number = float(value)
        whole = math.isfinite(number) and number == int(number) and abs(number) < 2**53
        return str(int(number)) if whole else repr(number)
    if isinstance(value, np.datetime64):
        value = value.astype(STAMP).item()
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def texts(values: Array) -> Array:
    """Return objects of str or None."""
    if values.dtype.kind == "M":
        values = values.astype(STAMP).astype(object)
    if values.dtype == object and set(map(type, values.tolist())) <= WRITTEN:
        return values
    return each(values, write)


@lru_cache
def number_words(decimal: str = ".", thousands: str = "") -> re.Pattern[str]:
    """Return the pattern of a plain number written with these marks.

    Examples
    --------
    >>> bool(number_words(",", ".").fullmatch("1.234,5"))
    True
    >>> bool(number_words().fullmatch("1_000")), bool(number_words().fullmatch("nan"))
    (False, False)
    """
    if decimal == "." and not thousands:
        return PLAIN
    point, mark = re.escape(decimal), re.escape(thousands)
    whole = rf"(?:[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]+)" if mark else "[0-9]+"
    return re.compile(
        rf"[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    )


def numbers(
    values: Array, decimal: str = ".", thousands: str = "", strip: str = ""
) -> Array:
    """Return finite float64, NaN where a cell is no number.

    Parameters
    ----------
    values
        Cells of any kind; true and false count as 1 and 0.
    decimal, thousands
        The marks of numbers written as text.
    strip
        Characters, such as ``"$%"``, taken off both ends of a text.
    """
    if values.dtype.kind in "fiub":
        return clean_numbers(values)
    if values.dtype.kind in "mMc":
        return np.full(len(values), np.nan)
    cells = values.tolist()
    if set(map(type, cells)) <= WRITTEN:
        made = _numbers_of_text(cells, decimal, thousands, strip)
    else:
        read = _number_reader(decimal, thousands, strip)
        made = each(values, read).astype(float)
    return clean_numbers(made)


def _numbers_of_text(
    cells: list[Any], decimal: str, thousands: str, strip: str
) -> Array:
    """Read text or None, cell by cell but in as few steps of Python as can be."""
    made = np.full(len(cells), np.nan)
    words = [cell.strip() for cell in cells if cell is not None]
    if strip:
        words = [word.strip(strip).strip() for word in words]
    fits = list(map(number_words(decimal, thousands).fullmatch, words))
    plain = [word for word, fit in zip(words, fits, strict=True) if fit]
    if thousands:
        plain = [word.replace(thousands, "") for word in plain]
    if decimal != ".":
        plain = [word.replace(decimal, ".") for word in plain]
    there = np.array([cell is not None for cell in cells], dtype=bool)
    places = np.flatnonzero(there)[[fit is not None for fit in fits]]
    made[places] = list(map(float, plain))
    return made


def clean_numbers(values: Array) -> Array:
    """Return numbers as finite float64 with NaN for the rest and 0.0 for -0.0.

    The same array comes back where there is nothing to change.

    Examples
    --------
    >>> clean_numbers(np.array([1, np.inf, -0.0])).tolist()
    [1.0, nan, 0.0]
    """
    made = values.astype(np.float64, copy=False)
    if not len(made):
        return made
    if not np.isfinite(made).all():
        endless = np.isinf(made)
        made = np.where(endless, np.nan, made) if endless.any() else made
    signs = np.ascontiguousarray(made).view(np.int64) == SIGN
    return made + 0.0 if signs.any() else made


def _number_reader(decimal: str, thousands: str, strip: str) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        if isinstance(value, str):
            return float(_numbers_of_text([value], decimal, thousands, strip)[0])
        try:
            return math.nan if is_missing(value) else float(value)
        except (TypeError, ValueError, OverflowError):
            return math.nan

    return read


def dates(values: Array, form: str = "iso") -> Array:
    """Return datetime64[us] in UTC, NaT where a cell is no moment.

    Parameters
    ----------
    values
        Text, dates or datetime64; a moment without a zone is taken as it stands.
    form
        ``iso``, or a format of ``strptime``.
    """
    if values.dtype.kind == "M":
        return values.astype(STAMP, copy=False)
    read = moments(form)
    return each(values, lambda value: _moment(value, read)).astype(STAMP)


def _moment(value: Any, read: Callable[[str], datetime]) -> Any:
    try:
        if isinstance(value, str):
            value = read(value.strip())
        if isinstance(value, datetime):
            aware = value.tzinfo is not None
            value = value.astimezone(UTC) if aware else value
            return np.datetime64(value.replace(tzinfo=None), "us")
        if isinstance(value, date):
            return np.datetime64(value, "us")
        if isinstance(value, np.datetime64):
            return value.astype(STAMP)
    except (ValueError, OverflowError):
        pass
    return np.datetime64("NaT", "us")


def moments(form: str) -> Callable[[str], datetime]:
    """Return what reads a text as a moment, as ``strptime`` does and faster.

    Parameters
    ----------
    form
        ``iso``, or a format of ``strptime``.

    Returns
    -------
    callable
        text → datetime; it raises ValueError for a text that does not fit.

    Examples
    --------
    >>> moments("%d/%m/%Y")("31/01/2026")
    datetime.datetime(2026, 1, 31, 0, 0)
    """
    if form == "iso":
        return datetime.fromisoformat
    pieces = re.split(r"%(.)", form)
    names, texts_between = pieces[1::2], pieces[::2]
    plain = not any(re.search(r"\s\s|%", text) for text in texts_between)
    once = len(set(names)) == len(names) and {"Y", "y"} - {*names} != set()
    if not plain or not once or not {*names} <= set(DIGITS):
        return lambda text: datetime.strptime(text, form)
    between = [
        re.sub(r"\s", r"\\s+", re.escape(t).replace("\\ ", " ")) for t in texts_between
    ]
    parts = [f"(?P<{name}>{DIGITS[name]})" for name in names] + [""]
    joined = "".join(t + p for t, p in zip(between, parts, strict=True))
    return _reader(re.compile(joined, re.IGNORECASE))


def _reader(pattern: re.Pattern[str]) -> Callable[[str], datetime]:
    def read(text: str) -> datetime:
        found = pattern.match(text)
        if found is None or found.end() != len(text):
            raise ValueError(text)
        told = {name: int(digits) for name, digits in found.groupdict().items()}
        year = told.get("Y", 1900)
        if "y" in told:
            year = told["y"] + (1900 if told["y"] > 68 else 2000)
        day = year, told.get("m", 1), told.get("d", 1)
        return datetime(*day, told.get("H", 0), told.get("M", 0), told.get("S", 0))

    return read
