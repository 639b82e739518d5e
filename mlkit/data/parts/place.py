"""The part of every row: by time, by group, as it is given, or by hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.cells import keep
from mlkit.core.identity import HASHED
from mlkit.core.schema import Schema
from mlkit.data.charts.cards import many
from mlkit.data.parts.assign import (
    PARTS,
    SALTS,
    SALTS_OF_GROUPS,
    Places,
    assign,
    assign_by_first,
    assign_by_time,
    best_salt,
    unit_hashes,
)
from mlkit.data.parts.given import UNTOLD, given_places
from mlkit.data.reading.identify import unit_of

__all__ = ["Wish", "place"]


@dataclass(frozen=True)
class Wish:
    """What is asked of a split.

    Parameters
    ----------
    test_size, valid_size
        Shares, between 0 and 1.
    time, group, given
        The columns to split by, or "".
    meaning
        What the values of `given` mean, or the part of each row id.
    every
        Whether rows whose target is missing are split, too: as one class more.
    """

    test_size: float
    valid_size: float
    time: str = ""
    group: str = ""
    given: str = ""
    meaning: Mapping[str, str] | None = None
    every: bool = False


def place(
    labelled: pd.DataFrame, raw: pd.DataFrame, times: pd.Series | None, wish: Wish
) -> tuple[Places, str, list[str]]:
    """Return each row's part, -1 where it is in none, how it was told, and notes.

    Parameters
    ----------
    labelled, raw
        Cleaned rows, and the same rows as they were collected.
    times
        In a timed split, the times of the rows to be split.
    wish
        What is asked.
    """
    if wish.given or wish.meaning:
        return _by_given(labelled, raw, wish)
    if times is None:
        places, how = _by_hash(labelled, raw, wish)
        return places, how, []
    times = times.reindex(labelled.index)
    if not wish.group:
        places = assign_by_time(times, wish.test_size, wish.valid_size)
        return places, f"by {wish.time!r}: the newest rows are the test", []
    return _by_time_and_group(times, _values(labelled, raw, wish.group), wish)


def _by_time_and_group(
    times: pd.Series, groups: pd.Series, wish: Wish
) -> tuple[Places, str, list[str]]:
    sizes = (wish.test_size, wish.valid_size)
    places = assign_by_first(times, groups, *sizes)
    if places is None:
        told = f"a {wish.group!r} is met all the time, and may be in several parts"
        how = f"by {wish.time!r}: the newest rows are the test"
        return assign_by_time(times, *sizes), how, [told]
    left = int((places < 0).sum())
    told = (
        f"{left:,} rows are in no part: their {wish.group!r} is of an older part, they "
        "are as new as a later one"
    )
    how = f"by when each {wish.group!r} was first met: the newest are the test"
    return places, how, [told] if left else []


def _by_given(
    labelled: pd.DataFrame, raw: pd.DataFrame, wish: Wish
) -> tuple[Places, str, list[str]]:
    """Take the parts that are given; those that are not come of train by hash."""
    column = _values(labelled, raw, wish.given) if wish.given else None
    places = given_places(labelled.index, column, wish.meaning or {})
    untold, notes = int((places == UNTOLD).sum()), []
    if untold:
        notes.append(f"{many(untold, 'row')} of no given part: taken as train")
    taken = {name: int((places == k).sum()) for k, name in enumerate(PARTS)}
    how = f"as {wish.given!r} says" if wish.given else "as given by row id"
    open_ = places <= 0
    places[open_] = 0
    asked = {"valid": wish.valid_size, "test": wish.test_size}
    absent = [name for name in asked if not taken[name]]
    if absent and open_.any():
        rest = 1 - sum(size for name, size in asked.items() if name not in absent)
        valid, test = (asked[n] / rest if n in absent else 0.0 for n in asked)
        sized = replace(wish, valid_size=valid, test_size=test)
        made, told = _by_hash(labelled, raw, sized)
        places[open_] = made[open_]
        notes.append(f"no row is given to {' or '.join(absent)}: taken {told}")
    return places, how, notes


def _by_hash(
    labelled: pd.DataFrame,
    raw: pd.DataFrame,
    wish: Wish,
) -> tuple[Places, str]:
    sizes = (wish.test_size, wish.valid_size)
    units = unit_of(labelled.index)
    hashed = bool(len(units)) and bool(HASHED.fullmatch(str(units[0])))
    how = "by a hash of their cells" if hashed else "by a hash of their ids"
    if wish.group:
        values = _values(labelled, raw, wish.group)
        units = np.where(values.isna(), units, values.astype("str").to_numpy(object))
        how = f"by {wish.group!r}: rows of one group stay together"
    salts = SALTS_OF_GROUPS if wish.group else SALTS
    hashes = unit_hashes(units)
    classes = _classes(labelled, Schema.of(labelled).target, wish.every)
    salt = keep("split_salt", lambda: best_salt(hashes, classes, *sizes, salts))
    return assign(hashes, *sizes, int(salt)), f"{how}, salt {salt}"


def _classes(
    labelled: pd.DataFrame, target: str | None, every: bool
) -> NDArray[np.intp]:
    """Return each row's class from 0; tenths of the range where it is a number."""
    if target is None:
        return np.zeros(len(labelled), dtype=np.intp)
    values = labelled[target]
    if values.dtype.kind == "f":
        values = (values.rank(pct=True) * 9.999).floordiv(1)
    codes, _ = pd.factorize(values, sort=True, use_na_sentinel=not every)
    return codes


def _values(labelled: pd.DataFrame, raw: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as it was collected."""
    return raw.loc[labelled.index, name] if name in raw else labelled[name]
