"""The picture of mistakes: which are made, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from mlkit.data.charts import style as plots
from mlkit.data.charts.cards import many
from mlkit.model.errors import SURE

if TYPE_CHECKING:
    from mlkit.model.errors import Errors

__all__ = ["mistakes"]

MOST = 10
STEPS = 20


def mistakes(found: Errors) -> plots.Picture:
    """Draw pairs of classes and how surely they are mixed up; of numbers, residuals."""
    if not len(found.table):
        return plots.nothing(f"No mistake: {found.statement}")
    classes = bool(found.problem.classes)
    pairs = dict(list(found.pairs().items())[:MOST]) if classes else {}
    picture, axes = plots.figure(9.5, 2.2 + 0.25 * max(len(pairs), 4), columns=2)
    with plots.style():
        if classes:
            _pairs(axes[0], found, pairs)
            _surely(axes[1], found)
        else:
            _residuals(axes[0], found)
            _far(axes[1], found)
    below = found.statement
    if len(found.table) < found.wrong:
        below += f"; drawn: the {len(found.table):,} most surprising"
    plots.headline(picture, many(found.wrong, "mistake"), below)
    return picture


def _pairs(axes: Axes, found: Errors, pairs: dict[tuple[str, str], int]) -> None:
    places = np.arange(len(pairs))[::-1]
    sure = found.table[found.table["surprise"] >= SURE]
    firm = sure.groupby(["given", "predicted"]).size().to_dict() if len(sure) else {}
    axes.barh(places, list(pairs.values()), 0.7, color=plots.SOFT, label="all listed")
    axes.barh(
        places,
        [firm.get(pair, 0) for pair in pairs],
        0.7,
        color=plots.BAD,
        label="with confidence",
    )
    names = [f"{plots.shorten(a, 16)} → {plots.shorten(b, 16)}" for a, b in pairs]
    axes.set_yticks(places, names)
    axes.grid(visible=False, axis="y")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.24), ncols=2)
    plots.label(axes, "Given → predicted", "rows")


def _surely(axes: Axes, found: Errors) -> None:
    surprise = found.table["surprise"].clip(upper=1)
    least = min(int(np.floor(surprise.min() * STEPS)), 0)
    edges = np.arange(least, STEPS + 1) / STEPS
    counts, _ = np.histogram(surprise, edges)
    colours = np.where(edges[:-1] >= SURE, plots.BAD, plots.SOFT)
    axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=colours)
    axes.set_xlim(edges[0], 1)
    plots.label(
        axes, "How surely", "chance of the predicted less that of the given", "rows"
    )


def _residuals(axes: Axes, found: Errors) -> None:
    given = found.table["given"].to_numpy(float)
    said = found.table["predicted"].to_numpy(float)
    if len(given):
        both = [min(given.min(), said.min()), max(given.max(), said.max())]
        axes.plot(both, both, color=plots.SOFT, lw=1.5)
    axes.scatter(said, given, s=22, color=plots.BAD, alpha=0.6, lw=0)
    plots.label(axes, "The listed rows", "predicted", "given")


def _far(axes: Axes, found: Errors) -> None:
    axes.hist(found.table["surprise"].to_numpy(float), 20, color=plots.BAD)
    plots.label(axes, "How far off", "error in robust spreads", "rows")
