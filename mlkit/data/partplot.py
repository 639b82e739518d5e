"""Pictures of how a split falls."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.data.plots import (
    INK,
    MUTED,
    PALETTE,
    Picture,
    bare,
    colours,
    figure,
    headline,
    label,
    shorten,
    style,
)

__all__ = ["plot_classes", "plot_numbers", "plot_times"]

TONES = {"train": PALETTE[0], "valid": PALETTE[2], "test": PALETTE[1]}
MOST = 12


def plot_classes(targets: Mapping[str, pd.Series]) -> Picture:
    """Draw the share of each class in each part, side by side.

    Parameters
    ----------
    targets
        The target's values by part.
    """
    counts = pd.DataFrame(
        {n: t.astype("str").value_counts() for n, t in targets.items()}
    )
    counts = counts.fillna(0).sort_index()
    if len(counts) > MOST:
        order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
        rest = counts.loc[order[MOST - 1 :]].sum().rename("all others")
        counts = pd.concat([counts.loc[sorted(order[: MOST - 1])], rest.to_frame().T])
    tones = colours(list(map(str, counts.index)))
    picture, (axes,) = figure(9, 2.7)
    with style():
        for place, name in enumerate(counts):
            start, total = 0.0, counts[name].sum()
            for word, count in counts[name].items():
                share = count / total
                axes.barh(place, share, 0.66, left=start, color=tones[str(word)])
                if share > 0.06:
                    axes.text(
                        *(start + share / 2, place, f"{share:.0%}"),
                        ha="center",
                        va="center",
                        color="white",
                    )
                start += share
            told = f"{name}\n{int(total):,} rows"
            axes.text(-0.012, place, told, ha="right", va="center", color=INK)
        axes.set_ylim(len(targets) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        bare(axes)
        handles = [axes.barh(0, 0, color=tone) for tone in tones.values()]
        names = [shorten(word) for word in tones]
        axes.legend(handles, names, loc="upper left", bbox_to_anchor=(1, 1.02))
    headline(picture, "How the classes fall", "each part should hold them alike")
    return picture


def plot_numbers(targets: Mapping[str, pd.Series], name: str) -> Picture:
    """Draw the distribution of a number in each part, one above the other.

    Parameters
    ----------
    targets
        The target's values by part.
    name
        The target's name.
    """
    values = {n: t.to_numpy(dtype=float) for n, t in targets.items()}
    together = np.concatenate(list(values.values()))
    bins = _bins(together)
    picture, axes = figure(9, 4.0, rows=3, sharex=True)
    label(axes[-1], x=name)
    with style():
        for below, (part, numbers) in zip(axes, values.items(), strict=True):
            heights, _ = np.histogram(numbers, bins)
            shares = heights / max(len(numbers), 1)
            below.bar(
                bins[:-1], shares, np.diff(bins) * 0.94, align="edge", color=TONES[part]
            )
            below.axvline(float(np.median(numbers)), color=INK, linewidth=1)
            told = f"{part}\n{len(numbers):,} rows"
            below.set_ylabel(told, rotation=0, ha="right", va="center", color=INK)
            below.set_yticks([])
            below.spines["left"].set_visible(False)
            below.grid(visible=False, axis="y")
    headline(picture, "How the target falls", "the line is the median of each part")
    return picture


def _bins(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges: around each value where they are few whole ones, else thirty."""
    distinct = np.unique(values)
    narrow = distinct[-1] - distinct[0] <= 60
    if narrow and np.all(distinct == np.floor(distinct)):
        return np.arange(distinct[0], distinct[-1] + 2) - 0.5
    low, high = (float(np.quantile(values, share)) for share in (0.005, 0.995))
    return np.linspace(low, high if low < high else low + 1, 31)


def plot_times(times: Mapping[str, pd.Series]) -> Picture:
    """Draw when the rows of each part are from.

    Parameters
    ----------
    times
        Times by part.
    """
    numbers = {name: _numbers(values) for name, values in times.items()}
    known = np.concatenate(list(numbers.values()))
    bins = np.linspace(known.min(), known.max(), 61)
    picture, (axes,) = figure(9, 2.6)
    with style():
        for part, moments in numbers.items():
            heights, _ = np.histogram(moments, bins)
            told = f"{part} · {len(times[part]):,} rows"
            wide = np.diff(bins)
            axes.bar(
                bins[:-1], heights, wide, align="edge", color=TONES[part], label=told
            )
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1.02))
        axes.grid(visible=False, axis="x")
        if any(values.dtype.kind == "M" for values in times.values()):
            axes.xaxis_date()
    label(axes, y="rows")
    axes.yaxis.label.set_color(MUTED)
    headline(picture, "How the rows fall in time", "the newest are the test")
    return picture


def _numbers(values: pd.Series) -> NDArray[np.float64]:
    known = values.dropna()
    if known.dtype.kind == "M":
        return known.to_numpy(dtype="M8[us]").astype(np.int64) / 86_400e6
    return known.to_numpy(dtype=float)
