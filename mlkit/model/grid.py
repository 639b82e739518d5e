"""A small table of words, shown whole in a notebook and aligned in plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mlkit.data.charts.cards import grid

__all__ = ["Grid"]


class Grid:
    """Rows of words under heads.

    Parameters
    ----------
    heads
        A word or two a column.
    rows
        Cells by row, all text.
    notes
        Quiet lines below.

    Examples
    --------
    >>> Grid(["metric", "value"], [["ROC AUC", "0.85"]])
    metric   value
    ROC AUC  0.85
    """

    def __init__(
        self,
        heads: Sequence[str],
        rows: Iterable[Sequence[str]],
        notes: Iterable[str] = (),
    ) -> None:
        self.heads = list(heads)
        self.rows = [list(row) for row in rows]
        self.notes = list(notes)

    def __repr__(self) -> str:
        lines = [self.heads, *self.rows]
        widths = [max(len(line[k]) for line in lines) for k in range(len(self.heads))]
        told = [
            "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "\n".join([*told, *self.notes])

    def _repr_html_(self) -> str:
        heads = self.heads if self.rows or not self.notes else []
        told = grid(heads, self.rows, " · ".join(self.notes))
        return re.sub("`([^`<]+)`", r"<code>\1</code>", told)
