"""The pictures of `evaluate`: what a person expects for each kind of problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from mlkit.data.charts import style as plots
from mlkit.data.charts.cards import many
from mlkit.model.measures import curves
from mlkit.model.measures.metrics import METRICS
from mlkit.model.runtime import cut
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.evaluate import Evaluation

__all__ = ["above", "calibration", "overview", "threshold", "told", "wilson"]

BLUES = LinearSegmentedColormap.from_list("blues", ["#ffffff", plots.ACCENT])
MOST = 12
Array = NDArray[Any]


def overview(evaluation: Evaluation) -> plots.Picture:
    """Draw the pictures that fit the problem."""
    draw = {0: _number, 2: _two_classes}
    picture = draw.get(len(evaluation.problem.classes), _many_classes)(evaluation)
    told(picture, evaluation)
    return picture


def told(picture: plots.Picture, evaluation: Evaluation) -> None:
    """Put the metric over a picture, beside what a guess would get."""
    problem, metric = evaluation.problem, evaluation.problem.metric
    below = f"{problem.title}, judged on {many(evaluation.rows, 'row')}"
    title = METRICS[metric].title
    words = f"{title[:1].upper()}{title[1:]}"
    if metric in evaluation.metrics:
        words += f" {evaluation.measured.words(metric)}"
    else:
        words += " is undefined on these rows"
    if metric in evaluation.guessed:
        below += f"; a guess gets {say(evaluation.guessed[metric])}"
    plots.headline(picture, words, below)


def above(panels: Iterable[Axes]) -> None:
    """Name what is drawn between title and plot, where names lie on nothing.

    Parameters
    ----------
    panels
        Axes side by side, with their titles, which stay in line.
    """
    with plots.style():
        for axes in panels:
            axes.set_title(axes.get_title(loc="left"), pad=22)
            if axes.get_legend_handles_labels()[1] and not axes.get_legend():
                axes.legend(
                    loc="lower left",
                    bbox_to_anchor=(0, 1),
                    borderaxespad=0.2,
                    borderpad=0,
                    columnspacing=1.2,
                    handlelength=1.2,
                    ncols=3,
                )


def threshold(evaluation: Evaluation, at: float) -> plots.Picture:
    """Draw what a threshold of two classes does: chances, costs, right and wrong."""
    groups = dict(list(evaluation.groups.items())[:MOST])
    below = 0.3 * len(groups) + 1.1 if groups else 0.0
    with plots.style():
        picture = plots.Picture(figsize=(10, 3.5 + below), layout="constrained")
        parts: list[Any] = [picture]
        if groups:
            split: Any = picture.subfigures(2, 1, height_ratios=[3.5, below])
            parts = [split[0], split[1]]
        axes = parts[0].subplots(1, 3)
        _chances(axes[0], evaluation, at)
        _costs(axes[1], evaluation, at)
        _matrix(axes[2], _counts(evaluation, at), evaluation.problem.classes)
        above(axes)
        if groups:
            _groups(parts[1].subplots(), groups, at)
    yes = evaluation.problem.classes[1]
    share = curves.flagged(evaluation.curves["thresholds"])[round(at * 1000)]
    plots.headline(
        picture,
        f"From {say(at)} on, say {yes}: of {share:.1%} of the rows",
        f"a false alarm costs {say(evaluation.costs['false_alarm'])}, "
        f"a miss {say(evaluation.costs['miss'])}",
    )
    return picture


def _groups(axes: Axes, groups: Mapping[str, Any], at: float) -> None:
    """Draw by group how many are found, and how many alarmed for nothing."""
    places = np.arange(len(groups))[::-1]
    for kind, whole, name, colour in (
        ("hits", "positive", "found among the positive", plots.PALETTE[1]),
        ("alarms", "negative", "false alarms among the rest", plots.PALETTE[0]),
    ):
        count = np.array([one[kind][round(at * 1000)] for one in groups.values()])
        of = np.array([one[whole] for one in groups.values()])
        share = _share(count, of)
        low, high = wilson(count, of)
        axes.hlines(places, low, high, color=colour, alpha=0.4, lw=3)
        axes.scatter(share, places, s=36, color=colour, label=name, zorder=3)
    sizes = [one["positive"] + one["negative"] for one in groups.values()]
    names = [plots.shorten(name, 30) for name in groups]
    ticks = [f"{name}  ({n:,})" for name, n in zip(names, sizes, strict=True)]
    axes.set_yticks(places, ticks)
    axes.set_ylim(-0.6, len(groups) - 0.4)
    axes.set_xlim(-0.02, 1.02)
    axes.grid(visible=False, axis="y")
    axes.legend(loc="upper right", ncols=2, bbox_to_anchor=(1, 1 + 1 / len(groups)))
    plots.label(axes, "By group, with 95 % intervals")


def _share(count: Array, of: Array) -> Array:
    """Return shares, NaN of nothing: it is not drawn."""
    return np.asarray(np.divide(count, of, out=np.full(len(of), np.nan), where=of > 0))


def _two_classes(evaluation: Evaluation) -> plots.Picture:
    """Draw what holds at any threshold; what one does, `threshold` draws."""
    picture, axes = plots.figure(10.5, 3.7, columns=3)
    at = cut(evaluation.threshold)
    with plots.style():
        _roc(axes[0], evaluation, at)
        _precision_recall(axes[1], evaluation, at)
        calibration(axes[2], evaluation)
    return picture


def _many_classes(evaluation: Evaluation) -> plots.Picture:
    counts = np.array(evaluation.curves["confusion"])
    classes = evaluation.problem.classes
    picture, axes = plots.figure(
        10.5, 4.2, columns=3, gridspec_kw={"width_ratios": [1.2, 1, 1]}
    )
    kept = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:MOST])
    names = tuple(classes[k] for k in kept)
    with plots.style():
        _matrix(axes[0], counts[np.ix_(kept, kept)], names)
        if len(kept) < len(classes):
            few = f"The {len(kept)} largest of {len(classes)} classes"
            plots.label(axes[0], few, "predicted", "true")
        _by_class(axes[1], counts, kept, names)
        calibration(axes[2], evaluation)
    return picture


def _number(evaluation: Evaluation) -> plots.Picture:
    picture, axes = plots.figure(10.5, 3.9, columns=3)
    truth = np.array(evaluation.curves["truth"])
    said = np.array(evaluation.curves["predicted"])
    errors, band = evaluation.curves["errors"], evaluation.curves["band"]
    with plots.style():
        both = [min(truth.min(), said.min()), max(truth.max(), said.max())]
        axes[0].plot(both, both, color=plots.SOFT, lw=1.5)
        axes[0].scatter(said, truth, s=14, alpha=0.5, color=plots.ACCENT, lw=0)
        axes[1].axhline(0, color=plots.SOFT, lw=1.5)
        axes[1].scatter(said, said - truth, s=14, alpha=0.35, color=plots.ACCENT, lw=0)
        for side, width in (("low", 1.2), ("middle", 2.0), ("high", 1.2)):
            axes[1].plot(band["predicted"], band[side], color=plots.WARN, lw=width)
        axes[2].stairs(errors["counts"], errors["edges"], fill=True, color=plots.ACCENT)
        axes[2].axvline(0, color=plots.INK, lw=1)
    plots.label(axes[0], "Truth against prediction", "predicted", "true")
    plots.label(
        axes[1],
        "Errors, their mean and spread",
        "predicted",
        "predicted − true",
    )
    plots.label(axes[2], "How large the errors are", "predicted − true", "rows")
    return picture


def _roc(axes: Axes, evaluation: Evaluation, at: float) -> None:
    curve = evaluation.curves["roc"]
    counts = _counts(evaluation, at)
    axes.plot([0, 1], [0, 1], color=plots.SOFT, lw=1.5)
    axes.plot(curve["x"], curve["y"], color=plots.ACCENT)
    axes.fill_between(curve["x"], curve["y"], color=plots.ACCENT, alpha=0.08)
    no, yes = np.maximum(counts.sum(axis=1), 1)
    _dot(axes, counts[0, 1] / no, counts[1, 1] / yes)
    plots.label(axes, "ROC", "false alarms among the rest", "found among the positive")


def _precision_recall(axes: Axes, evaluation: Evaluation, at: float) -> None:
    curve, counts = evaluation.curves["precision_recall"], _counts(evaluation, at)
    axes.axhline(counts[1].sum() / counts.sum(), color=plots.SOFT, lw=1.5)
    axes.plot(curve["x"], curve["y"], color=plots.ACCENT)
    if counts[:, 1].sum() and counts[1].sum():
        found = counts[1, 1]
        _dot(axes, found / counts[1].sum(), found / counts[:, 1].sum())
    axes.set_ylim(0, 1.03)
    plots.label(axes, "Precision and recall", "recall", "precision")


def _dot(axes: Axes, x: float, y: float) -> None:
    axes.scatter([x], [y], s=46, color=plots.WARN, zorder=3)


def calibration(axes: Axes, evaluation: Evaluation) -> None:
    """Draw what came true of what was predicted, with intervals by Wilson (1927)."""
    curve = evaluation.curves["calibration"]
    seen, rows = np.array(curve["seen"]), np.array(curve["rows"])
    low, high = wilson(seen * rows, rows)
    axes.plot([0, 1], [0, 1], color=plots.SOFT, lw=1.5)
    axes.vlines(curve["predicted"], low, high, color=plots.ACCENT, alpha=0.45, lw=3)
    axes.plot(curve["predicted"], seen, "o-", ms=5, lw=1.2, color=plots.ACCENT)
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    off = evaluation.metrics.get("calibration")
    title = "Calibration" + (
        "" if off is None else f", off by {say(off, 2)} on average"
    )
    plots.label(axes, title, "predicted chance", "share that came true")


def wilson(count: Array, rows: Array) -> tuple[Array, Array]:
    """Return the 95 % interval of shares (Wilson 1927).

    Parameters
    ----------
    count, rows
        How many of how many, shape (shares,).

    Examples
    --------
    >>> low, high = wilson(np.array([0, 5]), np.array([10, 10]))
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.0, 0.24], [0.28, 0.76])
    """
    z = 1.959964
    n = np.maximum(rows, 1)
    share = count / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def _chances(axes: Axes, evaluation: Evaluation, at: float) -> None:
    histogram, edges = evaluation.curves["histogram"], np.linspace(0, 1, 26)
    no, yes = evaluation.problem.classes
    for name, kind, colour in (
        (no, "negative", plots.PALETTE[0]),
        (yes, "positive", plots.PALETTE[1]),
    ):
        axes.stairs(
            histogram[kind],
            edges,
            fill=True,
            alpha=0.5,
            color=colour,
            label=f"truly {plots.shorten(name, 12)}",
        )
    axes.axvline(at, color=plots.INK, lw=1.5)
    plots.label(
        axes,
        f"Chances, cut at {say(at)}",
        f"predicted chance of {plots.shorten(yes)}",
        "share of rows",
    )


def _costs(axes: Axes, evaluation: Evaluation, at: float) -> None:
    thresholds = evaluation.curves["thresholds"]
    spent = curves.costs(thresholds, evaluation.costs)
    axes.plot(np.arange(1001) / 1000, spent, color=plots.ACCENT)
    axes.axvline(at, color=plots.INK, lw=1.5)
    _dot(axes, at, evaluation.cost(at))
    axes.axhline(curves.unseen(thresholds, evaluation.costs), color=plots.SOFT, lw=1.5)
    flagged = curves.flagged(thresholds)
    if evaluation.capacity < 1:
        first = int((flagged <= evaluation.capacity + 1e-12).argmax())
        axes.axvspan(0, first / 1000, color=plots.SOFT, alpha=0.4, lw=0)
    axes.set_ylim(0, None)
    plots.label(axes, "What a row costs on average", "threshold", "cost")


def _counts(evaluation: Evaluation, at: float) -> Array:
    return curves.counts(evaluation.curves["thresholds"], at)


def _matrix(axes: Axes, counts: Array, classes: tuple[str, ...]) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=BLUES, vmin=0, vmax=1.15, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        dark = shares[row, column] > 0.6
        words = f"{count:,}" + (
            f"\n{shares[row, column]:.0%}" if len(counts) < 5 else ""
        )
        colour = "white" if dark else plots.INK if count else plots.MUTED
        axes.text(column, row, words, ha="center", va="center", color=colour)
    names = [plots.shorten(name, 12) for name in classes]
    wide = sum(map(len, names)) > 24
    axes.set_xticks(range(len(names)), names, rotation=30 if wide else 0)
    axes.set_yticks(range(len(names)), names)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    plots.label(axes, "Right and wrong", "predicted", "true")


def _by_class(axes: Axes, counts: Array, kept: Array, names: tuple[str, ...]) -> None:
    recall, precision = (_share(np.diag(counts), counts.sum(axis=k)) for k in (1, 0))
    places = np.arange(len(kept))[::-1]
    axes.hlines(places, precision[kept], recall[kept], color=plots.SOFT)
    axes.scatter(precision[kept], places, s=36, color=plots.PALETTE[0])
    axes.scatter(recall[kept], places, s=36, color=plots.PALETTE[1])
    axes.scatter([], [], s=36, color=plots.PALETTE[0], label="precision")
    axes.scatter([], [], s=36, color=plots.PALETTE[1], label="recall")
    axes.set_yticks(places, [plots.shorten(name, 12) for name in names])
    axes.set_xlim(-0.03, 1.03)
    axes.legend(loc="lower center", ncols=2, bbox_to_anchor=(0.5, -0.3))
    plots.label(axes, "By class")
