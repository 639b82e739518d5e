"""Pictures of labels: what may be wrong, who agrees with whom, what rules say."""

from __future__ import annotations

import pandas as pd

from mlkit.data.charts.style import (
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
    shorten,
    style,
)

__all__ = ["plot_pairs", "plot_residuals"]

MOST = 10


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
    picture, (axes,) = figure(9, 1.2 + 0.3 * max(len(shown), 1))
    with style():
        for place, (_, count) in enumerate(shown.iterrows()):
            axes.barh(place, count["all"], 0.62, color=SOFT)
            axes.barh(place, count["yes"], 0.62, color=BAD)
            rest = int(count["all"] - count["yes"])
            told = f" {count['yes']} likely" + f", {rest} perhaps" * (rest > 0)
            axes.text(count["all"], place, told, va="center", color=MUTED)
        names = [f"{shorten(a, 20)}  →  {shorten(b, 20)}" for a, b in shown.index]
        axes.set_yticks(range(len(shown)), names)
        axes.set_ylim(max(len(shown), 1) - 0.4, -0.6)
        bare(axes, y=False)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", colors=INK)
        if not len(shown):
            bare(axes)
            axes.text(0, 0, "no label is doubted", color=MUTED)
    likely = int(counts["yes"].sum())
    more = f"; {MOST} of {len(counts)} pairs" if len(counts) > MOST else ""
    told = f"{likely} likely wrong: as given → as rows like it are called{more}"
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
    ends = (
        (float(told.to_numpy().min()), float(told.to_numpy().max()))
        if len(told)
        else (0, 1)
    )
    with style():
        axes.plot(ends, ends, color=SOFT, linewidth=1, zorder=1)
        for rows, tone, size in (
            (told.index.difference(likely), PALETTE[0], 8),
            (likely, BAD, 18),
        ):
            part = told.loc[rows]
            axes.scatter(
                part["said"], part["given"], s=size, color=tone, alpha=0.6, linewidths=0
            )
    label(axes, x=f"{shorten(name, 30)}, as rows like it have", y="as given")
    headline(
        picture,
        f"A second look at {shorten(name, 40)}",
        f"{len(likely)} likely wrong, in red",
    )
    return picture
