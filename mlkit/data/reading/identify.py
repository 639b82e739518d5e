"""Give every row a stable id: its own, else one made of its cells.

An id made of cells is a hash of all columns but the target, and an ordinal where rows
are equal. A number hashes alike whether it was read as a number or left as text, so
that one odd cell in a column does not rename the rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mlkit.core.identity import HASHED, row_hashes
from mlkit.core.schema import Schema
from mlkit.core.values import numbers

__all__ = ["as_found", "hashed", "id_of", "row_ids", "row_keys", "unit_of"]


def row_ids(
    cells: pa.Table, table: pd.DataFrame, key: str | None, target: str
) -> pd.Index:
    """Return the row ids of a table: those of its id column, else hashed ones.

    Parameters
    ----------
    cells
        The columns as they were found.
    table
        The same columns, typed.
    key
        The id column, if there is one whose values all differ.
    target
        The target column, which has no part in the ids.
    """
    if key is not None:
        ids = [str(value) for value in table[key].tolist()]
    else:
        names = [name for name in cells.column_names if name != target]
        plain = {name: as_found(cells[name], table[name]) for name in names}
        ids = hashed(plain, len(table))
    index: pd.Index = pd.Index(ids, dtype="str", name="row")
    return index


def id_of(table: pd.DataFrame, schema: Schema, asked: str) -> str | None:
    """Return the id column whose values all differ, the one asked for first."""
    names = [asked] if asked else schema.with_type("id")
    for name in names:
        if table[name].notna().all() and table[name].is_unique:
            return name
    return None


def unit_of(ids: pd.Index) -> NDArray[np.object_]:
    """Return what equal rows share: a hashed id without its ordinal, else the id.

    Examples
    --------
    >>> unit_of(pd.Index(["00ff00ff00ff00ff-1", "C-7"], dtype="str")).tolist()
    ['00ff00ff00ff00ff', 'C-7']
    """
    words = ids.to_series()
    hashed_ids = words.str.fullmatch(HASHED.pattern).to_numpy(dtype=bool)
    units: NDArray[np.object_] = words.to_numpy(dtype=object).copy()
    units[hashed_ids] = words[hashed_ids].str.slice(0, 16).to_numpy(dtype=object)
    return units


def row_keys(columns: Mapping[str, pd.Series], rows: int) -> NDArray[np.uint64]:
    """Return one hash a row; a number and the text that writes it hash alike.

    Parameters
    ----------
    columns
        Cells by name; the order counts, the names do not.
    rows
        How many rows there are.
    """
    parts = {str(i): _hash(values) for i, values in enumerate(columns.values())}
    return row_hashes(pd.DataFrame(parts, index=range(rows)), list(parts))


def hashed(columns: Mapping[str, pd.Series], rows: int) -> list[str]:
    """Return 16 hex digits a row, and ``-1``, ``-2`` ... on the further equal rows."""
    keys = row_keys(columns, rows)
    ordinals = pd.Series(keys).groupby(keys).cumcount().to_numpy()
    words = [f"{key:016x}" for key in keys.tolist()]
    for place in np.flatnonzero(ordinals):
        words[place] += f"-{ordinals[place]}"
    return words


def as_found(column: pa.ChunkedArray | pa.Array, values: pd.Series) -> pd.Series:
    """Return the cells of one column as they are hashed: numbers, else as found.

    Parameters
    ----------
    column
        As it stood in the file.
    values
        The same cells, typed.
    """
    if values.dtype.kind in "fiu":
        return values
    if not pa.types.is_string(column.type):
        column = pc.cast(column, pa.string())
    words: pd.Series = column.to_pandas().astype("str")
    return words


def _hash(values: pd.Series) -> NDArray[np.int64]:
    """Hash one column; text that is a plain number hashes as that number."""
    if values.dtype.kind in "fiu":
        plain = pd.DataFrame({"x": values.to_numpy(dtype=np.float64)})
        return row_hashes(plain, ["x"]).view(np.int64)
    if values.dtype.kind == "M":
        return row_hashes(pd.DataFrame({"x": values.array}), ["x"]).view(np.int64)
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    words = pd.Series(distinct).reset_index(drop=True)
    found = numbers(words.to_numpy(dtype=object))
    as_text = row_hashes(pd.DataFrame({"x": words}), ["x"])
    as_number = row_hashes(pd.DataFrame({"x": found}), ["x"])
    return np.where(np.isnan(found), as_text, as_number).view(np.int64)[codes]
