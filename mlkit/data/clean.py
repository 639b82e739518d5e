"""Clean a table: cell operations that are replayed on every request, rows flagged.

Cell operations look at one cell and nothing else, so that what cleans the training
rows cleans a single request in the same way. Row operations only flag; `split`
applies the flags to the training rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core import rows
from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.style import Picture
from mlkit.data.charts.tables import fates
from mlkit.data.cleaning.flags import counted, flag_of, flags
from mlkit.data.cleaning.propose import plan

__all__ = ["Cleaned", "Cleaning", "clean"]

LISTED = 100


@dataclass(frozen=True)
class Cleaning:
    """The cell operations of a table, ready to be replayed on raw rows.

    Parameters
    ----------
    operations
        JSON dicts as `mlkit.core.rows.apply` plays them, in order; those with a
        ``name`` and a ``why`` are worth telling.
    inputs
        The schema of the raw table, target included.
    outputs
        The schema of the cleaned table, target included.
    touched
        How many cells each named operation changed.
    rows
        How many rows were seen.
    """

    operations: tuple[Mapping[str, Any], ...] = ()
    inputs: Schema = field(default_factory=Schema)
    outputs: Schema = field(default_factory=Schema)
    touched: Mapping[str, int] = field(default_factory=dict)
    rows: int = 0

    def apply(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Return the cleaned cells of raw rows, schema attached.

        Features that are absent are all missing; a target that is absent stays so;
        columns that are no features pass through.

        Parameters
        ----------
        raw
            Rows with the raw schema, with or without the target.
        """
        cleaned = {}
        for name, operations in self._by_column().items():
            cleaned.update(_replay(operations, raw, name))
        names = [name for name in self.outputs.names if name in cleaned or name in raw]
        columns = {n: cleaned[n] if n in cleaned else raw[n] for n in names}
        return self.outputs.attach(pd.DataFrame(columns, index=raw.index))

    @property
    def told(self) -> list[Mapping[str, Any]]:
        """The operations that have a name, and can be refused by it."""
        return [operation for operation in self.operations if operation.get("name")]

    def plot(self) -> Picture:
        """Draw how many cells of which column each operation changed."""
        return fates(self.told, self.touched, self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {
            "operations": [dict(operation) for operation in self.operations],
            "inputs": self.inputs.to_dict(),
            "outputs": self.outputs.to_dict(),
            "touched": dict(self.touched),
            "rows": self.rows,
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Cleaning:
        """Read the form that `to_dict` gives."""
        return cls(
            tuple(form["operations"]),
            Schema.from_dict(form["inputs"]),
            Schema.from_dict(form["outputs"]),
            dict(form.get("touched", {})),
            form.get("rows", 0),
        )

    def _by_column(self) -> dict[str, list[Mapping[str, Any]]]:
        grouped: dict[str, list[Mapping[str, Any]]] = {}
        for operation in self.operations:
            grouped.setdefault(operation["column"], []).append(operation)
        return grouped

    def _repr_html_(self) -> str:
        told = self.told[:LISTED]
        lines = [
            (op["name"], f"{self.touched[op['name']]:,}", op["why"]) for op in told
        ]
        if not lines:
            return card("Cleaning", "no cell needed to be changed")
        rest = len(self.told) - len(told)
        more = f"and {many(rest, 'operation')} more" if rest else ""
        return grid(("operation", "cells", "why"), lines, more)


@dataclass(frozen=True)
class Cleaned:
    """A cleaned table with its flags, and the operations that made it.

    Parameters
    ----------
    table
        All rows that came in; the column with the role flag, ``dropped``, says why a
        row is not learnt from, and is empty for those that are.
    cleaning
        The cell operations.
    dropped
        How many rows each reason flags.
    notes
        What a person should know, one sentence each.
    """

    table: pd.DataFrame
    cleaning: Cleaning
    dropped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def plot(self) -> Picture:
        """Draw the cells that were changed, and what became of the rows."""
        cleaning, count = self.cleaning, len(self.table)
        return fates(cleaning.told, cleaning.touched, count, self.dropped)

    def __repr__(self) -> str:
        return f"<Cleaned {len(self.table)} rows × {self.table.shape[1]} columns>"

    def _repr_html_(self) -> str:
        flagged = sum(self.dropped.values())
        rows_in = f"{len(self.table):,} rows in"
        size = f"{rows_in} = {len(self.table) - flagged:,} kept + {flagged:,} flagged"
        reasons = [
            f"{many(count, 'row')}: {why}" for why, count in self.dropped.items()
        ]
        return card("Cleaned", size, [*reasons, *self.notes])


def clean(
    table: pd.DataFrame, *, refuse: Collection[str] = (), duplicates: bool = True
) -> Cleaned:
    """Clean a table by proposed operations, less those that are refused.

    Blanks are trimmed, words that hide a gap become missing, numbers and dates that
    were left as text are read where every cell allows it, other spellings of one
    category are united, and columns that say nothing are left out. Rows without a
    target and rows that were entered twice are flagged; none is taken away.

    Parameters
    ----------
    table
        Raw rows with their schema, as `collect` gives them.
    refuse
        Names of operations that are not wanted: ``"number TotalCharges"``,
        ``"duplicates"``.
    duplicates
        Whether rows that were entered twice are flagged.

    Raises
    ------
    InputError
        Where a column's name is needed for something else.

    Examples
    --------
    >>> raw = pd.DataFrame({"pay": ["1,200", " 900", "?", "?"], "t": list("ynyn")})
    >>> target = Column("t", "category", ("target",))
    >>> raw = Schema((Column("pay", "category"), target)).attach(raw.astype("str"))
    >>> cleaned = clean(raw)
    >>> [operation["name"] for operation in cleaned.cleaning.told]
    ['trim pay', 'missing pay', 'number pay']
    >>> cleaned.table["pay"].tolist()
    [1200.0, 900.0, nan, nan]
    """
    schema = Schema.of(table)
    marked = schema.with_role("flag")
    raw = table.drop(columns=marked)
    inputs = schema.without(*marked)
    cleaning = _cleaning(raw, inputs, refuse)
    cleaned = cleaning.apply(raw)
    found, notes = flags(raw, cleaned, duplicates and "duplicates" not in refuse)
    for name in marked:
        found = found.where(table[name] == "", table[name])
    if refuse:
        notes.append("not done, as decided: " + ", ".join(sorted(refuse)))
    flag = flag_of(cleaning.outputs)
    cleaned[flag] = found
    outputs = cleaning.outputs.put(Column(flag, "category", ("flag",)))
    return Cleaned(outputs.attach(cleaned), cleaning, counted(found), tuple(notes))


def _cleaning(raw: pd.DataFrame, inputs: Schema, refuse: Collection[str]) -> Cleaning:
    operations: list[Mapping[str, Any]] = []
    outputs: list[Column] = []
    touched: dict[str, int] = {}
    for column in inputs:
        if not column.is_feature and "target" not in column.roles:
            outputs.append(column)
            continue
        found = plan(raw[column.name], column, refuse)
        operations += found.operations
        outputs += found.outputs
        touched |= found.touched
    names = [column.name for column in outputs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"a part of a date needs the name of another column: {', '.join(twice)}",
            todo="rename that column in the source",
        )
    return Cleaning(
        tuple(operations), inputs, Schema(tuple(outputs)), touched, len(raw)
    )


def _replay(
    operations: list[Mapping[str, Any]], raw: pd.DataFrame, name: str
) -> dict[str, Any]:
    """Play one column's operations, once per distinct text."""
    if name not in raw:
        return _frames(rows.apply(operations, {"": np.empty(len(raw))}))
    values = raw[name]
    if values.dtype.kind in "fiubM":
        return _frames(rows.apply(operations, {name: _plain(values)}))
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    cells = np.asarray(distinct, dtype=object)
    made = rows.apply(operations, {name: cells})
    return _frames({column: found[codes] for column, found in made.items()})


def _plain(values: pd.Series) -> NDArray[Any]:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return values.to_numpy()


def _frames(columns: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    return {
        name: pd.array(values, dtype="str") if values.dtype == object else values
        for name, values in columns.items()
    }
