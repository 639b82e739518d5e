"""The picture of a promise: how often intervals or sets held the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlkit.data.charts import style as plots

if TYPE_CHECKING:
    from mlkit.model.conformal import Conformal

__all__ = ["kept"]

MOST = 16


def kept(conformal: Conformal) -> plots.Picture:
    """Draw the share held of all rows and of each group, beside what was promised."""
    shown = conformal.kept[:MOST]
    if not shown:
        return plots.nothing(conformal.statement)
    picture, axes = plots.figure(9, 1.5 + 0.32 * len(shown))
    places = np.arange(len(shown))[::-1]
    with plots.style():
        axes[0].axvline(conformal.coverage, color=plots.INK, lw=1.2)
        for place, one in zip(places, shown, strict=True):
            colour = plots.ACCENT
            if not one.low <= conformal.coverage <= one.high:
                colour = plots.BAD if one.high < conformal.coverage else plots.GOOD
            axes[0].plot(
                [one.low, one.high], [place] * 2, color=colour, alpha=0.45, lw=4
            )
            axes[0].scatter([one.share], [place], s=36, color=colour, zorder=3)
        names = [f"{one.group or 'all rows'}  ({one.rows:,})" for one in shown]
        axes[0].set_yticks(places, [plots.shorten(name, 40) for name in names])
        axes[0].set_ylim(-0.6, len(shown) - 0.4)
        least = min([one.low for one in shown] + [conformal.coverage - 0.05])
        axes[0].set_xlim(max(least - 0.02, 0), 1.005)
        axes[0].grid(visible=False, axis="y")
    plots.label(axes[0], "", "share of truths held")
    head = f"Promised {conformal.coverage:.0%}, held {shown[0].share:.1%}"
    if conformal.radius is None:
        head = "Nothing can be promised on so few rows"
    plots.headline(picture, head, conformal.statement)
    return picture
