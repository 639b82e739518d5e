"""Clean a table: cell operations that are replayed on every request, rows flagged.

Cell operations look at one cell and nothing else, so that what cleans the training
rows cleans a single request in the same way. Row operations only flag; `split`
applies the flags to the training rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core import rows
from mlkit.core.schema import Schema

__all__ = ["Cleaned", "Cleaning"]


@dataclass(frozen=True)
class Cleaning:
    """The cell operations of a table, ready to be replayed on raw rows.

    Parameters
    ----------
    operations
        JSON dicts as `mlkit.core.rows.apply` plays them, in order.
    inputs
        The schema of the raw table, target included.
    outputs
        The schema of the cleaned table, target included.
    touched
        How many cells each told operation changed, by the operation's name.
    """

    operations: tuple[Mapping[str, Any], ...] = ()
    inputs: Schema = field(default_factory=Schema)
    outputs: Schema = field(default_factory=Schema)
    touched: Mapping[str, int] = field(default_factory=dict)

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
        table = pd.DataFrame(columns, index=raw.index)
        return self.outputs.attach(table)

    def _by_column(self) -> dict[str, list[Mapping[str, Any]]]:
        grouped: dict[str, list[Mapping[str, Any]]] = {}
        for operation in self.operations:
            grouped.setdefault(operation["column"], []).append(operation)
        return grouped

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {
            "operations": [dict(operation) for operation in self.operations],
            "inputs": self.inputs.to_dict(),
            "outputs": self.outputs.to_dict(),
            "touched": dict(self.touched),
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Cleaning:
        """Read the form that `to_dict` gives."""
        return cls(
            tuple(form["operations"]),
            Schema.from_dict(form["inputs"]),
            Schema.from_dict(form["outputs"]),
            dict(form.get("touched", {})),
        )


@dataclass(frozen=True)
class Cleaned:
    """A cleaned table with its flags, and the operations that made it."""

    table: pd.DataFrame
    cleaning: Cleaning


def _replay(
    operations: list[Mapping[str, Any]], raw: pd.DataFrame, name: str
) -> dict[str, Any]:
    """Play one column's operations, once per distinct text."""
    if name not in raw:
        return rows.apply(operations, {"": np.empty(len(raw))})
    values = raw[name]
    if values.dtype.kind in "fiubM":
        return _frames(rows.apply(operations, {name: _plain(values)}))
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    cells = distinct.to_numpy(dtype=object)
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
