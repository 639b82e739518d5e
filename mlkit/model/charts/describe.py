"""The pictures of `describe`: where clusters lie, how far apart, and what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap

from mlkit.data.charts import style as plots
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.describe import Description

__all__ = ["DRAWN"]

COLUMNS = 20
TONES = LinearSegmentedColormap.from_list("signs", ["#b5476b", "#ffffff", "#2f6fb5"])


def plane(found: Description) -> plots.Picture:
    """Draw where rows lie in the two directions in which they differ most."""
    frame, tones = pd.DataFrame(found.rows), _tones(found)
    picture, axes = plots.figure(
        10, 4.2, columns=2, gridspec_kw={"width_ratios": [2, 1]}
    )
    with plots.style():
        for name, tone in tones.items():
            mine = frame[frame["cluster"] == name]
            axes[0].scatter(mine["x"], mine["y"], s=18, color=tone, alpha=0.65, lw=0)
            if len(mine) and name != "none":
                at = float(mine["x"].median()), float(mine["y"].median())
                axes[0].annotate(
                    name,
                    at,
                    fontsize=13,
                    fontweight="bold",
                    ha="center",
                    va="center",
                    bbox={"boxstyle": "circle", "fc": "white", "ec": tone, "lw": 1.5},
                )
        names = list(tones)[::-1]
        shares = [found.clusters[name]["share"] for name in names]
        axes[1].barh(names, shares, color=[tones[n] for n in names], height=0.62)
        valid = [found.clusters[name]["valid"] for name in names]
        axes[1].plot(valid, names, "|", color=plots.INK, ms=14, mew=2)
        axes[1].xaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
        axes[1].grid(visible=False, axis="y")
        plots.bare(axes[0])
    plots.label(
        axes[0], "Validation rows, flattened", "the direction of most difference"
    )
    plots.label(axes[1], "How large", "share of train; the mark: of valid")
    measured = found.accepted.measured
    below = f"silhouette {measured.words('silhouette')}; what overlaps here may lie "
    plots.headline(picture, _title(found), below + "apart in other directions")
    return picture


def silhouette(found: Description) -> plots.Picture:
    """Draw each row's silhouette, cluster by cluster (Rousseeuw 1987)."""
    frame, tones = pd.DataFrame(found.rows), _tones(found)
    picture, (axes,) = plots.figure(8.5, 1.6 + 0.55 * len(tones))
    start = 0
    with plots.style():
        ticks = []
        for name, tone in tones.items():
            mine = np.sort(frame.loc[frame["cluster"] == name, "silhouette"])[::-1]
            places = start + np.arange(len(mine))
            axes.barh(places, mine, height=1.0, color=tone)
            ticks.append(start + len(mine) / 2)
            start += len(mine) + max(len(frame) // 40, 1)
        axes.set_yticks(ticks, list(tones))
        mean = found.metrics["silhouette"]
        axes.axvline(mean, color=plots.INK, lw=1, ls=":")
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
    plots.label(axes, "", "nearer to the next cluster  ←  0  →  nearer to its own")
    wrong = float((frame["silhouette"] < 0).mean())
    title = f"{wrong:.0%} of the rows lie nearer to another cluster"
    plots.headline(picture, title, f"mean {say(mean)}, the dotted line; a bar is a row")
    return picture


def traits(found: Description) -> plots.Picture:
    """Draw how each cluster differs from the rest in each column."""
    if not found.traits:
        return _alike()
    frame = pd.DataFrame(
        [(t.cluster, t.column, t.effect, t.level) for t in found.traits],
        columns=["cluster", "column", "effect", "level"],
    )
    wide = frame.pivot_table(index="column", columns="cluster", values="effect")
    clusters = [name for name in found.clusters if name in wide]
    most = wide.abs().max(axis=1).sort_values(ascending=False)
    columns = [str(name) for name in most.index[:COLUMNS]]
    effects = wide.loc[columns, clusters].to_numpy(float)
    levels = {(t.column, t.cluster): t.level for t in found.traits}
    picture, (axes,) = plots.figure(
        2.6 + 1.25 * len(clusters), 1.6 + 0.36 * len(columns)
    )
    with plots.style():
        axes.imshow(effects, cmap=TONES, vmin=-3, vmax=3, aspect="auto")
        for row, column in enumerate(columns):
            for place, cluster in enumerate(clusters):
                level = levels.get((column, cluster), "")
                value = float(effects[row, place])
                word = plots.shorten(level, 10) if level else f"{value:+.1f}"
                axes.text(
                    *(place, row, word),
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if abs(value) > 2 else plots.INK,
                )
        axes.set_xticks(range(len(clusters)), clusters)
        axes.set_yticks(
            range(len(columns)), [plots.shorten(n, 26) for n in columns], fontsize=9
        )
        axes.grid(visible=False)
    plots.label(axes, "", "cluster")
    title = "What tells the clusters apart"
    below = "blue is more, red is less than in all other rows; in standard deviations"
    plots.headline(picture, title, below)
    return picture


def _alike() -> plots.Picture:
    """Draw that there are no others to differ from: one cluster has all rows."""
    picture, (axes,) = plots.figure(9, 1.6)
    axes.set_axis_off()
    below = "all rows are in one cluster"
    plots.headline(picture, "Nothing tells the clusters apart", below)
    return picture


def _tones(found: Description) -> dict[str, str]:
    tones = plots.colours([name for name in found.clusters if name != "none"])
    if "none" in found.clusters:
        tones["none"] = plots.SOFT
    return tones


def _title(found: Description) -> str:
    count = sum(name != "none" for name in found.clusters)
    again = found.metrics["stability"]
    return f"{count} clusters, which come again by {again:.0%}"


DRAWN: dict[str, Callable[[Description], plots.Picture]] = {
    "map": plane,
    "silhouette": silhouette,
    "traits": traits,
}
