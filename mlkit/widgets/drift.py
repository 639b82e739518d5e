"""Look at one column of live rows against the reference, window by window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import UsageError, did_you_mean
from mlkit.core.media import KINDS
from mlkit.core.rows import MISSING
from mlkit.core.session import is_person, show
from mlkit.data.charts.cards import many
from mlkit.data.charts.style import Picture
from mlkit.model.grid import Grid
from mlkit.model.packing.reference import told, worded
from mlkit.model.packing.sights import measured, thinned
from mlkit.model.words import say
from mlkit.product.charts import column as drawn
from mlkit.product.monitor import Health, Live, Window
from mlkit.product.watching.drift import compare, of_predictions
from mlkit.widgets.frame import beside, stack

__all__ = ["DriftExplorer"]

JUDGED, OTHER = "", "(other)"
Array = NDArray[Any]


class DriftExplorer:
    """A column of live rows, or what is predicted, held against the reference.

    A person chooses the column and the window; a run draws the column that changed
    most, in the rows that were judged.

    Parameters
    ----------
    health
        What `mlkit.product.monitor.monitor` returned.
    live
        The live rows it was made of.
    """

    def __init__(self, health: Health, live: Live) -> None:
        self.health, self.live = health, live
        windows = {one.start: one for one in health.windows}
        judged = {JUDGED: health.judged} if health.judged else {}
        self.windows: dict[str, Window] = {**judged, **windows}

    @property
    def columns(self) -> tuple[str, ...]:
        """What there is to choose from, what changed most first."""
        watched = self.live.parcel.watched
        names = [name for name in watched if name in self.live.columns]
        ranked = dict.fromkeys(one.column for one in self.health.changes)
        found = [name for name in ranked if name in (*names, self.health.target)]
        return tuple(dict.fromkeys([*found, *names, self.health.target]))

    @property
    def chosen(self) -> str:
        """The window that is drawn by itself: what was judged, else the newest."""
        return JUDGED if JUDGED in self.windows else next(reversed(self.windows), "")

    def rows(self, window: str) -> Live:
        """Return the live rows of a window; none where there is no window.

        Parameters
        ----------
        window
            Its start as `Window` has it; "" is what was judged.

        Raises
        ------
        UsageError
            Where there is no such window.
        """
        if not self.windows:
            return self.live.take(np.zeros(0, int))
        if window not in self.windows:
            raise UsageError(
                f"there is no window {window!r}",
                todo=did_you_mean(window, list(self.windows)),
            )
        one = self.windows[window]
        at = self.live.rows["request.at"]
        inside = at.between(pd.Timestamp(one.start), pd.Timestamp(one.end))
        return self.live.take(inside.to_numpy(bool))

    def picture(self, column: str = "", window: str | None = None) -> Picture:
        """Draw a column then and now.

        Parameters
        ----------
        column
            One of `columns`, or "" for the first.
        window
            As `rows` takes it; None is `chosen`.

        Raises
        ------
        UsageError
            Where there is no such column or window.
        """
        name, some = self._picked(column, window)
        if not len(some):
            return drawn.nothing(name, "no live row to hold against the reference")
        if name == self.health.target:
            return self._predictions(some)
        form, cells = self.live.parcel.watched[name], some.columns[name]
        if form["type"] == "category":
            return drawn.shares(*_shares(form, cells), name)
        if form["type"] == "date":
            then, now = form["missing"], float(pd.isna(cells).mean())
            return drawn.shares({MISSING: then}, {MISSING: now}, name)
        if form["type"] == "text":
            lengths, _ = worded(cells, form.get("common", ()))
            return drawn.numbers(form, lengths, f"words in {name}")
        if form["type"] in KINDS:
            what = _most(name, form, cells)
            found = measured(thinned(cells), form["type"], form["along"])[what]
            return drawn.numbers(form["facts"][what], found, f"{what} of {name}")
        return drawn.numbers(form, np.asarray(cells, np.float64), name)

    def unlike(self, column: str = "", window: str | None = None) -> Picture | None:
        """Draw the images or sounds that are common now and were rare.

        Parameters
        ----------
        column
            One of `columns`, or "" for the first; None is drawn of any other kind.
        window
            As `rows` takes it; None is `chosen`.

        Raises
        ------
        UsageError
            Where there is no such column or window.
        """
        name, some = self._picked(column, window)
        if not len(some) or name not in self.live.parcel.media:
            return None
        return drawn.unlike(some, name)

    def table(self, column: str = "", window: str | None = None) -> Grid:
        """Return how far a column moved, in each way that can be told.

        The last column is the chance of as large a move by luck, of this comparison
        alone; the verdict allows for how many there are.
        """
        name, some = self._picked(column, window)
        parcel, target = self.live.parcel, self.health.target
        if not len(some):
            found = []
        elif name == target:
            args = (parcel.reference, parcel.problem, some.predicted, parcel.threshold)
            found = of_predictions(*args, some.own)
        else:
            form, cells = parcel.watched[name], some.columns[name]
            found = list(compare(name, form, cells, some.own))
        heads = ("what", "moved", "before", "now", "by luck")
        lines = [
            (one.what, f"{one.effect:.1%}", one.before, one.now, _luck(one.p))
            for one in found
        ]
        return Grid(heads, lines, [f"{name}, {many(len(some), 'live row')}"])

    def _picked(self, column: str, window: str | None) -> tuple[str, Live]:
        name = column or self.columns[0]
        if name not in self.columns:
            todo = did_you_mean(name, self.columns)
            raise UsageError(f"the column {name!r} is not watched", todo=todo)
        return name, self.rows(self.chosen if window is None else window)

    def _predictions(self, some: Live) -> Picture:
        target, parcel = self.health.target, some.parcel
        before = parcel.reference["prediction"]
        if "values" in before:
            return drawn.numbers(before["values"], some.predicted, target)
        now = told(some.predicted, parcel.problem.classes, parcel.threshold)
        return drawn.shares(before["labels"], now["labels"], target)

    def widget(self) -> object:
        """Return two menus, the picture and the figures of what they choose."""
        import ipywidgets as w

        titles = [(self._title(name), name) for name in self.columns]
        column = w.Dropdown(
            options=titles, description="column", layout=w.Layout(width="26em")
        )
        spans = [(_span(key, one), key) for key, one in self.windows.items()]
        window = w.Dropdown(
            options=spans or [("no window", "")],
            value=self.chosen,
            description="window",
            layout=w.Layout(width="40em"),
        )
        line, image = w.HTML(), w.Image(format="png", layout=w.Layout(width="680px"))
        sheet = w.Image(format="png", layout=w.Layout(width="680px", display="none"))

        def look(_: Any = None) -> None:
            line.value = self.table(column.value, window.value)._repr_html_()
            image.value = self.picture(column.value, window.value)._repr_png_()[0]
            shown = self.unlike(column.value, window.value)
            sheet.layout.display = "none" if shown is None else ""
            sheet.value = b"" if shown is None else shown._repr_png_()[0]

        column.observe(look, names="value")
        window.observe(look, names="value")
        look()
        return stack("DriftExplorer", [beside([column, window]), image, sheet, line])

    def _title(self, name: str) -> str:
        changed = " · changed" if name in self.health.drifted else ""
        predicted = " (predicted)" if name == self.health.target else ""
        return f"{name}{predicted}{changed}"

    def __repr__(self) -> str:
        return repr(self.table())

    def _ipython_display_(self) -> None:
        if is_person():
            show(self.widget())
            return
        show(self.picture())
        shown = self.unlike()
        if shown is not None:
            show(shown)
        show(self.table())


def _shares(form: Any, cells: Array) -> tuple[dict[str, float], dict[str, float]]:
    """Return the shares of rows by word, of the reference and of live cells."""
    levels, other = form["levels"], form["other"]
    rows = max(sum(levels.values()) + other, 1)
    then = {name: count / rows for name, count in levels.items()}
    words = pd.Series(cells, dtype=object).where(pd.notna(cells), MISSING).astype(str)
    known = words.where(words.isin(list(levels)) | (words == MISSING), OTHER)
    now = {str(n): float(k) for n, k in known.value_counts(normalize=True).items()}
    return {**then, **({OTHER: other / rows} if other else {})}, now


def _most(name: str, form: Any, cells: Array) -> str:
    """Return what moved most of what is measured of images or sounds."""
    found = {one.what: one.effect for one in compare(name, form, cells)}
    facts = list(map(str, form["facts"]))
    known = [what for what in facts if what in found] or facts
    return max(known, key=lambda what: found.get(what, 0.0))


def _luck(p: float) -> str:
    return say(p, 2) if p >= 0.001 else "< 0.001"


def _span(key: str, one: Window) -> str:
    told = f"{_moment(one.start)} to {_moment(one.end)}"
    return f"what was judged: {told}" if key == JUDGED else f"{told} · {one.level}"


def _moment(at: str) -> str:
    return at[:16].replace("T", " ")
