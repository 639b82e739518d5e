"""Label a table: pass its target through, with the labels that a person gave on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.schema import Schema
from mlkit.data.charts.cards import card, many
from mlkit.data.charts.parts import plot_labels
from mlkit.data.charts.style import Picture

__all__ = ["Labelled", "label"]

UNLABELLED = "missing target"


@dataclass(frozen=True)
class Labelled:
    """A table with its labels.

    Parameters
    ----------
    table
        All rows that came in.
    given
        How many labels a person gave or changed.
    notes
        What a person should know, one sentence each.
    """

    table: pd.DataFrame
    given: int = 0
    notes: tuple[str, ...] = ()

    def plot(self) -> Picture:
        """Draw how many rows have which label."""
        target = Schema.of(self.table).target
        values = self.table[target] if target else pd.Series([], dtype="float64")
        return plot_labels(values, target or "")

    def __repr__(self) -> str:
        return f"<Labelled {len(self.table)} rows, {self.given} labels given>"

    def _repr_html_(self) -> str:
        target = Schema.of(self.table).target
        known = int(self.table[target].notna().sum()) if target else 0
        told = f"{known:,} of {len(self.table):,} rows have a label"
        told += f"; {self.given:,} given or changed by hand" if self.given else ""
        return card(f"Labels: {target}" if target else "No labels", told, self.notes)


def label(
    table: pd.DataFrame,
    labels: Mapping[str, Any] | None = None,
    *,
    merge: Mapping[str, str] | None = None,
) -> Labelled:
    """Return a table whose target is the given label where there is one.

    Parameters
    ----------
    table
        Cleaned rows with a target in their schema.
    labels
        By row id: a word, or a number where the target is one; None to take it away.
    merge
        Classes to be called as another: ``{"maybe": "no"}``.

    Raises
    ------
    InputError
        Where there are labels and no target, or a label of a number is none.

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> rows = pd.DataFrame({"t": ["cat", "dog"]}, index=["a", "b"], dtype="str")
    >>> rows = Schema((Column("t", "category", ("target",)),)).attach(rows)
    >>> label(rows, {"b": "cat"}).table["t"].tolist()
    ['cat', 'cat']
    """
    schema = Schema.of(table)
    known = {row: labels[row] for row in labels if row in table.index} if labels else {}
    lost = len(labels or {}) - len(known)
    notes = [f"{many(lost, 'label')} of rows that are no longer there"] if lost else []
    if not known and not merge:
        return Labelled(table, 0, tuple(notes))
    if schema.target is None:
        raise InputError(
            "there are labels, and no target to put them in",
            todo="name the target in collect",
        )
    numeric = schema[schema.target].type == "number"
    values = table[schema.target].copy()
    for row, given in known.items():
        values.loc[row] = _value(given, numeric, row)
    values = _merged(values, merge or {}, numeric, schema.target)
    labelled = table.assign(**{schema.target: values})
    for name in schema.with_role("flag"):
        labelled[name] = _flags(labelled[name], values)
    words = () if numeric else tuple(sorted(values.dropna().unique()))
    schema = schema.change(schema.target, categories=words)
    return Labelled(schema.attach(labelled), len(known), tuple(notes))


def _flags(flags: pd.Series, values: pd.Series) -> pd.Series:
    """Return the flags of rows as their labels now are."""
    flags = flags.mask((flags == UNLABELLED) & values.notna(), "")
    return flags.mask((flags == "") & values.isna(), UNLABELLED)


def _merged(
    values: pd.Series, merge: Mapping[str, str], numeric: bool, target: str
) -> pd.Series:
    known = values.dropna().unique().tolist()
    for word in merge:
        if numeric or word not in known:
            raise InputError(
                f"there is no class {word!r} to merge",
                where=f"target {target!r}",
                todo="a number has no classes"
                if numeric
                else did_you_mean(word, map(str, known)),
            )
    return values.replace(dict(merge)) if merge else values


def _value(given: Any, numeric: bool, row: str) -> Any:
    if given is None:
        return np.nan
    if not numeric:
        return str(given)
    try:
        return float(given)
    except (TypeError, ValueError):
        raise InputError(
            "a label of this target is a number",
            where=f"row {row!r}",
            got=repr(given),
            todo="give that row another label",
        ) from None
