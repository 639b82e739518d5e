"""Columns of a table, put in place whatever their names are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["with_columns"]


def with_columns(table: pd.DataFrame, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return a copy of a table some of whose columns are others, or new.

    Unlike ``table.assign(**columns)`` it takes a column called ``self`` too.

    Parameters
    ----------
    table
        Any table; it stays as it is.
    columns
        Cells by the column's name.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"self": [1, 2]})
    >>> with_columns(table, {"self": [3, 4]})["self"].tolist(), table["self"].tolist()
    ([3, 4], [1, 2])
    """
    copy = table.copy(deep=False)
    for name, cells in columns.items():
        copy[name] = cells
    return copy
