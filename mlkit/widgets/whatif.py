"""Ask a model what it would say of one row, were its cells others."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.columns import with_columns
from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.media import media
from mlkit.core.rows import MISSING
from mlkit.core.session import is_person, show
from mlkit.data.charts.style import Picture
from mlkit.model.audit.counterfactual import changes, hints
from mlkit.model.audit.dependence import of_focus
from mlkit.model.audit.local import Local, local
from mlkit.model.encoding.encode import words
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.runtime import cut
from mlkit.model.sensing.occlusion import occlusion
from mlkit.model.wording.passage import Passage, passage
from mlkit.widgets.frame import beside, middle, stack

__all__ = ["WhatIf"]

MOST, LEVELS, SAMPLE, TEXTS = 16, 60, 2000, 3


class WhatIf:
    """One row, why the model says what it says of it, and what would change that.

    A person gets a control for each feature, and the prediction follows; a run draws
    the row as it is, with the smallest changes that would turn the decision.

    Parameters
    ----------
    model
        A fitted model.
    rows
        Cleaned rows to choose from.
    seen
        Cleaned rows the model learnt from: what there is to compare with.
    row
        A row's id; "" takes the one on which the model is least decided, of a number
        the one whose prediction is in the middle.
    threshold
        Of two classes, the least probability that says the second; None is a half.

    Raises
    ------
    InputError
        Where there is no such row.
    """

    def __init__(
        self,
        model: Model,
        rows: pd.DataFrame,
        seen: pd.DataFrame,
        row: str = "",
        threshold: float | None = None,
    ) -> None:
        self.model, self.threshold = model, cut(threshold)
        places = np.linspace(0, len(seen) - 1, min(SAMPLE, len(seen)))
        self.seen = seen.iloc[np.unique(places.astype(int))]
        self.first = rows.iloc[[_place(model, rows, row, self.threshold)]]
        self.row = self.first
        self._changed: set[str] = set()

    def change(self, name: str, value: Any) -> None:
        """Put another cell into the row; None is a missing one.

        Parameters
        ----------
        name
            A feature.
        value
            A number, a word or None; the bytes of an image or a sound.
        """
        if name not in self.model.problem.features:
            todo = did_you_mean(name, self.model.problem.features)
            raise InputError(f"the model does not look at {name!r}", todo=todo)
        if isinstance(value, bytes):
            value = media().put(value)
        number = name in self.model.problem.numbers
        cell = float("nan") if number and value is None else value
        cells: Any = [float(cell)] if number else pd.array([cell], "str")
        self.row = with_columns(self.row, {name: cells})
        same = _told(self.row, name, number) == _told(self.first, name, number)
        (self._changed.discard if same else self._changed.add)(name)
        own = self.first.index
        other = pd.Index([f"{middle(str(own[0]), 20)}, changed"], dtype="str")
        self.row.index = other if self._changed else own

    def explain(self) -> Local:
        """Return why the model says what it says of the row as it now is."""
        return local(self.model, self.row, self.seen)

    def hints(self) -> Grid:
        """Return the smallest changes of one cell that turn the decision."""
        found = hints(self.model, self.row, self.seen, self.threshold)
        return changes(found, bool(self.model.classes))

    def picture(self) -> Picture:
        """Draw what each feature does to the prediction."""
        return self.explain().plot()

    def passages(self) -> list[Passage]:
        """Return which words of each text moved the prediction."""
        names = self.model.problem.texts[:TEXTS]
        at = self.threshold
        return [passage(self.model, self.row, n, threshold=at) for n in names]

    def hidden(self) -> list[Picture]:
        """Draw what each part of an image or a sound does to the prediction."""
        names = list(self.model.problem.media)[:TEXTS]
        at = self.threshold
        told = (occlusion(self.model, self.row, n, threshold=at) for n in names)
        return [one.plot() for one in told]

    def parts(self) -> list[object]:
        """Return all that is told of the row: pictures, texts, and a table.

        Of a text, an image or a sound that is the only feature just that is told.
        """
        problem = self.model.problem
        told: list[object] = [self.picture()] if len(problem.features) > 1 else []
        plain = bool(problem.numbers or problem.categories)
        rich = [*self.passages(), *self.hidden()]
        return [*told, *rich, *([self.hints()] if plain else [])]

    def says(self) -> str:
        """Return the label, or the value, in words."""
        said = self.model.predict(self.row, self.threshold)[0]
        return str(said) if self.model.classes else f"{said:.5g}"

    def widget(self) -> object:
        """Return a control for each feature, and what follows from them."""
        import ipywidgets as w

        names = [part.feature for part in self.explain().parts][:MOST]
        controls = [_control(self, name) for name in names]
        line, views = w.HTML(), [_view(part) for part in self.parts()]

        def follow(_: Any = None) -> None:
            target = escape(self.model.problem.target)
            line.value = f"<b>{target}: {escape(self.says())}</b>"
            for view, part in zip(views, self.parts(), strict=True):
                view.value = _drawn(part)

        for name, control in zip(names, controls, strict=True):
            control.observe(_changer(self, name, follow), names="value")
        follow()
        more = len(self.model.problem.features) - len(names)
        rest = w.HTML(f"and {more} features that do less" if more > 0 else "")
        halves = [w.VBox([*controls, rest]), w.VBox([line, *views])]
        both = beside(halves)
        both.layout.align_items = "flex-start"
        return stack("WhatIf", [both])

    def __repr__(self) -> str:
        return f"<WhatIf row {self.row.index[0]}: {self.says()}>"

    def _ipython_display_(self) -> None:
        if is_person():
            show(self.widget())
            return
        for part in self.parts():
            show(part)


def _place(model: Model, rows: pd.DataFrame, row: str, threshold: float) -> int:
    if not len(rows):
        raise InputError("there is no row to look at")
    if row:
        at = np.flatnonzero(rows.index.astype(str) == row)
        if not len(at):
            raise InputError(f"there is no row {row!r}", where="row")
        return int(at[0])
    said = model.predicted(rows.head(SAMPLE))
    if model.classes and len(model.classes) > 2:
        top = np.sort(said, axis=1)
        return int((top[:, -1] - top[:, -2]).argmin())
    told = of_focus(model, said)
    middle = threshold if model.classes else float(np.median(told))
    return int(np.abs(told - middle).argmin())


def _told(row: pd.DataFrame, name: str, number: bool) -> str:
    """Return a cell as text; of a number, whatever the type of its column."""
    if not number:
        return str(words(row, name).iloc[0])
    return str(row[name].to_numpy(np.float64, na_value=np.nan)[0])


def _view(part: Any) -> Any:
    """Return a place to show a picture or a page in."""
    import ipywidgets as w

    shape = w.Layout(width="640px")
    if isinstance(part, Picture):
        return w.Image(format="png", layout=shape)
    return w.HTML(layout=w.Layout(max_width="640px"))


def _drawn(part: Any) -> Any:
    return part._repr_png_()[0] if isinstance(part, Picture) else part._repr_html_()


def _changer(what: WhatIf, name: str, follow: Any) -> Any:
    def changed(event: Any) -> None:
        value = event["new"]
        if name in what.model.problem.media:
            value = bytes(value[-1]["content"]) if value else MISSING
        what.change(name, None if value == MISSING else value)
        follow()

    return changed


def _control(what: WhatIf, name: str) -> Any:
    """Return a control made from the feature's type and the cells seen of it."""
    import ipywidgets as w

    shape: Any = {
        "description": name,
        "layout": w.Layout(width="24em"),
        "style": {"description_width": "9em"},
    }
    problem = what.model.problem
    if name in problem.texts:
        cell = str(words(what.row, name).iloc[0])
        tall = min(max(3, len(cell) // 30), 16)
        return w.Textarea(value=cell, rows=tall, continuous_update=False, **shape)
    if name in problem.media:
        told = {"image": "Another image", "audio": "Another sound"}[problem.media[name]]
        wide = w.Layout(width="auto")  # how many files there are is said behind
        accept = f"{problem.media[name]}/*"
        return w.FileUpload(accept=accept, description=told, layout=wide)
    if name in problem.categories:
        own = str(words(what.row, name).iloc[0])
        levels = words(what.seen, name).value_counts().index[:LEVELS]
        options = list(dict.fromkeys([own, *sorted(map(str, levels))]))
        return w.Dropdown(options=options, value=own, **shape)
    return _number(what, name, shape)


def _number(what: WhatIf, name: str, shape: Any) -> Any:
    """Return a list of few numbers with a gap among them, else a slider."""
    import ipywidgets as w

    cells = what.seen[name].to_numpy(np.float64, na_value=np.nan)
    own = float(what.row[name].to_numpy(np.float64, na_value=np.nan)[0])
    known = np.unique(cells[np.isfinite(cells)])
    gaps = len(known) < len(np.unique(cells)) or not np.isfinite(own)
    if gaps or len(known) <= 12:
        shown = known
        if len(known) > 40:
            places = np.linspace(0, 1, 21)
            shown = np.unique(np.quantile(known, places, method="nearest"))
        values = sorted({*map(float, shown), *([own] if np.isfinite(own) else [])})
        options: list[Any] = [(f"{value:.6g}", value) for value in values]
        options += [(MISSING, MISSING)] if gaps else []
        chosen = own if np.isfinite(own) else MISSING
        return w.Dropdown(options=options, value=chosen, **shape)
    low, high = min(float(known[0]), own), max(float(known[-1]), own)
    whole = bool((known == np.round(known)).all())
    step = 1.0 if whole else float(f"{(high - low) / 200:.1g}")
    return w.FloatSlider(
        value=own,
        min=low,
        max=high,
        step=step,
        readout_format=".0f" if whole else ".4g",
        continuous_update=False,
        **shape,
    )
