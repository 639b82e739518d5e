"""Clean a table: cell operations that are replayed on every request, rows flagged.

Cell operations look at one cell and nothing else, so that what cleans the training
rows cleans a single request in the same way. Row operations only flag; `split`
applies the flags to the training rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from mlkit.core.errors import InputError, StepError
from mlkit.core.schema import Column, Schema
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.changes import before_after
from mlkit.data.charts.style import Picture
from mlkit.data.charts.tables import fates, said
from mlkit.data.cleaning.decided import Decided
from mlkit.data.cleaning.flags import counted, flag_of, flags
from mlkit.data.cleaning.offer import Offer
from mlkit.data.cleaning.pages import Changes
from mlkit.data.cleaning.propose import Plan, plan
from mlkit.data.cleaning.replay import replayed

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
        cleaned: dict[str, Any] = {}
        raw = _bare(raw)
        for name, operations in self._by_column().items():
            cleaned |= replayed(operations, raw, self.inputs[name])
        names = [name for name in self.outputs.names if name in cleaned or name in raw]
        columns = {n: cleaned[n] if n in cleaned else raw[n] for n in names}
        return self.outputs.attach(_frame(columns, raw.index))

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
    offers
        Every operation that is done, refused, or done only if somebody accepts it.
    raw
        The rows as they came.
    """

    table: pd.DataFrame
    cleaning: Cleaning
    dropped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = field(default=(), repr=False)
    raw: pd.DataFrame | None = field(default=None, repr=False, compare=False)

    @property
    def rows(self) -> dict[str, int]:
        """Rows that came in, those kept, and those flagged; none is lost."""
        flagged = sum(self.dropped.values())
        kept = len(self.table) - flagged
        return {"in": kept + flagged, "kept": kept, "flagged": flagged}

    @property
    def changes(self) -> Changes:
        """What each operation changed, with examples, as a page to read."""
        return Changes([offer for offer in self.offers if offer.done])

    @property
    def offered(self) -> Changes:
        """What could be done beyond that, as a page to read."""
        return Changes([offer for offer in self.offers if not offer.done])

    def plot_changes(self, most: int = 6) -> Picture:
        """Draw up to `most` changed columns before and after, side by side."""
        told: dict[str, dict[str, int]] = {}
        for offer in self.offers:
            name, op = str(offer.operation.get("column")), str(offer.operation["op"])
            whole = offer.done and not offer.flags and "part" not in offer.operation
            if whole and offer.cells and name in self.table:
                counts = told.setdefault(name, {})
                counts[op] = counts.get(op, 0) + offer.cells
        shown = sorted(told, key=lambda name: -sum(told[name].values()))[:most]
        raw = self.table if self.raw is None else self.raw
        words = {n: " · ".join(said(*one) for one in told[n].items()) for n in told}
        names = [name for name in told if name in shown]
        pairs = [(n, words[n], raw[n], self.table[n]) for n in names]
        kinds = {column.name: column.type for column in self.cleaning.outputs}
        return before_after(pairs, len(told) - len(pairs), kinds)

    def plot(self) -> Picture:
        """Draw the cells that were changed, and what became of the rows."""
        cleaning, count = self.cleaning, len(self.table)
        return fates(cleaning.told, cleaning.touched, count, self.dropped)

    def __repr__(self) -> str:
        return f"<Cleaned {len(self.table)} rows × {self.table.shape[1]} columns>"

    def _repr_html_(self) -> str:
        rows = self.rows
        size = f"{rows['in']:,} rows in = {rows['kept']:,} kept"
        size += f" + {rows['flagged']:,} flagged"
        reasons = [
            f"{many(count, 'row')}: {why}" for why, count in self.dropped.items()
        ]
        left = sum(offer.state == "offered" for offer in self.offers)
        more = [f"{many(left, 'operation')} offered and not done"] * (left > 0)
        told = card("Cleaned", size, [*reasons, *self.notes, *more])
        return told + (self.changes._repr_html_() if self.changes.offers else "")


def clean(
    table: pd.DataFrame,
    *,
    decided: Any = None,
    refuse: Collection[str] = (),
    duplicates: bool = True,
) -> Cleaned:
    """Clean a table by proposed operations, as a person decided.

    Text is made plain, blanks are trimmed, words that hide a gap become missing,
    numbers and dates that were left as text are read where every cell allows it, other
    spellings of one category are united, and columns that say nothing are left out.
    Rows without a target and rows that were entered twice are flagged; none is taken
    away. What is offered beyond that is done where it is accepted: near-spellings,
    outliers clipped or flagged, near duplicates, dates that can be read in two ways.

    Parameters
    ----------
    table
        Raw rows with their schema, as `collect` gives them.
    decided
        ``{"refuse": [names], "accept": [names], "add": [operations]}``, as the
        decision ``cleaning`` records it; a list of names refuses them.
    refuse
        Names of further operations that are not wanted: ``"number TotalCharges"``,
        ``"duplicates"``.
    duplicates
        Whether rows that were entered twice are flagged.

    Raises
    ------
    InputError
        Where an operation that was asked for is unknown, does not fit its column or
        cannot be replayed; where a column's name is needed for something else.

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
    >>> asked = {"add": [{"op": "clip", "column": "pay", "max": 1000}]}
    >>> clean(raw, decided=asked).table["pay"].tolist()
    [1000.0, 900.0, nan, nan]
    """
    schema = Schema.of(table)
    marked = schema.with_role("flag")
    raw = _bare(table).drop(columns=marked)
    inputs = schema.without(*marked)
    wanted = Decided.of(decided, inputs)
    off = () if duplicates else ("duplicates",)
    wanted = replace(wanted, refuse=tuple({*wanted.refuse, *refuse, *off}))
    plans = {c.name: plan(raw[c.name], c, wanted) for c in inputs if _is_planned(c)}
    cleaning = _cleaning(plans, inputs, len(raw))
    cleaned = _played(plans, cleaning.outputs, raw)
    offers = [offer for found in plans.values() for offer in found.offers]
    marks = [mark for found in plans.values() for mark in found.marks]
    flagged = flags(raw, cleaned, cleaning.outputs, wanted, marks)
    found = flagged.reasons
    for name in marked:
        found = found.where(table[name] == "", table[name])
    flag = flag_of(cleaning.outputs)
    cleaned = pd.concat([cleaned, found.rename(flag)], axis=1)
    outputs = cleaning.outputs.put(Column(flag, "category", ("flag",)))
    done = Cleaned(
        outputs.attach(cleaned),
        cleaning,
        counted(found),
        (*flagged.notes, *_said(wanted, {*refuse})),
        (*offers, *flagged.offers),
        raw,
    )
    _all_there(table, done)
    return done


def _bare(table: pd.DataFrame) -> pd.DataFrame:
    """Return the same columns without attrs, which pandas copies with every column."""
    bare = table.copy(deep=False)
    bare.attrs = {}
    return bare


def _is_planned(column: Column) -> bool:
    return column.is_feature or "target" in column.roles


def _cleaning(plans: Mapping[str, Plan], inputs: Schema, count: int) -> Cleaning:
    operations = [op for found in plans.values() for op in found.operations]
    touched = {k: n for found in plans.values() for k, n in found.touched.items()}
    outputs = [
        out
        for column in inputs
        for out in (plans[column.name].outputs if column.name in plans else (column,))
    ]
    count_of = Counter(column.name for column in outputs)
    twice = sorted(name for name, often in count_of.items() if often > 1)
    if twice:
        raise InputError(
            f"a part of a column needs the name of another one: {', '.join(twice)}",
            todo="rename that column in the source",
        )
    return Cleaning(tuple(operations), inputs, Schema(tuple(outputs)), touched, count)


def _played(
    plans: Mapping[str, Plan], outputs: Schema, raw: pd.DataFrame
) -> pd.DataFrame:
    """Return the cells that the plans left, and those that pass through."""
    cells: dict[str, Any] = {}
    for found in plans.values():
        cells |= found.cells()
    return _frame({n: cells.get(n, raw.get(n)) for n in outputs.names}, raw.index)


def _frame(columns: Mapping[str, Any], index: pd.Index) -> pd.DataFrame:
    """Put columns together; one that nothing changed is shared, not copied."""
    return pd.DataFrame(dict(columns), index=index, copy=False)


def _said(wanted: Decided, refuse: Collection[str]) -> Iterator[str]:
    refused = sorted({*wanted.refuse, *refuse} - {*wanted.left_out})
    if refused:
        yield "not done, as decided: " + ", ".join(refused)
    for name in wanted.left_out:
        yield f"left out, as decided: {name!r}, which cannot be replayed on a request"


def _all_there(table: pd.DataFrame, done: Cleaned) -> None:
    """Make sure that no row was lost: rows in are rows kept and rows flagged."""
    rows = done.rows
    if not done.table.index.equals(table.index) or rows["in"] != len(table):
        raise StepError(
            "cleaning lost rows, which must not happen",
            expected=f"{len(table):,} rows in the order they came",
            got=f"{len(done.table):,} rows",
            todo="tell us: this is a fault of mlkit",
        )
