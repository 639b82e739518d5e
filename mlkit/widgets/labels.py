"""Give or change labels: by keys, one row after the other, or looking through them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from mlkit.core.annotations import Annotation
from mlkit.core.decisions import person, read
from mlkit.core.schema import Schema
from mlkit.core.session import session
from mlkit.data.charts.cards import card, many
from mlkit.data.charts.style import GRID, QUIET, of_classes, shorten
from mlkit.data.labels.people import by_person, settle
from mlkit.data.labels.queue import Queue
from mlkit.widgets.labelling import Desk
from mlkit.widgets.panel import Note

__all__ = ["LabelEditor"]

SHOWN = 12
SENT = "to_label"
HERE = Path(__file__).parent

Labels = dict[str, Any]
Record = Callable[[Any, str], None]


class LabelEditor:
    """An editor of labels, keyed by row id and person.

    Parameters
    ----------
    table
        Cleaned rows with a target in their schema.
    classes
        That can be chosen though no row of the table has them.

    Attributes
    ----------
    value
        The default: no label is given by hand.
    seen
        "": labels are of rows, and hold whatever else is in the table.
    settled
        Whether every row has a label already.
    """

    def __init__(self, table: pd.DataFrame, classes: Iterable[str] = ()) -> None:
        schema = Schema.of(table)
        self.table, self.target = table, schema.target
        self.classes = tuple(classes)
        self.value: Labels = {}
        self.seen = ""
        known = table[schema.target].notna() if schema.target else pd.Series([True])
        self.bare = int((~known).sum())
        self.settled = not self.bare

    def picture(self, value: Labels) -> object:
        """Return how many labels are given, and how many rows have none."""
        if self.target is None:
            return Note("there is no target to label")
        return _Given(self.table, self.target, self.bare, value)

    def widget(self, value: Labels, record: Record) -> object:
        """Return the labeller; each label is recorded when it is given.

        `value` is changed in place, so that the cells below see what was given.
        """
        if self.target is None:
            return self.picture(value)
        labels = by_person(value)
        value.clear()
        value.update(labels)
        queue = Queue(self.table, value, person(), sent_back(), self.classes)
        return _widget(queue, lambda line: record(line, ""))


def sent_back() -> Mapping[str, Any]:
    """Return the rows that evaluate sent back, and what the model said of them.

    They only change in what order rows are dealt, so that no step depends on them.
    """
    now = session()
    made = read(now.decisions, SENT) if now.project else None
    return made.value if made and isinstance(made.value, Mapping) else {}


class _Given:
    """How far the labels are, as a page to read."""

    def __init__(
        self, table: pd.DataFrame, target: str, bare: int, value: Labels
    ) -> None:
        said = by_person(value)
        here = table.index[table.index.isin(list(said))]
        self.target, self.bare = target, bare
        self.people = len({by for row in here for by in said[row]})
        self.labels = sum(len(said[row]) for row in here)
        self.done = int(table.loc[here, target].isna().sum())
        settled = settle({row: said[row] for row in here})
        words = (w for w in settled.labels.values() if w is not None)
        self.counts = Counter(map(str, words)).most_common()
        known = table[target].dropna().astype("str").unique()
        self.tones = of_classes({*known, *(word for word, _ in self.counts)})

    def __repr__(self) -> str:
        told = f"{many(self.labels, 'label')} given by hand"
        if not self.bare:
            return told
        left = self.bare - self.done
        return f"{told}\n{many(left, 'row')} without a label"

    def _repr_html_(self) -> str:
        people = "1 person" if self.people == 1 else f"{self.people:,} people"
        told = f"{many(self.labels, 'label')} by {people}" if self.labels else ""
        if self.bare:
            done = f"{self.done:,} of the {many(self.bare, 'row')} that came without"
            told = f"{done} a label have one" + (f"; {told}" if told else "")
        top = card(
            f"Labels of {self.target}, given by hand",
            told or "every row came with a label, and none was changed",
        )
        return top + "".join(
            _bar(word, count, self.counts[0][1], self.tones[word])
            for word, count in self.counts[:SHOWN]
        )


def _bar(word: str, count: int, most: int, tone: str) -> str:
    wide = max(round(240 * count / most), 2)
    return (
        '<div style="display:flex;align-items:center;gap:.6em;margin:.15em 0 0 1em">'
        f'<span style="width:14em;text-align:right">{escape(shorten(word, 30))}</span>'
        f'<span style="width:240px;background:{GRID}"><span style="display:block;'
        f'width:{wide}px;height:.8em;background:{tone}"></span></span>'
        f'<span style="color:{QUIET}">{count:,}</span></div>'
    )


def _widget(queue: Queue, save: Callable[[Annotation], None]) -> object:
    """Return the page beside this module, answered by a desk."""
    import anywidget

    class Labeller(anywidget.AnyWidget):  # type: ignore[misc]
        """The labeller, with a fixed text form."""

        _esm = (HERE / "labels.js").read_text(encoding="utf-8")
        _css = (HERE / "labels.css").read_text(encoding="utf-8")

        def __repr__(self) -> str:
            return "<LabelEditor>"

    page = Labeller()
    desk = Desk(queue, save, lambda told, buffers: page.send(told, buffers))
    page.on_msg(lambda _, message, __: desk.take(message))
    return page
