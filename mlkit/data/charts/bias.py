"""A picture of groups: how many rows each has, and how the target falls in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from mlkit.data.charts.scales import within
from mlkit.data.charts.style import (
    INK,
    MUTED,
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

__all__ = ["plot_bias"]

MOST = 6


def plot_bias(found: Mapping[str, Any]) -> Picture:
    """Draw for each sensitive column its groups' rows, and the target in each.

    Parameters
    ----------
    found
        The plain form of what was found.
    """
    columns, target, numeric = found["columns"], found["target"], found["numeric"]
    shown = [column for column in columns[:MOST] if column["groups"]]
    if not shown:
        return nothing("No column is marked sensitive")
    heights = [len(column["groups"]) + 1.4 for column in shown]
    classes = dict.fromkeys(
        c for one in shown for g in one["groups"] for c in g["rates"]
    )
    high = max(0.9 + 0.3 * sum(heights), 1.2 + 0.24 * len(classes))
    picture, axes = figure(
        *(9, high, len(shown), 2),
        gridspec_kw={"height_ratios": heights, "width_ratios": [2, 3]},
    )
    whole = found["whole"]
    tones = {n: tone for n, tone in of_classes(whole).items() if n in classes}
    groups = [group for column in shown for group in column["groups"]]
    ends = [end for group in groups for rate in group["rates"].values() for end in rate]
    part = within(axes[1].xaxis, [*ends, *whole.values()])
    for column, left, right in zip(shown, axes[::2], axes[1::2], strict=True):
        _sizes(left, column)
        right.sharey(left)
        if right is not axes[1]:
            right.sharex(axes[1])
        _rates(right, column, tones, whole, part)
        if not numeric:
            right.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    _name(axes[-1], list(classes), target, numeric)
    _legend(axes[1], tones)
    told = "the lines are 95 % intervals; the dashed line is all rows together"
    more = f"; the first {MOST} of {len(columns)}" * (len(columns) > MOST)
    headline(picture, "Who is in the data, and how the target falls", told + more)
    return picture


def _sizes(axes: Axes, column: Mapping[str, Any]) -> None:
    groups = column["groups"]
    most = max(group["rows"] for group in groups)
    with style():
        for place, group in enumerate(groups):
            axes.barh(place, group["rows"], 0.66, color=SOFT)
            told = f" {group['rows']:,} · {group['share']:.0%}"
            axes.text(group["rows"], place, told, va="center", color=MUTED, fontsize=8)
        axes.set_xlim(0, 1.5 * most)
        axes.set_ylim(len(groups) - 0.5, -0.5)
        names = [shorten(group["name"], 22) for group in groups]
        axes.set_yticks(range(len(groups)), names)
        bare(axes, y=False)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", colors=INK)
    label(axes, shorten(column["column"], 40))


def _rates(
    axes: Axes,
    column: Mapping[str, Any],
    tones: Mapping[str, str],
    whole: Mapping[str, float],
    part: float,
) -> None:
    groups = column["groups"]
    step = 0.7 / max(len(tones), 1)
    with style():
        for rank, (name, tone) in enumerate(tones.items()):
            away = (rank - (len(tones) - 1) / 2) * step
            rated = [(k, g) for k, g in enumerate(groups) if name in g["rates"]]
            for place, group in rated:
                rate, low, high = (end / part for end in group["rates"][name])
                axes.plot([low, high], [place + away] * 2, color=tone, linewidth=1.6)
                axes.plot(rate, place + away, "o", color=tone, markersize=5)
            axes.axvline(
                whole[name] / part, color=tone, linewidth=1, linestyle=(0, (3, 3))
            )
        for place, group in enumerate(groups):
            if tones and not group["rates"]:
                where = axes.get_yaxis_transform()
                told = "too few rows"
                axes.text(
                    *(0.02, place, told), transform=where, va="center", color=MUTED
                )
        axes.tick_params(axis="y", labelleft=False)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        if not tones:
            bare(axes)


def _name(axes: Axes, classes: list[str], target: str, numeric: bool) -> None:
    if not classes:
        return
    one = f"share that is {shorten(classes[0])!r}" if len(classes) == 1 else "share"
    told = f"mean {shorten(target)}" if numeric else f"{shorten(target)}: {one}"
    label(axes, x=told)


def _legend(axes: Axes, tones: Mapping[str, str]) -> None:
    if len(tones) < 2:
        return
    with style():
        handles = [
            axes.plot([], [], "o", color=tone, markersize=5)[0]
            for tone in tones.values()
        ]
        names = [shorten(name) for name in tones]
        axes.legend(handles, names, loc="upper left", bbox_to_anchor=(1, 1.02))
