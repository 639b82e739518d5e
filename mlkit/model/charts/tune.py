"""The picture of `tune`: every attempt, and the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mlkit.data.charts import style as plots
from mlkit.model.families import family
from mlkit.model.measures.metrics import METRICS
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.tune import Settings

__all__ = ["search"]

Array = NDArray[Any]
OTHERS, COLOURS = "other families", 6
FEW = 10


def search(settings: Settings) -> plots.Picture:
    """Draw a dot an attempt, hollow where not tried on all folds, and the best so far.

    What lies beyond the axis is a triangle at its edge.
    """
    metric = METRICS[settings.problem.metric]
    tried = settings.attempts
    whole = [a.folds for a in tried if len(a.folds) == settings.folds]
    if not whole:
        why = "nothing was tried on all folds within the budget"
        return plots.nothing(f"{_title(settings)}; {why}: the defaults are taken")
    ended = np.mean(whole, axis=0)
    scores = np.array([_levelled(a.folds, ended) for a in tried])
    done = np.array([len(a.folds) == settings.folds for a in tried])
    told = _named(settings)
    names = sorted(dict.fromkeys(told), key=lambda name: name == OTHERS)
    colours = {**plots.colours(names), OTHERS: plots.MUTED}
    low, high = _range(settings, scores)
    beyond, near = (scores < low) | (scores > high), 0.02 * (high - low)
    edge = np.clip(scores, low + near, high - near)
    outward = "v" if metric.greater else "^"
    picture, (axes,) = plots.figure(9, 3.8)
    with plots.style():
        for name in names:
            mine = np.array([one == name for one in told])
            for some, filled in ((mine & done, True), (mine & ~done, False)):
                _dots(axes, some & ~beyond, scores, colours[name], filled)
                _dots(axes, some & beyond, edge, colours[name], filled, outward)
            axes.scatter([], [], s=36, color=colours[name], label=name)
        best = np.where(done, scores, -np.inf if metric.greater else np.inf)
        so_far = (np.maximum if metric.greater else np.minimum).accumulate(best)
        axes.step(
            range(1, len(tried) + 1), so_far, where="post", color=plots.SOFT, zorder=0
        )
        if len(settings.members) > 1:
            axes.axhline(settings.score, color=plots.INK, lw=1.2, ls=(0, (4, 3)))
            axes.plot([], [], color=plots.INK, lw=1.2, ls=(0, (4, 3)), label="blend")
        if beyond.any():
            told_beyond = f"{beyond.sum()} beyond the axis"
            axes.scatter([], [], color=plots.MUTED, marker=outward, label=told_beyond)
        axes.set_ylim(low, high)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    plots.label(axes, x="attempt", y=metric.title)
    plots.headline(picture, _title(settings), _below(settings))
    return picture


def _named(settings: Settings) -> list[str]:
    """Return the family of each attempt; those that did worst have one name."""
    sign = 1.0 if METRICS[settings.problem.metric].greater else -1.0
    best: dict[str, tuple[int, float]] = {}
    for one in settings.attempts:
        found = len(one.folds), sign * one.score
        best[one.family] = max(best.get(one.family, found), found)
    ranked = sorted(best, key=lambda name: best[name], reverse=True)
    titles = {
        name: family(name).title if at < COLOURS or len(best) == COLOURS + 1 else OTHERS
        for at, name in enumerate(ranked)
    }
    return [titles[one.family] for one in settings.attempts]


def _levelled(folds: tuple[float, ...], usual: Array) -> float:
    """Return a mean as if tried on all folds: early folds may be harder than others."""
    apart = np.subtract(folds, usual[: len(folds)]).mean()
    return float(usual.mean() + apart)


def _dots(
    axes: Axes,
    some: NDArray[np.bool_],
    heights: Array,
    colour: str,
    filled: bool,
    marker: str = "o",
) -> None:
    axes.scatter(
        np.flatnonzero(some) + 1,
        heights[some],
        s=36,
        marker=marker,
        facecolor=colour if filled else "white",
        edgecolor=colour,
        linewidth=1.2,
        alpha=1.0 if filled else 0.6,
    )


def _range(settings: Settings, scores: Array) -> tuple[float, float]:
    """Return the axis: of many attempts the better nine tenths, and what is trained."""
    greater = METRICS[settings.problem.metric].greater
    trained = [(m.family, dict(m.settings)) for m in settings.members]
    mine = [(a.family, dict(a.settings)) in trained for a in settings.attempts]
    signed = scores if greater else -scores
    own = settings.score if greater else -settings.score
    cut = np.quantile(signed, 0.1 if len(signed) > FEW else 0.0)
    inside = np.array([cut, own, *signed[mine]])
    best, poor = max(signed.max(), own), inside.min()
    room = 0.15 * (best - poor) or 0.05 * abs(best) or 1.0
    low, high = float(poor - room), float(best + room)
    return (low, high) if greater else (-high, -low)


def _title(settings: Settings) -> str:
    metric = METRICS[settings.problem.metric].title
    title = settings.title
    return f"{title[:1].upper()}{title[1:]}: {metric} {say(settings.score, 4)}"


def _below(settings: Settings) -> str:
    fewer = sum(len(a.folds) < settings.folds for a in settings.attempts)
    hollow = f"; hollow: {fewer} not tried on all folds" if fewer else ""
    return (
        f"the defaults scored {say(settings.default, 4)}; "
        f"{len(settings.attempts)} attempts{hollow}"
    )
