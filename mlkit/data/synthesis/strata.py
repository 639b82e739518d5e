"""Classes of rows that are learnt apart, and how many rows each is given."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.rows import PARTS
from mlkit.core.schema import Schema

__all__ = ["date_parts", "shared", "strata"]

ROWS = 150
BINS = 8

Ints = NDArray[np.intp]


def strata(table: pd.DataFrame, schema: Schema) -> tuple[Ints, str]:
    """Return each row's class, and what the classes are, in words.

    Rows of one category of the target are one class; of a number, rows between the same
    quantiles, at most eight bins of at least 150 rows. Without a target there is one
    class.

    Parameters
    ----------
    table
        Rows.
    schema
        Their schema.

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> table = pd.DataFrame({"t": ["b", "a", "b"]})
    >>> strata(table, Schema((Column("t", "category", ("target",)),)))
    (array([1, 0, 1]), "each of the 2 classes of 't' by itself")
    """
    target = schema.target
    if target is None or target not in table or not table[target].notna().any():
        return np.zeros(len(table), np.intp), "all rows together: there is no target"
    values = table[target]
    numeric = schema[target].type == "number" and values.dtype.kind in "fiu"
    if numeric:
        bins = int(np.clip(len(values) // ROWS, 1, BINS))
        shares = values.rank(method="average", pct=True)
        values = (shares * bins).map(np.ceil)
    codes, kinds = pd.factorize(values, sort=numeric)
    if not numeric:
        # sorted by their words, so that the order of the rows does not matter
        order = np.argsort(pd.Series(kinds).astype("str").to_numpy(), kind="stable")
        codes = np.where(codes < 0, -1, np.argsort(order)[codes])
    codes = np.where(codes < 0, len(kinds), codes)
    _, codes = np.unique(codes, return_inverse=True)
    count = int(codes.max()) + 1
    if numeric and count == 1:
        return codes, f"all rows together: too few to part {target!r}"
    told = "parts of the range" if numeric else "classes"
    return codes.astype(np.intp), f"each of the {count} {told} of {target!r} by itself"


def shared(counts: Ints, rows: int) -> list[int]:
    """Return how many new rows each class is given: its share, at least one if it can.

    Parameters
    ----------
    counts
        How many real rows each class has.
    rows
        How many new ones there are to be.

    Examples
    --------
    >>> shared(np.array([60, 39, 1]), 10), shared(np.array([5, 5, 5]), 2)
    ([5, 4, 1], [1, 1, 0])
    """
    wish = counts / counts.sum() * rows
    given = np.floor(wish).astype(int)
    most_left = np.argsort(-(wish - given), kind="stable")
    given[most_left[: rows - int(given.sum())]] += 1
    if rows >= len(counts):
        for kind in np.flatnonzero(given == 0):
            given[np.argmax(given)] -= 1
            given[kind] += 1
    return [int(count) for count in given]


def date_parts(table: pd.DataFrame, schema: Schema) -> dict[str, tuple[str, str]]:
    """Return the columns that are a part of a date beside them, as cleaning makes them.

    Parameters
    ----------
    table
        Rows.
    schema
        Their schema.

    Returns
    -------
    dict
        (date, part) by column; these are told from the new dates, not learnt.

    Examples
    --------
    >>> days = pd.Series(["2026-01-31", "2026-02-01"]).astype("M8[us]")
    >>> table = pd.DataFrame({"day": days, "day_month": [1.0, 2.0]})
    >>> date_parts(table, Schema.of(table))
    {'day_month': ('day', 'month')}
    """
    found = {}
    for date in schema.with_type("date"):
        if date not in table or str(table[date].dtype)[:14] != "datetime64[us]":
            continue
        stamps = table[date].to_numpy(dtype="M8[us]")
        known = ~np.isnat(stamps)
        for part, read in PARTS.items():
            name = f"{date}_{part}"
            if name not in table or table[name].dtype.kind != "f":
                continue
            cells = table[name].to_numpy()
            same = np.array_equal(cells[known], read(stamps[known]).astype(float))
            if same and np.isnan(cells[~known]).all():
                found[name] = (date, part)
    return found
