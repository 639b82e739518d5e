"""The picture of `review`: importance, dependence, groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes

from mlkit.data.charts import style as plots
from mlkit.model.metrics import METRICS
from mlkit.model.problem import Problem

if TYPE_CHECKING:
    from mlkit.model.review import Review
    from mlkit.model.slices import Slice

__all__ = ["groups", "overview"]

MOST = 12


def overview(review: Review) -> plots.Picture:
    """Draw importance on the left, dependence on the right, groups below."""
    told = [s for s in review.slices if review.problem.metric in s.measured.metrics]
    shown = list(review.dependence)[:4]
    below = 0.28 * len(told) + 0.9 if told else 0.0
    with plots.style():
        picture = plots.Picture(figsize=(10.5, 5.2 + below), layout="constrained")
        rows = [["bars", *_cell(shown, 0, 1)], ["bars", *_cell(shown, 2, 3)]]
        heights = [2.6, 2.6]
        if told:
            rows.append(["groups"] * 3)
            heights.append(below)
        axes: dict[str, Axes] = picture.subplot_mosaic(
            rows, height_ratios=heights, width_ratios=[1.25, 1, 1]
        )
        _importance(axes["bars"], review)
        for name in shown:
            at = axes[f"of {name}"]
            _dependence(at, review.problem, name, review.dependence[name])
            at.set_ylim(*_range(review.dependence))
        if told:
            groups(axes["groups"], review.problem, told)
    count = sum(remark.severity != "note" for remark in review.remarks)
    words = {0: "nothing odd", 1: "one thing to look at"}.get(
        count, f"{count} things to look at"
    )
    plots.headline(
        picture,
        f"The review found {words}",
        f"{review.problem.title}, on {review.rows:,} rows it has not seen",
    )
    return picture


def groups(axes: Axes, problem: Problem, told: list[Slice]) -> None:
    """Draw the metric of each group with its interval."""
    places = list(range(len(told)))[::-1]
    columns = list(dict.fromkeys(one.column for one in told))
    colours = plots.colours(columns)
    for place, one in zip(places, told, strict=True):
        low, high = one.measured.intervals[problem.metric]
        colour = colours[one.column]
        axes.plot([low, high], [place] * 2, color=colour, lw=2, alpha=0.5)
        value = one.measured.metrics[problem.metric]
        axes.scatter([value], [place], s=36, color=colour, zorder=3)
    names = [f"{one.column} = {one.group}  ({one.rows:,})" for one in told]
    axes.set_yticks(places, [plots.shorten(name, 40) for name in names])
    axes.set_ylim(-0.6, len(told) - 0.4)
    axes.grid(visible=False, axis="y")
    plots.label(axes, "By group", METRICS[problem.metric].title)


def _cell(shown: list[str], *places: int) -> list[str]:
    return [f"of {shown[k]}" if k < len(shown) else "." for k in places]


def _importance(axes: Axes, review: Review) -> None:
    top = review.importance[:MOST][::-1]
    axes.barh(
        range(len(top)),
        [max(one.loss, 0) for one in top],
        xerr=[one.error for one in top],
        color=plots.ACCENT,
        height=0.62,
        error_kw={"ecolor": plots.INK, "elinewidth": 1},
    )
    axes.set_yticks(range(len(top)), [plots.shorten(one.feature, 22) for one in top])
    axes.grid(visible=False, axis="y")
    metric = METRICS[review.problem.metric].title
    plots.label(axes, "What the model looks at", f"loss in {metric} when shuffled")


def _range(dependence: Mapping[str, Any]) -> tuple[float, float]:
    """Return one scale for all, so that a flat line looks flat."""
    lines = [line for one in dependence.values() for line in one["y"].values()]
    values = [value for line in lines for value in line] or [0.0, 1.0]
    room = 0.08 * (max(values) - min(values)) or 1.0
    return min(values) - room, max(values) + room


def _dependence(axes: Axes, problem: Problem, name: str, curve: Any) -> None:
    x, lines = curve["x"], curve["y"]
    for label, line in lines.items():
        if name in problem.numbers:
            axes.plot(x, line, marker="o", ms=3, label=plots.shorten(label, 12))
        else:
            axes.plot(range(len(x)), line, "o", ms=6, label=plots.shorten(label, 12))
    if name not in problem.numbers:
        crowded = sum(len(plots.shorten(v, 14)) for v in x) > 30
        turned: Any = {"rotation": 25, "ha": "right"} if crowded else {}
        axes.set_xticks(range(len(x)), [plots.shorten(v, 14) for v in x], **turned)
        axes.margins(x=0.15)
    if len(lines) > 1:
        axes.legend(fontsize=7)
    target = problem.target
    words = {
        "two_classes": f"chance of {next(iter(lines))}",
        "many_classes": "chance",
        "ordered": "chance",
        "number": f"mean {target}",
        "count": f"mean {target}",
    }
    plots.label(axes, plots.shorten(name, 26), y=plots.shorten(words[problem.kind], 24))
