"""Faults planted on demand: each says what it did and to which rows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.schema import Schema
from mlkit.data.charts.cards import card, many
from mlkit.data.synthesis import faults

__all__ = ["FAULTS", "Planted", "Told", "plant"]

FAULTS = {
    "bias": "fewer good labels, or more gaps, for one group of a sensitive column",
    "drift": "a column that moves by some standard deviations in the late rows",
    "duplicates": "rows that are entered twice, under new names",
    "labels": "a share of wrong labels",
    "leak": "a column made of the target, and noise",
    "missing": "gaps that hide behind a word, or behind -999",
    "outliers": "a few numbers far from all the rest",
    "unit": "a share of a column in another unit",
}
LISTED = 5


@dataclass(frozen=True)
class Told:
    """What was done to a table, to hold the findings of other steps against.

    Parameters
    ----------
    fault
        One of `FAULTS`.
    column
        The column that was changed or added; "" where it is whole rows.
    rows
        The names of the rows that were changed or added, in the table's order.
    text
        What was done, in one sentence.
    facts
        How much, by name: ``shift``, ``share``, ``was`` and the like.
    """

    fault: str
    column: str
    rows: tuple[str, ...]
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Told:
        """Read the form that `to_dict` gives."""
        return cls(**{**form, "rows": tuple(form["rows"])})

    def _repr_html_(self) -> str:
        names = ", ".join(self.rows[:LISTED]) + " ..." * (len(self.rows) > LISTED)
        count = f"{many(len(self.rows), 'row')}: {names}"
        return card(f"Planted: {self.fault}", self.text, [count] if self.rows else [])


@dataclass(frozen=True)
class Planted:
    """A spoiled table, and what was done to it."""

    table: pd.DataFrame
    told: Told

    def __repr__(self) -> str:
        return f"<Planted {self.told.fault}, {len(self.told.rows)} rows>"

    def _repr_html_(self) -> str:
        return self.told._repr_html_()


def plant(table: pd.DataFrame, fault: str, *, seed: int = 0, **how: Any) -> Planted:
    """Plant one fault into a copy of a table, and tell which rows it touched.

    Parameters
    ----------
    table
        Rows with their schema; it is left as it is.
    fault
        One of `FAULTS`.
    seed
        The same seed plants the same fault.
    how
        What this fault may be told, such as ``share=0.1`` or ``column="age"``; see
        `mlkit.data.synthesis.faults`. A column that is not named is the first that
        fits.

    Raises
    ------
    InputError
        For an unknown fault, an unknown word in `how`, or a table that has no column
        for it.

    Examples
    --------
    >>> from mlkit.data.synthesis.generate import generate
    >>> planted = plant(generate("classes", 200), "labels", share=0.05)
    >>> planted, planted.told.text
    (<Planted labels, 10 rows>, "10 labels of 'kind' are wrong")
    >>> plant(planted.table, "unit", column="x1").told.facts["factor"]
    1000.0
    """
    if fault not in FAULTS:
        raise InputError(f"mlkit plants no {fault!r}", todo=did_you_mean(fault, FAULTS))
    make: Callable[..., tuple[Any, ...]] = getattr(faults, fault)
    known = [
        name
        for name, one in inspect.signature(make).parameters.items()
        if one.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    for name in how:
        if name not in known:
            raise InputError(
                f"{fault!r} takes no {name!r}", todo=did_you_mean(name, known)
            )
    share = how.get("share", 0.5)
    if not (isinstance(share, (int, float)) and 0 < share <= 1):
        raise InputError("a share lies above 0 and up to 1", got=repr(share))
    copy = Schema.of(table).attach(table.copy())
    rng = np.random.default_rng(seed)
    spoiled, column, rows, text, facts = make(copy, rng, **how)
    names = tuple(map(str, spoiled.index[rows]))
    return Planted(spoiled, Told(fault, column, names, text, facts))
