"""Pictures of a learning curve, and of how well parts can be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlkit.data.charts.style import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    PALETTE,
    SOFT,
    Picture,
    figure,
    headline,
    label,
    nothing,
    shorten,
    style,
)

__all__ = ["plot_curve", "plot_likeness"]


def plot_curve(
    seen: tuple[Sequence[int], Sequence[float], Sequence[float]],
    ahead: tuple[Sequence[int], Sequence[float], Sequence[float], Sequence[float]],
    metric: str,
) -> Picture:
    """Draw a learning curve, and where it seems to go.

    Parameters
    ----------
    seen
        Sizes, scores, and their standard deviations.
    ahead
        Larger sizes, the scores to be expected of them, and both ends of their range.
    metric
        What the scores are.
    """
    sizes, scores, spreads = (np.array(values, float) for values in seen)
    if not len(sizes):
        return nothing("No learning curve: too few rows, or nothing to learn")
    picture, (axes,) = figure(9, 3.4)
    low, high = scores - spreads, scores + spreads
    more = [float(sizes[-1]), *ahead[0]]
    told, least, most = ([float(scores[-1]), *ends] for ends in ahead[1:])
    ticks = [*sizes, *ahead[0]]
    with style():
        axes.fill_between(sizes, low, high, color=PALETTE[0], alpha=0.15, linewidth=0)
        axes.plot(sizes, scores, color=PALETTE[0], marker="o")
        axes.fill_between(more, least, most, color=MUTED, alpha=0.15, linewidth=0)
        axes.plot(more, told, color=MUTED, linestyle=(0, (2, 2)), marker="o")
        for x, y in zip([*sizes, *ahead[0]], [*scores, *ahead[1]], strict=True):
            above: dict[str, Any] = {
                "textcoords": "offset points",
                "ha": "center",
                "color": INK,
            }
            axes.annotate(f"{y:.3f}", (x, y), (0, 8), **above)
        axes.set_xscale("log", base=2)
        axes.set_xticks(ticks, [f"{int(tick):,}" for tick in ticks])
        axes.minorticks_off()
        axes.margins(y=0.25)
    label(axes, x="rows learnt from", y=metric)
    headline(
        picture,
        "Would more rows help?",
        "a quick model on folds; dashed is a guess, with its 80 % range",
    )
    return picture


def plot_likeness(found: Mapping[str, Any] | None, alike: float) -> Picture:
    """Draw how well two parts can be told apart: by all columns, and by each alone.

    Parameters
    ----------
    found
        The plain form of a likeness, or None where it is not known.
    alike
        Up to which area they count as alike; it is the band that is drawn.
    """
    if found is None:
        told = "too few rows, or no feature, to say"
        return nothing(f"Can train and test be told apart? {told}")
    columns = list(found["columns"])
    picture, (axes,) = figure(9, 1.5 + 0.27 * len(columns))
    low, high = found["low"], found["high"]
    with style():
        axes.axvspan(min(0.45, low), alike, color=GRID, linewidth=0)
        axes.plot([low, high], [0, 0], color=ACCENT, linewidth=2.4)
        axes.plot(found["auc"], 0, "o", color=ACCENT, markersize=8)
        for place, (_, auc) in enumerate(columns, 1):
            axes.plot([0.5, auc], [place, place], color=SOFT)
            axes.plot(auc, place, "o", color=MUTED, markersize=5)
        names = ["all together", *(shorten(name, 26) for name, _ in columns)]
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.6)
        axes.set_xlim(min(0.45, low), 1.01)
        axes.tick_params(axis="y", colors=INK)
        axes.grid(visible=False, axis="y")
    label(axes, x="area under the ROC curve")
    told = "0.5 is not at all, 1 is always; where the blue line reaches the grey band, "
    told += f"up to {alike:g}, they count as alike"
    headline(picture, "Can train and test be told apart?", told)
    return picture
