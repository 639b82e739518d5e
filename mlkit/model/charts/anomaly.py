"""The picture of `anomaly`: what each detector finds, and how much room it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlkit.data.charts import style as plots
from mlkit.model.patterns.planted import KINDS
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.anomaly import Detection

__all__ = ["compared"]


def compared(detection: Detection) -> plots.Picture:
    """Draw the planted rows that each detector finds, and its steadiness."""
    found = detection.detectors[::-1]
    picture, axes = plots.figure(10, 1.7 + 0.62 * len(found), columns=2, sharey=True)
    places = np.arange(len(found))
    with plots.style():
        for k, (kind, tone) in enumerate(zip(KINDS, plots.PALETTE, strict=False)):
            if kind not in found[0].planted:
                continue
            widths = [one.planted[kind] for one in found]
            at = places + 0.19 * (1 - 2 * k)
            axes[0].barh(at, widths, height=0.34, color=tone, label=f"planted: {kind}")
        known = [one.precision for one in found]
        if any(value is not None for value in known):
            values = [np.nan if v is None else v for v in known]
            axes[0].plot(values, places, "D", color=plots.INK, ms=6, label="known rows")
        axes[0].axvline(detection.share, color=plots.MUTED, lw=1, ls=":")
        axes[0].set_xlim(0, 1.02)
        axes[0].set_yticks(places, [one.title for one in found])
        for label, one in zip(axes[0].get_yticklabels(), found, strict=True):
            taken = one.family == detection.chosen
            label.set_fontweight("bold" if taken else "normal")
            label.set_color(plots.BAD if one.problem else plots.INK)
        axes[0].legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=3)
        axes[1].barh(places, [one.stability for one in found], 0.5, color=plots.SOFT)
        axes[1].set_xlim(0, 1.02)
        for panel in axes:
            panel.grid(visible=False, axis="y")
    plots.label(axes[0], "What it finds", "share found; dotted: by chance")
    plots.label(axes[1], "Do the oddest rows stay the oddest?", "share that stays")
    title = detection[detection.chosen].title
    words = f"{title[:1].upper()}{title[1:]} is chosen"
    below = (
        f"alarms for {say(100 * detection.share, 2)} of 100 rows; {detection.rows:,} "
        "rows compared; red cannot be packaged"
    )
    plots.headline(picture, words, below)
    return picture
