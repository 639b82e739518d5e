"""The picture of `accept`: each metric between the guess and its bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from mlkit.data.charts import style as plots
from mlkit.model.charts.review import groups
from mlkit.model.metrics import METRICS
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.accept import Accepted

__all__ = ["overview"]

MOST = 6


def overview(accepted: Accepted) -> plots.Picture:
    """Draw a strip a metric: interval, guess and bar; groups beside them."""
    names = _shown(accepted)
    metric = accepted.problem.metric
    told = [s for s in accepted.slices if metric in s.measured.metrics]
    with plots.style():
        picture = plots.Picture(
            figsize=(10.5, 1.1 + 0.62 * len(names)), layout="constrained"
        )
        layout = [[name, "groups"] if told else [name] for name in names]
        axes: dict[str, Axes] = picture.subplot_mosaic(layout)
        for name in names:
            _strip(axes[name], accepted, name)
        if told:
            groups(axes["groups"], accepted.problem, told)
    verdict = accepted.verdict
    word = "Accepted" if verdict.state == "passed" else "Not accepted"
    plots.headline(
        picture,
        f"{word}: {METRICS[metric].title} {accepted.measured.words(metric)}"
        if metric in accepted.metrics
        else word,
        f"{accepted.problem.title}, on {accepted.rows:,} sealed rows"
        "     ● value and interval   │ a guess   ▲ the bar",
    )
    return picture


def _shown(accepted: Accepted) -> list[str]:
    """Return the metrics with a bar, then the others, most telling first."""
    names = [n for n in accepted.metrics if n in accepted.bars]
    names += [n for n in accepted.metrics if n not in names]
    return names[:MOST]


def _strip(axes: Axes, accepted: Accepted, name: str) -> None:
    value, (low, high) = accepted.metrics[name], accepted.measured.intervals[name]
    bar, base = accepted.bars.get(name), accepted.guessed.get(name)
    marks = [low, high, value, *(v for v in (bar, base) if v is not None)]
    room = 0.06 * (max(marks) - min(marks)) or 0.1
    axes.set_xlim(min(marks) - room, max(marks) + room)
    axes.set_ylim(-1, 1)
    axes.plot([low, high], [0, 0], color=plots.ACCENT, lw=5, alpha=0.35)
    axes.scatter([value], [0], s=50, color=plots.ACCENT, zorder=3)
    if base is not None:
        axes.plot([base] * 2, [-0.5, 0.5], color=plots.MUTED, lw=2)
    if bar is not None:
        greater = METRICS[name].greater
        met = low >= bar if greater else high <= bar
        axes.scatter([bar], [-0.55], marker="^", s=60, color=_colour(met), zorder=3)
    axes.set_yticks([0], [f"{METRICS[name].title}  {say(value)}"])
    axes.tick_params(axis="y", labelsize=9, labelcolor=plots.INK)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def _colour(met: bool) -> str:
    return plots.GOOD if met else plots.BAD
