"""Why a column is taken for what it is, and which role it may have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlkit.core.schema import Column
from mlkit.data.measures import private

__all__ = ["Guess", "guess"]

LOOKED_AT = 1000
MOST = 100_000
TOLD = {"audio": "a sound", "date": "a moment", "image": "an image"}


@dataclass(frozen=True)
class Guess:
    """What a column is taken for, and why.

    Parameters
    ----------
    why
        Why it has its type.
    role
        A role that it may have, or "".
    because
        Why it may.
    """

    why: str
    role: str = ""
    because: str = ""

    def __str__(self) -> str:
        more = f"; {self.role}? {self.because}" if self.role else ""
        return f"{self.why}{more}"


def guess(values: pd.Series, column: Column) -> Guess:
    """Explain a column's type, and guess a role from its name and cells.

    Parameters
    ----------
    values
        Its cells as they were collected.
    column
        Its type and roles.

    Examples
    --------
    >>> cells = pd.Series(["m", "f", "f"], dtype="str")
    >>> guess(cells, Column("sex", "category")).role
    'sensitive'
    """
    known = values.iloc[:MOST].dropna()
    why = _why(known, min(len(values), MOST), column.type)
    words: list[str] = []
    if column.type in ("category", "text", "id") and len(known):
        head = known.iloc[:: max(len(known) // LOOKED_AT, 1)]
        words = [str(word) for word in head.drop_duplicates()]
    for found in private.alerts(column, words):
        return Guess(why, found.kind, found.evidence.partition(",")[0])
    if column.type == "date" and "time" not in column.roles:
        return Guess(why, "time", "to be judged on the newest rows")
    return Guess(why)


def _why(known: pd.Series, rows: int, kind: str) -> str:
    """Say why a column is taken for its kind.

    Examples
    --------
    >>> _why(pd.Series([3, 4]), 2, "number"), _why(pd.Series([0.5]), 2, "number")
    ('every cell is a whole number', 'every known cell is a number')
    """
    if not len(known):
        return "every cell is missing"
    every = "every cell" if len(known) == rows else "every known cell"
    if kind in TOLD:
        return f"{every} is {TOLD[kind]}"
    if kind == "number":
        numbers = known.to_numpy(dtype=float)
        whole = bool((np.floor(numbers) == numbers).all())
        return f"{every} is a {'whole ' if whole else ''}number"
    count = known.nunique()
    if kind == "id":
        return f"{count:,} of {rows:,} cells differ: it names rows"
    named = "words" if kind == "category" else "texts"
    return f"{count:,} different {named} in {rows:,} rows"
