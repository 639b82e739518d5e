"""The picture of what parts of an image or a sound do to one prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from mlkit.core.audible import log_mel
from mlkit.data.charts import style as plots
from mlkit.data.charts.media import tones
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.sensing.occlusion import Occlusion

__all__ = ["hidden"]

AGAINST = LinearSegmentedColormap.from_list(
    "against", [plots.ACCENT, "#f4f6f8", plots.PALETTE[1]]
)
SMALL = 1e-6


def hidden(found: Occlusion) -> plots.Picture:
    """Draw an image, or a sound over time, and beside or below it what parts do."""
    if found.shown is None:
        picture, (axes,) = plots.figure(8.6, 1.0)
        plots.bare(axes)
    else:
        picture = (_image if found.kind == "image" else _sound)(found)
    title = found.output.replace("chance of ", "Chance of ", 1)
    row = f"row {plots.shorten(found.row, 30)}"
    below = f"{row}; {found.statement}"
    plots.headline(picture, plots.shorten(f"{title}: {say(found.said)}", 60), below)
    return picture


def _image(found: Occlusion) -> plots.Picture:
    assert found.shown is not None
    high, wide = found.shown.shape[:2]
    tall = float(np.clip(3.1 * high / wide, 1.2, 4.2))
    picture, (left, right) = plots.figure(8.6, tall + 1.2, columns=2)
    with plots.style():
        left.imshow(found.shown, interpolation="nearest")
        plots.bare(left)
        plots.label(left, plots.shorten(found.column, 30))
        grey = 255 - (255 - found.shown.mean(axis=2)) * 0.35
        right.imshow(grey, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        most = max(float(np.abs(found.effects).max()), SMALL)
        strength = np.abs(found.effects) / most
        heat = right.imshow(
            found.effects,
            cmap=AGAINST,
            vmin=-most,
            vmax=most,
            alpha=np.clip(0.15 + 0.75 * strength, 0, 0.9),
            interpolation="nearest",
        )
        plots.bare(right)
        plots.label(right, "What hiding it takes away")
        _bar(picture, heat, right)
    return picture


def _bar(picture: plots.Picture, heat: Any, axes: Axes) -> None:
    bar = picture.colorbar(heat, ax=axes, shrink=0.9, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7)


def _sound(found: Occlusion) -> plots.Picture:
    assert found.shown is not None
    long = len(found.shown) / found.rate
    picture, (upper, lower) = plots.figure(8.6, 4.2, rows=2, sharex=True)
    with plots.style():
        extent = (0.0, long, 0.0, 1.0)
        upper.imshow(
            log_mel(found.shown.astype(np.float32), found.rate),
            cmap=tones(),
            vmin=-70,
            vmax=0,
            extent=extent,
            origin="lower",
            aspect="auto",
        )
        plots.bare(upper, x=False)
        upper.grid(visible=False)
        title = f"{plots.shorten(found.column, 30)}: 50 Hz to 8 kHz (mel)"
        plots.label(upper, title)
        time = np.linspace(0, long, len(found.effects))
        step = max(len(time) // 600, 1)
        for sign, colour in ((1, plots.PALETTE[1]), (-1, plots.ACCENT)):
            part = np.maximum(sign * found.effects[::step], 0) * sign
            lower.fill_between(time[::step], 0, part, color=colour, step="mid", lw=0)
        lower.axhline(0, color=plots.SOFT, lw=1)
        lower.set_xlim(0, long)
        plots.label(lower, "What hiding it takes away", "seconds")
    return picture
