"""The picture of `tune`: every attempt, and the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
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


def search(settings: Settings) -> plots.Picture:
    """Draw a dot an attempt, hollow where given up early, and the best so far."""
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
    picture, (axes,) = plots.figure(9, 3.8)
    with plots.style():
        for name in names:
            mine = np.array([one == name for one in told])
            _dots(axes, np.flatnonzero(mine & done), scores, colours[name], True)
            _dots(
                axes, np.flatnonzero(mine & ~done), scores, colours[name], filled=False
            )
            axes.scatter([], [], s=36, color=colours[name], label=name)
        best = np.where(done, scores, -np.inf if metric.greater else np.inf)
        so_far = (np.maximum if metric.greater else np.minimum).accumulate(best)
        axes.step(
            range(1, len(tried) + 1), so_far, where="post", color=plots.SOFT, zorder=0
        )
        if len(settings.members) > 1:
            axes.axhline(settings.score, color=plots.INK, lw=1.2, ls=(0, (4, 3)))
            axes.plot([], [], color=plots.INK, lw=1.2, ls=(0, (4, 3)), label="blend")
        axes.set_ylim(*_range(np.append(scores, settings.score), metric.greater))
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


def _dots(axes: Axes, places: Array, scores: Array, colour: str, filled: bool) -> None:
    axes.scatter(
        places + 1,
        scores[places],
        s=36,
        facecolor=colour if filled else "white",
        edgecolor=colour,
        linewidth=1.2,
        alpha=1.0 if filled else 0.6,
    )


def _range(scores: Array, greater: bool) -> tuple[float, float]:
    """Return the axis: the better nine tenths, the rest falls off."""
    signed = scores if greater else -scores
    best, poor = signed.max(), np.quantile(signed, 0.1)
    room = 0.15 * (best - poor) or 0.05 * abs(best) or 1.0
    low, high = float(poor - room), float(best + room)
    return (low, high) if greater else (-high, -low)


def _title(settings: Settings) -> str:
    metric = METRICS[settings.problem.metric].title
    title = settings.title
    return f"{title[:1].upper()}{title[1:]}: {metric} {say(settings.score, 4)}"


def _below(settings: Settings) -> str:
    given_up = sum(len(a.folds) < settings.folds for a in settings.attempts)
    hollow = f"; hollow: {given_up} given up early" if given_up else ""
    return (
        f"the defaults scored {say(settings.default, 4)}; "
        f"{len(settings.attempts)} attempts{hollow}"
    )
