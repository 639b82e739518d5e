"""Look at mistakes row by row, and send rows back to be labelled again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from html import escape
from typing import Any

from mlkit.core.media import data_uri
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.style import QUIET, shorten
from mlkit.data.labels.items import cells_of, media_of
from mlkit.model.errors import Errors, told
from mlkit.widgets.frame import beside
from mlkit.widgets.panel import panel

__all__ = ["ErrorExplorer"]

LISTED = 12
SIZE = 'style="min-width:12em;max-width:100%;max-height:24em;object-fit:contain"'
ALL = "all mistakes"

Sent = dict[str, Any]
Record = Callable[[Sent, str], None]


class ErrorExplorer:
    """An editor of the rows that are sent back to be labelled again.

    Parameters
    ----------
    found
        The mistakes.

    Attributes
    ----------
    value
        The default: no row is sent back. Else by row id, what the model said.
    seen
        "": rows are rows, whatever model found them.
    settled
        True: nothing has to be sent.
    """

    def __init__(self, found: Errors) -> None:
        self.found = found
        self.value: Sent = {}
        self.seen = ""
        self.settled = True

    def picture(self, value: Sent) -> object:
        """Return which rows are sent back, and how far they are labelled."""
        return _Sent(self.found, value)

    def listed(
        self, kind: str = ALL, sent: Collection[str] = ()
    ) -> list[tuple[str, str]]:
        """Return lines to choose from, the most surprising first, and their row ids.

        Parameters
        ----------
        kind
            ``all mistakes``, or one of `kinds`.
        sent
            Rows that get a mark.
        """
        wanted = self.kinds()[kind]
        lines = []
        for row, given, said, far in zip(
            self.found.table.index,
            self.found.table["given"],
            self.found.table["predicted"],
            self.found.table["surprise"],
            strict=True,
        ):
            if wanted is None or wanted == (given, said):
                mark = "✓ " if row in sent else ""
                line = f"{mark}{shorten(row, 24)}  ·  {told(given)} → {told(said)}"
                lines.append((f"{line}  ·  {far:.2f}", str(row)))
        return lines

    def kinds(self) -> dict[str, tuple[str, str] | None]:
        """Return what mistakes there are to choose from, in words."""
        kinds: dict[str, tuple[str, str] | None] = {ALL: None}
        if self.found.problem.classes:
            for (given, said), count in self.found.pairs().items():
                kinds[f"{given} taken for {said} ({count:,})"] = given, said
        return kinds

    def cells(self, row: str) -> str:
        """Return a row as a page to read: its cells, what was given, what was said."""
        at = self.found.table.index.tolist().index(row)
        one = self.found.table.iloc[at]
        top = card(
            f"{row}: given {told(one['given'])}, predicted {told(one['predicted'])}",
            f"because of {one['why']}" if one["why"] else "",
        )
        lines = [
            (cell["name"], shorten(cell["text"], 400))
            for cell in cells_of(self.found.cells, at)
        ]
        shown = "".join(_shown(*one) for one in media_of(self.found.cells, at))
        return top + shown + (grid(("column", "cell"), lines) if lines else "")

    def said(self, row: str) -> Any:
        """Return what the model said of a row, as plain data."""
        value = self.found.table.loc[row, "predicted"]
        return float(value) if isinstance(value, float) else str(value)

    def widget(self, value: Sent, record: Record) -> object:
        """Return the explorer; the button below keeps the rows that were put in."""
        import ipywidgets as w

        sent = dict(value)
        if not len(self.found.table):
            return self.picture(value)
        wide = w.Layout(width="46em")
        kind = w.Dropdown(options=list(self.kinds()), description="which", layout=wide)
        rows = w.SelectMultiple(options=self.listed(), rows=LISTED, layout=wide)
        put = w.Button(description="Send to labelling", icon="tag")
        out = w.Button(description="Do not send")
        page, line = w.HTML(), w.HTML()

        def count() -> None:
            chosen = rows.value
            rows.options = self.listed(kind.value, sent)
            rows.value = chosen
            here = f"{many(len(sent), 'row')} to be labelled again"
            line.value = f'<span style="color:{QUIET}">{escape(here)}</span>'

        def look(_: Any = None) -> None:
            page.value = self.cells(rows.value[-1]) if rows.value else ""

        def turn(_: Any = None) -> None:
            rows.options = self.listed(kind.value, sent)

        def send(_: Any = None) -> None:
            sent.update({row: self.said(row) for row in rows.value})
            count()

        def leave(_: Any = None) -> None:
            for row in rows.value:
                sent.pop(row, None)
            count()

        kind.observe(turn, names="value")
        rows.observe(look, names="value")
        put.on_click(send)
        out.on_click(leave)
        count()
        parts = [kind, rows, beside([put, out, line]), page]
        return panel("ErrorExplorer", parts, lambda why: record(dict(sent), why))


def _shown(told: dict[str, str], data: bytes) -> str:
    """Return an image to look at, or a sound to listen to."""
    name = f'<div style="color:{QUIET}">{escape(told["name"])}</div>'
    if not data:
        return f"<div>{name}{escape(told['text'])}</div>"
    source = data_uri(data, told["mime"])
    if told["type"] == "audio":
        return f'<div>{name}<audio controls src="{source}"></audio></div>'
    return f'<div>{name}<img src="{source}" {SIZE} alt="{escape(told["name"])}"></div>'


class _Sent:
    """Which rows are sent back, as a page to read."""

    def __init__(self, found: Errors, value: Sent) -> None:
        self.found, self.value = found, value

    def __repr__(self) -> str:
        return f"{many(len(self.value), 'row')} sent back to be labelled again"

    def _repr_html_(self) -> str:
        below = "" if self.value else "open this notebook to look at rows and send them"
        top = card(repr(self), below)
        given = self.found.table["given"].to_dict()
        lines = [
            (shorten(row, 24), told(given[row]) if row in given else "–", told(said))
            for row, said in list(self.value.items())[:LISTED]
        ]
        rest = len(self.value) - len(lines)
        more = f"and {many(rest, 'row')} more" if rest > 0 else ""
        return top + (
            grid(
                (
                    "row",
                    "given",
                    "the model said",
                ),
                lines,
                more,
            )
            if lines
            else ""
        )
