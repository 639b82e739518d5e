"""The card of a model's health: the verdict, and what it rests on."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlkit.product.watching.health import Health
    from mlkit.product.watching.signs import Sign

__all__ = ["COLOURS", "card"]

MARKS = {"retrain": "✗", "watch": "!", "healthy": "✓", "unknown": "–"}
COLOURS = {
    "retrain": "#cf4a41",
    "watch": "#a8801f",
    "healthy": "#2f8f5b",
    "unknown": "#7f8a94",
}
"""Legible on a light page and on a dark one."""


def card(health: Health) -> str:
    """Return the verdict with its signs, the gravest first.

    Parameters
    ----------
    health
        A model's health.
    """
    colour = COLOURS[health.state]
    rows = "".join(map(_row, health.ranked))
    return (
        f'<div style="border-left:4px solid {colour};padding:.5em 1em;'
        f'margin:.5em 0;max-width:60em"><div style="margin-bottom:.4em">'
        f'<span style="font-weight:600;font-size:1.15em">{escape(health.title)}</span> '
        f'<span style="background:{colour};color:#fff;border-radius:1em;'
        f'padding:.1em .8em;margin:0 .6em;font-weight:600">{health.state}</span>'
        f'<span style="opacity:.7">{escape(_when(health))}</span></div>{rows}'
        f"{''.join(map(_note, health.notes))}</div>"
    )


def _when(health: Health) -> str:
    """Tell what the verdict is about."""
    judged = health.judged
    if judged is None:
        return f"model {health.model[:12]}"
    first, newest = (_minute(one) for one in (judged.start, judged.end))
    rows = f"{judged.traffic.rows:,} rows"
    return f"{rows} · {first} to {newest}, UTC · model {health.model[:12]}"


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _row(sign: Sign) -> str:
    colour = COLOURS[sign.level]
    quiet = "opacity:.75" if sign.level in ("healthy", "unknown") else ""
    lines = [f'<span style="{quiet}">{escape(sign.what)}</span>']
    if sign.todo and sign.level != "healthy":
        advice = re.sub("`([^`]+)`", r"<code>\1</code>", escape(sign.todo))
        lines.append(f'<span style="color:{colour}">→</span> {advice}')
    return (
        '<div style="display:flex;gap:.7em;padding:.22em 0;line-height:1.45">'
        f'<span style="color:{colour};font-weight:700;flex:0 0 1em">'
        f'{MARKS[sign.level]}</span><span style="flex:0 0 6.5em;opacity:.7">'
        f"{escape(sign.about)}</span><div>{'<br>'.join(lines)}</div></div>"
    )


def _note(note: str) -> str:
    return f'<div style="opacity:.7;padding:.22em 0 0 1.7em">{escape(note)}</div>'
