"""Pages of a profile to read: its alerts, its columns, a gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from mlkit.core.media import data_uri
from mlkit.data.charts.cards import grid, many
from mlkit.data.charts.profile import plot_words
from mlkit.data.charts.style import BAD, MUTED, QUIET, WARN, Picture

if TYPE_CHECKING:
    from mlkit.data.measures.alert import Alert

__all__ = ["Columns", "Gallery", "alert_grid"]

ALIKE = 3
LISTED = 100
CELL = "text-align:left;vertical-align:top;padding:.2em 1em .2em 0"
MARKS = {"serious": ("●", BAD), "look": ("●", WARN), "note": ("○", MUTED)}


@dataclass(frozen=True)
class Columns:
    """The measures of all columns, as a page to read."""

    measures: tuple[Mapping[str, Any], ...]
    rows: int

    def __repr__(self) -> str:
        return f"<Columns {len(self.measures)}>"

    def _repr_html_(self) -> str:
        heads = ("column", "type", "distinct", "missing", "lowest", "middle", "highest")
        lines = [_measures(column, self.rows) for column in self.measures[:LISTED]]
        rest = len(self.measures) - len(lines)
        return grid(heads, lines, f"and {many(rest, 'column')} more" if rest else "")


@dataclass(frozen=True)
class Gallery:
    """What a table of numbers cannot show: words that tell, images, sounds.

    Parameters
    ----------
    telling
        By column of text, the words that tell each class.
    target
        The target's name.
    drawn
        The pictures of columns of images and sound.
    """

    telling: Mapping[str, Mapping[str, Any]]
    target: str
    drawn: Sequence[Picture] = ()

    @property
    def pictures(self) -> list[Picture]:
        """All the pictures there are."""
        words = [plot_words(self.telling, self.target)] if self.telling else []
        return [*words, *self.drawn]

    def __repr__(self) -> str:
        return f"<Gallery of {many(len(self.pictures), 'picture')}>"

    def _repr_html_(self) -> str:
        if not self.pictures:
            return f'<div style="color:{QUIET}">No text, images or sound here.</div>'
        return "".join(map(_image, self.pictures))


def alert_grid(found: Sequence[Alert]) -> str:
    """Return alerts as a page to read, alike ones together.

    Parameters
    ----------
    found
        The alerts, in the order in which they are shown.
    """
    if not found:
        return ""
    kinds = list(dict.fromkeys(alert.kind for alert in found))
    lines = "".join(
        _lines([alert for alert in found if alert.kind == kind]) for kind in kinds
    )
    return f'<table style="border-collapse:collapse">{lines}</table>'


def _lines(alike: list[Alert]) -> str:
    """Return a line an alert; where many are alike, the rest by name alone."""
    shown = alike if len(alike) <= ALIKE + 1 else alike[:ALIKE]
    rest = [alert.column for alert in alike[len(shown) :]]
    lines = [
        _line(alert, alert.kind, alert.column, alert.evidence, alert.remedy)
        for alert in shown
    ]
    if rest:
        more = ", ".join(rest[:30]) + " ..." * (len(rest) > 30)
        lines.append(_line(alike[0], "", f"and {len(rest)} more", more, ""))
    return "".join(lines)


def _line(alert: Alert, kind: str, column: str, evidence: str, remedy: str) -> str:
    mark, tone = MARKS[alert.level]
    dot = f'<td style="color:{tone};{CELL};padding-right:.5em">{mark if kind else ""}'
    cells = "".join(
        f'<td style="{CELL}">{escape(t)}</td>' for t in (kind, column, evidence)
    )
    code = (
        '<div><code style="font-size:.85em;color:inherit;opacity:.75;'
        'background:none;padding:0;white-space:pre-wrap">'
        f"{escape(alert.command)}</code></div>"
    ) * bool(remedy and alert.fix)
    told = f'<td style="{CELL};max-width:28em">{escape(remedy)}{code}</td>'
    return f'<tr style="background:none">{dot}</td>{cells}{told}</tr>'


def _measures(column: Mapping[str, Any], rows: int) -> tuple[object, ...]:
    gone = column["missing"] + column["hidden"]
    share = f"{gone / rows:.1%}" if gone else ""
    roles = [role for role in column["roles"] if role != "flag"]
    kind = " · ".join([column["type"], *roles])
    first = (column["name"], kind, f"{column.get('distinct', 0):,}", share)
    if "median" in column:
        ends = (column["min"], column["median"], column["max"])
        return (*first, *(f"{value:,g}" for value in ends))
    if "ends" in column:
        return (*first, *column["ends"])
    if "first" in column:
        return (*first, column["first"], "", column["last"])
    if "vocabulary" in column:
        words = round(column["words_median"])
        middle = many(words, "word") if words else ""
        low, high = (many(column[end], "character") for end in ("shortest", "longest"))
        return (*first, low, middle, high)
    if "most" in column and column["type"] != "id":
        return (*first, "", f"{column['most'][:40]} ({column['most_rows']:,})", "")
    return (*first, "", "", "")


def _image(picture: Picture) -> str:
    content, size = picture._repr_png_()
    source = data_uri(content, "image/png")
    return (
        f'<img width="{size["width"]}" alt="" src="{source}" '
        'style="display:block;margin:.5em 0;max-width:100%">'
    )
