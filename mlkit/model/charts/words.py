"""The picture of the words that move a model's predictions."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from mlkit.data.charts import style as plots

if TYPE_CHECKING:
    from mlkit.model.wording.vocabulary import Vocabulary

__all__ = ["vocabulary"]

WIDE = 36


def vocabulary(axes: Axes, heard: Vocabulary) -> None:
    """Draw the words of a text that move predictions, and how far."""
    outputs = list(dict.fromkeys(one.output for one in heard.words))
    told = [*heard.raising, *heard.lowering[::-1]]
    title = f"Words of {plots.shorten(heard.column, 20)}"
    if not told:
        plots.bare(axes)
        axes.text(0, 0.9, "None surely.", color=plots.MUTED, transform=axes.transAxes)
        plots.label(axes, title)
        return
    places = range(len(told))
    several = plots.colours(outputs)
    colours = [
        several[one.output]
        if len(outputs) > 1
        else plots.PALETTE[1]
        if one.effect > 0
        else plots.ACCENT
        for one in told
    ]
    axes.barh(places, [one.effect for one in told], color=colours, height=0.62)
    for place, one in zip(places, told, strict=True):
        ends = [one.effect - 2 * one.error, one.effect + 2 * one.error]
        axes.plot(ends, [place] * 2, color=plots.INK, lw=0.8)
    names = [f"{plots.shorten(one.word, 16)}  {one.share:.0%}" for one in told]
    axes.set_yticks(places, names)
    axes.set_ylim(max(len(told), 8) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    if len(outputs) > 1:
        _named(axes, several)
    moved = outputs[0] if len(outputs) == 1 else "chance of the class"
    below = f"what a word does to the {plots.shorten(moved, 30)}, and in how many texts"
    plots.label(axes, title, fill(below, WIDE))


def _named(axes: Axes, colours: Mapping[str, str]) -> None:
    """Name the colours of outputs."""
    from matplotlib.patches import Patch

    marks = [
        Patch(color=c, label=plots.shorten(n.removeprefix("chance of "), 16))
        for n, c in colours.items()
    ]
    axes.legend(handles=marks, fontsize=7, loc="lower right")
