"""Pictures of new rows beside the real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from mlkit.data.charts.style import (
    ACCENT,
    BAD,
    INK,
    MUTED,
    PALETTE,
    SOFT,
    Picture,
    bare,
    figure,
    headline,
    label,
    nothing,
    shorten,
    style,
)

__all__ = ["plot_marginals", "plot_nearest", "plot_pairs"]

ACROSS = 4
NEW = PALETTE[1]
WRITTEN = 9
DAYS = 120


def plot_marginals(
    shapes: Mapping[str, Mapping[str, Any]],
    columns: Sequence[Mapping[str, Any]],
    real: int,
    made: int,
    most: int = 24,
) -> Picture:
    """Draw the distribution of every column, real and new.

    Parameters
    ----------
    shapes
        Bars by column: two lists of rows, real and new.
    columns
        How far each falls from the real one.
    real, made
        How many rows there are of each.
    most
        How many columns at most.
    """
    measured = {column["name"]: column for column in columns}
    shown = [name for name in shapes if any(map(sum, shapes[name]["rows"]))][:most]
    if not shown:
        return nothing("There is no column to compare")
    down, across = ceil(len(shown) / ACROSS), min(ACROSS, len(shown))
    size = (max(2.6 * across, 6.5), 1.0 + 1.8 * down)
    picture, axes = figure(*size, rows=down, columns=across)
    with style():
        for place, name in zip(axes, shown, strict=False):
            _shape(place, shapes[name], measured[name]["type"])
            _title(place, measured[name])
        for place in axes[len(shown) :]:
            place.set_visible(False)
        keys = [Patch(color=SOFT, label="real"), Line2D([], [], color=NEW, label="new")]
        picture.legend(handles=keys, loc="outside upper right", ncols=2)
    more = f", {len(shown)} of {len(shapes)} shown" if len(shown) < len(shapes) else ""
    told = f"{real:,} real rows, {made:,} new ones; shares of each{more}"
    headline(picture, "Column by column", told)
    return picture


def _shape(axes: Axes, shape: Mapping[str, Any], kind: str) -> None:
    counts = np.array(shape["rows"], float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    if "words" in shape:
        _words(axes, shape["words"], shares)
        return
    edges = np.array(shape["edges"])
    wide = np.diff(edges)
    axes.bar(edges[:-1], shares[0], wide, align="edge", color=SOFT)
    axes.stairs(shares[1], edges, color=NEW, linewidth=1.4)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    if kind == "date":
        unit = "M" if edges[-1] - edges[0] > DAYS else "D"
        axes.xaxis.set_major_locator(MaxNLocator(2, integer=True))
        axes.xaxis.set_major_formatter(lambda day, _: _moment(day, unit))
        return
    counted = bool(edges[0] % 1 == 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=counted))


def _moment(day: float, unit: str) -> str:
    return str(np.datetime64(int(day), "D").astype(f"M8[{unit}]"))


def _words(axes: Axes, words: Sequence[str], shares: Any) -> None:
    places = np.arange(len(words))
    axes.barh(places, shares[0], 0.78, color=SOFT)
    for place, share in zip(places, shares[1], strict=True):
        axes.plot([share, share], [place - 0.39, place + 0.39], color=NEW, linewidth=2)
    axes.set_yticks(places, [shorten(word, 14) for word in words])
    axes.set_ylim(max(len(places), 3) - 0.5, -0.5)
    axes.set_xlim(0, max(float(shares.max()) * 1.05, 0.01))
    axes.tick_params(axis="y", colors=INK, labelsize=7)
    bare(axes, y=False)
    axes.spines["left"].set_visible(False)


def _title(axes: Axes, column: Mapping[str, Any]) -> None:
    text = column["type"] == "text"
    told = "" if column["far"] is None else f"{column['far']:.2f} off"
    told = f"length · {told}" if text and told else told
    off = column["far"] is not None and column["far"] > 0.03 + 2 * column["chance"]
    label(axes, shorten(column["name"], 14 if text else 15))
    axes.text(
        *(1.0, 1.03, told),
        transform=axes.transAxes,
        ha="right",
        va="bottom",
        fontsize=7,
        color=BAD if off else MUTED,
    )


def plot_pairs(ties: Mapping[str, Any]) -> Picture:
    """Draw how columns go together, real and new side by side.

    Parameters
    ----------
    ties
        ``names``, and the squares ``real`` and ``made``.
    """
    names = ties.get("names", ())
    if len(names) < 2:
        return nothing("There are no two columns to compare")
    squares = {key: np.array(ties[key], float) for key in ("real", "made")}
    away = squares["made"] - squares["real"]
    high = 4.4 if len(names) <= WRITTEN else 5.0
    picture, axes = figure(
        10.5, high, columns=3, sharey=True, gridspec_kw={"wspace": 0.03}
    )
    tones = LinearSegmentedColormap.from_list("ties", [NEW, "white", ACCENT])
    titles = ("real", "new", "new less real")
    with style():
        for place, square, title in zip(
            axes, (*squares.values(), away), titles, strict=True
        ):
            shown = np.where(np.eye(len(names), dtype=bool), np.nan, square)
            image = place.imshow(shown, cmap=tones, vmin=-1, vmax=1)
            _written(place, shown)
            place.set_xticks(
                range(len(names)), [shorten(n, 12) for n in names], rotation=90
            )
            place.set_yticks(range(len(names)), [shorten(n, 18) for n in names])
            place.tick_params(colors=INK, labelsize=7)
            place.grid(visible=False)
            place.set_title(title)
            for side in place.spines.values():
                side.set_visible(False)
        bar = picture.colorbar(image, ax=axes, shrink=0.7, ticks=[-1, 0, 1])
        bar.outline.set_visible(False)
    headline(
        picture,
        "How columns go together",
        "rank correlation between numbers, 0 to 1 where there are words",
    )
    return picture


def _written(axes: Axes, square: Any) -> None:
    if len(square) > WRITTEN:
        return
    for row, column in np.argwhere(np.isfinite(square)):
        value = square[row, column]
        tone = "white" if abs(value) > 0.6 else INK
        told = f"{value:.2f}".replace("0.", ".")
        axes.text(column, row, told, ha="center", va="center", fontsize=6, color=tone)


def plot_nearest(nearest: Mapping[str, Any]) -> Picture:
    """Draw how far rows lie from the nearest real row.

    Parameters
    ----------
    nearest
        ``edges`` and ``rows``: bars of real rows and of new ones; ``fifth`` and
        ``nearer``.
    """
    if not nearest:
        return nothing("Distances could not be told")
    edges = np.array(nearest["edges"])
    counts = np.array(nearest["rows"], float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    picture, (axes,) = figure(9, 3.2)
    with style():
        axes.bar(edges[:-1], shares[0], np.diff(edges), align="edge", color=SOFT)
        axes.stairs(shares[1], edges, color=NEW, linewidth=2)
        axes.axvline(nearest["fifth"], color=INK, linewidth=1, linestyle=":")
        axes.text(
            *(nearest["fifth"], 1.0, " 5% of real rows lie nearer"),
            transform=axes.get_xaxis_transform(),
            fontsize=8,
            color=MUTED,
            va="top",
        )
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False)
        axes.set_xlim(0, edges[-1])
        axes.set_ylim(0, max(float(shares.max()), 0.01) * 1.15)
        keys = [
            Patch(color=SOFT, label="a real row to the nearest other"),
            Line2D([], [], color=NEW, label="a new row to the nearest real one"),
        ]
        axes.legend(handles=keys, loc="upper right")
    label(axes, x="distance, in standard deviations a column")
    told = f"{nearest['nearer']:.1%} of new rows lie nearer than the nearest 5% of real"
    equal = f"{nearest['equal']:,} equal a real row in all columns"
    headline(picture, "How near to a real row?", f"{told}; {equal}")
    return picture
