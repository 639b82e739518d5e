"""Which part a row belongs to: told from its own hash, so that growth moves no row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.identity import row_hashes

__all__ = [
    "PARTS",
    "SALTS",
    "SALTS_OF_GROUPS",
    "assign",
    "assign_by_first",
    "assign_by_time",
    "best_salt",
    "unit_hashes",
]

PARTS = ("train", "valid", "test")
SALTS = 64
SALTS_OF_GROUPS = 512
MANY = 50_000
GOLDEN = 0x9E3779B97F4A7C15
TRAIN, VALID, TEST = range(3)
UNUSED = -1
KEPT = 0.5

Places = NDArray[np.int8]


def unit_hashes(units: Sequence[str] | NDArray[np.object_]) -> NDArray[np.uint64]:
    """Return one stable hash a row of what equal rows, or rows of one group, share."""
    words = pd.DataFrame({"unit": pd.array(list(units), dtype="str")})
    return row_hashes(words, ["unit"])


def assign(
    hashes: NDArray[np.uint64], test_size: float, valid_size: float, salt: int = 0
) -> Places:
    """Return each row's part, 0 train, 1 valid, 2 test, from its hash alone.

    A row's hash is mixed with the salt (the finaliser of SplitMix64, Steele et al.
    2014) and held against fixed thresholds.

    Parameters
    ----------
    hashes
        One a row, as `unit_hashes` gives them.
    test_size, valid_size
        Shares, between 0 and 1.
    salt
        Which of many such splits.

    Examples
    --------
    >>> hashes = unit_hashes([f"row {i}" for i in range(1000)])
    >>> np.bincount(assign(hashes, 0.2, 0.2)).tolist()
    [606, 202, 192]
    """
    with np.errstate(over="ignore"):
        mixed = hashes + np.uint64((salt + 1) * GOLDEN % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    shares = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
    found = np.full(len(hashes), TRAIN, dtype=np.int8)
    found[shares < test_size + valid_size] = VALID
    found[shares < test_size] = TEST
    return found


def best_salt(
    hashes: NDArray[np.uint64],
    classes: NDArray[np.intp],
    test_size: float,
    valid_size: float,
    salts: int = SALTS,
) -> int:
    """Return the salt whose parts are nearest the sizes and classes wished for.

    It is one of `salts`, or of the first eight where there are many rows.

    Parameters
    ----------
    hashes
        One a row.
    classes
        The class of each row, from 0; -1 where it is not known.
    test_size, valid_size
        Shares, between 0 and 1.
    salts
        How many are tried.
    """
    known = classes >= 0
    kinds, place = hashes[known], classes[known]
    number = int(place.max()) + 1 if len(place) else 1
    wish = np.array([1 - test_size - valid_size, valid_size, test_size])
    expected = np.maximum(np.outer(wish, np.bincount(place, minlength=number)), 1e-9)

    def unevenness(salt: int) -> tuple[int, float]:
        parts = assign(kinds, test_size, valid_size, salt).astype(np.intp)
        cells = np.bincount(parts * number + place, minlength=3 * number)
        found = cells.reshape(3, number)
        empty = int(((found == 0) & (expected >= 0.5)).sum())
        by_class = ((found - expected) ** 2 / expected).sum() * min(2 / number, 1)
        sizes = found.sum(axis=1), expected.sum(axis=1)
        return empty, float(by_class + ((sizes[0] - sizes[1]) ** 2 / sizes[1]).sum())

    return min(range(salts if len(place) <= MANY else 8), key=unevenness)


def assign_by_time(times: pd.Series, test_size: float, valid_size: float) -> Places:
    """Return each row's part by its time: the newest test, the next newest valid.

    Rows of one time stay together; rows without a time are for training.

    Parameters
    ----------
    times
        Dates or numbers.
    test_size, valid_size
        Shares of the rows that have a time.

    Examples
    --------
    >>> assign_by_time(pd.Series([3.0, 1.0, 2.0, 5.0, 4.0]), 0.2, 0.2).tolist()
    [0, 0, 0, 2, 1]
    """
    known = times.dropna()
    ranks = (known.rank(method="min") - 1) / max(len(known), 1)
    found = pd.Series(np.int8(TRAIN), index=range(len(times)))
    place = pd.Series(ranks.to_numpy(), index=np.flatnonzero(times.notna()))
    found[place.index[place >= 1 - test_size - valid_size - 1e-9]] = VALID
    found[place.index[place >= 1 - test_size - 1e-9]] = TEST
    return found.to_numpy(dtype=np.int8)


def assign_by_first(
    times: pd.Series, groups: pd.Series, test_size: float, valid_size: float
) -> Places | None:
    """Return each row's part by the time its group was first met; the newest are test.

    So no group is in two parts. A row of an older group that is as new as a later part
    would be a look into the future, and is in no part, -1.

    Parameters
    ----------
    times
        Dates or numbers.
    groups
        What stays together; a row without a group is its own.
    test_size, valid_size
        Shares of the rows that have a time.

    Returns
    -------
    int8 array, shape (rows,), or None
        None where more than half of a part's rows would be lost, or a part be empty:
        groups that are met all the time cannot be parted by time.

    Examples
    --------
    >>> times, groups = pd.Series([1.0, 2, 3, 4, 5, 9]), pd.Series(list("aabcda"))
    >>> assign_by_first(times, groups, 0.2, 0.2).tolist()
    [0, 0, 0, 1, 2, -1]
    """
    alone = pd.Series([f"row {i}" for i in range(len(groups))], index=groups.index)
    units = ("of " + groups.astype("str")).where(groups.notna(), alone)
    first = times.groupby(units.to_numpy()).transform("min")
    places = assign_by_time(first, test_size, valid_size)
    if len(np.unique(places)) < len(PARTS):
        return None
    made = places.copy()
    for part in (TRAIN, VALID):
        later = first[places == part + 1].min()
        made[(places == part) & (times >= later).to_numpy()] = UNUSED
        if (made == part).sum() < KEPT * (places == part).sum():
            return None
    return made
