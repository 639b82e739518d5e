"""What makes two tables the same table: their schema and their values.

Never the bytes of a file: a Parquet round trip, a NaN's payload, ``ns`` against
``us`` or object against str strings change bytes and no value. Each column is
brought to one form (values with missing as zero, validity bits, text as lengths and
bytes) and hashed with SHA-256.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlkit.core.errors import InputError
from mlkit.core.files import canonical
from mlkit.core.schema import Schema

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["HASHED", "row_hashes", "table_identity"]

HASHED = re.compile(r"[0-9a-f]{16}(-[0-9]+)?")
"""A row id that is made of the cells of its row."""


def table_identity(table: pd.DataFrame) -> str:
    """Return the SHA-256 of a table's schema, row ids and values, as 64 hex digits.

    Parameters
    ----------
    table
        Rows × columns; numbers, text, booleans or timestamps.

    Raises
    ------
    InputError
        Where a column holds anything else.

    Examples
    --------
    >>> import pandas as pd
    >>> one = pd.DataFrame({"x": [1.0, float("nan")], "y": ["a", None]})
    >>> table_identity(one) == table_identity(one.copy())
    True
    """
    whole = hashlib.sha256(canonical(Schema.of(table).to_dict()))
    whole.update(str(len(table)).encode())
    _feed(whole, table.index.to_series(), "row ids")
    for place, name in enumerate(table.columns):
        _feed(whole, table.iloc[:, place], str(name))
    return whole.hexdigest()


def row_hashes(table: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.uint64]:
    """Return one stable 64-bit hash a row over `columns`, missing values included.

    Equal cells give equal hashes in every process and whatever the dtype width;
    1 and 1.0 are equal, 1 and "1" are not.

    Parameters
    ----------
    table
        Rows × columns.
    columns
        The columns to hash, order matters; none gives the hash of an empty row.

    Returns
    -------
    array of uint64, one a row

    Examples
    --------
    >>> import pandas as pd
    >>> hashes = row_hashes(pd.DataFrame({"x": [1, 1, 2]}), ["x"])
    >>> bool(hashes[0] == hashes[1]), bool(hashes[0] == hashes[2])
    (True, False)
    """
    from pandas.util import hash_array

    total = np.full(len(table), 0x345678, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for name in columns:
            kind, values, valid = _parts(table[name], name)
            if kind == "text":
                cells = hash_array(values, categorize=True)
            else:
                wide = np.int64 if kind == "date" else np.float64
                cells = hash_array(values.astype(wide).view(np.uint64))
            cells = np.where(valid, cells, np.uint64(0x9E3779B97F4A7C15))
            total = (total * np.uint64(1000003)) ^ cells
            total ^= total >> np.uint64(29)
    return total


def _feed(whole: Any, column: pd.Series, name: str) -> None:
    kind, values, valid = _parts(column, name)
    whole.update(f"\0{kind}\0".encode())
    whole.update(np.packbits(valid).tobytes())
    if kind != "text":
        whole.update(np.ascontiguousarray(values).tobytes())
        return
    encoded = [text.encode("utf-8", "surrogatepass") for text in values]
    whole.update(np.fromiter(map(len, encoded), "<u8", len(encoded)).tobytes())
    whole.update(b"".join(encoded))


def _parts(column: pd.Series, name: str) -> tuple[str, NDArray[Any], NDArray[np.bool_]]:
    """Return a column's kind, values with missing as zero, and validity."""
    from pandas.api import types

    dtype = column.dtype
    valid = column.notna().to_numpy(dtype=bool)
    if types.is_bool_dtype(dtype):
        return "bool", column.fillna(False).to_numpy(dtype="u1"), valid
    if types.is_integer_dtype(dtype) and not types.is_unsigned_integer_dtype(dtype):
        return "integer", column.fillna(0).to_numpy(dtype="<i8"), valid
    if types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype):
        numbers = column.to_numpy(dtype="<f8", na_value=0.0)
        return "number", np.where(valid, numbers, 0.0) + 0.0, valid
    if types.is_datetime64_any_dtype(dtype):
        plain = (
            column.dt.tz_convert("UTC").dt.tz_localize(None)
            if (getattr(dtype, "tz", None) is not None)
            else column
        )
        stamps = plain.to_numpy(dtype="M8[us]").astype("<i8")
        return "date", np.where(valid, stamps, 0), valid
    cells = column.astype(object).to_numpy()
    texts = np.where(valid, cells, "")
    if not all(isinstance(cell, str) for cell in texts):
        odd = next(cell for cell in texts if not isinstance(cell, str))
        raise InputError(
            "a column holds something that is neither number, text nor date",
            where=f"column {name!r}",
            expected="numbers, text, booleans or timestamps",
            got=f"{type(odd).__name__}: {str(odd)[:60]}",
            todo="turn it into text or numbers before you save it",
        )
    return "text", texts, valid
