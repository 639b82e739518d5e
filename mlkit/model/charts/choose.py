"""The picture of `choose`: each family's score on each fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from mlkit.data.charts import style as plots
from mlkit.model.measures.metrics import METRICS
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.shortlist import Candidate, Shortlist

__all__ = ["compare"]


def compare(shortlist: Shortlist) -> plots.Picture:
    """Draw one row a family, the best on top; a dot a fold, a line the mean."""
    listed = shortlist.candidates[::-1]
    metric = METRICS[shortlist.problem.metric]
    picture, (axes,) = plots.figure(9, 1.3 + 0.5 * len(listed))
    with plots.style():
        low, high = _range(shortlist)
        axes.set_xlim(low, high)
        for place, one in enumerate(listed):
            out = one.family in shortlist.crossed_out
            _row(axes, place, one, one.family == shortlist.chosen, out)
            _beyond(axes, place, one.score, low, high)
        axes.set_yticks(range(len(listed)), [one.title for one in listed])
        axes.tick_params(axis="y", labelsize=9, labelcolor=plots.INK)
        axes.grid(visible=False, axis="y")
        axes.set_ylim(-0.6, len(listed) - 0.4)
    way = "→ greater is better" if metric.greater else "← smaller is better"
    plots.label(axes, x=f"{metric.title} on each of {shortlist.folds} folds   {way}")
    plots.headline(picture, _title(shortlist), shortlist.problem.title)
    return picture


def _range(shortlist: Shortlist) -> tuple[float, float]:
    """Return the axis: wide enough for all but a guess that is not chosen."""
    without = {"dummy"} - {shortlist.chosen}
    real = [c for c in shortlist.candidates if c.family not in without]
    dots = [dot for c in real or shortlist.candidates for dot in c.folds] or [0.0]
    room = 0.08 * (max(dots) - min(dots)) or 0.05 * abs(max(dots)) or 1.0
    return min(dots) - room, max(dots) + room


def _beyond(axes: Axes, place: int, score: float, low: float, high: float) -> None:
    """Point to a score that lies outside of the axis."""
    if low <= score <= high:
        return
    left = score < low
    axes.annotate(
        f"← {say(score)}" if left else f"{say(score)} →",
        (low if left else high, place),
        xytext=(6 if left else -6, 0),
        textcoords="offset points",
        ha="left" if left else "right",
        va="center",
        color=plots.MUTED,
    )


def _row(axes: Axes, place: int, one: Candidate, chosen: bool, out: bool) -> None:
    colour = plots.ACCENT if chosen else plots.SOFT if one.baseline else plots.MUTED
    spread = place + np.linspace(-0.12, 0.12, max(len(one.folds), 1))
    axes.scatter(one.folds, spread[: len(one.folds)], s=30, color=colour, alpha=0.6)
    axes.plot([one.score] * 2, [place - 0.27, place + 0.27], color=colour, lw=3)
    words = say(one.score, 4) + ("   cannot be packaged" if one.problem else "")
    words += "   crossed out" if out else ""
    axes.annotate(
        words,
        (1.01, place),
        xycoords=("axes fraction", "data"),
        va="center",
        color=plots.BAD if one.problem else plots.INK if chosen else plots.MUTED,
        weight="bold" if chosen else "normal",
    )


def _title(shortlist: Shortlist) -> str:
    chosen = shortlist[shortlist.chosen]
    metric = METRICS[shortlist.problem.metric].title
    title = chosen.title[:1].upper() + chosen.title[1:]
    return f"{title} is chosen: {metric} {say(chosen.score)} ± {say(chosen.error, 1)}"
