"""Twins: rows of one part that equal, or nearly equal, rows of another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.measures.closeness import LUCK, NEAR, by_luck, in_deviations
from mlkit.data.reading.identify import row_keys

__all__ = ["near_twins", "twins"]

Flags = NDArray[np.bool_]


def twins(raw: pd.DataFrame, known: Flags, asked: Flags) -> Flags:
    """Return which of the asked rows equal a known row in every feature.

    Parameters
    ----------
    raw
        The rows as they were collected.
    known, asked
        Which rows are which, shape (rows,).

    Returns
    -------
    bool array, shape (rows,)
        False outside of `asked`.
    """
    features = {name: raw[name] for name in Schema.of(raw).features if name in raw}
    if not features:
        return np.zeros(len(raw), dtype=bool)
    keys = row_keys(features, len(raw))
    return asked & np.isin(keys, keys[known])


def near_twins(table: pd.DataFrame, known: Flags, asked: Flags) -> Flags | None:
    """Return which of the asked rows nearly equal a known row.

    Two rows are nearly equal where no number differs by more than a hundredth of its
    standard deviation and all words agree but for capitals and blanks.

    Parameters
    ----------
    table
        Cleaned rows with their schema.
    known, asked
        Which rows are which, shape (rows,).

    Returns
    -------
    bool array, shape (rows,), or None
        None where rows have too little in them for nearness to mean anything: where
        luck would bring more than a thousandth of a pair, were the columns unrelated.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = pd.DataFrame(rng.normal(size=(100, 3)), columns=list("abc"))
    >>> rows.iloc[99] = rows.iloc[0] + 0.001
    >>> near_twins(rows, np.arange(100) < 50, np.arange(100) >= 50).sum()
    np.int64(1)
    """
    from scipy.spatial import cKDTree

    schema = Schema.of(table)
    names = [n for n in schema.features if n in table]
    numeric = [n for n in names if schema[n].type in ("number", "date")]
    words = [n for n in names if schema[n].type in ("category", "text")]
    scaled = in_deviations(table, numeric)
    gaps = {f"{n} gap": table[n].isna().astype("float64") for n in numeric}
    plain = _plain(table, words)
    pairs = float(known.sum()) * float(asked.sum())
    if pairs * by_luck(scaled, [*plain.values(), *gaps.values()]) > LUCK:
        return None
    keys = pd.Series(row_keys(plain | gaps, len(table)))
    found = np.zeros(len(table), dtype=bool)
    within = keys.isin(keys[known]).to_numpy() & asked
    if not numeric:
        return within
    for rows in keys[known | within].groupby(keys).indices.values():
        place = np.flatnonzero(known | within)[rows]
        here, there = place[known[place]], place[within[place]]
        if len(here) and len(there):
            tree = cKDTree(scaled[here])
            away, _ = tree.query(
                scaled[there], p=np.inf, distance_upper_bound=NEAR, workers=-1
            )
            found[there] = np.isfinite(away)
    return found


def _plain(table: pd.DataFrame, words: Sequence[str]) -> dict[str, pd.Series]:
    return {
        name: table[name].astype("str").str.casefold().str.split().str.join(" ")
        for name in words
    }
