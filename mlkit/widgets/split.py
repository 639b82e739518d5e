"""Look at the parts of a split side by side, column by column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.errors import UsageError, did_you_mean
from mlkit.core.rows import MISSING
from mlkit.core.schema import Column, Schema
from mlkit.core.session import is_person, show
from mlkit.data.charts.cards import many
from mlkit.data.charts.parts import plot_classes, plot_numbers, plot_times
from mlkit.data.charts.style import Picture, shorten
from mlkit.data.labels.items import written
from mlkit.data.parts.assign import PARTS
from mlkit.data.split import Parts
from mlkit.model.grid import Grid
from mlkit.model.words import say
from mlkit.widgets.frame import stack

__all__ = ["SplitExplorer"]

HIDDEN = frozenset({"private", "flag"})
BARE = frozenset({"id", "image", "audio"})
CLASSES, WORD = 6, 24


class SplitExplorer:
    """The parts of a split: how large, from when, of whom, and each column in each.

    A person chooses a column; a run draws the target, as the parts themselves do.

    Parameters
    ----------
    parts
        The parts.
    labelled
        The cleaned rows that were split. The test part holds raw rows; with these it
        is drawn as it will be once it is cleaned, like the others.
    """

    def __init__(self, parts: Parts, labelled: pd.DataFrame | None = None) -> None:
        self.parts, self.schema = parts, Schema.of(parts.train)
        tables = {name: getattr(parts, name) for name in PARTS}
        if labelled is not None:
            tables["test"] = labelled.loc[labelled.index.isin(parts.test.index)]
        self.tables = tables

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns there are to choose from, the target first."""
        names = [c.name for c in self.schema if self._shown(c)]
        return tuple(sorted(names, key=lambda name: name != self.schema.target))

    def _shown(self, column: Column) -> bool:
        hidden = column.type in BARE or HIDDEN.intersection(column.roles)
        return not hidden and all(column.name in one for one in self.tables.values())

    def table(self, column: str = "") -> Grid:
        """Return sizes, times and groups by part, and what is missing of a column.

        Of a numeric target the median is told, and the middle half of the rows.

        Parameters
        ----------
        column
            A column, or "".
        """
        total = sum(map(len, self.tables.values()))
        told = [self._told(name, column, total) for name in PARTS]
        heads = tuple(told[0])
        return Grid(heads, [tuple(one.values()) for one in told], self._notes())

    def _told(self, part: str, column: str, total: int) -> dict[str, str]:
        table, target = self.tables[part], self.schema.target
        told: dict[str, str] = {
            "part": part,
            "rows": f"{len(table):,}",
            "share": f"{len(table) / total:.1%}",
        }
        if target is not None:
            told[f"balance of {shorten(target, WORD)}"] = _balance(table[target])
        if self.parts.times:
            times = self.parts.times[part]
            told |= {"from": written(times.min()), "to": written(times.max())}
        if self.parts.group in table:
            told["groups"] = f"{table[self.parts.group].nunique():,}"
        if column and column != target:
            told[f"missing in {shorten(column, WORD)}"] = (
                f"{_gone(_unfilled(table[column])):.1%}"
            )
        return told

    def _notes(self) -> list[str]:
        """Say which groups sit in two parts."""
        group = self.parts.group
        if not group or any(group not in one for one in self.tables.values()):
            return []
        met = [one[group].dropna().drop_duplicates() for one in self.tables.values()]
        twice = int((pd.concat(met).astype("str").value_counts() > 1).sum())
        return [f"{many(twice, 'group')} of {group} in more than one part"]

    def picture(self, column: str = "") -> Picture:
        """Draw a column in each part; "" draws what the parts draw of themselves.

        Raises
        ------
        UsageError
            Where there is no such column to show.
        """
        if not column:
            return self.parts.plot()
        if column not in self.columns:
            todo = did_you_mean(column, self.columns)
            raise UsageError(f"there is no column {column!r} to show", todo=todo)
        cells = {name: _unfilled(one[column]) for name, one in self.tables.items()}
        title = f"How {shorten(column, 40)} falls"
        if self.schema[column].type == "text":
            lengths = {
                n: one.dropna().astype("str").str.len() for n, one in cells.items()
            }
            return _numbers(lengths, f"characters of {column}", title)
        if all(one.dtype.kind == "M" and one.notna().any() for one in cells.values()):
            return plot_times(cells, title)
        if all(one.dtype.kind in "fiu" for one in cells.values()):
            return _numbers(cells, column, title)
        return plot_classes(cells, title)

    def widget(self) -> object:
        """Return a menu of columns, the sizes, and the chosen column in each part."""
        import ipywidgets as w

        titles = [(self._title(name), name) for name in self.columns]
        menu = w.Dropdown(
            options=[("the parts", ""), *titles],
            description="show",
            layout=w.Layout(width="30em"),
        )
        line, image = w.HTML(), w.Image(format="png", layout=w.Layout(width="720px"))

        def look(_: Any = None) -> None:
            line.value = self.table(menu.value)._repr_html_()
            image.value = self.picture(menu.value)._repr_png_()[0]

        menu.observe(look, names="value")
        look()
        return stack("SplitExplorer", [menu, line, image])

    def _title(self, name: str) -> str:
        return f"{name} (target)" if name == self.schema.target else name

    def __repr__(self) -> str:
        return repr(self.table())

    def _ipython_display_(self) -> None:
        if is_person():
            show(self.widget())
            return
        show(self.table())
        show(self.picture())


def _balance(values: pd.Series) -> str:
    """Return the share of each class, or the middle half of a number, in words."""
    known = values.dropna()
    if known.dtype.kind in "fiu" and len(known):
        low, middle, high = (say(v, 4) for v in np.quantile(known, [0.25, 0.5, 0.75]))
        return f"median {middle}, half from {low} to {high}"
    counts = known.astype("str").value_counts(normalize=True).sort_index()
    top = counts.nlargest(CLASSES, keep="all").index[:CLASSES]
    told = [f"{shorten(n, WORD)} {counts[n]:.1%}" for n in counts.index if n in top]
    return ", ".join(told) + " …" * (len(counts) > CLASSES)


def _gone(values: pd.Series) -> float:
    return float(values.isna().mean()) if len(values) else 0.0


def _unfilled(values: pd.Series) -> pd.Series:
    """Return words with a gap where cleaning wrote that there is one."""
    return values if values.dtype.kind in "biufM" else values.mask(values == MISSING)


def _numbers(cells: dict[str, pd.Series], name: str, title: str) -> Picture:
    """Draw numbers; where a part has none, say so as words."""
    finite = {
        part: one[np.isfinite(one.to_numpy(np.float64, na_value=np.nan))]
        for part, one in cells.items()
    }
    if all(map(len, finite.values())):
        return plot_numbers(finite, name, title)
    told = {part: one.notna().map({True: "a number"}) for part, one in cells.items()}
    return plot_classes(told, title)
