"""Pictures of a profile: every column's shape, the gaps, the ties with the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from mlkit.data.charts.scales import dated, within
from mlkit.data.charts.style import (
    ACCENT,
    BAD,
    GRID,
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
    of_classes,
    shorten,
    style,
)
from mlkit.data.measures.leaks import AWAY

__all__ = ["plot_columns", "plot_gaps", "plot_ties", "plot_words"]

MOST = 24
ACROSS = 4
NAMED = 3


def plot_columns(
    shapes: Mapping[str, Mapping[str, Any]],
    measures: Sequence[Mapping[str, Any]],
    rows: int,
    target: str,
    classes: Sequence[str],
    most: int = MOST,
) -> Picture:
    """Draw the distribution of every column, the target's classes in colour.

    Parameters
    ----------
    shapes
        Bars by column.
    measures
        The measures of each column.
    rows
        How many rows there are.
    target
        The target's name; it comes first.
    classes
        Its classes; empty where they are many or it is a number.
    most
        How many columns at most.
    """
    names = sorted(shapes, key=lambda name: name != target)
    shown = [column for column in names if any(map(sum, shapes[column]["rows"]))][:most]
    if not shown:
        return nothing("There is nothing to draw")
    down, across = ceil(len(shown) / ACROSS), min(ACROSS, len(shown))
    high = 1.0 + 1.75 * down
    picture, axes = figure(max(2.6 * across, 6.5), high, rows=down, columns=across)
    colour = of_classes(classes)
    order = [list(classes).index(name) for name in colour] or [0]
    tones = list(colour.values()) or [ACCENT]
    by_name = {column["name"]: column for column in measures}
    remarks = {n: _remarks(by_name[n], rows, n == target) for n in shown}
    with style():
        for k, (place, name) in enumerate(zip(axes, shown, strict=False)):
            beside = shown[k - k % across :][:across]
            split = {**shapes[name], "rows": [shapes[name]["rows"][n] for n in order]}
            split = _in_order(split, list(colour)) if name == target else split
            _shape(place, split, tones, by_name[name]["type"])
            _title(place, name, remarks[name], lifted=any(map(remarks.get, beside)))
        for place in axes[len(shown) :]:
            place.set_visible(False)
        if classes:
            keys = [
                Patch(color=tone, label=shorten(word)) for word, tone in colour.items()
            ]
            picture.legend(
                handles=keys, loc="outside upper right", ncols=len(keys), title=target
            )
    more = f", {MOST} of {len(names)} shown" if len(names) > MOST else ""
    headline(
        picture, "What is in the table", f"{rows:,} rows; one panel a column{more}"
    )
    return picture


def _in_order(shape: dict[str, Any], classes: list[str]) -> dict[str, Any]:
    """Put the target's bars in the order of its classes, where they are few."""
    if not classes or "words" not in shape:
        return shape
    words = shape["words"]
    order = sorted(
        range(len(words)),
        key=lambda n: classes.index(words[n]) if words[n] in classes else len(classes),
    )
    rows = [[counts[n] for n in order] for counts in shape["rows"]]
    return {**shape, "words": [words[n] for n in order], "rows": rows}


def _shape(
    axes: Axes, shape: Mapping[str, Any], tones: Sequence[str], kind: str
) -> None:
    rows = np.array(shape["rows"], dtype=float)
    base = np.zeros(rows.shape[1])
    if "edges" in shape:
        edges = np.array(shape["edges"], float)
        edges /= 1 if kind == "date" else within(axes.xaxis, edges)
        for count, tone in zip(rows, tones, strict=False):
            wide = np.diff(edges) * 0.94
            axes.bar(edges[:-1], count, wide, bottom=base, align="edge", color=tone)
            base += count
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False)
        if kind == "date":
            dated(axes.xaxis)
            return
        counted = bool(shape["edges"][0] % 1 == 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=counted))
        return
    places = np.arange(len(shape["words"]))
    for count, tone in zip(rows, tones, strict=False):
        axes.barh(places, count, 0.78, left=base, color=tone)
        base += count
    axes.set_yticks(places, [shorten(word, 14) for word in shape["words"]])
    axes.set_ylim(max(len(places), 3) - 0.5, -0.5)
    axes.tick_params(axis="y", colors=INK, labelsize=7)
    bare(axes, y=False)
    axes.spines["left"].set_visible(False)


def _remarks(
    column: Mapping[str, Any], rows: int, target: bool
) -> tuple[str, str] | None:
    """Return what a title has below it, and its colour; None where it has nothing."""
    gone = column["missing"] + column["hidden"]
    told = ["target"] if target else []
    told += [
        f"{gone / rows:.0%} missing" if gone / rows >= 0.01 else "some missing"
    ] * (gone > 0)
    told += ["length"] * (column["type"] == "text")
    tone = BAD if gone / rows >= 0.3 else MUTED
    return (" · ".join(told), tone) if told else None


def _title(
    axes: Axes, name: str, remark: tuple[str, str] | None, *, lifted: bool
) -> None:
    """Write a title, lifted where one beside it has a remark below."""
    label(axes, shorten(name, 24))
    if lifted:
        axes.set_title(shorten(name, 24), pad=17)
    if remark is not None:
        axes.text(
            *(0.0, 1.03, remark[0]),
            transform=axes.transAxes,
            va="bottom",
            fontsize=7,
            color=remark[1],
        )


def plot_gaps(measures: Sequence[Mapping[str, Any]], rows: int) -> Picture:
    """Draw the share of missing cells a column, the hidden ones apart.

    Parameters
    ----------
    measures
        The measures of each column.
    rows
        How many rows there are.
    """
    gaps = [column for column in measures if column["missing"] + column["hidden"]]
    gaps.sort(key=lambda column: -(column["missing"] + column["hidden"]))
    if not gaps:
        return nothing("No cell is missing")
    shown = gaps[:MOST]
    picture, (axes,) = figure(9, 1.1 + 0.28 * len(shown))
    with style():
        for place, column in enumerate(shown):
            seen, hidden = column["missing"] / rows, column["hidden"] / rows
            axes.barh(place, 1, 0.66, color=GRID)
            axes.barh(place, seen, 0.66, color=PALETTE[0])
            axes.barh(place, hidden, 0.66, left=seen, color=PALETTE[1])
            share = seen + hidden
            axes.text(
                1.012, place, f"{share:.1%}", va="center", color=MUTED, fontsize=8
            )
        axes.set_yticks(range(len(shown)), [shorten(c["name"], 26) for c in shown])
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        bare(axes, y=False)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", colors=INK)
        keys = [
            Patch(color=PALETTE[0], label="missing"),
            Patch(color=PALETTE[1], label="hidden in a word"),
        ]
        axes.legend(handles=keys, loc="upper left", bbox_to_anchor=(1.09, 1.02))
    more = f"the {MOST} of {len(gaps)} columns with most" if len(gaps) > MOST else ""
    told = more or f"{len(gaps)} of {len(measures)} columns have gaps"
    headline(picture, "What is missing", told)
    return picture


def plot_ties(
    ties: Mapping[str, float],
    target: str,
    sampled: int = 0,
    others: Sequence[str] = (),
) -> Picture:
    """Draw how well each feature alone tells the target.

    Parameters
    ----------
    ties
        Scores by feature, from 0 to 1.
    target
        The target's name.
    sampled
        On how many rows they were measured; 0 for all.
    others
        The features that were not measured: texts, images and sounds.
    """
    if not ties:
        alone = ", or nothing but texts, images and sounds" if others else ""
        return nothing(f"There is no target to tell, or too few rows{alone}")
    order = sorted(ties, key=lambda name: -ties[name])[:MOST]
    picture, (axes,) = figure(9, 1.1 + 0.26 * len(order))
    with style():
        for place, name in enumerate(order):
            tone = BAD if ties[name] >= AWAY else ACCENT
            axes.plot([0, ties[name]], [place, place], color=SOFT, linewidth=2)
            axes.plot(ties[name], place, "o", color=tone, markersize=7)
            told = f"{ties[name]:.2f}"
            axes.text(
                ties[name] + 0.018, place, told, va="center", fontsize=8, color=MUTED
            )
        axes.axvline(AWAY, color=BAD, linewidth=1, linestyle=":")
        axes.set_yticks(range(len(order)), [shorten(name, 26) for name in order])
        axes.set_ylim(len(order) - 0.5, -0.5)
        axes.set_xlim(0, 1.06)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", colors=INK)
    if others:
        kinds = "texts, images and sounds are not measured so"
        label(axes, x=f"{kinds}: {_named(others)}")
    told = "0 nothing, 1 all; a column beyond the dotted line gives the target away"
    told += f"; on {sampled:,} rows" * bool(sampled)
    headline(picture, f"What each column alone tells of {shorten(target, 30)}", told)
    return picture


def plot_words(
    telling: Mapping[str, Mapping[str, Sequence[Sequence[Any]]]], target: str = ""
) -> Picture:
    """Draw the words that tell each class of the target from all others.

    Parameters
    ----------
    telling
        By column of text and by class, words and their z-scores.
    target
        The target's name.
    """
    tones = of_classes({kind for kinds in telling.values() for kind in kinds})
    panels = [
        (column, kind, kinds[kind])
        for column, kinds in telling.items()
        for kind in tones
        if kinds.get(kind)
    ][: ACROSS * 3]
    if not panels:
        return nothing("No word tells a class from the others")
    across = min(ACROSS, len(panels))
    down = ceil(len(panels) / across)
    picture, axes = figure(max(2.9 * across, 6), 0.9 + 2.6 * down, down, across)
    with style():
        for place, (column, kind, words) in zip(axes, panels, strict=False):
            places = range(len(words))
            place.barh(places, [score for _, score in words], 0.7, color=tones[kind])
            place.set_yticks(places, [shorten(word, 16) for word, _ in words])
            place.set_ylim(max(len(words), 6) - 0.5, -0.5)
            place.tick_params(axis="y", colors=INK)
            bare(place, y=False)
            place.spines["left"].set_visible(False)
            of = f"{shorten(column, 14)}: " if len(telling) > 1 else ""
            label(place, of + shorten(kind, 18))
        for place in axes[len(panels) :]:
            place.set_visible(False)
    told = f"the words that tell each class{f' of {shorten(target)}' if target else ''}"
    names = _named([*dict.fromkeys(column for column, _, _ in panels if column)])
    title = "What the texts say" + f": {names}" * bool(names)
    headline(picture, title, f"{told}; a longer bar is surer")
    return picture


def _named(columns: Sequence[str]) -> str:
    """Name some columns, and say how many more there are."""
    shown = [shorten(column, 24) for column in columns[:NAMED]]
    rest = len(columns) - len(shown)
    return ", ".join(shown) + f" and {rest} more" * bool(rest)
