"""Champion and challenger side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from mlkit.data.charts import style as plots
from mlkit.model.judging.duel import Meeting
from mlkit.model.measures.metrics import METRICS

if TYPE_CHECKING:
    from mlkit.product.retrain import Promotion

__all__ = ["draw"]


def draw(promotion: Promotion) -> plots.Picture:
    """Draw the metric of both, and the paired distance with its interval.

    Parameters
    ----------
    promotion
        What `retrain` found.
    """
    duel = promotion.duel
    title = "Promote the challenger" if promotion.better else "Keep the champion"
    parts = (
        {"all rows new to both": duel.whole, "fresh rows": duel.fresh} if duel else {}
    )
    met = {name: one for name, one in parts.items() if one.ahead is not None}
    if not met:
        return plots.nothing(f"{title}: {promotion.why}")
    picture, axes = plots.figure(10, 1.9 + 0.5 * len(met), columns=2)
    with plots.style():
        names = [f"{name}\n({one.rows:,})" for name, one in met.items()]
        for axis in axes:
            axis.set_yticks(range(len(names)), names)
            axis.set_ylim(-0.6, len(names) - 0.4)
        axes[1].tick_params(labelleft=False)
        for place, one in enumerate(met.values()):
            _both(axes[0], place, one)
            _between(axes[1], place, one)
        axes[0].legend(loc="best", frameon=False)
        axes[1].axvline(0, color=plots.MUTED, linewidth=1, linestyle="--")
    if duel:
        metric = METRICS[duel.metric]
        way = "more is better" if metric.greater else "less is better"
        plots.label(axes[0], metric.title[:1].upper() + metric.title[1:], way)
    plots.label(axes[1], "Ahead by", "with a paired 95 % interval")
    plots.headline(picture, title, promotion.why)
    return picture


def _both(axis: Axes, place: int, met: Meeting) -> None:
    told = not axis.get_legend_handles_labels()[1]
    ends = np.array([met.theirs, met.mine], np.float64)
    axis.plot(ends, (place, place), color=plots.GRID, linewidth=3, zorder=1)
    tones = (plots.MUTED, plots.ACCENT)
    for value, tone, name in zip(ends, tones, ("champion", "challenger"), strict=True):
        label = name if told else None
        axis.scatter([value], [place], s=70, color=tone, zorder=2, label=label)


def _between(axis: Axes, place: int, met: Meeting) -> None:
    certain = met.low is not None and met.low > 0
    behind = met.high is not None and met.high < 0
    tone = plots.GOOD if certain else plots.BAD if behind else plots.WARN
    told = np.array([met.low, met.ahead, met.high], np.float64)
    axis.plot(told[[0, 2]], (place, place), color=tone, linewidth=3)
    axis.scatter(told[1], place, s=70, color=tone, zorder=2)
