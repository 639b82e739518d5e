"""A closer look at an evaluation: gains, separation, normality, error by size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mlkit.data.charts import style as plots
from mlkit.model.charts.evaluate import above, told

if TYPE_CHECKING:
    from mlkit.model.evaluate import Evaluation

__all__ = ["details"]

Array = NDArray[Any]


def details(evaluation: Evaluation) -> plots.Picture:
    """Draw what the overview leaves out."""
    draw = {0: _number, 2: _two_classes}
    picture = draw.get(len(evaluation.problem.classes), _many_classes)(evaluation)
    above(picture.axes)
    told(picture, evaluation)
    return picture


def _two_classes(evaluation: Evaluation) -> plots.Picture:
    picture, axes = plots.figure(10.5, 3.9, columns=3)
    with plots.style():
        _gains(axes[0], evaluation)
        _lift(axes[1], evaluation)
        _apart(axes[2], evaluation)
    return picture


def _gains(axes: Axes, evaluation: Evaluation) -> None:
    curve, share = evaluation.curves["gains"], _share(evaluation)
    axes.plot([0, 1], [0, 1], color=plots.SOFT, lw=1.5, label="a guess")
    if share:
        best = [0, share, 1], [0, 1, 1]
        axes.plot(*best, color=plots.MUTED, lw=1, ls=":", label="no mistake")
    axes.plot(curve["x"], curve["y"], color=plots.ACCENT, label="the model")
    yes = evaluation.problem.classes[1]
    plots.label(
        axes,
        "Gains",
        "rows flagged, the surest first",
        f"share of all {plots.shorten(yes)}",
    )


def _lift(axes: Axes, evaluation: Evaluation) -> None:
    x, y = (np.array(evaluation.curves["gains"][side]) for side in "xy")
    seen = x >= min(0.01, x[-1])
    axes.axhline(1, color=plots.SOFT, lw=1.5)
    axes.plot(x[seen], y[seen] / x[seen], color=plots.ACCENT)
    axes.set_ylim(0, None)
    plots.label(
        axes, "Lift", "rows flagged, the surest first", "times as good as a guess"
    )


def _apart(axes: Axes, evaluation: Evaluation) -> None:
    """Draw how far the chances of the two classes lie apart (Kolmogorov, Smirnov)."""
    thresholds = evaluation.curves["thresholds"]
    grid = np.arange(1001) / 1000
    below = []
    for kind, whole, k in (("alarms", "negative", 0), ("hits", "positive", 1)):
        of = max(thresholds[whole], 1)
        below.append(1 - np.array(thresholds[kind]) / of)
        name = f"truly {plots.shorten(evaluation.problem.classes[k], 12)}"
        axes.plot(grid, below[k], color=plots.PALETTE[k], label=name)
    at = int((below[0] - below[1]).argmax())
    axes.vlines(grid[at], below[1][at], below[0][at], color=plots.INK, lw=1.5)
    apart = below[0][at] - below[1][at]
    plots.label(
        axes, f"Classes at most {apart:.0%} apart", "predicted chance", "share below"
    )


def _many_classes(evaluation: Evaluation) -> plots.Picture:
    ordered = evaluation.problem.kind == "ordered"
    picture, axes = plots.figure(10.5, 3.9, columns=3 if ordered else 2)
    counts = np.array(evaluation.curves["confusion"])
    with plots.style():
        _surely(axes[0], evaluation)
        _shares(axes[1], counts, evaluation.problem.classes)
        if ordered:
            _steps(axes[2], counts)
    return picture


def _surely(axes: Axes, evaluation: Evaluation) -> None:
    """Draw how sure it is where it is right, and where it is wrong."""
    sure, edges = evaluation.curves["sure"], np.linspace(0, 1, 26)
    right, wrong = np.array(sure["right"]), np.array(sure["wrong"])
    axes.stairs(right + wrong, edges, fill=True, color=plots.SOFT, label="right")
    axes.stairs(wrong, edges, fill=True, color=plots.BAD, label="wrong")
    axes.axvline(1 / len(evaluation.problem.classes), color=plots.MUTED, lw=1, ls=":")
    axes.set_xlim(0, 1)
    plots.label(axes, "How sure it is", "chance of the likeliest class", "rows")


def _shares(axes: Axes, counts: Array, classes: tuple[str, ...]) -> None:
    """Draw how often each class is true, and how often it is said."""
    kept = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:12])
    total = counts.sum()
    places = np.arange(len(kept))[::-1]
    for shift, axis, name, colour in (
        (0.2, 1, "true", plots.SOFT),
        (-0.2, 0, "said", plots.ACCENT),
    ):
        shares = counts.sum(axis=axis)[kept] / total
        axes.barh(places + shift, shares, 0.38, color=colour, label=name)
    axes.set_yticks(places, [plots.shorten(classes[k], 16) for k in kept])
    axes.grid(visible=False, axis="y")
    plots.label(axes, "How often each class is true, and said", "share of rows")


def _steps(axes: Axes, counts: Array) -> None:
    """Draw by how many steps the said class is off, beside what a guess does."""
    width = len(counts)
    places = np.arange(-(width - 1), width)
    off = np.array([np.trace(counts, offset=k) for k in places]) / counts.sum()
    common = np.zeros_like(counts)
    common[:, counts.sum(axis=1).argmax()] = counts.sum(axis=1)
    base = np.array([np.trace(common, offset=k) for k in places]) / counts.sum()
    axes.bar(places, off, color=plots.ACCENT, label="the model")
    axes.step(places, base, where="mid", color=plots.MUTED, lw=1.2, label="a guess")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    plots.label(axes, "By how many steps it is off", "said − true", "share of rows")


def _number(evaluation: Evaluation) -> plots.Picture:
    picture, axes = plots.figure(10.5, 3.9, columns=3)
    with plots.style():
        _normal(axes[0], evaluation)
        _sizes(axes[1], evaluation)
        _intervals(axes[2], evaluation)
    return picture


def _normal(axes: Axes, evaluation: Evaluation) -> None:
    curve = evaluation.curves["normal"]
    ends = [min(curve["x"]), max(curve["x"])]
    axes.plot(ends, ends, color=plots.SOFT, lw=1.5)
    axes.scatter(curve["x"], curve["y"], s=14, color=plots.ACCENT, lw=0)
    plots.label(axes, "Are errors normal? (Q–Q)", "of a normal law", "predicted − true")


def _sizes(axes: Axes, evaluation: Evaluation) -> None:
    sizes = evaluation.curves["sizes"]
    error, spread = np.array(sizes["error"]), 1.96 * np.array(sizes["spread"])
    axes.plot(sizes["truth"], sizes["guess"], color=plots.SOFT, lw=1.5, label="a guess")
    axes.vlines(
        sizes["truth"],
        error - spread,
        error + spread,
        color=plots.ACCENT,
        alpha=0.45,
        lw=3,
    )
    axes.plot(sizes["truth"], error, "o-", ms=5, color=plots.ACCENT, label="the model")
    axes.set_ylim(0, None)
    plots.label(axes, "Error by size of the target", "true", "mean absolute error")


def _intervals(axes: Axes, evaluation: Evaluation) -> None:
    truth, said = (np.array(evaluation.curves[k]) for k in ("truth", "predicted"))
    held = evaluation.conformal
    order = np.argsort(said, kind="stable")
    if held is not None and held.radius is not None:
        low, high = held.interval(said)
        axes.fill_between(
            said[order], low[order], high[order], color=plots.ACCENT, alpha=0.15, lw=0
        )
        inside = held.holds(truth, said)
        colours = np.where(inside, plots.ACCENT, plots.BAD)
        axes.scatter(said, truth, s=12, c=colours, alpha=0.5, lw=0)
    else:
        axes.scatter(said, truth, s=12, color=plots.ACCENT, alpha=0.5, lw=0)
    share = "" if held is None else f"{held.coverage:.0%} "
    plots.label(axes, f"{share}intervals", "predicted", "true")


def _share(evaluation: Evaluation) -> float:
    thresholds = evaluation.curves["thresholds"]
    whole = thresholds["positive"] + thresholds["negative"]
    return float(thresholds["positive"] / whole)
