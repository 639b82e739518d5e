"""A second look at labels: which are probably wrong, and what they should be.

A quick model learns from some rows and says what it makes of the others, in turns, so
that no row's own label has a say about itself. Where it firmly says something else,
the label is worth a look.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mlkit.core.schema import Schema
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.labels import plot_pairs, plot_residuals
from mlkit.data.charts.style import Picture, shorten
from mlkit.data.labels.doubt import COLUMNS, doubt_classes, doubt_numbers
from mlkit.data.labels.features import scaled_features

__all__ = ["Suspects", "suspects"]

UNLABELLED = ("", "missing target")
ROWS = 6000
FEWEST = 30
FOLDS = 5
CLASSES = 60
SURE = 0.85
LISTED = 12


@dataclass(frozen=True)
class Suspects:
    """Labels that a person should look at again, the most doubtful first.

    Parameters
    ----------
    table
        By row id: ``given`` and ``suggested`` labels, ``doubt`` (0 to 1; in spreads
        where the target is a number), whether the label is ``likely`` wrong, and
        ``why``.
    target
        The target's name.
    looked
        How many rows were looked at.
    notes
        What was left out, one sentence each.
    agree
        How much the quick model is worth that doubts: the share of all labels that it
        gives without having seen them; of numbers, of their variance it explains.
    said
        Of numbers, what is ``given`` and what was ``said``, by row id.
    likely
        How many labels are likely wrong, more than the table holds where it is cut; the
        others in it are less certain.
    """

    table: pd.DataFrame
    target: str = ""
    looked: int = 0
    notes: tuple[str, ...] = ()
    agree: float = 0.0
    said: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    likely: int = 0

    @property
    def statement(self) -> str:
        """What was found, and what it is worth, in words."""
        if not self.looked:
            return "not assessed"
        numeric = self.table["given"].dtype.kind == "f"
        does = "explains {:.0%} of the variance" if numeric else "gives {:.0%} of them"
        worth = does.format(max(self.agree, 0.0))
        told = (
            f"{self.likely:,} of {many(self.looked, 'label')} are doubtful; the quick "
            f"model that doubts {worth} unseen"
        )
        weak = self.agree < (SURE / 2 if numeric else SURE)
        return told + ", so rows may be hard to tell rather than wrong" * weak

    def plot(self) -> Picture | None:
        """Draw which labels may stand for which; None where none is doubted."""
        if not len(self.table):
            return None
        if self.table["given"].dtype.kind == "f":
            return plot_residuals(self.said, self.table, self.target)
        return plot_pairs(self.table, self.target)

    def __repr__(self) -> str:
        return f"<Suspects {self.likely} likely of {self.looked} labels>"

    def _repr_html_(self) -> str:
        top = card("Labels that may be wrong", self.statement, self.notes)
        shown = self.table[: min(self.likely, LISTED)]
        lines = [
            (shorten(row, 24), *(shorten(cell, 40) for cell in one[:2]), one[2])
            for row, one in zip(
                shown.index,
                shown[["given", "suggested", "why"]].to_numpy(object),
                strict=True,
            )
        ]
        heads = ("row", "given", "suggested", "why")
        more = self._more(len(lines))
        return top + (grid(heads, lines, more) if lines else "")

    def _more(self, shown: int) -> str:
        """Say which doubtful labels are not shown."""
        told = f"and {many(self.likely - shown, 'row')} more" * (self.likely > shown)
        cut = self.likely > len(self.table)
        return told + f"; the {len(self.table):,} worst are in its table" * cut


def suspects(table: pd.DataFrame, *, most: int = 200, seed: int = 0) -> Suspects:
    """Return the labels of a table that are probably wrong, the worst first.

    Parameters
    ----------
    table
        Cleaned rows with a target in their schema. Of more than 6,000 rows with a
        label, as many are drawn.
    most
        How many labels to return at most.
    seed
        Of the draw, the folds and the model.

    Notes
    -----
    Classes: out-of-fold probabilities, the mean of a logistic regression and extra
    trees; the likely ones are those of confident learning (Northcutt, Jiang and
    Chuang 2021, in cleanlab), the others follow by how far the suggested class is
    before the given one. Numbers: out-of-fold residuals in robust spreads; the likely
    ones are beyond 3.5 (Iglewicz and Hoaglin 1993).

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> rows = pd.DataFrame({"x": range(80), "size": ["small"] * 40 + ["large"] * 40})
    >>> rows.loc[3, "size"] = "large"
    >>> schema = Schema((Column("x"), Column("size", "category", ("target",))))
    >>> suspects(schema.attach(rows)).table.iloc[0][["given", "suggested"]].tolist()
    ['large', 'small']
    """
    schema = Schema.of(table)
    if schema.target is None:
        return _nothing("there is no target")
    numeric = schema[schema.target].type == "number"
    rows, notes = _eligible(table, schema, numeric, seed)
    classes = 2 if numeric else rows[schema.target].nunique()
    if len(rows) < FEWEST or classes < 2 or not schema.features:
        told = f"a second look needs {FEWEST} labelled rows, two classes and a feature"
        return _nothing(told, *notes)
    judge = doubt_numbers if numeric else doubt_classes
    given, features = rows[schema.target], scaled_features(rows)
    found = judge(features, given, FOLDS, most, seed)
    return Suspects(
        found.table,
        schema.target,
        looked=len(rows),
        notes=tuple(notes),
        agree=found.agree,
        said=found.said,
        likely=found.likely,
    )


def _eligible(
    table: pd.DataFrame, schema: Schema, numeric: bool, seed: int
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows that can be looked at, and what was left out."""
    values, notes = table[str(schema.target)], []
    fit = values.notna().to_numpy(copy=True)
    for name in schema.with_role("flag"):
        fit &= table[name].isin(UNLABELLED).to_numpy()
    if not numeric:
        counts = values[fit].value_counts()
        kept = counts[counts >= FOLDS].index[:CLASSES]
        few = len(counts) - len(kept)
        if few:
            notes.append(
                f"{few:,} {'class' if few == 1 else 'classes'} left out: fewer than "
                f"{FOLDS} rows, or past the {CLASSES} largest"
            )
            fit &= values.isin(kept).to_numpy()
    rows = np.flatnonzero(fit)
    if len(rows) > ROWS:
        notes.append(f"a sample of {ROWS:,} of {len(rows):,} labelled rows")
        drawn = np.random.default_rng(seed).choice(rows, ROWS, replace=False)
        rows = np.sort(drawn)
    return table.iloc[rows], notes


def _nothing(*notes: str) -> Suspects:
    empty = pd.DataFrame(
        {name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()}
    )
    empty.index = pd.Index([], dtype="str", name="row")
    return Suspects(empty, notes=notes)
