"""Label a table: its target as it came, with what people and rules said on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.columns import with_columns
from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.schema import Schema
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.parts import plot_labels
from mlkit.data.charts.style import Picture, shorten
from mlkit.data.labels.people import Settled, settle
from mlkit.data.labels.weak import Weak

__all__ = ["Labelled", "label"]

UNLABELLED = "missing target"
LISTED = 8


def _no_receipt() -> pd.DataFrame:
    kinds = {"label": "str", "how": "str", "people": "int64", "probability": "float64"}
    rows = pd.Index([], dtype="str", name="row")
    return pd.DataFrame({n: pd.Series(dtype=k) for n, k in kinds.items()}, rows)


@dataclass(frozen=True)
class Labelled:
    """A table with its labels.

    Parameters
    ----------
    table
        All rows that came in.
    given
        How many labels people gave, changed or took away.
    notes
        What a person should know, one sentence each.
    receipt
        Of every row whose label did not just come with the table, by its id: the
        ``label``, ``how`` it came (hand, taken away, tie, rule), how many ``people``
        spoke, and the ``probability`` of a rule's label.
    """

    table: pd.DataFrame
    given: int = 0
    notes: tuple[str, ...] = ()
    receipt: pd.DataFrame = field(default_factory=_no_receipt, repr=False)

    @property
    def weak(self) -> int:
        """How many labels come from rules alone."""
        return int((self.receipt["how"] == "rule").sum())

    def plot(self) -> Picture:
        """Draw how many rows have which label."""
        target = Schema.of(self.table).target
        values = self.table[target] if target else pd.Series([], dtype="float64")
        return plot_labels(values, target or "")

    def __repr__(self) -> str:
        weak = f", {self.weak} by rule" if self.weak else ""
        return f"<Labelled {len(self.table)} rows, {self.given} labels given{weak}>"

    def _repr_html_(self) -> str:
        target = Schema.of(self.table).target
        known = int(self.table[target].notna().sum()) if target else 0
        told = f"{known:,} of {len(self.table):,} rows have a label"
        told += f"; {self.given:,} given or changed by hand" if self.given else ""
        told += f"; {self.weak:,} by rule alone" if self.weak else ""
        top = card(f"Labels: {target}" if target else "No labels", told, self.notes)
        ties = self.receipt[self.receipt["how"] == "tie"]
        if not len(ties):
            return top
        lines = [
            (shorten(row, 24), shorten(said, 40), people)
            for row, said, people in zip(
                ties.index[:LISTED], ties["label"], ties["people"], strict=False
            )
        ]
        rest = len(ties) - len(lines)
        more = f"and {many(rest, 'row')} more" if rest else ""
        return top + grid(("tied row", "as many said", "people"), lines, more)


def label(
    table: pd.DataFrame,
    labels: Mapping[str, Any] | None = None,
    weak: Weak | None = None,
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
        Or such labels by person: then most people's label counts, and a row on which
        they are tied stays as it came.
    weak
        What rules say; it fills rows that have no label and that nobody spoke of.
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
    schema, settled = Schema.of(table), settle(labels or {})
    here = set(table.index[table.index.isin(list(settled.people))])
    notes = _notes(settled, here)
    if not here and not merge and (weak is None or not len(weak.labels)):
        return Labelled(table, 0, tuple(notes))
    if schema.target is None:
        raise InputError(
            "there are labels, and no target to put them in",
            todo="name the target in collect",
        )
    numeric = schema[schema.target].type == "number"
    by_hand = {row: said for row, said in settled.labels.items() if row in here}
    values = _by_hand(table[schema.target], by_hand, numeric)
    receipt = _receipt(settled, here, values)
    values, by_rule = _by_rule(values, weak, here)
    if len(by_rule):
        receipt = pd.concat([receipt, by_rule])
        notes.append(
            f"{many(len(by_rule), 'label')} weak: by rule alone, so judge no model by "
            "them"
        )
    values = _merged(values, merge or {}, numeric, schema.target)
    labelled = with_columns(table, {schema.target: values})
    for name in schema.with_role("flag"):
        labelled[name] = _flags(labelled[name], values)
    words = () if numeric else tuple(sorted(values.dropna().unique()))
    schema = schema.change(schema.target, categories=words)
    return Labelled(schema.attach(labelled), len(by_hand), tuple(notes), receipt)


def _notes(settled: Settled, here: set[Any]) -> list[str]:
    notes = []
    lost = len(settled.people) - len(here)
    if lost:
        notes.append(f"{many(lost, 'label')} of rows that are no longer there")
    ties = len(here.intersection(settled.ties))
    if ties:
        stay = "which stays as it came" if ties == 1 else "which stay as they came"
        notes.append(f"people are tied on {many(ties, 'row')}, {stay}")
    return notes


def _by_hand(values: pd.Series, given: Mapping[str, Any], numeric: bool) -> pd.Series:
    made = {row: _value(said, numeric, row) for row, said in given.items()}
    values = values.copy()
    if made:
        values.loc[list(made)] = pd.Series(made, dtype="float64" if numeric else "str")
    return values


def _receipt(settled: Settled, here: set[Any], values: pd.Series) -> pd.DataFrame:
    """Return a line for each row that people spoke of, in the table's order."""
    rows = values.index[values.index.isin(list(here))]
    said = settled.labels
    how = [
        "tie" if row in settled.ties else "taken away" if said[row] is None else "hand"
        for row in rows
    ]
    words = [
        " / ".join(map(str, settled.ties[row]))
        if row in settled.ties
        else None
        if said[row] is None
        else str(said[row])
        for row in rows
    ]
    return pd.DataFrame(
        {
            "label": pd.array(words, "str"),
            "how": pd.array(how, "str"),
            "people": np.array([settled.people[row] for row in rows], np.int64),
            "probability": np.full(len(rows), np.nan),
        },
        index=pd.Index(rows, dtype="str", name="row"),
    )


def _by_rule(
    values: pd.Series, weak: Weak | None, here: set[Any]
) -> tuple[pd.Series, pd.DataFrame]:
    """Fill rows that have no label and that nobody spoke of."""
    if weak is None or not len(weak.labels):
        return values, _no_receipt()
    open_ = values.index[values.isna() & ~values.index.isin(list(here))]
    filled = weak.labels[weak.labels.index.isin(open_)]
    values = values.copy()
    values.loc[filled.index] = filled["label"].to_numpy(object)
    return values, filled.assign(how="rule", people=0)[list(_no_receipt())].astype(
        {"how": "str"}
    )


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
        made = float(given)
    except (TypeError, ValueError):
        made = np.nan
    if not np.isfinite(made):
        raise InputError(
            "a label of this target is a number",
            where=f"row {row!r}",
            got=repr(given),
            todo="give that row another label",
        )
    return made
