"""Images and sounds before and after cleaning, some of those that changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.core.media import media
from mlkit.core.pictures import opened, plain
from mlkit.data.charts.media import sound_of, wave
from mlkit.data.charts.style import GRID, bare, style
from mlkit.data.media.facts import said

__all__ = ["film"]

SHOWN = 4
TILE = 96
GAP = 10


def film(
    left: Axes, right: Axes, before: pd.Series, after: pd.Series, kind: str
) -> None:
    """Draw some cells of a column before and after, those that changed first.

    Images are drawn on one scale of pixels, sounds on one of time and of loudness.

    Parameters
    ----------
    left, right
        Where the two are drawn.
    before, after
        Digests, NaN where missing.
    kind
        ``image`` or ``audio``.
    """
    old, new = (side.astype("str").to_numpy(dtype=object) for side in (before, after))
    there = (before.notna() & after.notna()).to_numpy()
    changed = np.flatnonzero(there & (old != new))
    places = changed if len(changed) else np.flatnonzero(there)
    spaced = np.linspace(0, max(len(places) - 1, 0), min(len(places), SHOWN))
    shown = places[np.unique(spaced.astype(int))]
    cells = [[str(side[i]) for i in shown] for side in (old, new)]
    draw = _images if kind == "image" else _sounds
    with style():
        draw([left, right], cells)
        for axes, side in zip((left, right), cells, strict=True):
            bare(axes)
            told = [said(cell, kind) for cell in side[:1]]
            axes.set_xlabel("; ".join(told), loc="left")


def _images(both: Sequence[Axes], cells: Sequence[Sequence[str]]) -> None:
    images = [[_image(cell) for cell in side] for side in cells]
    largest = max((max(one.shape[:2]) for side in images for one in side), default=1)
    for axes, side in zip(both, images, strict=True):
        canvas = np.full((TILE, SHOWN * (TILE + GAP), 3), 255, dtype=np.uint8)
        for column, one in enumerate(side):
            small = _scaled(one, TILE / largest)
            high, wide = small.shape[:2]
            top, start = (TILE - high) // 2, column * (TILE + GAP)
            canvas[top : top + high, start : start + wide] = small
        axes.imshow(canvas, interpolation="nearest")


def _image(cell: str) -> NDArray[np.uint8]:
    try:
        return np.asarray(plain(opened(media().get(cell)), "RGB"))
    except InputError:
        return np.full((1, 1, 3), 228, dtype=np.uint8)


def _scaled(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    from PIL import Image

    size = [max(round(side * scale), 1) for side in image.shape[1::-1]]
    how = Image.Resampling.NEAREST if scale > 2 else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(image).resize((size[0], size[1]), how))


def _sounds(both: Sequence[Axes], cells: Sequence[Sequence[str]]) -> None:
    sounds = [[sound_of(cell) for cell in side] for side in cells]
    long = max((len(s) / rate for side in sounds for s, rate in side), default=1.0)
    for axes, side in zip(both, sounds, strict=True):
        for column, (samples, rate) in enumerate(side):
            wave(axes, samples, rate, (column * 1.06, 0.0), long, full=True)
        axes.set_xlim(-0.01, SHOWN * 1.06)
        axes.set_ylim(1.02, -0.02)
        axes.set_aspect("auto")
        axes.axhline(1.02, color=GRID, linewidth=0)
