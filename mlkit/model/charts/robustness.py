"""The picture of robustness: what worse input costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from mlkit.data.charts import style as plots
from mlkit.model.measures.metrics import METRICS
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.audit.robustness import Robustness, Shock

__all__ = ["overview"]

CURVES = {
    "noise": ("Noise on all numbers", "standard deviations"),
    "cells": ("Cells missing at random", "share of all cells"),
    "typos": ("Letters slipped", "share of the words"),
    "lost": ("Words lost", "share of the words"),
    "grain": ("Noise on every pixel", "share of the full range"),
    "blur": ("Blurred", "share of the side"),
    "dark": ("Darker", "share of the light gone"),
    "hiss": ("Noise under the sounds", "share of their loudness"),
    "cut": ("Cut off", "share of the sound's end"),
}
PLAIN = ("noise", "cells")


def overview(found: Robustness) -> plots.Picture:
    """Draw noise and gaps as curves, lost columns as bars, controls as dots."""
    rows = _places(found)
    picture = plots.Picture(figsize=(10.5, 2.8 * len(rows)), layout="constrained")
    with plots.style():
        axes: dict[str, Axes] = picture.subplot_mosaic(rows, width_ratios=[1, 1.1])
        for kind in set(CURVES).intersection(axes):
            _curve(axes[kind], found, kind, CURVES[kind][0])
            plots.label(axes[kind], *CURVES[kind])
        worst, tried = _worst(found), len(found.of("gone"))
        title = "One column missing"
        title += f", the worst {len(worst)} of {tried}" if len(worst) < tried else ""
        _bars(axes["gone"], found, worst, title)
        rest = [*found.of("swapped"), *found.of("unseen"), *found.of("order")]
        title = "Words, and controls" if rest else "Controls"
        _bars(axes["rest"], found, rest, title, controls=True)
    metric = METRICS[found.problem.metric].title
    plots.headline(
        picture,
        "What worse input costs",
        f"{metric} is {say(found.whole)} on {found.rows:,} rows as they are; a guess "
        f"without features has {say(found.chance)} (dashed)",
    )
    return picture


def _places(found: Robustness) -> list[list[str]]:
    """Return what is drawn where: beside the bars two curves, below them the rest."""
    rich = [kind for kind in CURVES if kind not in PLAIN and found.of(kind)]
    plain = list(PLAIN) if len(found.of("gone")) > 1 or not rich else []
    if rich and plain and not found.of("noise"):
        plain.remove("noise")
    curves = [*plain, *rich]
    below = [[*curves[at : at + 2], "."][:2] for at in range(2, len(curves), 2)]
    return [[curves[0], "gone"], [curves[1], "rest"], *below]


def _worst(found: Robustness) -> list[Shock]:
    told = [shock for shock in found.worst if shock.loss > 0]
    return told or list(found.worst[:1])


def _sign(found: Robustness) -> float:
    return 1.0 if METRICS[found.problem.metric].greater else -1.0


def _curve(axes: Axes, found: Robustness, kind: str, title: str) -> None:
    told = found.of(kind)
    if not told:
        plots.bare(axes)
        words = "It looks at no number."
        axes.text(0, 0.9, words, color=plots.MUTED, transform=axes.transAxes)
        plots.label(axes, title)
        return
    x = [0.0, *(_size(shock.what) for shock in told)]
    sign = _sign(found)
    y = found.whole - sign * np.array([0.0, *(shock.loss for shock in told)])
    low = found.whole - sign * np.array([0.0, *(shock.high for shock in told)])
    high = found.whole - sign * np.array([0.0, *(shock.low for shock in told)])
    axes.axhline(found.chance, color=plots.MUTED, lw=1, ls="--")
    axes.fill_between(x, low, high, color=plots.ACCENT, alpha=0.15, lw=0)
    axes.plot(x, y, color=plots.ACCENT, marker="o", ms=4)
    axes.set_ylabel(METRICS[found.problem.metric].title)
    if kind != "noise":
        axes.set_xticks(x, [f"{v:.0%}" for v in x])


def _size(what: str) -> float:
    return float(what.rstrip("%")) / (100 if what.endswith("%") else 1)


def _bars(
    axes: Axes,
    found: Robustness,
    told: list[Shock],
    title: str,
    *,
    controls: bool = False,
) -> None:
    sign, metric = _sign(found), METRICS[found.problem.metric].title
    names = {
        "swapped": "a tenth of levels swapped",
        "unseen": "levels never seen",
        "order": "words in another order",
    }
    lines = [
        (
            names.get(shock.kind, shock.what),
            found.whole - sign * shock.loss,
            sorted((found.whole - sign * shock.low, found.whole - sign * shock.high)),
            plots.ACCENT,
        )
        for shock in told
    ]
    for control in found.controls if controls else ():
        ends = (
            control.chance + sign * control.low,
            control.chance + sign * control.high,
        )
        colour = plots.BAD if control.suspicious else plots.GOOD
        lines.append((f"control: {control.what}", control.score, sorted(ends), colour))
    if not lines:
        plots.bare(axes)
        words = "Nothing to change, and too few rows for a control."
        axes.text(0, 0.9, words, color=plots.MUTED, transform=axes.transAxes)
        plots.label(axes, title)
        return
    axes.axvline(found.chance, color=plots.MUTED, lw=1, ls="--")
    axes.axvline(found.whole, color=plots.SOFT, lw=1.5)
    for place, (_, value, (low, high), colour) in enumerate(lines):
        axes.plot([low, high], [place] * 2, color=colour, lw=2, alpha=0.5)
        axes.scatter([value], [place], s=34, color=colour, zorder=3)
    axes.set_yticks(range(len(lines)), [plots.shorten(name, 28) for name, *_ in lines])
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    plots.label(axes, title, metric)
