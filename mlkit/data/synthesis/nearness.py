"""How near two sets of rows are: column by column, and in pairs of columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.rows import MISSING
from mlkit.core.schema import Schema
from mlkit.data.charts.cards import significant
from mlkit.data.measures.moments import scaled

__all__ = ["column_distances", "lengths_or_numbers", "pair_ties"]

PAIRED = 24
LOOKED_AT = 5000

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def column_distances(
    table: pd.DataFrame, schema: Schema, new: Flags
) -> list[dict[str, Any]]:
    """Return how far each column's new cells fall from the real ones.

    Numbers, dates and lengths of texts: the largest difference of the distribution
    functions (Kolmogorov and Smirnov), and how far the values must be moved (after
    Wasserstein, in standard deviations). Words: half the summed differences of their
    shares (total variation). Beside it stands what another sample of the same size
    would differ by.

    Parameters
    ----------
    table, schema
        What `plain` gives.
    new
        Which rows are new, shape (rows,).

    Examples
    --------
    >>> table = pd.DataFrame({"y": ["a", "b", "a", "a"]})
    >>> new = np.array([False, False, True, True])
    >>> column_distances(table, Schema.of(table).change("y", type="category"), new)[0][
    ...     "far"]
    0.5
    """
    found = []
    for column in schema:
        values = table[column.name]
        words = column.type == "category"
        gone = (values == MISSING) if words else _gone(values)
        share = 1 / np.sqrt(1 / (~new).sum() + 1 / new.sum())
        told = _of_words(values, new, share) if words else _of_numbers(values, new)
        if column.type == "text":
            known = new & ~gone.to_numpy()
            told["copied"] = int(values[known].isin(set(values[~new])).sum())
        gaps = {
            "missing": significant(float(gone[~new].mean())),
            "missing_new": significant(float(gone[new].mean())),
        }
        found.append({"name": column.name, "type": column.type, **told, **gaps})
    return found


def _gone(values: pd.Series) -> pd.Series:
    return values.isna() | (values == "" if values.dtype == "str" else False)


def lengths_or_numbers(values: pd.Series) -> Floats:
    """Return numbers, days, or lengths of texts; NaN for what is missing."""
    if values.dtype.kind == "M":
        stamps = values.to_numpy(dtype="M8[us]")
        return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 86_400e6)
    if values.dtype.kind == "f":
        return values.to_numpy(dtype=float)
    lengths = values.str.len().to_numpy(dtype=float)
    return np.where(lengths == 0, np.nan, lengths)


def _of_numbers(values: pd.Series, new: Flags) -> dict[str, Any]:
    from scipy.stats import wasserstein_distance

    numbers = lengths_or_numbers(values)
    known = np.isfinite(numbers)
    if not (known & new).any() or not (known & ~new).any():
        return {"measure": "", "far": None, "chance": None, "moved": None}
    divided, _ = scaled(numbers[known])
    real, made = divided[~new[known]], divided[new[known]]
    spread = float(real.std())
    moved = wasserstein_distance(real, made) / spread if spread > 0 else 0.0
    chance = 0.8687 * np.sqrt(1 / len(real) + 1 / len(made))
    return {
        "measure": "KS",
        "far": significant(_apart(real, made)),
        "chance": significant(min(float(chance), 1.0)),
        "moved": significant(float(moved)),
    }


def _apart(one: Floats, other: Floats) -> float:
    """Return the largest difference of two distribution functions."""
    every = np.concatenate([one, other])
    shares = [
        np.searchsorted(np.sort(side), every, side="right") / len(side)
        for side in (one, other)
    ]
    return float(np.abs(shares[0] - shares[1]).max())


def _of_words(values: pd.Series, new: Flags, size: float) -> dict[str, Any]:
    codes, _ = pd.factorize(values)
    counts = [
        np.bincount(codes[which], minlength=codes.max() + 1) for which in (~new, new)
    ]
    shares = [count / count.sum() for count in counts]
    both = (counts[0] + counts[1]) / len(codes)
    # the mean of |normal| is 0.8 of its standard deviation
    chance = 0.5 * 0.798 * float(np.sqrt(both * (1 - both)).sum()) / size
    far = 0.5 * float(np.abs(shares[0] - shares[1]).sum())
    return {
        "measure": "total variation",
        "far": significant(far),
        "chance": significant(min(chance, 1.0)),
        "moved": None,
        "alone": int(((counts[0] == 1) & (counts[1] > 0)).sum()),
    }


def pair_ties(
    table: pd.DataFrame, schema: Schema, new: Flags, seed: int = 0
) -> dict[str, Any]:
    """Return how columns go together among the real rows and among the new.

    Two numbers: Spearman's rank correlation. Words and a number: the correlation ratio
    of its ranks. Words and words: Cramér's V. The same number of rows is looked at on
    both sides, at most 5,000, and at most 24 columns.

    Parameters
    ----------
    table, schema
        What `plain` gives.
    new
        Which rows are new, shape (rows,).
    seed
        Of the draw of rows.

    Returns
    -------
    dict
        ``names``, and ``real`` and ``made``: lists of rows of a square, None where a
        column never varies.
    """
    names = [c.name for c in schema if c.type != "text"][:PAIRED]
    rng = np.random.default_rng(seed)
    most = min(int(new.sum()), int((~new).sum()), LOOKED_AT)
    found = {}
    for key, which in (("real", ~new), ("made", new)):
        rows = rng.choice(np.flatnonzero(which), most, replace=False)
        square = _ties(table[names].iloc[rows], schema)
        found[key] = [
            [None if np.isnan(cell) else significant(float(cell), 3) for cell in line]
            for line in square
        ]
    return {"names": names, "chance": significant(0.8 * np.sqrt(2 / most), 3), **found}


def _ties(table: pd.DataFrame, schema: Schema) -> Floats:
    names = [str(name) for name in table]
    ranks = {
        n: pd.Series(lengths_or_numbers(table[n])).rank()
        for n in names
        if n not in schema.with_type("category")
    }
    codes = {
        n: pd.factorize(table[n])[0] for n in schema.with_type("category") if n in names
    }
    square = np.full((len(names), len(names)), np.nan)
    for i, one in enumerate(names):
        for j, other in enumerate(names[: i + 1]):
            if one in codes and other in codes:
                tie = _cramer(codes[one], codes[other])
            elif one in ranks and other in ranks:
                tie = _spearman(ranks[one], ranks[other])
            else:
                word, number = (one, other) if one in codes else (other, one)
                tie = _ratio(codes[word], np.asarray(ranks[number], float))
            square[i, j] = square[j, i] = tie
    return square


def _spearman(one: pd.Series, other: pd.Series) -> float:
    known = (one.notna() & other.notna()).to_numpy()
    if known.sum() < 3:
        return np.nan
    a, b = (s[known].rank().to_numpy() for s in (one, other))
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan
    return float(np.corrcoef(a, b)[0, 1])


def _cramer(one: NDArray[np.intp], other: NDArray[np.intp]) -> float:
    wide, high = int(one.max()) + 1, int(other.max()) + 1
    if min(wide, high) < 2:
        return np.nan
    cells = np.bincount(one * high + other, minlength=wide * high)
    seen = cells.reshape(wide, high).astype(float)
    expected = seen.sum(1, keepdims=True) * seen.sum(0, keepdims=True) / len(one)
    chi = float(((seen - expected) ** 2 / expected).sum())
    return float(np.sqrt(chi / (len(one) * (min(wide, high) - 1))))


def _ratio(codes: NDArray[np.intp], ranks: Floats) -> float:
    known = np.isfinite(ranks)
    codes, ranks = codes[known], ranks[known]
    if len(ranks) < 3 or np.ptp(ranks) == 0 or codes.min() == codes.max():
        return np.nan
    counts = np.bincount(codes)
    means = np.bincount(codes, weights=ranks) / np.maximum(counts, 1)
    between = float((counts * (means - ranks.mean()) ** 2).sum())
    return float(np.sqrt(between / ((ranks - ranks.mean()) ** 2).sum()))
