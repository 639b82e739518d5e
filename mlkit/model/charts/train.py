"""The picture of `train`: what a fitted model holds inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mlkit.data.charts import style as plots
from mlkit.model.encoding.encode import Encoder
from mlkit.model.families import family
from mlkit.model.formats.forms import Form, Layers, Linear, Quadratic, Trees

if TYPE_CHECKING:
    from mlkit.model.fitted import Member, Model, Part

__all__ = ["inside"]

MOST = 15
Array = NDArray[Any]


def inside(model: Model) -> plots.Picture:
    """Draw each part: a linear one's weights, or the columns that trees ask about."""
    members = sorted(model.members, key=lambda member: -member.weight)
    shown = members[:3]
    picture, axes = plots.figure(max(9, 4.2 * len(shown)), 4.2, columns=len(shown))
    with plots.style():
        for at, member in zip(axes, shown, strict=True):
            part = _first(model, member)
            form = family(part.family).form(part.estimator, model.problem.kind)
            encoder = model.encoders[part.encoder]
            if isinstance(form, Linear):
                below = _weights(at, model, encoder, form)
            elif isinstance(form, Trees):
                below = _questions(at, encoder, form)
            else:
                below = _shares(at, encoder, form)
            share = f"{member.weight:.0%} " if len(members) > 1 else ""
            one = f", one of {member.folds}" if member.folds else ""
            end = "\n" if len(shown) > 1 else ": "
            at.set_title(f"{share}{family(part.family).title}{one}{end}{below}")
            at.grid(visible=False, axis="y")
    more = len(members) - len(shown)
    title = f"{model.title[:1].upper()}{model.title[1:]}"
    below = f"fitted on {model.rows:,} rows" + (f"; {more} more parts" if more else "")
    plots.headline(picture, title, below)
    return picture


def _first(model: Model, member: Member) -> Part:
    """Return the first of the parts that a member stands for."""
    wanted = member.family, dict(member.settings)
    return next(p for p in model.parts if (p.family, p.settings) == wanted)


def _weights(axes: Axes, model: Model, encoder: Encoder, form: Linear) -> str:
    """Draw the greatest weights: signed, or over all classes of many."""
    weights = form.weights
    signed = weights.shape[1] == 1
    size = weights[:, 0] if signed else np.abs(weights).mean(axis=1)
    names, size = _gathered(encoder, size)
    top = np.argsort(-np.abs(size), kind="stable")[:MOST][::-1]
    colours = [plots.BAD if size[k] < 0 else plots.ACCENT for k in top]
    axes.barh(range(len(top)), size[top], color=colours, height=0.62)
    axes.set_yticks(range(len(top)), [plots.shorten(names[k], 30) for k in top])
    axes.set_xlabel("weight" if signed else "mean size of the weights")
    if not size.any():
        return "it looks at no column"
    towards = model.classes[1] if len(model.classes) == 2 else model.problem.target
    amount = not model.classes or form.link == "cumulative"
    more = f"blue {'raises' if amount else 'speaks for'} {towards}"
    return more if signed else "how much columns weigh"


def _questions(axes: Axes, encoder: Encoder, form: Trees) -> str:
    """Draw how often the trees ask about each column of the table.

    Of a single column, such as a text, what is made of it is told apart.
    """
    used = np.bincount(form.column[~form.leaf], minlength=len(encoder.columns))
    counts: dict[str, int] = {}
    alone = len(set(encoder.sources)) == 1
    names = _parts(encoder) if alone else encoder.sources
    for name, count in zip(names, used, strict=True):
        counts[name] = counts.get(name, 0) + int(count)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST][::-1]
    places = range(len(ranked))
    axes.barh(places, [n for _, n in ranked], color=plots.ACCENT, height=0.62)
    axes.set_yticks(places, [plots.shorten(name, 30) for name, _ in ranked])
    axes.set_xlabel("questions asked about the column")
    trees = len(np.unique(form.tree))
    return f"{trees:,} trees, {int((~form.leaf).sum()):,} questions"


def _shares(axes: Axes, encoder: Encoder, form: Form | None) -> str:
    """Draw what can be said of other forms: how much of each column goes in."""
    if isinstance(form, Layers):
        size = np.abs(form.weights[0]).mean(axis=1)
        word, below = "mean size of the first layer's weights", "a network of layers"
    elif isinstance(form, Quadratic):
        size = (form.centre * form.scale).std(axis=1)
        word, below = "how far apart the classes lie", "each column for itself"
    else:
        axes.set_axis_off()
        return "keeps its training rows, nothing to draw"
    names, size = _gathered(encoder, size)
    top = np.argsort(-size, kind="stable")[:MOST][::-1]
    axes.barh(range(len(top)), size[top], color=plots.ACCENT, height=0.62)
    axes.set_yticks(range(len(top)), [plots.shorten(names[k], 30) for k in top])
    axes.set_xlabel(word)
    return below


def _parts(encoder: Encoder) -> list[str]:
    """Return the names of a matrix's columns, of images and sounds what they tell.

    One of two hundred grey pixels says nothing to a person; all of them do.
    """
    return [
        name.rstrip("0123456789").rstrip() if source in encoder.media else name
        for name, source in zip(encoder.columns, encoder.sources, strict=True)
    ]


def _gathered(encoder: Encoder, size: Array) -> tuple[list[str], Array]:
    """Return names and sizes; what tells the same of an image or sound is one norm."""
    parts = np.array(_parts(encoder), object)
    names = list(dict.fromkeys(parts))
    mine = [size[parts == name] for name in names]
    sizes = [one[0] if len(one) == 1 else np.linalg.norm(one) for one in mine]
    return names, np.array(sizes)
