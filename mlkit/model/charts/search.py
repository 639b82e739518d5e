"""The picture of weak parts: how bad the model is in each, beside the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlkit.data.charts import style as plots
from mlkit.data.charts.cards import many
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.slicing.search import Weakest

__all__ = ["weak"]

MOST = 16


def weak(found: Weakest) -> plots.Picture:
    """Draw each part's error and that of the rest, and the overall one as a line."""
    shown = [*found.found, *found.named, *found.unsure][:MOST]
    head = "Nowhere certainly worse than elsewhere"
    below = f"{found.tried:,} parts of {found.rows:,} rows tried, luck accounted for"
    if not shown:
        return plots.nothing(f"{head}: {below}")
    picture, axes = plots.figure(9.5, 1.5 + 0.36 * len(shown))
    places = np.arange(len(shown))[::-1]
    sure = len(found.found)
    with plots.style():
        axes[0].axvline(found.overall, color=plots.SOFT, lw=1.5)
        for at, (place, one) in enumerate(zip(places, shown, strict=True)):
            named = sure <= at < sure + len(found.named)
            colour = plots.BAD if at < sure else plots.ACCENT if named else plots.WARN
            axes[0].plot(
                [one.elsewhere, one.here], [place] * 2, color=colour, alpha=0.4
            )
            axes[0].scatter([one.elsewhere], [place], s=30, color=plots.MUTED, zorder=3)
            axes[0].scatter([one.here], [place], s=48, color=colour, zorder=3)
        names = [f"{plots.shorten(one.where, 56)}  ({one.rows:,})" for one in shown]
        axes[0].set_yticks(places, names)
        axes[0].set_ylim(-0.6, len(shown) - 0.4)
        axes[0].set_xlim(0, None)
        axes[0].grid(visible=False, axis="y")
    wrong = "share wrong" if found.problem.classes else "mean absolute error"
    hints = "; yellow: not certain" if found.unsure else ""
    plots.label(axes[0], "", f"{wrong}: there, and (grey) elsewhere{hints}")
    if sure:
        worst = found.found[0]
        here = f"{worst.here:.0%}" if found.problem.classes else say(worst.here)
        head = f"Certainly worse in {many(sure, 'part')}: {here} against "
        elsewhere = worst.elsewhere
        head += f"{elsewhere:.0%}" if found.problem.classes else say(elsewhere)
        head += " in the worst"
    plots.headline(picture, head, below)
    return picture
