"""Pictures of labels: what may be wrong, who agrees with whom, what rules say."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap

from mlkit.data.charts.scales import within
from mlkit.data.charts.style import (
    BAD,
    GOOD,
    INK,
    MUTED,
    PALETTE,
    SOFT,
    Picture,
    bare,
    figure,
    headline,
    label,
    shorten,
    style,
)

__all__ = ["plot_agreement", "plot_pairs", "plot_residuals", "plot_rules"]

MOST = 10
MOST_RULES = 16
MOST_CLASSES = 12
FADE = LinearSegmentedColormap.from_list("fade", ["#ffffff", PALETTE[0]])


def plot_pairs(table: pd.DataFrame, name: str) -> Picture:
    """Draw which given labels may stand for which others, and how many rows.

    Parameters
    ----------
    table
        Columns ``given``, ``suggested`` and ``likely``.
    name
        The target's name.
    """
    marked = table.assign(all=1, yes=(table["likely"] == "yes").astype("int64"))
    counts = marked.groupby(["given", "suggested"])[["yes", "all"]].sum()
    counts = counts.sort_values(["yes", "all"], ascending=False, kind="stable")
    shown = counts[:MOST]
    picture, (axes,) = figure(9, 1.2 + 0.3 * len(shown))
    with style():
        for place, (_, count) in enumerate(shown.iterrows()):
            axes.barh(place, count["all"], 0.62, color=SOFT)
            axes.barh(place, count["yes"], 0.62, color=BAD)
            rest = int(count["all"] - count["yes"])
            told = f" {count['yes']} doubtful" + f", {rest} less so" * (rest > 0)
            axes.text(count["all"], place, told, va="center", color=MUTED)
        names = [f"{shorten(a, 20)}  →  {shorten(b, 20)}" for a, b in shown.index]
        axes.set_yticks(range(len(shown)), names)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        bare(axes, y=False)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", colors=INK)
    likely = int(counts["yes"].sum())
    more = f"; {MOST} of {len(counts)} pairs" if len(counts) > MOST else ""
    told = f"{likely} doubtful: as given → as rows like it are called{more}"
    headline(picture, f"A second look at {shorten(name, 40)}", told)
    return picture


def plot_residuals(told: pd.DataFrame, table: pd.DataFrame, name: str) -> Picture:
    """Draw each number against what a quick model says; the doubtful ones in red.

    Parameters
    ----------
    told
        Columns ``given`` and ``said``, by row id.
    table
        The doubtful rows, with the column ``likely``.
    name
        The target's name.
    """
    likely = table.index[table["likely"] == "yes"]
    picture, (axes,) = figure(6.5, 4.2)
    part = within(axes.xaxis, told), within(axes.yaxis, told)
    drawn = told / part[0]
    ends = (
        (float(drawn.to_numpy().min()), float(drawn.to_numpy().max()))
        if len(drawn)
        else (0, 1)
    )
    with style():
        axes.plot(ends, ends, color=SOFT, linewidth=1, zorder=1)
        for rows, tone, size in (
            (told.index.difference(likely), PALETTE[0], 8),
            (likely, BAD, 18),
        ):
            dots = drawn.loc[rows]
            axes.scatter(
                dots["said"], dots["given"], s=size, color=tone, alpha=0.6, linewidths=0
            )
    label(axes, x=f"{shorten(name, 30)}, as rows like it have", y="as given")
    headline(
        picture,
        f"A second look at {shorten(name, 40)}",
        f"{len(likely)} doubtful, in red",
    )
    return picture


def plot_rules(rules: pd.DataFrame, rows: int) -> Picture:
    """Draw how many rows each rule covers, and what is known of them.

    Parameters
    ----------
    rules
        By rule: ``covers``, ``judged`` and ``right``.
    rows
        How many rows there are.
    """
    shown = rules[:MOST_RULES]
    picture, (axes,) = figure(9, 1.3 + 0.46 * len(shown))
    parts = {"right": GOOD, "wrong": BAD, "not known": SOFT}
    with style():
        for place, one in enumerate(shown.to_dict("records")):
            start, wrong = 0, one["judged"] - one["right"]
            counts = (one["right"], wrong, one["covers"] - one["judged"])
            for count, tone in zip(counts, parts.values(), strict=True):
                axes.barh(place, count, 0.5, left=start, color=tone)
                start += count
            share = f"  {one['covers'] / max(rows, 1):.1%} of the rows"
            axes.text(start, place, share, va="center", color=MUTED)
        names = [shorten(name, 44) for name in shown.index]
        axes.set_yticks(range(len(shown)), names)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        bare(axes, y=False)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", colors=INK)
        handles = [axes.barh(0, 0, color=tone) for tone in parts.values()]
        axes.legend(handles, list(parts), loc="upper left", bbox_to_anchor=(1, 1.02))
    more = f"; {MOST_RULES} of {len(rules)}" if len(rules) > MOST_RULES else ""
    headline(picture, "What the rules cover", f"{rows:,} rows{more}")
    return picture


def plot_agreement(confusion: pd.DataFrame, statement: str) -> Picture:
    """Draw how often two people said which two classes of one row.

    Parameters
    ----------
    confusion
        Counts, classes × classes, symmetric.
    statement
        What is to be read from it.
    """
    order = confusion.sum(axis=1).sort_values(ascending=False, kind="stable").index
    shown = confusion.loc[order[:MOST_CLASSES], order[:MOST_CLASSES]]
    shares = shown.div(shown.sum(axis=1).clip(lower=1), axis=0).to_numpy()
    side = len(shown)
    picture, (axes,) = figure(max(2.6 + 0.55 * side, 7.0), 1.7 + 0.45 * side)
    with style():
        axes.imshow(shares, cmap=FADE, vmin=0, vmax=1, aspect="auto")
        for (down, along), share in np.ndenumerate(shares):
            tone = "white" if share > 0.55 else INK
            told = f"{share:.0%}" if share else ""
            axes.text(along, down, told, ha="center", va="center", color=tone)
        names = [shorten(name, 16) for name in shown.index]
        bare(axes)
        axes.set_xticks(range(len(shown)), names, rotation=40, ha="right")
        axes.set_yticks(range(len(shown)), names)
    label(axes, x="the other says", y="where one says")
    more = (
        f"; {MOST_CLASSES} of {len(order)} classes" if len(order) > MOST_CLASSES else ""
    )
    headline(picture, "Who says what of the same row", f"{statement}{more}")
    return picture
