"""Judge what kind of thing the target is: a category or a number."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.schema import Column
from mlkit.core.values import numbers, texts
from mlkit.data.reading import hints
from mlkit.data.reading.words import NO_NUMBERS

__all__ = ["as_target", "judge", "numeric_words"]

FEW = 10


def judge(values: NDArray[np.float64]) -> str:
    """Tell whether numbers are classes (``category``) or amounts (``number``).

    Classes are few whole numbers: at most 4, or at most 10 that begin at -1, 0 or 1
    with five rows each. A scale such as 3 to 9 is a number.

    Parameters
    ----------
    values
        The known values.

    Examples
    --------
    >>> judge(np.array([0.0, 1.0, 1.0])), judge(np.array([1.5, 2.0]))
    ('category', 'number')
    """
    distinct = np.unique(values)
    if not np.all(distinct == np.floor(distinct)):
        return "number"
    if len(distinct) <= 2 or (len(distinct) <= 4 and len(values) >= 5 * len(distinct)):
        return "category"
    begins = distinct[0] in (-1, 0, 1)
    few = len(distinct) <= FEW and len(values) >= 5 * len(distinct)
    return "category" if begins and few else "number"


def numeric_words(values: pd.Series) -> NDArray[np.float64] | None:
    """Return the numbers of a text column, or None where some words are none.

    Words such as ``?``, which hide a missing value among numbers, are left out; marks
    such as those of ``1,234`` and ``$5`` are read as `clean` will read them.
    """
    codes, distinct = pd.factorize(values)
    words = pd.Series(distinct).str.strip()
    gap = words.str.casefold().isin(sorted(NO_NUMBERS)).to_numpy(dtype=bool)
    found = numbers(words.to_numpy(dtype=object))
    if np.isnan(found[~gap]).any():
        how = hints.marks(words[~gap].tolist()) or {}
        found = numbers(words.to_numpy(dtype=object), **how)
    if gap.all() or np.isnan(found[~gap]).any():
        return None
    known = codes[codes >= 0]
    return np.asarray(found[known[~gap[known]]])


def as_target(
    values: pd.Series, column: Column, asked: str, where: str
) -> tuple[pd.Series, Column, str]:
    """Return the target's values and column, and what was judged.

    Parameters
    ----------
    values
        The target's cells as they were read.
    column
        What was inferred of them.
    asked
        ``category``, ``number``, or "" to judge.
    where
        The file, for messages.

    Raises
    ------
    InputError
        Where every cell is missing, or they are dates, or no numbers though asked.
    """
    place = f"{where}, column {column.name!r}"
    if asked not in ("", "category", "number"):
        raise InputError(
            f"unknown type of a target {asked!r}",
            where=place,
            todo=did_you_mean(asked, ["category", "number"]),
        )
    if values.isna().all():
        raise InputError(
            "every cell of the target is missing",
            where=place,
            todo="name another target, or another file",
        )
    if column.type == "date":
        raise InputError(
            "a date cannot be predicted",
            where=place,
            expected="a category or a number",
            todo="make a number of it first, such as days until then",
        )
    known = _known_numbers(values)
    if asked == "number" and known is None:
        raise InputError(
            "the target is to be a number, and holds other words",
            where=place,
            got=", ".join(_odd(values)),
            todo="set target_type to 'category', or mend these cells",
        )
    kind = asked or ("category" if known is None else judge(known))
    return _as_kind(values, column, kind, known is not None, bool(asked))


def _as_kind(
    values: pd.Series, column: Column, kind: str, numeric: bool, asked: bool
) -> tuple[pd.Series, Column, str]:
    name = column.name
    other = "number" if kind == "category" else "category"
    told = f"the target {name!r} is read as a {kind}"
    told += "" if asked or not numeric else f"; target_type = {other!r} reads it so"
    if kind == "number":
        # text that clean still has to read is of type text until then
        plain = values.dtype.kind in "fiu"
        values = values.astype("float64") if values.dtype.kind in "iu" else values
        kind = "number" if plain else "text"
        return values, Column(name, kind, ("target",), missing=column.missing), told
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    cells = texts(np.asarray(distinct, dtype=object))[codes]
    words = pd.Series(pd.array(cells, dtype="str"), values.index)
    classes = tuple(sorted(words.dropna().unique()))
    column = Column(name, "category", ("target",), classes, column.missing)
    return words, column, told


def _known_numbers(values: pd.Series) -> NDArray[np.float64] | None:
    if values.dtype.kind in "fiu":
        return values.dropna().to_numpy(dtype=np.float64)
    return numeric_words(values)


def _odd(values: pd.Series) -> list[str]:
    words = values.dropna().drop_duplicates()
    bad = np.isnan(numbers(words.to_numpy(dtype=object)))
    hidden = words.str.strip().str.casefold().isin(sorted(NO_NUMBERS)).to_numpy()
    return [repr(word) for word in words[bad & ~hidden].head(5)]
