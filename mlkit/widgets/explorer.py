"""Leaf through a table: page, sort and filter its rows, and see how a column falls."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Column, Schema
from mlkit.core.session import is_person, show
from mlkit.data.charts.cards import many
from mlkit.data.charts.profile import plot_columns
from mlkit.data.charts.style import Picture, shorten
from mlkit.data.labels.items import written
from mlkit.data.measures.shapes import bars
from mlkit.model.grid import Grid

__all__ = ["DataExplorer", "Query", "View"]

PAGE, WIDEST, STILL, CELL = 20, 60, 8, 400
BARE = frozenset({"id", "image", "audio"})
COMPARED = re.compile(r"\s*(>=|<=|=|>|<)\s*(\S+)\s*")
WHOLE = -(2.0**63), 2.0**64
HERE = Path(__file__).parent
Signs = Mapping[str, Callable[[Any, Any], Any]]
SIGNS: Signs = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
}


@dataclass(frozen=True)
class Query:
    """What of a table is looked at.

    Parameters
    ----------
    page
        From 0.
    sort
        The place of the column to sort by; -1 leaves the rows as they lie.
    down
        Whether the largest come first.
    column
        The place of the column that is drawn and filtered; -1 filters all.
    text
        What a cell has to contain, in either case; of a column of numbers ``> 3``,
        ``<= 3`` or ``= 3`` too.
    """

    page: int = 0
    sort: int = -1
    down: bool = False
    column: int = -1
    text: str = ""

    @classmethod
    def of(cls, form: Any) -> Query:
        """Read what a page sent; what is no such thing is the default."""
        known = asdict(cls())
        given = form if isinstance(form, Mapping) else {}
        return cls(
            **{n: given[n] for n in known if type(given.get(n)) is type(known[n])}
        )


@dataclass(frozen=True)
class View:
    """The rows of one page, as text.

    Parameters
    ----------
    rows
        Each row's id, then its cells; None where one is missing.
    total
        How many rows fit the filter.
    page, pages
        The page, from 0, and how many there are.
    """

    rows: list[list[str | None]]
    total: int
    page: int
    pages: int


class DataExplorer:
    """The rows of a table, to leaf through; private columns stay out.

    A person pages, sorts and filters; a run shows the first rows and how the target
    falls, else the first column.

    Parameters
    ----------
    table
        Rows × columns, with or without a schema.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table
        told = enumerate(_described(table))
        shown = [(k, c) for k, c in told if "private" not in c.roles]
        self.columns = tuple(c for _, c in shown[:WIDEST])
        self.at = tuple(k for k, _ in shown[:WIDEST])
        self.more = len(shown) - len(self.columns)

    def view(self, query: Query) -> View:
        """Return one page of the rows that fit, in order."""
        places = self._places(query)
        pages = max(-(-len(places) // PAGE), 1)
        page = min(max(query.page, 0), pages - 1)
        taken = places[page * PAGE : (page + 1) * PAGE]
        return View([self._row(at) for at in taken], len(places), page, pages)

    def picture(self, column: int = -1) -> Picture:
        """Draw how a column falls.

        Parameters
        ----------
        column
            Its place; -1 takes the target, else the first.
        """
        place = self._first() if column < 0 else column
        one, values = self.columns[place], self._values(place)
        kind = one.type if one.type not in BARE else "category"
        if kind in ("number", "date") and values.dtype.kind not in "fiubM":
            kind = "category"
        if kind != "number" and kind != "date":
            values = values.astype(object).where(values.notna(), None)
            values = values.map(written, na_action="ignore")
        rows = len(self.table)
        shape = bars(values, kind, np.zeros(rows, np.intp), 1)
        gone = int(values.isna().sum())
        measures = {"name": one.name, "missing": gone, "hidden": 0, "type": kind}
        target = one.name if "target" in one.roles else ""
        return plot_columns({one.name: shape}, [measures], max(rows, 1), target, ())

    def _first(self) -> int:
        places = (k for k, one in enumerate(self.columns) if "target" in one.roles)
        return next(places, 0)

    def _values(self, place: int) -> pd.Series:
        return self.table.iloc[:, self.at[place]]

    def _places(self, query: Query) -> NDArray[np.intp]:
        """Return the places of the rows that fit, in the order asked for."""
        places = np.arange(len(self.table))
        text = query.text.strip()
        if text:
            one = range(len(self.columns))
            asked = [query.column] if query.column in one else one
            fits = [_fits(self._values(k), text) for k in asked]
            places = places[np.logical_or.reduce([np.zeros(len(places), bool), *fits])]
        if query.sort not in range(len(self.columns)):
            return places
        values = self._values(query.sort).iloc[places]
        return places[_order(values.reset_index(drop=True), query.down)]

    def _row(self, place: int) -> list[str | None]:
        row = self.table.index[place]
        cells = [self.table.iloc[place, at] for at in self.at]
        told = (None if _gone(cell) else written(cell)[:CELL] for cell in cells)
        return [str(row), *told]

    def widget(self) -> object:
        """Return the page beside this module, answered from here."""
        import anywidget
        import traitlets

        class Explorer(anywidget.AnyWidget):  # type: ignore[misc]
            """The rows, with a fixed text form."""

            _esm = (HERE / "explorer.js").read_text(encoding="utf-8")
            _css = (HERE / "explorer.css").read_text(encoding="utf-8")
            columns: Any = traitlets.List().tag(sync=True)
            more = traitlets.Int().tag(sync=True)
            query = traitlets.Dict().tag(sync=True)
            view = traitlets.Dict().tag(sync=True)
            image = traitlets.Bytes().tag(sync=True)

            def __repr__(self) -> str:
                return "<DataExplorer>"

        heads = [{"name": c.name, "type": c.type} for c in self.columns]
        page = Explorer(columns=heads, more=self.more, query=asdict(Query()))

        def answer(_: Any = None) -> None:
            page.view = asdict(self.view(Query.of(page.query)))

        def draw(event: Any = None) -> None:
            was = Query.of(event["old"]).column if event else None
            column = Query.of(page.query).column
            if column != was and column < len(self.columns) and self.columns:
                page.image = self.picture(column)._repr_png_()[0]

        page.observe(answer, names="query")
        page.observe(draw, names="query")
        answer()
        draw()
        return page

    def still(self) -> Grid:
        """Return the first rows, cut to what a page can hold."""
        heads = ["row", *(shorten(c.name, 24) for c in self.columns[:STILL])]
        shown = self.view(Query()).rows[:STILL]
        rows = [[shorten(c or "", 40) for c in row[: STILL + 1]] for row in shown]
        wide = many(len(self.columns) + self.more, "column")
        return Grid(heads, rows, [f"{many(len(self.table), 'row')} × {wide}"])

    def __repr__(self) -> str:
        return repr(self.still())

    def _ipython_display_(self) -> None:
        if is_person():
            show(self.widget())
            return
        show(self.still())
        if self.columns:
            show(self.picture())


def _described(table: pd.DataFrame) -> list[Column]:
    """Return each column as its schema or its dtype tells it, whatever its name."""
    bare = table.iloc[:0]
    alone = [bare.iloc[:, [k]] for k in range(bare.shape[1])]
    for one, name in zip(alone, table.columns, strict=True):
        one.columns = pd.Index([str(name)])
    return [next(iter(Schema.of(one))) for one in alone]


def _fits(values: pd.Series, text: str) -> NDArray[np.bool_]:
    """Return which cells contain a text, or compare with a number as it asks."""
    asked = COMPARED.fullmatch(text)
    if asked and values.dtype.kind in "fiu":
        try:
            return _compared(values, asked[1], asked[2])
        except ValueError:
            pass
    codes, kinds = pd.factorize(values.astype(object).map(written))
    wanted = text.casefold()
    return np.array([wanted in str(k).casefold() for k in kinds], bool)[codes]


def _compared(values: pd.Series, sign: str, text: str) -> NDArray[np.bool_]:
    """Compare numbers with one in a text; whole ones are compared digit by digit."""
    number = float(text)
    held = WHOLE[0] <= number < WHOLE[1] and number.is_integer()
    if held and values.dtype.kind != "f":
        told = SIGNS[sign](values, int(Decimal(text)))
        return np.asarray(told.to_numpy(bool, na_value=False))
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    return np.asarray(SIGNS[sign](numbers, number), bool)


def _gone(cell: Any) -> bool:
    return bool(pd.api.types.is_scalar(cell) and pd.isna(cell))


def _order(values: pd.Series, down: bool) -> NDArray[np.intp]:
    """Return the places of values in order, the missing ones last."""
    try:
        ranked = values.sort_values(ascending=not down, kind="stable")
    except TypeError:  # words and numbers in one column
        told = values.where(values.isna(), values.map(written))
        ranked = told.sort_values(ascending=not down, kind="stable")
    return ranked.index.to_numpy(np.intp)
