"""The bytes behind the cells of an image or audio column, each read once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.core.media import media

__all__ = ["each", "spread"]

T = TypeVar("T")
MOST = 8
CHUNK = 256


def each(values: pd.Series, read: Callable[[bytes], T]) -> dict[str, T | None]:
    """Map `read` over the distinct images or sounds of a column.

    Parameters
    ----------
    values
        Digests; missing cells are passed over.
    read
        Called with the bytes, in several threads; what it cannot read, told by an
        InputError, is None.

    Returns
    -------
    dict
        What was read by digest, in the order of the column.
    """
    kept = media()
    digests = [str(digest) for digest in values.dropna().unique()]

    def one(digest: str) -> T | None:
        try:
            return read(kept.get(digest))
        except InputError:
            return None

    if len(digests) < MOST:
        return {digest: one(digest) for digest in digests}
    with ThreadPoolExecutor(min(cpu_count() or 1, MOST)) as pool:
        return dict(zip(digests, pool.map(one, digests, chunksize=CHUNK), strict=True))


def spread(
    values: pd.Series, found: dict[str, NDArray[np.float32] | None], wide: int
) -> NDArray[np.float32]:
    """Return a row a cell: what was found of it, NaN where there is nothing.

    Parameters
    ----------
    values
        Digests, shape (rows,).
    found
        An array of `wide` numbers by digest.
    wide
        How many numbers a row.
    """
    nothing = np.full(wide, np.nan, dtype=np.float32)
    rows = [nothing if row is None else row for row in found.values()]
    table = np.vstack([*rows, nothing])
    places = pd.Index(list(found), dtype=object).get_indexer(
        pd.Index(values, dtype=object)
    )
    return np.asarray(table[places], dtype=np.float32)
