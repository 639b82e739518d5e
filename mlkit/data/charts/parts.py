"""Pictures of the parts: how the target and time fall into them, and of backtests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.data.charts.cards import many
from mlkit.data.charts.scales import within
from mlkit.data.charts.style import (
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

__all__ = ["plot_classes", "plot_folds", "plot_labels", "plot_numbers", "plot_times"]

TONES = {"train": PALETTE[0], "valid": PALETTE[2], "test": PALETTE[1]}
MOST = 12
FAR = 1.5
DAY = 86_400e6


def plot_classes(
    targets: Mapping[str, pd.Series], title: str = "How the classes fall"
) -> Picture:
    """Draw the share of each class in each part, side by side.

    Parameters
    ----------
    targets
        The target's values by part, or another column's; NaN where not known.
    title
        What stands above.
    """
    counts, tones = _counted(targets)
    picture, (axes,) = figure(9, 2.7)
    with style():
        for place, name in enumerate(counts):
            start, total = 0.0, counts[name].sum()
            for word, count in counts[name].items():
                share = count / total
                tone = tones[str(word)]
                axes.barh(place, share, 0.66, left=start, color=tone)
                if share > 0.06:
                    axes.text(
                        *(start + share / 2, place, f"{share:.0%}"),
                        ha="center",
                        va="center",
                        color=INK if tone == SOFT else "white",
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
    headline(picture, title, "each part should hold them alike")
    return picture


def _counted(targets: Mapping[str, pd.Series]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return how often each class is in each part, and its colour.

    What is no class comes last and is pale: all the others, and the rows without one.
    """
    found = {n: t.dropna().astype("str").value_counts() for n, t in targets.items()}
    counts = pd.DataFrame(found).fillna(0)
    tones = of_classes(counts.index)
    lines = [counts.loc[list(tones)]]
    if len(counts) > MOST:
        order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
        rest = counts.loc[order[MOST - 1 :]].sum().rename("all others")
        lines = [lines[0].drop(order[MOST - 1 :]), rest.to_frame().T]
    gone = pd.Series({n: int(t.isna().sum()) for n, t in targets.items()})
    if gone.any():
        lines.append(gone.rename("not known").to_frame().T)
    counts = pd.concat(lines)
    pale = {"all others": MUTED, "not known": SOFT}
    return counts, {w: tones.get(w) or pale[w] for w in map(str, counts.index)}


def plot_labels(values: pd.Series, name: str) -> Picture:
    """Draw how many rows have which label.

    Parameters
    ----------
    values
        The target's values.
    name
        Its name.
    """
    if not len(values):
        return nothing("No labels: there is no target")
    known = values.dropna()
    told, gone = many(len(known), "row"), len(values) - len(known)
    none = f"; {gone:,} {'has' if gone == 1 else 'have'} none" if gone else ""
    if known.dtype.kind == "f":
        picture, (axes,) = figure(9, 2.8)
        numbers = known.to_numpy(dtype=float)
        numbers = numbers / within(axes.xaxis, numbers)
        bins = _bins(numbers) if len(known) else np.arange(2.0)
        if far := _beyond(numbers, bins):
            told += f", {far:,} of them beyond the axis"
        label(axes, x=name, y="rows")
        with style():
            heights, _ = np.histogram(numbers, bins)
            wide = np.diff(bins) * 0.94
            axes.bar(bins[:-1], heights, wide, align="edge", color=PALETTE[0])
            axes.grid(visible=False, axis="x")
        headline(picture, "The labels", told + none)
        return picture
    counts = known.astype("str").value_counts().sort_index()
    shown = counts.sort_values(ascending=False, kind="stable")[: 2 * MOST]
    picture, (axes,) = figure(9, 1.1 + 0.3 * max(len(shown), 1))
    tones = [each for each in of_classes(counts.index).items() if each[0] in shown]
    with style():
        for place, (word, tone) in enumerate(tones):
            count = int(counts[word])
            axes.barh(place, count, 0.68, color=tone)
            share = f" {count:,} · {count / len(known):.1%}"
            axes.text(count, place, share, va="center", color=MUTED)
        axes.set_yticks(range(len(tones)), [shorten(word, 26) for word, _ in tones])
        axes.set_ylim(max(len(tones), 1) - 0.4, -0.6)
        bare(axes, y=False)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", colors=INK)
    headline(picture, "The labels", told + none)
    return picture


def plot_numbers(
    targets: Mapping[str, pd.Series], name: str, title: str = "How the target falls"
) -> Picture:
    """Draw the distribution of a number in each part, one above the other.

    Parameters
    ----------
    targets
        The target's values by part, or another column's.
    name
        The column's name.
    title
        What stands above.
    """
    values = {n: t.to_numpy(dtype=float) for n, t in targets.items()}
    together = np.concatenate(list(values.values()))
    picture, axes = figure(9, 4.0, rows=3, sharex=True)
    power = within(axes[-1].xaxis, together)
    values = {n: numbers / power for n, numbers in values.items()}
    bins = _bins(together / power)
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
    far = _beyond(together / power, bins)
    lie = "lies" if far == 1 else "lie"
    told = f"; {many(far, 'row')} {lie} beyond the axis" if far else ""
    headline(picture, title, f"the line is the median of each part{told}")
    return picture


def _bins(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges: around each value where they are few whole ones, else thirty.

    Where a far tail would flatten all else, the outer hundredth lies beyond them.
    """
    distinct = np.unique(values)
    low, high = float(distinct[0]), float(distinct[-1])
    if high - low <= 60 and np.all(distinct == np.floor(distinct)):
        return np.arange(low, high + 2) - 0.5
    inner = np.quantile(values, [0.005, 0.995])
    if high - low > FAR * (inner[1] - inner[0]) > 0:
        low, high = inner
    return np.linspace(low, high if low < high else low + 1, 31)


def _beyond(values: NDArray[np.float64], bins: NDArray[np.float64]) -> int:
    """Count the values that lie beyond the edges."""
    return int(((values < bins[0]) | (values > bins[-1])).sum())


def plot_times(times: Mapping[str, pd.Series], how: str) -> Picture:
    """Draw when the rows of each part are from.

    Parameters
    ----------
    times
        Times by part.
    how
        How the rows were told apart, in words.
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
    headline(picture, "How the rows fall in time", how)
    return picture


def plot_folds(
    folds: Sequence[tuple[tuple[Any, Any], tuple[Any, Any], int, int]], why: str = ""
) -> Picture:
    """Draw what each fold of a backtest learns from and what it is judged on.

    Parameters
    ----------
    folds
        By fold the first and last time of either, and how many rows of either.
    why
        Where there is no fold, why.
    """
    if not folds:
        return nothing(why)
    picture, (axes,) = figure(9, 1.2 + 0.34 * len(folds))
    with style():
        for place, (learnt, ahead, rows, judged) in enumerate(folds):
            for ends, tone in zip((learnt, ahead), PALETTE, strict=False):
                low, high = map(_position, ends)
                axes.barh(place, high - low, 0.6, left=low, color=tone)
            told = f"  {rows:,} rows, judged on {judged:,}"
            end = _position(ahead[1])
            axes.text(end, place, told, va="center", color=MUTED)
        numbers = range(len(folds))
        axes.set_yticks(numbers, [f"fold {place + 1}" for place in numbers])
        axes.set_ylim(len(folds) - 0.4, -0.6)
        axes.tick_params(axis="y", colors=INK)
        axes.grid(visible=False, axis="y")
        axes.set_xlim(right=axes.get_xlim()[1] + 0.3 * np.ptp(axes.get_xlim()))
        if isinstance(folds[0][1][0], pd.Timestamp):
            axes.xaxis_date()
    headline(picture, "The backtest", "blue is learnt from, orange came next")
    return picture


def _position(moment: Any) -> float:
    """Return where a time lies on an axis: days since 1970 for a date."""
    if isinstance(moment, pd.Timestamp):
        return float(moment.to_datetime64().astype("M8[us]").astype(np.int64)) / DAY
    return float(moment)


def _numbers(values: pd.Series) -> NDArray[np.float64]:
    known = values.dropna()
    if known.dtype.kind == "M":
        return known.to_numpy(dtype="M8[us]").astype(np.int64) / DAY
    numbers: NDArray[np.float64] = known.to_numpy(dtype=float)
    return np.asarray(numbers[np.isfinite(numbers)], float)
