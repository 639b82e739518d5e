"""Pictures of a model's health over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from mlkit.core.errors import UsageError, did_you_mean
from mlkit.data.charts import scales
from mlkit.data.charts import style as plots
from mlkit.data.charts.cards import many
from mlkit.model.measures.metrics import METRICS
from mlkit.product.watching.scores import Score
from mlkit.product.watching.traffic import FLAGS

if TYPE_CHECKING:
    from mlkit.product.watching.health import Health, Window

__all__ = ["draw"]

MOST, GROUPS = 20, 8
DAY = timedelta(days=1)
TONES = {
    "healthy": plots.GOOD,
    "watch": plots.WARN,
    "retrain": plots.BAD,
    "unknown": plots.SOFT,
}
TITLES = {
    "healthy": "The model is healthy",
    "watch": "The model is to be watched",
    "retrain": "The model is to be retrained",
}


def draw(health: Health, what: str = "overview") -> plots.Picture:
    """Draw one picture of a model's health.

    Parameters
    ----------
    health
        A model's health.
    what
        One of ``overview``, ``columns``, ``score``, ``slices``, ``groups`` or
        ``requests``.

    Raises
    ------
    UsageError
        Where there is no such picture.
    """
    known: dict[str, Callable[[Health], plots.Picture]] = {
        "overview": overview,
        "columns": columns,
        "score": score,
        "slices": slices,
        "groups": groups,
        "requests": requests,
    }
    if what not in known:
        todo = did_you_mean(what, known)
        raise UsageError(f"there is no picture {what!r}", todo=todo)
    return known[what](health)


def overview(health: Health) -> plots.Picture:
    """Draw load, drift and score by window, coloured by how each went."""
    if not health.windows:
        return plots.nothing("No request yet: nothing to draw")
    picture, axes = plots.figure(10, 5.2, rows=3, sharex=True)
    with plots.style():
        _load(axes[0], health.windows)
        _effects(axes[1], health)
        _scores(axes[2], health)
    plots.label(axes[0], "Rows")
    plots.label(axes[1], "Largest change of a column, and of predictions")
    plots.label(axes[2], METRICS[health.metric].title)
    _dates(axes[-1], health.windows)
    below = plots.shorten(health.headline["sentence"], 130)
    plots.headline(picture, TITLES[health.state], below)
    return picture


def columns(health: Health) -> plots.Picture:
    """Draw the change of each column: now as bars, over several windows as a map."""
    told: dict[str, tuple[float, bool]] = {}
    for one in health.changes:
        effect, certain = told.get(one.column, (0.0, False))
        counts = one.certain and one.effect >= health.limits.small
        told[one.column] = max(effect, one.effect), certain or counts
    names = sorted(told, key=lambda name: -told[name][0])[:MOST]
    if not names:
        return plots.nothing("No column was compared: too few rows")
    seen = [window for window in health.windows if window.effects]
    picture, now, maps = _beside(len(names), seen)
    with plots.style():
        _bars(now, names, told, health)
        for axes in maps:
            values = [[one.effects.get(n, np.nan) for one in seen] for n in names]
            _shade(axes, values, seen, cmap="Blues", vmin=0, vmax=0.5)
            plots.label(axes, "Window by window")
    plots.label(now, "Now" if maps else "", "share of rows that lie elsewhere")
    many = len(health.drifted)
    title = f"{many} of {len(told)} changed" if many else "No column changed"
    below = "dark: certain, and not small; dashed: small and large changes"
    plots.headline(picture, title, f"{below}; {health.target} is what is predicted")
    return picture


def score(health: Health) -> plots.Picture:
    """Draw the score that was expected and the one that came, by window."""
    told = [one for one in health.windows if one.score or one.estimate]
    if not told:
        why = "no truth has come in, and none is expected"
        return plots.nothing(f"No score yet: {why}")
    picture, axes = plots.figure(10, 3.4)
    with plots.style():
        _scores(axes[0], health)
    plots.label(axes[0], METRICS[health.metric].title)
    _dates(axes[0], health.windows)
    plots.headline(
        picture,
        "The score, where the truth is in, and what may be expected where not",
        "band: at acceptance, with its interval; dashed: a guess",
    )
    return picture


def slices(health: Health) -> plots.Picture:
    """Draw the score of parts of the rows: now as bars, over several windows a map."""
    told = [one for one in health.windows if one.slices and one.score]
    if not told:
        return plots.nothing("No part has a score: the truth is in for too few rows")
    metric, now = METRICS[health.metric], told[-1]
    sign = 1 if metric.greater else -1
    names = sorted(now.slices, key=lambda name: sign * now.slices[name])[:MOST]
    picture, bars, maps = _beside(len(names), told)
    with plots.style():
        places = np.arange(len(names))
        bars.barh(places, [now.slices[n] for n in names], 0.66, color=plots.SOFT)
        bars.axvline(_value(now), color=plots.INK, lw=1, ls="--")
        bars.set_yticks(places, [plots.shorten(name, 30) for name in names])
        bars.set_ylim(len(names) - 0.4, -0.6)
        bars.grid(visible=False, axis="y")
        for axes in maps:
            apart = [
                [sign * (one.slices.get(name, np.nan) - _value(one)) for one in told]
                for name in names
            ]
            most = float(np.nanmax(np.abs(apart))) or 1.0
            _shade(axes, apart, told, cmap="RdBu", vmin=-most, vmax=most)
            below = "red: worse than all rows of the window"
            plots.label(axes, "Window by window", below)
    title = metric.title[:1].upper() + metric.title[1:]
    plots.label(bars, title, "in the newest window with truth; dashed: all rows")
    look = "look along the windows" if maps else "a second window will tell more"
    below = f"parts of thirty rows or more; few rows swing widely: {look}"
    plots.headline(picture, f"Weakest now: {names[0]}", below)
    return picture


def _value(window: Window) -> float:
    return window.score.value if window.score else float("nan")


def groups(health: Health) -> plots.Picture:
    """Draw how groups are treated, by window."""
    names = list(dict.fromkeys(n for one in health.windows for n in one.shares))
    if not names:
        return plots.nothing("No group to compare: no sensitive column is in the log")
    shown = names[:GROUPS]
    picture, axes = plots.figure(10, 3.4)
    tones = plots.colours(shown)
    with plots.style():
        for name in shown:
            points = [(w, w.shares[name]) for w in health.windows if name in w.shares]
            at = [_moment(window) for window, _ in points]
            values = [value for _, value in points]
            axes[0].plot(at, values, "o-", ms=3.5, color=tones[name], label=name)
        axes[0].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    plots.label(axes[0], "Share said positive, or mean, by group")
    _dates(axes[0], health.windows)
    rest = len(names) - len(shown)
    below = f"{rest} more groups are not drawn" if rest else "groups of thirty or more"
    plots.headline(picture, "How groups are treated", below)
    return picture


def requests(health: Health) -> plots.Picture:
    """Draw latency, rows with each flag, and requests without an answer, by window."""
    if not health.windows:
        return plots.nothing("No request yet: nothing to draw")
    picture, axes = plots.figure(10, 3.4, columns=3)
    at = [_moment(window) for window in health.windows]
    slow = zip(*(one.traffic.latency for one in health.windows), strict=True)
    with plots.style():
        for values, name in zip(slow, ("half", "95 %", "99 %"), strict=True):
            axes[0].plot(at, values, "o-", ms=3, label=name)
        for flag in FLAGS:
            shares = [one.traffic.flags.get(flag, 0.0) for one in health.windows]
            axes[1].plot(at, shares, "o-", ms=3, label=flag)
        for how in ("refused", "failed"):
            shares = [one.traffic.share(how) for one in health.windows]
            axes[2].plot(at, shares, "o-", ms=3, label=how)
        for one in axes:
            one.set_ylim(bottom=0)
            one.legend(loc="upper left", ncols=2, bbox_to_anchor=(0, 1.22), fontsize=8)
        for one in axes[1:]:
            one.yaxis.set_major_formatter(lambda value, _: f"{value:.1%}")
    plots.label(axes[0], "Milliseconds, at most\n\n\n")
    plots.label(axes[1], "Rows with a flag\n\n\n")
    plots.label(axes[2], "Requests without an answer\n\n\n")
    for one in axes:
        _dates(one, health.windows)
    plots.headline(picture, "Requests", _load_told(health))
    return picture


def _load(axes: Axes, windows: Sequence[Window]) -> None:
    at = [_moment(window) for window in windows]
    rows = [window.traffic.rows for window in windows]
    tones = [TONES[window.level] for window in windows]
    axes.vlines(at, 0, rows, colors=tones, lw=6)
    axes.set_ylim(0, max(rows) * 1.15)
    for level in ("healthy", "watch", "retrain", "unknown"):
        if any(window.level == level for window in windows):
            name = "too few to judge" if level == "unknown" else level
            axes.plot([], [], color=TONES[level], lw=6, label=name)
    axes.legend(loc="lower right", ncols=4, bbox_to_anchor=(1, 1), fontsize=8)


def _effects(axes: Axes, health: Health) -> None:
    told = [window for window in health.windows if window.effects]
    at = [_moment(window) for window in told]
    for name, tone in (("columns", plots.ACCENT), ("predictions", plots.PALETTE[1])):
        most = [_most(window, health.target, name == "predictions") for window in told]
        axes.plot(at, most, "o-", ms=3.5, color=tone, label=name)
    for limit in (health.limits.small, health.limits.large):
        axes.axhline(limit, color=plots.MUTED, lw=1, ls="--")
    axes.set_ylim(0, max(0.4, axes.get_ylim()[1]))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.legend(loc="lower right", ncols=2, bbox_to_anchor=(1, 1), fontsize=8)


def _most(window: Window, target: str, predictions: bool) -> float:
    mine = [v for k, v in window.effects.items() if (k == target) == predictions]
    return max(mine, default=float("nan"))


def _scores(axes: Axes, health: Health) -> None:
    if health.accepted:
        value, low, high = health.accepted
        axes.axhspan(low, high, color=plots.GOOD, alpha=0.12, lw=0)
        axes.axhline(value, color=plots.GOOD, lw=1.2, label="at acceptance")
    if health.guessed is not None:
        axes.axhline(health.guessed, color=plots.MUTED, lw=1, ls="--", label="a guess")
    expected = [(w, w.estimate) for w in health.windows if w.estimate]
    came = [(w, w.score) for w in health.windows if w.score]
    _line(axes, expected, plots.MUTED, "expected")
    _line(axes, came, plots.ACCENT, "came true")
    axes.margins(y=0.15)
    axes.legend(loc="lower right", ncols=4, bbox_to_anchor=(1, 1), fontsize=8)


def _line(
    axes: Axes, told: Sequence[tuple[Window, Score]], tone: str, name: str
) -> None:
    """Draw scores with their intervals."""
    if not told:
        return
    at = [_moment(window) for window, _ in told]
    values = [one.value for _, one in told]
    ends = [one.low for _, one in told], [one.high for _, one in told]
    axes.plot(at, values, "o-", ms=3.5, color=tone, label=name)
    axes.vlines(at, *ends, colors=tone, alpha=0.4, lw=2)


def _bars(
    axes: Axes, names: list[str], told: dict[str, tuple[float, bool]], health: Health
) -> None:
    places = np.arange(len(names))
    tones = [plots.ACCENT if told[name][1] else plots.SOFT for name in names]
    axes.barh(places, [told[name][0] for name in names], 0.66, color=tones)
    axes.set_yticks(places, [plots.shorten(name, 24) for name in names])
    axes.tick_params(axis="y", labelcolor=plots.INK)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    for limit in (health.limits.small, health.limits.large):
        axes.axvline(limit, color=plots.MUTED, lw=1, ls="--")
    axes.set_xlim(0, max(0.35, 1.1 * max(told[name][0] for name in names)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")


def _beside(
    lines: int, told: Sequence[Window]
) -> tuple[plots.Picture, Axes, list[Axes]]:
    """Return axes for bars, and beside them for a map if there are windows to map."""
    height = 1.4 + 0.26 * lines
    if len(told) < 2:
        picture, (bars,) = plots.figure(9, height)
        return picture, bars, []
    wide = {"width_ratios": [1, 1.3]}
    picture, (bars, *maps) = plots.figure(10, height, columns=2, gridspec_kw=wide)
    return picture, bars, maps


def _shade(
    axes: Axes, values: Sequence[Sequence[float]], told: Sequence[Window], **how: Any
) -> None:
    """Draw a map: a line a name, a column a window."""
    axes.imshow(values, aspect="auto", interpolation="none", **how)
    axes.set_yticks([])
    axes.grid(visible=False)
    step = max(len(told) // 6, 1)
    ticks = range(0, len(told), step)
    axes.set_xticks(list(ticks), [told[k].start[5:10] for k in ticks])


def _dates(axes: Axes, windows: Sequence[Window]) -> None:
    scales.dated(axes.xaxis, 7)
    if len(windows) == 1:
        middle = _moment(windows[0])
        axes.set_xlim(middle - DAY, middle + DAY)


def _moment(window: Window) -> Any:
    """Return the middle of a window."""
    start, end = map(datetime.fromisoformat, (window.start, window.end))
    return start + (end - start) / 2


def _load_told(health: Health) -> str:
    rows = sum(window.traffic.rows for window in health.windows)
    asked = sum(window.traffic.requests for window in health.windows)
    lost = [one.traffic for one in health.windows if one.traffic.refused is not None]
    told = f"{many(rows, 'row')} in {many(asked, 'request')}"
    if not lost:
        return f"{told}; how many were refused or failed, this log does not tell"
    refused, failed = (
        sum(getattr(t, n) or 0 for t in lost) for n in ("refused", "failed")
    )
    return f"{told}; {refused:,} more were refused, {failed:,} failed"
