"""A picture of a contract: where each number may lie, and where it lay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlkit.data.charts.cards import like_years, many
from mlkit.data.charts.style import (
    ACCENT,
    BAD,
    GRID,
    INK,
    MUTED,
    Picture,
    bare,
    figure,
    headline,
    shorten,
    style,
)

__all__ = ["plot_bands"]

MOST = 24


def plot_bands(
    rules: Sequence[Mapping[str, Any]], failed: Mapping[str, int] | None = None
) -> Picture:
    """Draw the range that each number may take, and what was seen within it.

    Parameters
    ----------
    rules
        Rules of a contract; those with a range and a ``seen`` pair are drawn.
    failed
        How many rows fail each rule.
    """
    bands = [r for r in rules if r["check"] == "range" and len(r.get("seen", ())) == 2]
    shown, broken = bands[:MOST], failed or {}
    picture, (axes,) = figure(9, 1.1 + 0.3 * max(len(shown), 1))
    with style():
        for place, rule in enumerate(shown):
            _band(axes, place, rule, broken.get(rule["rule"], 0))
        if not shown:
            axes.text(0, 0, "No rule bounds a number.", color=MUTED)
        axes.set_yticks(range(len(shown)), [shorten(r["column"], 26) for r in shown])
        axes.set_ylim(max(len(shown), 1) - 0.4, -0.6)
        axes.set_xlim(-0.02, 1.02)
        bare(axes, y=not shown)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", colors=INK)
    others = len(rules) - len(bands)
    more = f" ({MOST} shown)" if len(bands) > MOST else ""
    told = f"{many(len(bands), 'range')}{more}, and {many(others, 'other rule')}"
    told += "; pale is allowed, blue was seen, red lies beyond"
    headline(picture, "What the contract allows", told)
    return picture


def _band(axes: Any, place: int, rule: Mapping[str, Any], failed: int) -> None:
    """Draw one range: pale what is allowed, dark what was seen, red what lies out."""
    low, high = rule["seen"]
    floor = rule["min"] if rule.get("min") is not None else low
    roof = rule["max"] if rule.get("max") is not None else high
    least, most = min(low, floor), max(high, roof)
    width = (most - least) or 1.0

    def stretch(start: float, end: float, tone: str, thin: float = 0.0) -> None:
        if end > start or thin:
            span = max((end - start) / width, thin)
            axes.barh(place, span, 0.6, left=(start - least) / width, color=tone)

    stretch(floor, roof, GRID)
    stretch(low, min(high, floor), BAD)
    stretch(max(low, roof), high, BAD)
    if low <= roof and high >= floor:
        stretch(max(low, floor), min(high, roof), ACCENT, 0.006)
    form = ".6g" if like_years(low, high, floor, roof) else ",.6g"
    ends = f"{floor:{form}} … {roof:{form}}"
    fail = "fails" if failed == 1 else "fail"
    told = f"{ends}    {many(failed, 'row')} {fail}" if failed else ends
    tone = BAD if failed else MUTED
    axes.text(1.02, place, told, va="center", fontsize=8, color=tone)
