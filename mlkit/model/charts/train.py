"""The picture of `train`: what a fitted model holds inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mlkit.data import plots
from mlkit.model.families import family
from mlkit.model.forms import Linear, Trees

if TYPE_CHECKING:
    from mlkit.model.fitted import Model

__all__ = ["inside"]

MOST = 15
Array = NDArray[Any]


def inside(model: Model) -> plots.Picture:
    """Draw a linear model's weights, or the columns that trees ask about."""
    kind = family(model.family)
    form = kind.form(model.estimator, model.problem.kind)
    picture, (axes,) = plots.figure(9, 4.2)
    with plots.style():
        if isinstance(form, Linear):
            below = _weights(axes, model, form)
        else:
            below = _questions(axes, model, form)
        axes.grid(visible=False, axis="y")
    title = f"{kind.title[:1].upper()}{kind.title[1:]}, fitted on {model.rows:,} rows"
    plots.headline(picture, title, below)
    return picture


def _weights(axes: Axes, model: Model, form: Linear) -> str:
    """Draw the greatest weights: signed, or over all classes of many."""
    weights = form.weights
    signed = weights.shape[1] == 1
    size = weights[:, 0] if signed else np.abs(weights).mean(axis=1)
    names = model.encoder.columns
    top = np.argsort(-np.abs(size), kind="stable")[:MOST][::-1]
    colours = [plots.BAD if size[k] < 0 else plots.ACCENT for k in top]
    axes.barh(range(len(top)), size[top], color=colours, height=0.62)
    axes.set_yticks(range(len(top)), [plots.shorten(names[k], 34) for k in top])
    plots.label(axes, x="weight" if signed else "mean size of the weights")
    if not size.any():
        return "a guess: it looks at no column"
    towards = model.classes[1] if len(model.classes) == 2 else model.problem.target
    more = f"blue speaks for {towards}" if model.classes else f"blue raises {towards}"
    return f"{more}, red against" if signed else "how much each column weighs"


def _questions(axes: Axes, model: Model, form: Trees) -> str:
    """Draw how often the trees ask about each column of the table."""
    used = np.bincount(form.column[~form.leaf], minlength=len(model.encoder.columns))
    counts: dict[str, int] = {}
    for name, count in zip(_sources(model), used, strict=True):
        counts[name] = counts.get(name, 0) + int(count)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST][::-1]
    places = range(len(ranked))
    axes.barh(places, [n for _, n in ranked], color=plots.ACCENT, height=0.62)
    axes.set_yticks(places, [plots.shorten(name, 34) for name, _ in ranked])
    plots.label(axes, x="questions asked about the column")
    trees = len(np.unique(form.tree))
    return f"{trees:,} trees, {int((~form.leaf).sum()):,} questions"


def _sources(model: Model) -> list[str]:
    """Return the column of the table that each column of the matrix comes from."""
    encoder = model.encoder
    ones = [name for name, levels in encoder.levels.items() for _ in levels]
    return [*encoder.numbers, *encoder.flags, *ones] or ["(nothing)"]
