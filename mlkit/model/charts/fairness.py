"""Pictures of fairness: each group's rates, and what a mitigation costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from mlkit.data.charts import style as plots
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.groups.fairness import Fairness, Group
    from mlkit.model.groups.price import Price

__all__ = ["ROOM", "dumbbells", "overview", "price"]

MOST, PANELS = 24, 4
ROOM = 0.5
"""Inches that the numbers below each axes take."""

Span = tuple[float, float, float]
SHOWN = {
    2: ("said", "true_positive", "false_positive", "overstated"),
    0: ("mean", "bias", "error"),
}


def overview(found: Fairness) -> plots.Picture:
    """Draw a panel a rate, a line a group, the mean of all groups behind them."""
    from mlkit.model.groups.fair_words import unit, words

    told = [one for one in found.groups if one.rates][:MOST]
    names = _names(found, told)
    if not names:
        return plots.nothing(f"No group can be assessed: {_below(found)}")
    picture, panels = plots.figure(
        10.5, 1.3 + 0.27 * len(told), columns=len(names), sharey=True
    )
    with plots.style():
        for axes, name in zip(panels, names, strict=True):
            _panel(axes, told, name)
            plots.label(axes, plots.shorten(words(found.problem, name), 30))
    widest = found.widest("parity_gap")
    title = "Fairness by group"
    if widest is not None:
        title = f"Groups of {widest.column} lie {say(widest.value, 2)} apart"
        title += f" in “{words(found.problem, widest.rate)}”"
    of = unit(found.problem)
    plots.headline(picture, title, _below(found) + (f"; in {of}" if of else ""))
    return picture


def price(one: Price) -> plots.Picture:
    """Draw each gap, and the metric, before and after."""
    with plots.style():
        high = 1.1 + 0.42 * len(one.rows()) + ROOM * (len(one.scales()) - 1)
        picture = plots.Picture(figsize=(9, high), layout="constrained")
        dumbbells(picture.subplots(), one)
    plots.headline(picture, one.statement, "○ before   ● after, with 95 % intervals")
    return picture


def dumbbells(axes: Axes, one: Price) -> Axes:
    """Draw each thing before and after, a line each.

    What is not counted alike has axes of its own, in the place of those that are given;
    the topmost are returned.
    """
    from mlkit.model.groups.fair_words import unit

    scales, of = one.scales(), unit(one.problem)
    panels = _split(axes, [len(rows) for rows in scales])
    for panel, rows in zip(panels, scales, strict=True):
        _lines(panel, rows[::-1])
    if of:
        plots.label(panels[-1], x=f"in {of}")
    return panels[0]


def _split(axes: Axes, sizes: list[int]) -> list[Axes]:
    """Put axes below each other in the place of some, as high as they have lines."""
    place, picture = axes.get_subplotspec(), axes.get_figure()
    if len(sizes) == 1 or place is None or picture is None:
        return [axes]
    grid = place.subgridspec(len(sizes), 1, height_ratios=sizes)
    axes.remove()
    return [picture.add_subplot(grid[k]) for k in range(len(sizes))]


def _lines(axes: Axes, rows: list[tuple[str, Span, Span]]) -> None:
    for place, (_, before, after) in enumerate(rows):
        _dumbbell(axes, place, before, after)
    axes.set_yticks(range(len(rows)), [title for title, _, _ in rows])
    axes.tick_params(axis="y", labelsize=9, labelcolor=plots.INK)
    axes.grid(visible=False, axis="y")
    axes.set_ylim(-0.6, len(rows) - 0.4)


def _dumbbell(axes: Axes, place: int, before: Span, after: Span) -> None:
    for (value, low, high), colour, lift in (
        (before, plots.MUTED, 0.14),
        (after, plots.ACCENT, -0.14),
    ):
        hollow = colour == plots.MUTED
        axes.plot([low, high], [place + lift] * 2, color=colour, lw=2, alpha=0.45)
        axes.scatter(
            [value],
            [place + lift],
            s=38,
            zorder=3,
            linewidths=1.6,
            edgecolors=colour,
            facecolors="white" if hollow else colour,
        )


def _names(found: Fairness, told: list[Group]) -> list[str]:
    known = dict.fromkeys(name for one in told for name in one.rates)
    wanted = SHOWN.get(len(found.problem.classes), ())
    names = [name for name in wanted if name in known] or list(known)
    return names[:PANELS]


def _panel(axes: Axes, told: list[Group], name: str) -> None:
    columns = list(dict.fromkeys(one.column for one in told))
    colours = plots.colours(columns)
    for place, one in enumerate(reversed(told)):
        if name not in one.rates:
            continue
        low, high = one.limits[name]
        colour = colours[one.column]
        axes.plot([low, high], [place] * 2, color=colour, lw=2, alpha=0.5)
        axes.scatter([one.rates[name]], [place], s=30, color=colour, zorder=3)
    names = [f"{one.column} = {one.name}  ({one.rows:,})" for one in reversed(told)]
    axes.set_yticks(range(len(told)), [plots.shorten(one, 44) for one in names])
    axes.set_ylim(-0.6, len(told) - 0.4)
    axes.grid(visible=False, axis="y")
    if name in ("overstated", "bias"):
        axes.axvline(0, color=plots.SOFT, lw=1)


def _below(found: Fairness) -> str:
    at = "" if found.threshold is None else f", at threshold {say(found.threshold)}"
    few = len(found.small)
    small = f"; {few} small groups not assessed" if few > 1 else ""
    small = "; one small group not assessed" if few == 1 else small
    return f"{found.problem.title}, on {found.rows:,} rows{at}{small}"
