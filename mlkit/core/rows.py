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
tidy        do (see `TIDY`)            makes text plain: entities, Unicode, blanks
trim                                   takes the blanks off both ends
lower                                  makes text lower case
missing     values                     makes these values missing
recode      mapping                    replaces text by text
truth       true, false                reads words for true and false
split       parts, by or pattern       adds text columns ``<column>_<part>``
number      decimal, thousands, strip  reads every cell as a finite number
unit        units, decimal, thousands  reads "5 kg" as 5 times the unit's size
clip        min, max                   keeps numbers within these bounds
date        format (iso or strptime)   reads every cell as a moment, in UTC
date_parts  parts                      adds number columns ``<column>_<part>``
fill        value                      replaces what is missing
drop                                   leaves the column out
==========  =========================  ==========================================

An operation with a ``part`` is played on ``<column>_<part>``, which a split made. The
operations on images and sounds are listed in `mlkit.core.operations.ELSEWHERE`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlkit.core.checks import KNOWN, TABLE_CHECKS, failing
from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.operations import OPERATIONS, PARTS, player
from mlkit.core.values import Array, Cells, column_of, rows_of

__all__ = ["MISSING", "OPERATIONS", "PARTS", "apply", "check", "place_of"]

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
        column = place_of(operation)
        if column not in made and column not in cells and operation.get("optional"):
            continue
        play = player(operation["op"], column)
        values = made.pop(column) if column in made else column_of(cells, column, rows)
        made.update(play(column, values, operation))
    return made


def place_of(operation: Mapping[str, Any]) -> str:
    """Return the column that an operation is played on.

    Examples
    --------
    >>> place_of({"op": "number", "column": "pressure", "part": "low"})
    'pressure_low'
    """
    column, part = str(operation["column"]), operation.get("part")
    return f"{column}_{part}" if part is not None else column


def check(rules: Sequence[Mapping[str, Any]], cells: Cells) -> dict[str, Array]:
    """Tell by rule name which rows fail.

    Parameters
    ----------
    rules
        JSON dicts ``{"rule", "check", ...}``, see `mlkit.core.checks`. Those about a
        whole table, or about what only one machine has, are passed over. A missing
        cell, or a word that ``missing`` lists, fails only ``required``.
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
        if rule["check"] not in KNOWN:
            raise InputError(
                f"unknown check {rule['check']!r}",
                where=f"rule {rule.get('rule', '')!r}",
                todo=did_you_mean(rule["check"], KNOWN),
            )
        if rule["check"] not in TABLE_CHECKS:
            failed[rule["rule"]] = failing(rule, cells, rows)
    return failed
