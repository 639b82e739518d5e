"""One column looked at: as it was collected, and as cleaning would have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core import rows
from mlkit.core.media import KINDS
from mlkit.core.schema import Column
from mlkit.data.cleaning.distinct import look as distinct
from mlkit.data.cleaning.offer import Offer
from mlkit.data.cleaning.propose import plan

__all__ = ["Look", "look"]

EMPTY = ("", rows.MISSING)


@dataclass(frozen=True)
class Look:
    """One column before and after the proposed cell operations.

    Parameters
    ----------
    column, left
        Its type and roles, as collected and as cleaned.
    raw
        Its cells as they were collected.
    values
        The same cells cleaned: numbers, moments, or a categorical of words; what is
        missing is NaN.
    made
        All the columns that cleaning makes of it, with their types and roles.
    offers
        What cleaning does, and what it could do.
    dropped
        Whether cleaning would leave the column out.
    codes
        A number for each distinct raw cell, shape (rows,); None for plain numbers.
    """

    column: Column
    left: Column
    raw: pd.Series
    values: pd.Series
    made: Mapping[str, tuple[Column, pd.Series]]
    offers: tuple[Offer, ...] = ()
    dropped: bool = False
    codes: NDArray[Any] | None = None

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name


def look(raw: pd.Series, column: Column) -> Look:
    """Look at one column of a raw table.

    Each distinct text is cleaned once, so that a long column of few words is cheap.

    Parameters
    ----------
    raw
        Its cells.
    column
        Its type and roles.

    Examples
    --------
    >>> cells = pd.Series([" ", "3", "4", "3"], dtype="str")
    >>> seen = look(cells, Column("x", "category"))
    >>> seen.left.type, seen.values.tolist(), seen.offers[1].name
    ('number', [nan, 3.0, 4.0, 3.0], 'missing x')
    """
    if not column.is_feature and "target" not in column.roles:
        if column.type == "id":
            return Look(column, column, raw, raw, {column.name: (column, raw)})
        codes, cells = distinct(raw, column)
        values = _series(codes, cells) if cells.dtype == object else raw
        made = {column.name: (column, values)}
        return Look(column, column, raw, values, made, codes=codes)
    found = plan(raw, column)
    draft = found.draft
    assert draft is not None
    codes = draft.codes
    columns = {
        out.name: (out, _cells(raw, codes, draft.state[out.name], out))
        for out in found.outputs
    }
    if column.name in columns:
        left, values = columns[column.name]
        return Look(column, left, raw, values, columns, found.offers, codes=codes)
    whole = draft.values if codes is None else _words(codes, distinct(raw, column)[1])
    return Look(column, column, raw, whole, columns, found.offers, True, codes)


def _cells(
    raw: pd.Series, codes: NDArray[Any] | None, made: NDArray[Any], column: Column
) -> pd.Series:
    same = codes is None and made is raw.to_numpy()
    return raw if same or column.type in KINDS else _series(codes, made)


def _series(codes: NDArray[Any] | None, made: NDArray[Any]) -> pd.Series:
    if made.dtype == object:
        return _words(np.arange(len(made)) if codes is None else codes, made)
    return pd.Series(made if codes is None else made[codes], copy=False)


def _words(codes: NDArray[Any], cells: NDArray[Any]) -> pd.Series:
    """Return words as a categorical; a gap, however it is written, is missing."""
    plain = pd.Series(cells, dtype=object, copy=False)
    places, words = pd.factorize(plain.mask(plain.isna() | plain.isin(EMPTY)))
    kinds = pd.Index(words, dtype="str")
    return pd.Series(pd.Categorical.from_codes(places[codes], kinds), copy=False)
