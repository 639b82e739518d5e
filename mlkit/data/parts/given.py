"""Parts that are given: by a column of words, or row by row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mlkit.core.errors import InputError, did_you_mean
from mlkit.data.charts.style import shorten
from mlkit.data.parts.assign import PARTS, Places

__all__ = ["UNTOLD", "given_places"]

UNTOLD = -1
WORDS = {
    **dict.fromkeys(("train", "training"), 0),
    **dict.fromkeys(("valid", "validation", "val", "dev"), 1),
    **dict.fromkeys(("test", "testing"), 2),
}


def given_places(
    ids: pd.Index, column: pd.Series | None, meaning: Mapping[str, str]
) -> Places:
    """Return each row's part as it is given, -1 where nothing is said of the row.

    Parameters
    ----------
    ids
        The row ids.
    column
        A column that says the parts, its index the row ids; None where `meaning` says
        them by row id.
    meaning
        What the column's values mean, or the part of each row id. Values that are not
        in it speak for themselves: train, valid or test.

    Raises
    ------
    InputError
        Where a word is none of the parts, or an id none of the rows.

    Examples
    --------
    >>> rows = pd.Index(["a", "b", "c"])
    >>> given_places(rows, pd.Series(["train", "Test", None], rows), {}).tolist()
    [0, 2, -1]
    >>> given_places(rows, None, {"c": "valid"}).tolist()
    [-1, -1, 1]
    """
    if column is None:
        strange = sorted(set(meaning) - set(ids))
        if strange:
            raise InputError(
                f"a part is given to a row that is not there: {strange[0]!r}",
                got=f"{len(strange)} such ids",
                todo=f"the ids of this table look like {str(ids[0])!r}"
                if len(ids)
                else "",
            )
        column = pd.Series(ids, index=ids).map(dict(meaning))
        meaning = {}
    codes, words = pd.factorize(column)
    told = [_place(_written(word), meaning, column.name) for word in words]
    places = np.array([*told, UNTOLD], dtype=np.int8)
    return np.asarray(places[codes], dtype=np.int8)


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _place(word: str, meaning: Mapping[str, str], name: object) -> int:
    plain = str(meaning.get(word, word)).strip().casefold()
    if plain not in WORDS:
        raise InputError(
            f"this names no part: {shorten(word, 40)!r}",
            where="" if name is None else f"column {name!r}",
            expected=", ".join(PARTS),
            todo=f"{did_you_mean(plain, PARTS)}; or say what it means, as in "
            "given={'1': 'train', '2': 'test'}",
        )
    return WORDS[plain]
