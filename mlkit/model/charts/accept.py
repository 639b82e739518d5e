"""The picture of `accept`: each figure between the guess and its bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from mlkit.data.charts import style as plots
from mlkit.model.charts.fairness import ROOM, dumbbells
from mlkit.model.charts.review import groups
from mlkit.model.groups.fair_words import TITLES, unit
from mlkit.model.groups.groupwise import GAPS
from mlkit.model.measures.metrics import METRICS
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.accept import Accepted
    from mlkit.model.groups.price import Price

__all__ = ["overview"]

MOST = 6


@dataclass(frozen=True)
class Strip:
    """One figure: its interval, and what it is held against."""

    title: str
    value: float
    low: float
    high: float
    greater: bool
    base: float | None = None
    bar: float | None = None


def overview(accepted: Accepted) -> plots.Picture:
    """Draw a strip a figure: interval, guess and bar; groups, and a mitigation."""
    strips = _strips(accepted)
    metric = accepted.problem.metric
    told = [s for s in accepted.slices if metric in s.measured.metrics]
    price = accepted.mitigation
    below = _height(price) if price else 0.0
    high = max(0.62 * len(strips), 0.24 * len(told))
    with plots.style():
        picture = plots.Picture(
            figsize=(10.5, 1.1 + high + below), layout="constrained"
        )
        names = [f"strip {k}" for k in range(len(strips))]
        layout = [[name, "groups"] if told else [name] for name in names]
        heights = [high / max(len(strips), 1)] * len(strips)
        if price:
            layout.append(["price"] * len(layout[0]))
            heights.append(below)
        axes: dict[str, Axes] = picture.subplot_mosaic(layout, height_ratios=heights)
        for name, strip in zip(names, strips, strict=True):
            _strip(axes[name], strip)
        if told:
            groups(axes["groups"], accepted.problem, told)
        if price:
            top = dumbbells(axes["price"], price)
            words = "what the mitigation changed, on rows that folds left out"
            plots.label(top, f"Before ○ and after ●: {words}")
    verdict = accepted.verdict
    word = "Accepted" if verdict.state == "passed" else "Not accepted"
    plots.headline(
        picture,
        f"{word}: {METRICS[metric].title} {accepted.measured.words(metric)}"
        if metric in accepted.metrics
        else word,
        f"{accepted.problem.title}, on {accepted.rows:,} sealed rows{_unit(accepted)}"
        "     ● value and interval   │ a guess   ▲ the bar",
    )
    return picture


def _unit(accepted: Accepted) -> str:
    """Return what the gaps that have a bar are counted in; "" where they are shares."""
    of = unit(accepted.problem) if any(_gaps(accepted)) else ""
    return f"; gaps in {of}" if of else ""


def _height(price: Price) -> float:
    """Return how many inches the price of a mitigation takes."""
    return 0.9 + 0.34 * len(price.rows()) + ROOM * (len(price.scales()) - 1)


def _strips(accepted: Accepted) -> list[Strip]:
    """Return the figures with a bar, then the others, most telling first."""
    gaps = list(_gaps(accepted))
    asked = [n for n in accepted.metrics if n in accepted.bars]
    rest = [n for n in accepted.metrics if n not in asked]
    room = max(MOST - len(gaps), 2) - len(asked)
    names = [*asked, *rest[: max(room, 0)]]
    return [*(_metric(accepted, name) for name in names), *gaps]


def _metric(accepted: Accepted, name: str) -> Strip:
    low, high = accepted.measured.intervals[name]
    return Strip(
        METRICS[name].title,
        accepted.metrics[name],
        low,
        high,
        METRICS[name].greater,
        accepted.guessed.get(name),
        accepted.bars.get(name),
    )


def _gaps(accepted: Accepted) -> list[Strip]:
    """Return the gaps between groups that have a bar."""
    found = []
    for name in GAPS if accepted.fairness else ():
        one = accepted.fairness.widest(name) if accepted.fairness else None
        if one and name in accepted.bars:
            ratio, bar = name.endswith("_ratio"), accepted.bars[name]
            title = f"{TITLES[name]}, {one.column}"
            ends = one.value, one.low, one.high
            found.append(Strip(title, *ends, ratio, None, bar))
    return found


def _strip(axes: Axes, one: Strip) -> None:
    known = [v for v in (one.bar, one.base) if v is not None]
    marks = [one.low, one.high, one.value, *known]
    room = 0.06 * (max(marks) - min(marks)) or 0.1
    axes.set_xlim(min(marks) - room, max(marks) + room)
    axes.set_ylim(-1, 1)
    axes.plot([one.low, one.high], [0, 0], color=plots.ACCENT, lw=5, alpha=0.35)
    axes.scatter([one.value], [0], s=50, color=plots.ACCENT, zorder=3)
    if one.base is not None:
        axes.plot([one.base] * 2, [-0.5, 0.5], color=plots.MUTED, lw=2)
    if one.bar is not None:
        met = one.low >= one.bar if one.greater else one.high <= one.bar
        colour = plots.GOOD if met else plots.BAD
        axes.scatter([one.bar], [-0.55], marker="^", s=60, color=colour, zorder=3)
    axes.set_yticks([0], [f"{plots.shorten(one.title, 34)}  {say(one.value)}"])
    axes.tick_params(axis="y", labelsize=9, labelcolor=plots.INK)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
