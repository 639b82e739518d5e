"""The pictures of `evaluate`: what a person expects for each kind of problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from mlkit.data.charts import style as plots
from mlkit.model import curves
from mlkit.model.metrics import METRICS
from mlkit.model.runtime import cut
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.evaluate import Evaluation

__all__ = ["overview", "threshold"]

BLUES = LinearSegmentedColormap.from_list("blues", ["#ffffff", plots.ACCENT])
MOST = 12
Array = NDArray[Any]


def overview(evaluation: Evaluation) -> plots.Picture:
    """Draw the pictures that fit the problem."""
    draw = {
        "two_classes": _two_classes,
        "many_classes": _many_classes,
        "number": _number,
    }[evaluation.problem.kind]
    picture = draw(evaluation)
    metric = evaluation.problem.metric
    below = f"{evaluation.problem.title}, judged on {evaluation.rows:,} rows"
    if metric in evaluation.metrics:
        words = evaluation.measured.words(metric)
        title = METRICS[metric].title
        plots.headline(picture, f"{title[:1].upper()}{title[1:]} {words}", below)
    return picture


def threshold(evaluation: Evaluation, at: float) -> plots.Picture:
    """Draw what a threshold of two classes does: chances, costs, right and wrong."""
    picture, axes = plots.figure(10, 3.5, columns=3)
    with plots.style():
        _chances(axes[0], evaluation, at)
        _costs(axes[1], evaluation, at)
        _matrix(axes[2], _counts(evaluation, at), evaluation.problem.classes)
    yes = evaluation.problem.classes[1]
    plots.headline(
        picture,
        f"From {say(at)} on, say {yes}",
        f"a false alarm costs {say(evaluation.costs['false_alarm'])}, "
        f"a miss {say(evaluation.costs['miss'])}",
    )
    return picture


def _two_classes(evaluation: Evaluation) -> plots.Picture:
    picture, axes = plots.figure(10.5, 7, rows=2, columns=3)
    at = cut(evaluation.threshold)
    with plots.style():
        _roc(axes[0], evaluation, at)
        _precision_recall(axes[1], evaluation, at)
        _calibration(axes[2], evaluation)
        _chances(axes[3], evaluation, at)
        _costs(axes[4], evaluation, at)
        _matrix(axes[5], _counts(evaluation, at), evaluation.problem.classes)
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
        _by_class(axes[1], counts, kept, names)
        _calibration(axes[2], evaluation)
    return picture


def _number(evaluation: Evaluation) -> plots.Picture:
    picture, axes = plots.figure(10.5, 3.9, columns=3)
    truth = np.array(evaluation.curves["truth"])
    said = np.array(evaluation.curves["predicted"])
    errors = evaluation.curves["errors"]
    with plots.style():
        both = [min(truth.min(), said.min()), max(truth.max(), said.max())]
        axes[0].plot(both, both, color=plots.SOFT, lw=1.5)
        axes[0].scatter(said, truth, s=14, alpha=0.5, color=plots.ACCENT, lw=0)
        axes[1].axhline(0, color=plots.SOFT, lw=1.5)
        axes[1].scatter(said, said - truth, s=14, alpha=0.5, color=plots.ACCENT, lw=0)
        axes[2].stairs(errors["counts"], errors["edges"], fill=True, color=plots.ACCENT)
        axes[2].axvline(0, color=plots.INK, lw=1)
    plots.label(axes[0], "Truth against prediction", "predicted", "true")
    plots.label(axes[1], "Errors", "predicted", "predicted − true")
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


def _calibration(axes: Axes, evaluation: Evaluation) -> None:
    curve = evaluation.curves["calibration"]
    seen, rows = np.array(curve["seen"]), np.array(curve["rows"])
    error = 1.96 * np.sqrt(np.clip(seen * (1 - seen), 0.01, None) / rows)
    axes.plot([0, 1], [0, 1], color=plots.SOFT, lw=1.5)
    axes.errorbar(
        curve["predicted"], seen, error, fmt="o-", ms=5, lw=1.2, color=plots.ACCENT
    )
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    plots.label(axes, "Calibration", "predicted chance", "share that came true")


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
            label=f"truly {name}",
        )
    axes.axvline(at, color=plots.INK, lw=1.5)
    axes.legend(loc="upper right")
    plots.label(
        axes,
        f"Chances, cut at {say(at)}",
        f"predicted chance of {yes}",
        "share of rows",
    )


def _costs(axes: Axes, evaluation: Evaluation, at: float) -> None:
    spent = curves.costs(evaluation.curves["thresholds"], evaluation.costs)
    axes.plot(np.arange(1001) / 1000, spent, color=plots.ACCENT)
    axes.axvline(at, color=plots.INK, lw=1.5)
    _dot(axes, at, evaluation.cost(at))
    axes.set_ylim(0, None)
    plots.label(axes, "What a row costs on average", "threshold", "cost")


def _counts(evaluation: Evaluation, at: float) -> Array:
    truth, labels = curves.labelled(evaluation.curves["thresholds"], at)
    return np.bincount(truth * 2 + labels, minlength=4).reshape(2, 2)


def _matrix(axes: Axes, counts: Array, classes: tuple[str, ...]) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=BLUES, vmin=0, vmax=1.15, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        dark = shares[row, column] > 0.6
        words = f"{count:,}" + (
            f"\n{shares[row, column]:.0%}" if len(counts) < 5 else ""
        )
        colour = "white" if dark else plots.INK
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
    right = np.diag(counts)
    recall = right / np.maximum(counts.sum(axis=1), 1)
    precision = right / np.maximum(counts.sum(axis=0), 1)
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
