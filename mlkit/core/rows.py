"""Cell operations and contract checks on rows, with numpy alone.

The same cells give the same bits whether they come from a DataFrame's columns, from
JSON or from arrays: a number where text was expected becomes text as a person would
write it, text where a number was expected is read as a plain number. A cell that
cannot be read is missing; nothing here looks at a second row.

An operation is a JSON dict ``{"op", "column", ...}``:

==========  =========================  ==========================================
op          takes                      does
==========  =========================  ==========================================
text                                   reads every cell as text
trim                                   takes the blanks off both ends
lower                                  makes text lower case
missing     values                     makes these values missing
recode      mapping                    replaces text by text
number      decimal, thousands, strip  reads every cell as a finite number
date        format (iso or strptime)   reads every cell as a moment, in UTC
date_parts  parts                      adds number columns ``<column>_<part>``
fill        value                      replaces what is missing
drop                                   leaves the column out
==========  =========================  ==========================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mlkit.core.checks import CHECKS
from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.values import (
    Array,
    Cells,
    column_of,
    dates,
    each,
    numbers,
    rows_of,
    texts,
    write,
)

__all__ = ["MISSING", "OPERATIONS", "PARTS", "apply", "check"]

MISSING = "(missing)"
"""What `fill` puts into a category that is missing."""


def apply(operations: Sequence[Mapping[str, Any]], cells: Cells) -> dict[str, Array]:
    """Return the columns that `operations` make of `cells`.

    Parameters
    ----------
    operations
        Played in order. Columns they do not name are left out of the result. One
        with ``"optional": True`` is passed over where its column is absent; any
        other column that is absent is all missing.
    cells
        Raw cells by column, all of one length.

    Returns
    -------
    dict of arrays
        Numbers as float64 with NaN for missing, text as objects of str or None,
        dates as datetime64[us] with NaT.

    Raises
    ------
    InputError
        For an unknown operation, or columns of unequal lengths.

    Examples
    --------
    >>> operations = [{"op": "trim", "column": "charge"},
    ...               {"op": "missing", "column": "charge", "values": ["", "?"]},
    ...               {"op": "number", "column": "charge", "thousands": ","}]
    >>> apply(operations, {"charge": [" 1,200.5 ", "?", 7]})["charge"].tolist()
    [1200.5, nan, 7.0]
    """
    rows = rows_of(cells)
    made: dict[str, Array] = {}
    for operation in operations:
        column = operation["column"]
        if column not in made and column not in cells and operation.get("optional"):
            continue
        play = OPERATIONS.get(operation["op"])
        if play is None:
            raise InputError(
                f"unknown cell operation {operation['op']!r}",
                where=f"column {column!r}",
                todo=did_you_mean(operation["op"], OPERATIONS),
            )
        values = made.pop(column) if column in made else column_of(cells, column, rows)
        made.update(play(column, values, operation))
    return made


def check(rules: Sequence[Mapping[str, Any]], cells: Cells) -> dict[str, Array]:
    """Tell by rule name which rows fail.

    Parameters
    ----------
    rules
        JSON dicts ``{"rule", "column", "check", ...}``; the checks are ``required``,
        ``number``, ``text``, ``range`` (min, max), ``values`` (values), ``date``
        (format), ``length`` (max, characters) and ``unique``. A missing cell, or a
        word that ``missing`` lists, fails only ``required``.
    cells
        Raw cells by column, all of one length.

    Returns
    -------
    dict of bool arrays
        True where a row fails the rule.

    Raises
    ------
    InputError
        For an unknown check, or columns of unequal lengths.

    Examples
    --------
    >>> rule = {"rule": "age range", "column": "age", "check": "range", "min": 0}
    >>> check([rule], {"age": [3, -1, None]})["age range"].tolist()
    [False, True, False]
    """
    rows = rows_of(cells)
    failed = {}
    for rule in rules:
        judge = CHECKS.get(rule["check"])
        if judge is None:
            raise InputError(
                f"unknown check {rule['check']!r}",
                where=f"rule {rule.get('rule', '')!r}",
                todo=did_you_mean(rule["check"], CHECKS),
            )
        failed[rule["rule"]] = judge(column_of(cells, rule["column"], rows), rule)
    return failed


# operations: column, values, arguments → columns


def _text(column: str, values: Array, _: Mapping[str, Any]) -> dict[str, Array]:
    return {column: texts(values)}


def _trim(column: str, values: Array, _: Mapping[str, Any]) -> dict[str, Array]:
    return {column: _on_text(values, str.strip)}


def _lower(column: str, values: Array, _: Mapping[str, Any]) -> dict[str, Array]:
    return {column: _on_text(values, str.lower)}


def _missing(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    if values.dtype.kind in "fiu":
        found = numbers(values)
        gone = numbers(np.array([write(value) for value in how["values"]], object))
        found[np.isin(found, gone)] = np.nan
        return {column: found}
    if values.dtype.kind == "M":
        return {column: values}
    words = {write(value) for value in how["values"]}
    return {column: _on_text(values, lambda text: None if text in words else text)}


def _recode(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    mapping = how["mapping"]
    return {column: _on_text(values, lambda text: mapping.get(text, text))}


def _number(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    marks = {k: how[k] for k in ("decimal", "thousands", "strip") if how.get(k)}
    return {column: numbers(values, **marks)}


def _date(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    return {column: dates(values, how.get("format", "iso"))}


def _date_parts(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    moments = dates(values)
    known = ~np.isnat(moments)
    made = {column: moments}
    for part in how["parts"]:
        found = np.full(len(moments), np.nan)
        found[known] = _part(part)(moments[known])
        made[f"{column}_{part}"] = found
    return made


def _fill(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    value = how["value"]
    if values.dtype.kind == "f":
        return {column: np.where(np.isnan(values), float(value), values)}
    words = texts(values)
    return {column: each(words, lambda text: str(value) if text is None else text)}


def _drop(_: str, __: Array, ___: Mapping[str, Any]) -> dict[str, Array]:
    return {}


def _on_text(values: Array, change: Callable[[str], str | None]) -> Array:
    return each(texts(values), lambda text: None if text is None else change(text))


def _part(name: str) -> Callable[[Array], Array]:
    try:
        return PARTS[name]
    except KeyError:
        raise InputError(
            f"unknown part of a date {name!r}", todo=did_you_mean(name, PARTS)
        ) from None


def _within(values: Array, unit: str, whole: str) -> Array:
    """Count `unit`s since the last `whole` began."""
    start = values.astype(f"M8[{whole}]").astype("M8[us]")
    count: Array = (values - start).astype(f"m8[{unit}]").astype(np.int64)
    return count


PARTS: dict[str, Callable[[Array], Array]] = {
    "year": lambda v: v.astype("M8[Y]").astype(np.int64) + 1970,
    "month": lambda v: v.astype("M8[M]").astype(np.int64) % 12 + 1,
    "day": lambda v: _within(v, "D", "M") + 1,
    "weekday": lambda v: (v.astype("M8[D]").astype(np.int64) + 3) % 7,
    "yearday": lambda v: _within(v, "D", "Y") + 1,
    "hour": lambda v: _within(v, "h", "D"),
    "minute": lambda v: _within(v, "m", "h"),
    "days": lambda v: v.astype("M8[D]").astype(np.int64),
}
"""Parts of a date: Monday is weekday 0; ``days`` counts from 1970-01-01."""

OPERATIONS: dict[str, Callable[[str, Array, Mapping[str, Any]], dict[str, Array]]] = {
    "date": _date,
    "date_parts": _date_parts,
    "drop": _drop,
    "fill": _fill,
    "lower": _lower,
    "missing": _missing,
    "number": _number,
    "recode": _recode,
    "text": _text,
    "trim": _trim,
}
"""Cell operations by name: column, values, arguments → columns."""
