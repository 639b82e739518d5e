"""Small HTML cards and grids for a notebook's cells; everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import isinf

from mlkit.data.charts.style import ACCENT, QUIET

__all__ = ["Made", "card", "grid", "like_years", "many", "significant"]

LINE = "rgba(127, 127, 127, .25)"
CELL = "text-align:left;vertical-align:top;padding:.25em 1em .25em 0"


class Made(str):
    """HTML that is made already: a grid shows it as it is."""

    __slots__ = ()


def card(title: str, below: str = "", notes: Iterable[str] = ()) -> str:
    """Return a titled card with a quiet line and notes.

    Examples
    --------
    >>> "&lt;b&gt;" in card("<b>")
    True
    """
    quiet = f'<div style="color:{QUIET}">{escape(below)}</div>' if below else ""
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    told = f'<ul style="margin:.4em 0 0 1.2em;padding:0">{items}</ul>' if items else ""
    return (
        f'<div style="border-left:4px solid {ACCENT};padding:.4em 1em;margin:.5em 0;'
        f'max-width:60em"><div style="font-weight:600">{escape(title)}</div>'
        f"{quiet}{told}</div>"
    )


def grid(
    heads: Sequence[str], lines: Iterable[Sequence[object]], rest: str = ""
) -> str:
    """Return a table of plain cells.

    Parameters
    ----------
    heads
        One word a column.
    lines
        Cells by row, written as text; what is `Made` is put in as it is.
    rest
        A quiet line below, such as how many rows are not shown.
    """
    top = "".join(_cell(head, f"color:{QUIET};font-weight:400", "th") for head in heads)
    body = "".join(
        f'<tr style="border-top:1px solid {LINE};background:none">'
        + "".join(_cell(cell, _style(cell)) for cell in line)
        + "</tr>"
        for line in lines
    )
    quiet = f'<div style="color:{QUIET}">{escape(rest)}</div>' if rest else ""
    return (
        '<table style="border-collapse:collapse;margin:.5em 0">'
        f'<thead><tr style="background:none">{top}</tr></thead><tbody>{body}</tbody>'
        f"</table>{quiet}"
    )


def _cell(content: object, style: str, tag: str = "td") -> str:
    shown = content if isinstance(content, Made) else escape(str(content))
    return f'<{tag} style="{CELL};{style}">{shown}</{tag}>'


def _style(content: object) -> str:
    numeric = isinstance(content, (int, float)) and not isinstance(content, bool)
    return "font-variant-numeric:tabular-nums" if numeric else ""


def significant(value: float, digits: int = 4) -> float:
    """Round to significant digits, so that a record and a page read well.

    Examples
    --------
    >>> significant(1234.5678), significant(0.00123456)
    (1235.0, 0.001235)
    """
    told = float(f"{value:.{digits}g}")
    return value if isinf(told) else told


def many(count: int, word: str) -> str:
    """Count things in words.

    Examples
    --------
    >>> many(1, "row"), many(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {word}" + "s" * (count != 1)


def like_years(*numbers: float) -> bool:
    """Tell whether all numbers may be years, which are written without a comma.

    Examples
    --------
    >>> like_years(1857, 2055.0), like_years(1990.5), like_years(12000)
    (True, False, False)
    """
    return all(1000 <= each < 3000 and each % 1 == 0 for each in numbers)
