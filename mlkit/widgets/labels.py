"""Give or change labels by row id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from mlkit.core.schema import Schema
from mlkit.data.charts.cards import many
from mlkit.widgets.panel import Note, panel

__all__ = ["LabelEditor"]

Labels = dict[str, Any]
Record = Callable[[Labels, str], None]


class LabelEditor:
    """An editor of labels, keyed by row id.

    Parameters
    ----------
    table
        Cleaned rows with a target in their schema.

    Attributes
    ----------
    value
        The default: no label is given by hand.
    seen
        "": labels are of rows, and hold whatever else is in the table.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        schema = Schema.of(table)
        self.target = schema.target
        known = table[schema.target] if schema.target else pd.Series(dtype="str")
        self.unlabelled = known.index[known.isna()].astype("str").tolist()
        self.words = list(schema[schema.target].categories) if schema.target else []
        self.rows = set(table.index.astype("str"))
        self.value: Labels = {}
        self.seen = ""

    def picture(self, value: Labels) -> object:
        """Return how many labels are given, and how many rows have none."""
        lines = [f"{many(len(value), 'label')} given by hand"]
        if self.unlabelled:
            lines.append(
                f"{many(len(self.unlabelled), 'row')} without a label in the source"
            )
        return Note(*lines)

    def widget(self, value: Labels, record: Record) -> object:
        """Return a field for a row id, one for its label, and what was given so far."""
        if self.target is None:
            return Note("there is no target to label")
        import ipywidgets as w

        given = dict(value)
        first = self.unlabelled[0] if self.unlabelled else ""
        row = w.Combobox(value=first, options=self.unlabelled[:500], description="row")
        word = w.Combobox(options=self.words, description=str(self.target)[:20])
        add, said = w.Button(description="Add"), w.HTML()

        def put(_: Any = None) -> None:
            if row.value not in self.rows:
                said.value = "there is no such row"
                return
            given[row.value] = word.value or None
            said.value = f"{len(given)} labels given"

        add.on_click(put)
        parts = [w.HBox([row, word, add, said])]
        return panel("LabelEditor", parts, lambda why: record(dict(given), why))
