"""Decimal commas and points: which mark a column's numbers have, and plain ones."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["COMMA", "all_match", "comma_decimals", "plain", "pointed"]

COMMA = r"^[+-]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]+)?$"
"""A number with a decimal comma, or with none."""

COMMA_CELL = r"^[+-]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]+),[0-9]+$"
POINT_CELL = r"^[+-]?[0-9]*\.([0-9]{1,2}|[0-9]{4,})$"
THOUSANDS = r"^[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+$"


def comma_decimals(columns: list[pa.Array]) -> bool:
    """Whether the numbers of a file are written with a decimal comma, as in 3,14."""
    for column in columns:
        cells = column.drop_null()[:2000]
        if len(cells) and all_match(cells, COMMA):
            commas = cells.filter(pc.match_substring(cells, ","))
            if len(commas) and not all_match(commas, THOUSANDS):
                return True
    return False


def pointed(columns: Sequence[pa.Array]) -> list[pa.Array]:
    """Return columns of numbers with decimal points, where most cells have commas.

    Each column goes by its own cells, or by all where these do not tell. A word among
    numbers changes no other cell.

    Parameters
    ----------
    columns
        Text cells of columns that are known to hold numbers.

    Examples
    --------
    >>> [column] = pointed([pa.array(["1,5", "n/a", "2.000,25"])])
    >>> column.to_pylist()
    ['1.5', 'n/a', '2000.25']
    """
    trimmed = [pc.utf8_trim_whitespace(column) for column in columns]
    leads = [_lead(cells) for cells in trimmed]
    return [
        pc.if_else(pc.match_substring_regex(cells, COMMA), plain(cells), column)
        if (lead or sum(leads)) > 0
        else column
        for column, cells, lead in zip(columns, trimmed, leads, strict=True)
    ]


def _lead(cells: pa.Array) -> int:
    """Return how many more cells have a decimal comma than a decimal point."""
    commas = _count(cells, COMMA_CELL) - _count(cells, THOUSANDS)
    return commas - _count(cells, POINT_CELL)


def _count(cells: pa.Array, pattern: str) -> int:
    return pc.sum(pc.match_substring_regex(cells, pattern)).as_py() or 0


def plain(cells: pa.Array) -> pa.Array:
    """Write decimal commas as points, and leave out points between thousands."""
    return pc.replace_substring(pc.replace_substring(cells, ".", ""), ",", ".")


def all_match(cells: pa.Array, pattern: str) -> bool:
    """Tell whether every cell matches a pattern."""
    return bool(pc.all(pc.match_substring_regex(cells, pattern)).as_py())
