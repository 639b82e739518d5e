"""Checks of a contract, with numpy alone: which rows fail which rule.

A rule is a JSON dict ``{"rule", "check", ...}`` with the name of a check:

===========  ============================  =======================================
check        takes                         holds where
===========  ============================  =======================================
number                                     a cell is a number
text                                       a cell is text
whole                                      a cell is a whole number
range        min, max, whole               a number lies between these ends
date         format, min, max              a cell is a date, between these ends
values       values                        a cell is one of these words
length       max                           a cell has at most so many characters
pattern      pattern                       a whole cell fits a regular expression
image        min, max                      an image can be read; pixels of its sides
audio        min, max                      a sound can be read; its seconds
required                                   a cell is not missing
unique                                     no other row has this cell
together     columns                       no other row has these cells together
expression   expression, columns, reads    an expression over columns is not false
missing      max                           at most this share of a column is missing
rows         min, max                      the table has so many rows
columns      columns, name to type         the table has these columns
function     function                      a Python function says so; only here
===========  ============================  =======================================

A missing cell, or a word that ``missing`` lists, fails only ``required``. The last
four look at the whole table, or at what only one machine has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from mlkit.core.expressions import Expression, parse
from mlkit.core.operands import gone
from mlkit.core.sizes import pixels, seconds
from mlkit.core.values import (
    Array,
    Cells,
    column_of,
    dates,
    each,
    missing,
    numbers,
    texts,
    write,
)

__all__ = ["CHECKS", "KNOWN", "ROW_CHECKS", "TABLE_CHECKS", "columns_of", "failing"]


def failing(rule: Mapping[str, Any], cells: Cells, rows: int) -> Array:
    """Return True where a row fails a rule.

    Parameters
    ----------
    rule
        One of `CHECKS` or `ROW_CHECKS`.
    cells
        Raw cells by column, all of one length.
    rows
        Their length.

    Examples
    --------
    >>> rule = {"check": "together", "columns": ["shop", "day"]}
    >>> failing(rule, {"shop": ["a", "a", "b"], "day": [1, 1, 1]}, 3).tolist()
    [True, True, False]
    """
    if rule["check"] in ROW_CHECKS:
        return ROW_CHECKS[rule["check"]](cells, rows, rule)
    return CHECKS[rule["check"]](column_of(cells, rule["column"], rows), rule)


def columns_of(rule: Mapping[str, Any]) -> list[str]:
    """Return the columns that a rule is about.

    Examples
    --------
    >>> columns_of({"column": "age"}), columns_of({"columns": ["start", "end"]})
    (['age'], ['start', 'end'])
    """
    if rule.get("column"):
        return [rule["column"]]
    return list(rule.get("columns", ()))


# checks of one column: cells, rule → True where a row fails


def _not_number(values: Array, _: Mapping[str, Any]) -> Array:
    if values.dtype.kind in "fiu":
        return np.zeros(len(values), dtype=bool)
    claims = _flags(isinstance(v, (bool, np.bool_)) for v in values.tolist())
    return ~missing(values) & (np.isnan(numbers(values)) | claims)


def _not_text(values: Array, _: Mapping[str, Any]) -> Array:
    return ~missing(values) & _flags(not isinstance(v, str) for v in values.tolist())


def _out_of_range(values: Array, rule: Mapping[str, Any]) -> Array:
    found, here = _read(values, rule), ~gone(values, rule)
    failed: Array = here & np.isnan(found)
    if rule.get("min") is not None:
        failed |= here & (found < rule["min"])
    if rule.get("max") is not None:
        failed |= here & (found > rule["max"])
    if rule.get("whole"):
        failed |= here & (found % 1 > 0)
    return failed


def _not_whole(values: Array, rule: Mapping[str, Any]) -> Array:
    whole: Array = _read(values, rule) % 1 == 0
    return ~gone(values, rule) & ~whole


def _read(values: Array, rule: Mapping[str, Any]) -> Array:
    marks = {k: rule[k] for k in ("decimal", "thousands", "strip") if rule.get(k)}
    return numbers(values, **marks)


def _not_date(values: Array, rule: Mapping[str, Any]) -> Array:
    found, here = dates(values, rule.get("format", "iso")), ~gone(values, rule)
    failed: Array = here & np.isnat(found)
    ends = [("min", np.less), ("max", np.greater)]
    for end, beyond in ends:
        if rule.get(end) is not None:
            mark = dates(np.array([rule[end]], dtype=object))[0]
            failed |= here & beyond(found, mark)
    return failed


def _not_among(values: Array, rule: Mapping[str, Any]) -> Array:
    known = {(write(value) or "").strip() for value in rule["values"]}
    known |= {str(word) for word in rule.get("missing", ())}
    found = each(texts(values), lambda text: text is None or text.strip() in known)
    return ~found.astype(bool)


def _too_long(values: Array, rule: Mapping[str, Any]) -> Array:
    most = rule["max"]
    words = [v if type(v) is str else write(v) or "" for v in values.tolist()]
    return _flags(len(word) > most for word in words)


def _unlike(values: Array, rule: Mapping[str, Any]) -> Array:
    fits = re.compile(rule["pattern"]).fullmatch
    words = [v if type(v) is str else write(v) or "" for v in values.tolist()]
    failed: Array = ~gone(values, rule) & _flags(not fits(w.strip()) for w in words)
    return failed


def _not_image(values: Array, rule: Mapping[str, Any]) -> Array:
    """Find images that cannot be read, or whose sides are too short or too long."""
    sides = pixels(values)
    return _unfit(values, sides[:, 0], sides[:, 1], rule)


def _not_sound(values: Array, rule: Mapping[str, Any]) -> Array:
    lasts = seconds(values)
    return _unfit(values, lasts, lasts, rule)


def _unfit(values: Array, low: Array, high: Array, rule: Mapping[str, Any]) -> Array:
    failed: Array = np.isnan(low)
    if rule.get("min") is not None:
        failed |= low < rule["min"]
    if rule.get("max") is not None:
        failed |= high > rule["max"]
    return failed & ~gone(values, {})


def _twice(values: Array, _: Mapping[str, Any]) -> Array:
    words = np.array([text or "" for text in texts(values).tolist()], dtype=object)
    counted = np.unique(words, return_inverse=True, return_counts=True)
    places, counts = counted[1], counted[2]
    return (counts[places] > 1) & ~missing(values)


def _flags(items: Any) -> Array:
    return np.fromiter(items, dtype=bool)


# checks of several columns: cells, how many rows, rule → True where a row fails


def _together(cells: Cells, rows: int, rule: Mapping[str, Any]) -> Array:
    known, codes = np.ones(rows, dtype=bool), np.zeros((rows, 0), dtype=np.intp)
    for name in rule["columns"]:
        values = column_of(cells, name, rows)
        known &= ~missing(values)
        words = np.array([text or "" for text in texts(values).tolist()], dtype=object)
        places = np.unique(words, return_inverse=True)[1]
        codes = np.column_stack([codes, places])
    found = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    again: Array = found[2][found[1].ravel()] > 1
    return known & again


def _not_so(cells: Cells, rows: int, rule: Mapping[str, Any]) -> Array:
    told = _parsed(rule["expression"], tuple(rule["columns"]))
    return told.failing(cells, rows, rule.get("reads"))


@lru_cache(maxsize=1024)
def _parsed(text: str, names: tuple[str, ...]) -> Expression:
    return parse(text, names)


CHECKS: dict[str, Callable[[Array, Mapping[str, Any]], Array]] = {
    "audio": _not_sound,
    "date": _not_date,
    "image": _not_image,
    "length": _too_long,
    "number": _not_number,
    "pattern": _unlike,
    "range": _out_of_range,
    "required": lambda values, _: gone(values, {}),
    "text": _not_text,
    "unique": _twice,
    "values": _not_among,
    "whole": _not_whole,
}
"""Checks of one column: values, rule → True where a row fails."""

ROW_CHECKS: dict[str, Callable[[Cells, int, Mapping[str, Any]], Array]] = {
    "expression": _not_so,
    "together": _together,
}
"""Checks of several columns: cells, how many rows, rule → True where a row fails."""

TABLE_CHECKS = ("columns", "function", "missing", "rows")
"""Checks of a whole table, or of one machine: no single row is held against them."""

KNOWN = tuple(sorted([*CHECKS, *ROW_CHECKS, *TABLE_CHECKS]))
"""Every check by name."""
