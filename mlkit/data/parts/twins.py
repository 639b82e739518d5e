"""Twins: rows of one part that equal, or nearly equal, rows of another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.reading.identify import row_keys

__all__ = ["near_twins", "twins"]

NEAR = 0.01
LUCK = 0.001

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
    scaled, gaps = _scaled(table, numeric)
    plain = _plain(table, words)
    pairs = float(known.sum()) * float(asked.sum())
    if pairs * _luck(scaled, [*plain.values(), *gaps.values()]) > LUCK:
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


def _luck(scaled: NDArray[np.float64], words: Sequence[pd.Series]) -> float:
    """Return how likely two rows are near, were each column drawn by itself."""
    found, others = 1.0, max(len(scaled) - 1, 1)
    for values in np.sort(scaled, axis=0).T:
        high = np.searchsorted(values, values + NEAR, side="right")
        low = np.searchsorted(values, values - NEAR, side="left")
        found *= float(np.mean(high - low - 1)) / others
    for column in words:
        found *= float((column.value_counts(normalize=True) ** 2).sum())
    return found


def _plain(table: pd.DataFrame, words: Sequence[str]) -> dict[str, pd.Series]:
    return {
        name: table[name].astype("str").str.casefold().str.split().str.join(" ")
        for name in words
    }


def _scaled(
    table: pd.DataFrame, numeric: Sequence[str]
) -> tuple[NDArray[np.float64], dict[str, pd.Series]]:
    """Return numbers in standard deviations, gaps as 0, and where the gaps are."""
    matrix = np.zeros((len(table), len(numeric)))
    gaps = {}
    for place, name in enumerate(numeric):
        values = table[name]
        gaps[f"{name} gap"] = values.isna().astype("float64")
        plain = (
            values.astype("M8[us]").astype("int64")
            if values.dtype.kind == "M"
            else values
        )
        known = plain.to_numpy(dtype=float)
        known = np.where(values.isna() | ~np.isfinite(known), np.nan, known)
        most = np.nanmax(np.abs(known)) if np.isfinite(known).any() else 0.0
        if most > 0:
            shares = known / most
            matrix[:, place] = np.nan_to_num(shares / (np.nanstd(shares) or 1.0))
    return matrix, gaps
