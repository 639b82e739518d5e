"""The picture of `review`: importance, dependence, groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from mlkit.data.charts import style as plots
from mlkit.data.charts.cards import many
from mlkit.model.charts.words import vocabulary
from mlkit.model.measures.metrics import METRICS
from mlkit.model.problem import Problem

if TYPE_CHECKING:
    from mlkit.model.audit.explain import Importance
    from mlkit.model.review import Review
    from mlkit.model.slicing.slices import Slice

__all__ = ["groups", "overview", "together"]

MOST, FEW = 12, 6


def overview(review: Review) -> plots.Picture:
    """Draw importance on the left, dependence on the right, groups below."""
    told = [s for s in review.slices if review.problem.metric in s.measured.metrics]
    shown = list(review.dependence)[: 4 - 2 * min(len(review.vocabulary), 2)]
    heard = review.vocabulary[:2] if len(shown) < 4 else ()
    below = 0.28 * len(told) + 0.9 if told else 0.0
    with plots.style():
        rows = [["bars", *cells] for cells in _cells(shown, [v.column for v in heard])]
        heights = [2.6, 2.6]
        if not (shown or heard):  # of images and sounds there is no curve to draw
            count = min(len(review.importance), MOST)
            rows, heights = [["bars", ".", "."]], [1.4 + 0.3 * count]
        if told:
            rows.append(["groups"] * 3)
            heights.append(below)
        picture = plots.Picture(figsize=(10.5, sum(heights)), layout="constrained")
        axes: dict[str, Axes] = picture.subplot_mosaic(
            rows, height_ratios=heights, width_ratios=[1.25, 1, 1]
        )
        _importance(axes["bars"], review, FEW if shown or heard else 1)
        for name in shown:
            at = axes[f"of {name}"]
            _dependence(at, review.problem, name, review.dependence[name])
            at.set_ylim(*_range(review.dependence))
        if shown and len(review.dependence[shown[0]]["y"]) > 1:
            _legend(picture, axes[f"of {shown[0]}"])
        for one in heard:
            vocabulary(axes[f"in {one.column}"], one)
        if told:
            groups(axes["groups"], review.problem, told)
    count = sum(remark.severity != "note" for remark in review.remarks)
    notes = len(review.remarks) - count
    words = {
        0: "nothing odd" + f" beyond {many(notes, 'note')}" * (notes > 0),
        1: "one thing to look at",
    }.get(count, f"{count} things to look at")
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


def _cells(shown: list[str], heard: list[str]) -> list[list[str]]:
    """Return what is drawn right of the bars: curves, and the words of texts."""
    curves = [f"of {shown[k]}" if k < len(shown) else "." for k in range(4)]
    if not heard:
        return [curves[:2], curves[2:]]
    texts = [f"in {name}" for name in heard]
    if len(texts) == 1 and shown:
        return [[curves[0], texts[0]], [curves[1], texts[0]]]
    return [[texts[0], texts[-1]]] * 2


def _importance(axes: Axes, review: Review, few: int) -> None:
    metric = METRICS[review.problem.metric].title
    bars(axes, review.importance[:MOST], few)
    plots.label(axes, "What the model looks at", f"loss in {metric} when shuffled")


def bars(axes: Axes, told: tuple[Importance, ...], few: int = FEW) -> None:
    """Draw what is lost without each feature, with its interval.

    Parameters
    ----------
    axes
        Where it is drawn.
    told
        The features.
    few
        Leave room for so many at least.
    """
    top = told[::-1]
    places = range(len(top))
    certain = [plots.ACCENT if one.certain else plots.SOFT for one in top]
    axes.barh(places, [max(one.loss, 0) for one in top], color=certain, height=0.62)
    axes.set_ylim(min(len(top) - few, 0) - 0.6, len(top) - 0.4)
    for place, one in zip(places, top, strict=True):
        axes.plot([one.low, one.high], [place] * 2, color=plots.INK, lw=1, zorder=3)
    axes.set_yticks(places, [plots.shorten(one.feature, 22) for one in top])
    axes.grid(visible=False, axis="y")


def _range(dependence: Mapping[str, Any]) -> tuple[float, float]:
    """Return one scale for all, so that a flat line looks flat."""
    lines = [line for one in dependence.values() for line in one["y"].values()]
    lines += [one["along"]["y"] for one in dependence.values() if one.get("along")]
    each = [np.ravel(one["each"]) for one in dependence.values() if one.get("each")]
    lines += [np.quantile(values, [0.05, 0.95]).tolist() for values in each]
    values = [value for line in lines for value in line] or [0.0, 1.0]
    room = 0.08 * (max(values) - min(values)) or 1.0
    return min(values) - room, max(values) + room


def _dependence(axes: Axes, problem: Problem, name: str, curve: Any) -> None:
    x, lines = curve["x"], curve["y"]
    if name in problem.numbers:
        _behind(axes, curve)
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
    target = problem.target
    words = {
        "two_classes": f"chance of {next(iter(lines))}",
        "many_classes": "chance",
        "ordered": "chance",
        "number": f"mean {target}",
        "count": f"mean {target}",
    }
    plots.label(axes, plots.shorten(name, 26), y=plots.shorten(words[problem.kind], 24))


def _legend(picture: plots.Picture, axes: Axes) -> None:
    """Name the classes in the corner above all plots, beside the headline."""
    handles, names = axes.get_legend_handles_labels()
    picture.legend(
        *(handles, names),
        loc="outside upper right",
        ncols=2,
        fontsize=8,
        handlelength=1,
        columnspacing=0.8,
    )


def _behind(axes: Axes, curve: Any) -> None:
    """Draw the lines of single rows, where the rows are, and the local effects."""
    for line in curve.get("each", ()):
        axes.plot(curve["x"], line, color=plots.SOFT, lw=0.7, alpha=0.7, zorder=1)
    shares, edges = np.array(curve.get("seen", ())), np.array(curve.get("edges", ()))
    if len(shares) and shares.max() > 0:
        axes.bar(
            (edges[1:] + edges[:-1]) / 2,
            0.16 * shares / shares.max(),
            width=np.diff(edges),
            color=plots.GRID,
            transform=axes.get_xaxis_transform(),
            zorder=0,
        )
    along = curve.get("along")
    if along:
        axes.plot(along["x"], along["y"], color=plots.WARN, lw=1.4, ls="--", zorder=4)


def together(review: Review) -> plots.Picture:
    """Draw what sets of features are worth, and how the strongest pair works."""
    picture, (left, right) = plots.figure(
        10.5,
        4.0 if review.together or review.pair else 1.5,
        columns=2,
        gridspec_kw={"width_ratios": [1, 1.1]},
    )
    with plots.style():
        _sets(left, review)
        _pair(picture, right, review)
    pair = review.pair
    below = "no two features to look at"
    if pair:
        one, other = (plots.shorten(name, 24) for name in pair["features"])
        below = f"{one} and {other}: {pair['strength']:.0%} of what they do is no sum"
    plots.headline(picture, "What features do together", below)
    return picture


def _sets(axes: Axes, review: Review) -> None:
    metric = METRICS[review.problem.metric].title
    if not review.together:
        plots.bare(axes)
        words = "No two features say much the same."
        axes.text(0, 0.9, words, color=plots.MUTED, transform=axes.transAxes)
        plots.label(axes, "Features that say the same")
        return
    alone = {one.feature: one for one in review.importance}
    told: list[Importance] = []
    for one in review.together[:3]:
        told += [one, *(alone[name] for name in one.members[:4] if name in alone)]
    bars(axes, tuple(told))
    sets = {one.feature for one in review.together}
    names = [
        plots.shorten(one.feature, 26)
        if one.feature in sets
        else "alone: " + plots.shorten(one.feature, 18)
        for one in told[::-1]
    ]
    axes.set_yticks(range(len(told)), names)
    plots.label(axes, "Features that say the same", f"loss in {metric} when shuffled")


def _pair(picture: plots.Picture, axes: Axes, review: Review) -> None:
    pair = review.pair
    if not pair:
        plots.bare(axes)
        return
    said = np.array(pair["said"]).T
    rows = np.array(pair["rows"]).T
    image = axes.imshow(said, origin="lower", aspect="auto", cmap="RdYlBu_r")
    for (y, x), count in np.ndenumerate(rows):
        if count == 0:
            axes.text(x, y, "·", ha="center", va="center", color=plots.INK, fontsize=8)
    for setter, cells in ((axes.set_xticks, pair["x"]), (axes.set_yticks, pair["y"])):
        setter(range(len(cells)), [_said(cell) for cell in cells])
    axes.grid(visible=False)
    if sum(len(_said(cell)) for cell in pair["x"]) > 36:
        axes.tick_params(axis="x", labelrotation=25)
    bar = picture.colorbar(image, ax=axes, shrink=0.9, pad=0.02)
    bar.outline.set_visible(False)
    if of := pair.get("of"):
        bar.set_label(plots.shorten(f"chance of {of}", 24))
    elif not review.problem.classes:
        bar.set_label(plots.shorten(f"mean {review.problem.target}", 24))
    one, other = (plots.shorten(name, 26) for name in pair["features"])
    plots.label(axes, "Two at once (a dot: no row is near)", one, other)


def _said(cell: Any) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else plots.shorten(cell, 12)
