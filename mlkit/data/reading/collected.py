"""What was collected: a typed table, and the receipt that says where it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.media import gallery
from mlkit.data.charts.style import Picture, shorten
from mlkit.data.charts.tables import strips
from mlkit.data.media.facts import said
from mlkit.data.reading.decided import decided

__all__ = ["Collected", "Receipt"]

LISTED = 100


@dataclass(frozen=True)
class Receipt:
    """Where a table came from and how it was read.

    Parameters
    ----------
    source
        The path or URI, as it was given.
    rows, columns, bytes
        How much there was.
    sha256
        The hash of the file's bytes.
    facts
        How it was read: format, encoding, delimiter, decimal, header.
    notes
        What a person should know, one sentence each.
    licence
        Under which terms it may be used, where the source says so.
    """

    source: str
    rows: int
    columns: int
    bytes: int
    sha256: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    licence: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {**self.__dict__, "facts": dict(self.facts), "notes": list(self.notes)}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Receipt:
        """Read the form that `to_dict` gives."""
        return cls(**{**form, "notes": tuple(form["notes"])})

    def _repr_html_(self) -> str:
        how = [f"{key} {value}" for key, value in self.facts.items() if value != ""]
        size = f"{self.rows:,} rows × {self.columns:,} columns, {self.bytes:,} bytes"
        return card(self.source, f"{size} · {', '.join(how)}", self.notes)


@dataclass(frozen=True)
class Collected:
    """A typed table and the receipt that says where it came from.

    Parameters
    ----------
    table
        The rows, with their schema.
    receipt
        Where they came from.
    again
        Types the cells once more as a decision wants it; see `with_columns`.
    """

    table: pd.DataFrame
    receipt: Receipt
    again: Callable[[Mapping[str, Any]], Collected] | None = field(
        default=None, repr=False, compare=False
    )

    def with_columns(self, chosen: Mapping[str, Any]) -> Collected:
        """Return the same cells with some columns typed and used otherwise.

        Parameters
        ----------
        chosen
            ``{"roles": {column: [roles]}, "types": {column: type}}``, either left
            out; they go before what `collect` was told.

        Raises
        ------
        InputError
            Where it is no such decision, there is no such column, type or role, or the
            cells do not fit.
        """
        if not decided(chosen):
            return self
        if self.again is None:
            raise InputError(
                "the cells of this table are not at hand any more",
                todo="call with_columns on what collect gave",
            )
        return self.again(chosen)

    def plot(self) -> Picture:
        """Draw the table: a strip a column, or its images, sounds or texts."""
        return gallery(self.table) or strips(self.table)

    def __repr__(self) -> str:
        return f"<Collected {len(self.table)} rows × {self.table.shape[1]} columns>"

    def _repr_html_(self) -> str:
        schema = list(Schema.of(self.table))
        lines = [_line(self.table[c.name], c) for c in schema[:LISTED]]
        heads = ("column", "type", "role", "distinct", "missing", "for example")
        rest = len(schema) - len(lines)
        more = f"and {many(rest, 'column')} more" if rest else ""
        return self.receipt._repr_html_() + grid(heads, lines, more)


def _line(values: pd.Series, column: Column) -> tuple[object, ...]:
    known = values.dropna()
    few = known.drop_duplicates().head(3)
    shown = [said(value, column.type) or shorten(value, 24) for value in few]
    gone = 1 - len(known) / max(len(values), 1)
    share = "" if gone == 0 else f"{gone:.1%}" if gone >= 0.001 else "< 0.1%"
    example = ", ".join(shown)
    role = ", ".join(column.roles)
    return column.name, column.type, role, values.nunique(), share, example
