"""The picture of `alarms`: ranks of new and of planted rows, and what thresholds do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from mlkit.data.charts import style as plots
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.alarms import Alarms

__all__ = ["ranks"]

TAIL = 0.2


def ranks(found: Alarms) -> plots.Picture:
    """Draw the spread of ranks, and what share of rows each threshold picks."""
    picture, axes = plots.figure(10, 3.8, columns=2)
    sets = {
        "new rows": (found.ranks, plots.ACCENT),
        "planted: far": (found.planted["far"], plots.PALETTE[1]),
        "planted: mixed": (found.planted["mixed"], plots.PALETTE[2]),
    }
    sets = {name: one for name, one in sets.items() if len(one[0])}
    known = np.array(found.known)
    if (known == 1).any():
        odd = tuple(np.array(found.ranks)[known == 1])
        sets["known to be odd"] = (odd, plots.BAD)
    with plots.style():
        edges = np.linspace(0, 1, 21)
        shares = np.histogram(found.ranks, edges)[0] / max(len(found.ranks), 1)
        axes[0].stairs(shares, edges, fill=True, color=plots.SOFT)
        axes[0].axhline(1 / 20, color=plots.MUTED, lw=1, ls=":")
        axes[0].axvline(found.threshold, color=plots.BAD, lw=1.5)
        _caught(axes[1], sets)
        axes[1].axvline(100 * (1 - found.threshold), color=plots.BAD, lw=1.5)
        axes[1].legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=4)
    plots.label(
        axes[0],
        "How odd new rows are",
        "rank among the rows it learnt from",
        "share of new rows",
    )
    plots.label(
        axes[1],
        "What a threshold catches",
        "alarms in 100 of the rows it learnt from",
        "share with an alarm",
    )
    alarm, planted = found.metrics["alarms"], found.metrics.get("planted")
    told = (
        "" if planted is None else f"{planted:.0%} of rows planted far out are found; "
    )
    title = f"Alarms for {say(100 * alarm, 2)} of 100 new rows"
    below = (
        f"{told}red is the threshold, "
        "dotted what rows like those it learnt from would show"
    )
    plots.headline(picture, title, below)
    return picture


def _caught(axes: Axes, sets: dict[str, tuple[tuple[float, ...], str]]) -> None:
    cuts = np.linspace(0, TAIL, 201)
    for name, (values, tone) in sets.items():
        given = np.array(values)
        caught = [(given >= 1 - cut).mean() if len(given) else 0.0 for cut in cuts]
        axes.plot(100 * cuts, caught, color=tone, label=name, drawstyle="steps-post")
    axes.set_ylim(-0.02, 1.04)
