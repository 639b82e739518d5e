"""Groups of people in a table: how they are cut, their rates, the gap between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.rows import MISSING
from mlkit.data.measures.moments import scaled

__all__ = ["FEWEST", "Gap", "Groups", "cross", "cut", "gap", "means", "wilson"]

FEWEST = 30
"""A group with fewer rows is counted, and not judged."""

FEW_VALUES = 6
MOST = 12
REST = "all others"

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Interval = tuple[Floats, Floats, Floats]


@dataclass(frozen=True)
class Groups:
    """Which group each row is of.

    Parameters
    ----------
    codes
        Each row's group, shape (rows,).
    names
        The groups' names.
    how
        How they were cut, in words; "" where they are the column's own values.
    """

    codes: Codes
    names: tuple[str, ...]
    how: str = ""

    @property
    def counts(self) -> Codes:
        """How many rows each group has."""
        return np.bincount(self.codes, minlength=len(self.names))


@dataclass(frozen=True)
class Gap:
    """The surest gap between two groups.

    Parameters
    ----------
    of
        A class of the target, or the target where it is a number.
    more, less
        The group that has more of it, and the one that has less.
    size, low, high
        The difference and its 95 % interval, which allows for all pairs and classes
        that were compared.
    """

    of: str
    more: str
    less: str
    size: float
    low: float
    high: float


def cut(values: pd.Series) -> Groups:
    """Cut a column into groups: its values, or quarters of a number's or date's range.

    Of many values the twelve most frequent stay, the rest are one group; what is
    missing is a group of its own.

    Examples
    --------
    >>> cut(pd.Series(["f", "m", "f"])).names
    ('f', 'm')
    >>> cut(pd.Series(np.arange(100.0))).names
    ('below 25', '25 to 50', '50 to 74', '74 and more')
    """
    if values.dtype.kind in "fiuM" and values.nunique() > FEW_VALUES:
        return _quarters(values)
    words = _words(values)
    counts = words[words != MISSING].value_counts(sort=True)
    if len(counts) <= MOST:
        return _coded(words, sorted(counts.index))
    kept = sorted(counts.index[: MOST - 1])
    plain = words.where(words.isin([*kept, MISSING]), REST)
    how = f"the {len(kept)} most frequent of {len(counts):,} values"
    return _coded(plain, [*kept, REST], how)


def cross(first: Groups, second: Groups) -> Groups:
    """Return the intersections of two sets of groups that hold any row.

    Examples
    --------
    >>> sex, old = cut(pd.Series(["f", "m", "m"])), cut(pd.Series(["n", "n", "y"]))
    >>> cross(sex, old).names
    ('f · n', 'm · n', 'm · y')
    """
    both = first.codes * len(second.names) + second.codes
    seen, codes = np.unique(both, return_inverse=True)
    pairs = [divmod(int(code), len(second.names)) for code in seen]
    names = tuple(f"{first.names[i]} · {second.names[j]}" for i, j in pairs)
    return Groups(codes.astype(np.intp), names)


def wilson(hits: Codes, rows: Codes, level: float = 0.95) -> Interval:
    """Return rates and their score intervals (Wilson 1927); no row, the whole range.

    Examples
    --------
    >>> [end.round(3).item() for end in wilson(np.array([5]), np.array([10]))]
    [0.5, 0.237, 0.763]
    """
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + level / 2))
    some = np.maximum(rows, 1)
    rate = hits / some
    middle = (rate + z**2 / (2 * some)) / (1 + z**2 / some)
    inner = rate * (1 - rate) / some + z**2 / (4 * some**2)
    half = z * np.sqrt(inner) / (1 + z**2 / some)
    empty = rows == 0
    low, high = np.maximum(middle - half, 0), np.minimum(middle + half, 1)
    return (
        np.where(empty, 0.5, rate),
        np.where(empty, 0.0, np.minimum(low, rate)),
        np.where(empty, 1.0, np.maximum(high, rate)),
    )


def means(values: Floats, codes: Codes, count: int, level: float = 0.95) -> Interval:
    """Return each group's mean and its interval by Student's t.

    A group of one row, or of none, is given a deviation without end.
    """
    from scipy.stats import t

    rows = np.bincount(codes, minlength=count)
    some = np.maximum(rows, 1)
    mean = np.bincount(codes, weights=values, minlength=count) / some
    squares = np.bincount(codes, weights=(values - mean[codes]) ** 2, minlength=count)
    free = np.maximum(rows - 1, 1)
    error = np.sqrt(squares / free / some)
    half = t.ppf(0.5 + level / 2, free) * error
    half = np.where(rows < 2, np.inf, half)
    return mean, mean - half, mean + half


def gap(names: Sequence[str], of: str, interval: Interval) -> Gap | None:
    """Return the surest gap between two groups, or None where there are not two.

    Its interval joins those of the two (Newcombe 1998, Zou and Donner 2008); the pair
    is the one whose interval begins highest.

    Parameters
    ----------
    names
        The groups.
    of
        What the rates are of.
    interval
        Rates, or means, with both ends, each of shape (groups,), at a level that
        allows for all pairs.
    """
    if len(names) < 2:
        return None
    rate, low, high = interval
    below, above = rate - low, high - rate
    with np.errstate(invalid="ignore"):
        size = rate[:, None] - rate[None, :]
        least = size - np.sqrt(below[:, None] ** 2 + above[None, :] ** 2)
        most = size + np.sqrt(above[:, None] ** 2 + below[None, :] ** 2)
    alone = np.eye(len(names), dtype=bool)
    i, j = divmod(int(np.where(alone, -np.inf, least).argmax()), len(names))
    ends = (float(size[i, j]), float(least[i, j]), float(most[i, j]))
    return Gap(of, names[i], names[j], *ends)


def _words(values: pd.Series) -> pd.Series:
    if values.dtype.kind in "fiu":
        told = [MISSING if value != value else f"{value:g}" for value in values]
        return pd.Series(told, dtype="object")
    words = values.astype("str").where(values.notna(), MISSING)
    return words.replace("", MISSING).astype("object").reset_index(drop=True)


def _coded(words: pd.Series, names: list[str], how: str = "") -> Groups:
    gone = [MISSING] * bool((words == MISSING).any())
    every = (*names, *gone)
    codes = pd.Categorical(words, categories=list(every)).codes.astype(np.intp)
    return Groups(codes, every, how)


def _quarters(values: pd.Series) -> Groups:
    """Cut at the quartiles, which are rounded to what is easy to say."""
    known = values.notna().to_numpy()
    if values.dtype.kind == "M":
        days = values.astype("M8[s]").to_numpy().astype("M8[D]")
        edges = np.unique(np.quantile(days[known].astype(np.int64), (0.25, 0.5, 0.75)))
        numbers = np.where(known, days.astype(np.int64), 0).astype(float)
        edges = np.unique(np.round(edges))
        told = [str(np.datetime64(int(edge), "D")) for edge in edges]
    else:
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        plain, power = scaled(numbers[known])
        edges = _rounded(np.quantile(plain, (0.25, 0.5, 0.75)) * power)
        told = [f"{edge:g}" for edge in edges]
    names = [f"below {told[0]}"]
    names += [f"{a} to {b}" for a, b in pairwise(told)]
    names.append(f"{told[-1]} and more")
    codes = np.searchsorted(edges, numbers, side="right")
    words = pd.Series(np.array(names, dtype=object)[codes]).where(known, MISSING)
    return _coded(words, names, f"cut at {', '.join(told)}, near its quartiles")


def _rounded(edges: Floats) -> Floats:
    """Round edges to as few digits as keep them apart."""
    distinct = np.unique(edges)
    for digits in range(2, 15):
        short = np.unique([float(f"{edge:.{digits}g}") for edge in distinct])
        if len(short) == len(distinct):
            return np.asarray(short, float)
    return distinct
