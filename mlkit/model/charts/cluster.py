"""The picture of `cluster`: what was tried, beside tables of one crowd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from mlkit.data.charts import style as plots
from mlkit.model.families import family

if TYPE_CHECKING:
    from mlkit.model.cluster import Clustering
    from mlkit.model.patterns.options import Option

__all__ = ["tried"]


def tried(clustering: Clustering) -> plots.Picture:
    """Draw silhouette and stability by the number of clusters, a line a family."""
    picture, axes = plots.figure(10, 4.0, columns=2)
    names = list(dict.fromkeys(one.family for one in clustering.options))
    tones = plots.colours(names)
    with plots.style():
        for name in names:
            mine = [o for o in clustering.options if o.family == name]
            _line(axes[0], mine, [o.silhouette for o in mine], tones[name])
            _line(axes[1], mine, [o.stability for o in mine], tones[name])
        banded = _crowds(axes[0], clustering)
        chosen = clustering[clustering.chosen]
        for one, value in zip(axes, (chosen.silhouette, chosen.stability), strict=True):
            one.plot(
                *([chosen.clusters], [value], "o"),
                ms=13,
                mfc="none",
                mec=plots.INK,
                mew=1.6,
                zorder=4,
            )
            counts = [option.clusters for option in clustering.options]
            one.set_xlim(min(counts) - 0.5, max(counts) + 0.5)
            one.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes[1].set_ylim(min(-0.02, *axes[1].get_ylim()), 1.04)
        handles, words = axes[0].get_legend_handles_labels()
        axes[1].legend(handles, words, loc="best")
    plots.label(axes[0], "How far apart", "clusters", "silhouette")
    plots.label(
        axes[1], "Does it come again on parts of the rows?", "clusters", "agreement"
    )
    below = (
        f"{clustering.rows:,} rows; the ring is what is chosen"
        + banded * ", the band what the same families find where there are no clusters"
    )
    plots.headline(picture, clustering.statement, below)
    return picture


def _line(axes: Axes, options: list[Option], values: list[float], tone: str) -> None:
    counts = [one.clusters for one in options]
    alone = "clusters" not in options[0].settings
    title = family(options[0].family).title
    how = "" if alone else "-"
    axes.plot(
        *(counts, values, f"o{how}"),
        color=tone,
        ms=6 if alone else 4,
        lw=1.6,
        label=title,
        alpha=0.9,
        zorder=3,
    )


def _crowds(axes: Axes, clustering: Clustering) -> bool:
    """Draw from least to most what families reach in one crowd, if that was tried."""
    told: dict[int, list[float]] = {}
    for one in clustering.options:
        if "clusters" in one.settings:
            told.setdefault(one.clusters, []).extend(one.crowd)
    counts = sorted(told)
    if not any(told.values()):
        return False
    low, high = (np.array([f(told[n]) for n in counts]) for f in (min, max))
    axes.fill_between(counts, low, high, color=plots.SOFT, lw=0, label="one crowd")
    return True
