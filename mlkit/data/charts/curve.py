"""A picture of a learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlkit.data.charts.style import (
    INK,
    MUTED,
    PALETTE,
    Picture,
    figure,
    headline,
    label,
    style,
)

__all__ = ["plot_curve"]


def plot_curve(
    seen: tuple[Sequence[int], Sequence[float], Sequence[float]],
    ahead: tuple[Sequence[int], Sequence[float]],
    metric: str,
) -> Picture:
    """Draw a learning curve, and where it seems to go.

    Parameters
    ----------
    seen
        Sizes, scores, and their standard deviations.
    ahead
        Larger sizes, and the scores to be expected of them.
    metric
        What the scores are.
    """
    sizes, scores, spreads = (np.array(values, float) for values in seen)
    picture, (axes,) = figure(9, 3.4)
    if not len(sizes):
        axes.axis("off")
        headline(picture, "Would more rows help?", "too few rows, or no target, to say")
        return picture
    low, high = scores - spreads, scores + spreads
    more = [float(sizes[-1]), *ahead[0]]
    told = [float(scores[-1]), *ahead[1]]
    ticks = [*sizes, *ahead[0]]
    with style():
        axes.fill_between(sizes, low, high, color=PALETTE[0], alpha=0.15, linewidth=0)
        axes.plot(sizes, scores, color=PALETTE[0], marker="o")
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
        picture, "Would more rows help?", "a quick model on folds; dashed is a guess"
    )
    return picture
