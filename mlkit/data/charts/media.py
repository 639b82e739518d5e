"""Pictures of images, sounds and texts: a contact sheet, spectrograms, cards."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyBboxPatch, Rectangle
from numpy.typing import NDArray

from mlkit.core.audible import log_mel
from mlkit.core.errors import InputError
from mlkit.core.media import media
from mlkit.core.pictures import opened, plain
from mlkit.core.schema import Schema
from mlkit.core.sounds import heard
from mlkit.data.charts.fonts import fonts
from mlkit.data.charts.style import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    SOFT,
    Picture,
    bare,
    figure,
    headline,
    of_classes,
    shorten,
    style,
)

__all__ = ["cards", "gallery", "sheet", "sound_of", "tile", "tones", "wave", "waves"]

MOST_CLASSES = 12
ACROSS = {"image": 10, "audio": 4, "text": 3}
PLAIN_ROWS = 5
TILE = 96
GAP = 8
LONGEST = 20.0
LETTERS = 330
NOTHING = "nothing to show"

Line = tuple[str, int, list[str]]


def gallery(table: pd.DataFrame) -> Picture | None:
    """Draw what a table of images, sounds or texts shows; None for any other table.

    Parameters
    ----------
    table
        Rows with their schema. Images and sounds are shown wherever there are some,
        texts where there is nothing else to learn from.
    """
    schema = Schema.of(table)
    classes = _classes(schema, table)
    for kind, draw in (("image", sheet), ("audio", waves)):
        for name in schema.with_type(kind):
            return draw(table[name], classes)
    texts = [name for name in schema.features if schema[name].type == "text"]
    if texts and len(texts) == len(schema.features):
        return cards(table[texts[0]], classes)
    return None


def _classes(schema: Schema, table: pd.DataFrame) -> list[Any] | None:
    target = schema.target
    if target is None or target not in table or schema[target].type != "category":
        return None
    return list(table[target])


def sheet(
    values: pd.Series,
    classes: Sequence[Any] | None = None,
    told: tuple[str, str] | None = None,
) -> Picture:
    """Draw a contact sheet of images, a line a class.

    Parameters
    ----------
    values
        Digests, NaN where missing.
    classes
        The class of each row; None for none.
    told
        The headline and the line below it, where they are not the usual ones.
    """
    lines = _lines(values, classes, "image")
    across = max((len(cells) for _, _, cells in lines), default=1)
    wide = across * (TILE + GAP) - GAP
    high = len(lines) * (TILE + GAP) - GAP
    canvas = np.full((max(high, 1), wide, 3), 255, dtype=np.uint8)
    for row, (_, _, cells) in enumerate(lines):
        for column, cell in enumerate(cells):
            top, left = row * (TILE + GAP), column * (TILE + GAP)
            canvas[top : top + TILE, left : left + TILE] = tile(cell)
    picture, (axes,) = figure(10, 1.0 + 0.88 * len(lines) * 10 / max(across, 6))
    with style():
        axes.imshow(canvas, interpolation="nearest")
        bare(axes)
        _labels(axes, lines, [row * (TILE + GAP) + TILE / 2 for row in range(99)])
        _frames(axes, lines)
    shown = sum(len(cells) for _, _, cells in lines)
    below = _told(values, classes, shown, "images")
    headline(picture, *(told or ("What the images show", below)))
    return picture


def _frames(axes: Axes, lines: Sequence[Line]) -> None:
    for row, (_, _, cells) in enumerate(lines):
        for column in range(len(cells)):
            at = (column * (TILE + GAP) - 0.5, row * (TILE + GAP) - 0.5)
            axes.add_patch(
                Rectangle(at, TILE, TILE, fill=False, edgecolor=SOFT, linewidth=0.7)
            )


def tile(cell: str) -> NDArray[np.uint8]:
    """Return one image at 96 × 96 pixels, its aspect kept; grey where it is torn."""
    from PIL import Image

    made = Image.new("RGB", (TILE, TILE), GRID)
    try:
        image = plain(opened(media().get(cell), TILE), "RGB")
    except InputError:
        return np.asarray(made)
    scale = TILE / max(image.size)
    size = [max(round(side * scale), 1) for side in image.size]
    how = Image.Resampling.NEAREST if scale > 2 else Image.Resampling.LANCZOS
    small = image.resize((size[0], size[1]), how)
    made.paste(small, ((TILE - size[0]) // 2, (TILE - size[1]) // 2))
    return np.asarray(made)


def waves(
    values: pd.Series,
    classes: Sequence[Any] | None = None,
    told: tuple[str, str] | None = None,
) -> Picture:
    """Draw sounds as waveforms over their mel spectrograms, a line a class.

    All are drawn on one scale of time.

    Parameters
    ----------
    values
        Digests, NaN where missing.
    classes
        The class of each row; None for none.
    told
        The headline and the line below it, where they are not the usual ones.
    """
    lines = _lines(values, classes, "audio")
    sounds = {cell: sound_of(cell) for _, _, cells in lines for cell in cells}
    long = max((len(s) / rate for s, rate in sounds.values()), default=1.0)
    across = max((len(cells) for _, _, cells in lines), default=1)
    picture, (axes,) = figure(10, 1.2 + 0.95 * max(len(lines), 1))
    with style():
        for row, (_, _, cells) in enumerate(lines):
            for column, cell in enumerate(cells):
                wave(axes, *sounds[cell], (column * 1.04, row * 1.14), long)
        bare(axes)
        axes.set_xlim(-0.01, across * 1.04)
        axes.set_ylim(len(lines) * 1.14, -0.06)
        axes.set_aspect("auto")
        _labels(axes, lines, [row * 1.14 + 0.5 for row in range(99)])
    shown = sum(len(cells) for _, _, cells in lines)
    scale = f"the full width of one is {long:.2g} s, its height 50 Hz to 8 kHz (mel)"
    usual = "What the sounds look like", _told(values, classes, shown, "sounds")
    title, below = told or usual
    headline(picture, title, f"{below}; {scale}")
    return picture


def sound_of(cell: str) -> tuple[NDArray[np.float32], int]:
    """Return the mean of a sound's channels, at most 20 s, and its rate.

    Parameters
    ----------
    cell
        A digest; where it cannot be read there is one sample.
    """
    try:
        samples, rate = heard(media().get(cell), LONGEST)
    except InputError:
        return np.zeros(1, dtype=np.float32), 1
    return np.asarray(samples.mean(axis=1), dtype=np.float32), rate


def wave(
    axes: Axes,
    samples: NDArray[np.float32],
    rate: int,
    at: tuple[float, float],
    long: float,
    *,
    full: bool = False,
) -> None:
    """Draw one sound in a box of 1 × 1: its wave in the upper third.

    Parameters
    ----------
    axes
        Where it is drawn.
    samples, rate
        One channel; samples a second.
    at
        The box's left and upper side.
    long
        How many seconds the box is wide.
    full
        Whether the wave's height is full scale, and not the sound's own peak.
    """
    left, top = at
    wide = len(samples) / rate / long
    axes.add_patch(
        Rectangle((left, top), 1, 1, facecolor="#f7f9fb", edgecolor=GRID, linewidth=0.7)
    )
    count = min(len(samples), 300)
    parts = np.array_split(samples, count)
    peak = 1.0 if full else max(float(np.abs(samples).max()), 1e-6)
    high = np.array([part.max() for part in parts]) / peak * 0.15
    low = np.array([part.min() for part in parts]) / peak * 0.15
    x = left + np.linspace(0, wide, count)
    axes.fill_between(x, top + 0.17 - high, top + 0.17 - low, color=ACCENT, linewidth=0)
    if len(samples) > 1:
        axes.imshow(
            log_mel(samples, rate),
            cmap=tones(),
            vmin=-70,
            vmax=0,
            extent=(left, left + wide, top + 1, top + 0.34),
            origin="lower",
            aspect="auto",
            interpolation="bilinear",
            zorder=2,
        )
    told = f"{len(samples) / rate:.2g} s"
    axes.text(
        left + 0.985, top + 0.05, told, ha="right", va="top", fontsize=7, color=MUTED
    )


@cache
def tones() -> LinearSegmentedColormap:
    """Return the colours of a spectrogram."""
    found = ["#f7f9fb", "#c9dcf0", ACCENT, INK]
    return LinearSegmentedColormap.from_list("house", found)


def cards(values: pd.Series, classes: Sequence[Any] | None = None) -> Picture:
    """Draw how texts begin, as cards, a line a class.

    Parameters
    ----------
    values
        Texts, NaN where missing.
    classes
        The class of each row; None for none.
    """
    lines = _lines(values, classes, "text")[:6]
    across = max((len(cells) for _, _, cells in lines), default=1)
    known = pd.Series(np.asarray([] if classes is None else classes, dtype=object))
    colour = of_classes(known.dropna().astype("str").unique())
    picture, (axes,) = figure(11, 0.9 + 1.5 * max(len(lines), 1))
    with style():
        for row, (name, _, cells) in enumerate(lines):
            tone = colour.get(name, ACCENT)
            for column, cell in enumerate(cells):
                _card(axes, cell, (column * 1.03, row * 1.08), tone)
        bare(axes)
        axes.set_xlim(-0.01, across * 1.03)
        axes.set_ylim(len(lines) * 1.08, -0.04)
        _labels(axes, lines, [row * 1.08 + 0.5 for row in range(99)])
    shown = sum(len(cells) for _, _, cells in lines)
    headline(picture, "How the texts begin", _told(values, classes, shown, "texts"))
    return picture


def _card(axes: Axes, cell: str, at: tuple[float, float], tone: str) -> None:
    left, top = at
    axes.add_patch(
        FancyBboxPatch(
            *((left + 0.01, top + 0.01), 0.98, 0.98),
            boxstyle="round,pad=0,rounding_size=0.02",
            facecolor="#f7f9fb",
            edgecolor=GRID,
            linewidth=0.8,
        )
    )
    axes.add_patch(Rectangle((left + 0.01, top + 0.03), 0.008, 0.94, color=tone))
    begin = " ".join(_drawn(cell[: 4 * LETTERS]).split())
    lines = wrap(shorten(begin, LETTERS), 50)[:7]
    axes.text(
        *(left + 0.04, top + 0.08, "\n".join(lines)),
        fontsize=8,
        va="top",
        linespacing=1.35,
        color=INK,
    )
    size = f"{len(cell):,} characters"
    axes.text(
        left + 0.97,
        top + 0.95,
        size,
        ha="right",
        va="bottom",
        fontsize=6.5,
        color=MUTED,
    )


def _drawn(text: str) -> str:
    """Put a box where no font has the letter, as a reader would."""
    known = frozenset[int]().union(*map(_letters, fonts()))
    return "".join(c if ord(c) in known or c.isspace() else "□" for c in text)


@cache
def _letters(font: str) -> frozenset[int]:
    from matplotlib import font_manager

    path = font_manager.findfont(font)
    return frozenset(font_manager.get_font(path).get_charmap())


def _lines(values: pd.Series, classes: Sequence[Any] | None, kind: str) -> list[Line]:
    """Return what is shown: a class a line, how many it has, some of its cells."""
    across = ACROSS[kind]
    known = pd.Series(values.astype("str").where(values.notna()).to_numpy(dtype=object))
    if classes is None:
        cells = _spaced(known.dropna(), across * PLAIN_ROWS)
        rows = [cells[i : i + across] for i in range(0, len(cells), across)]
        return [("", 0, row) for row in rows]
    words = pd.Series(np.asarray(classes, dtype=object)).astype("str")
    words = words.where(pd.Series(pd.isna(np.asarray(classes, dtype=object))).eq(False))
    counts = words[known.notna()].value_counts()
    names = of_classes(counts.index[:MOST_CLASSES])
    return [
        (name, int(counts[name]), _spaced(known[words == name].dropna(), across))
        for name in names
    ]


def _spaced(known: pd.Series, most: int) -> list[str]:
    places = np.linspace(0, max(len(known) - 1, 0), min(len(known), most)).astype(int)
    return [str(cell) for cell in known.iloc[np.unique(places)]]


def _labels(axes: Axes, lines: Sequence[Line], middles: Sequence[float]) -> None:
    """Name the lines at their left, with how many there are of each class."""
    if not lines:
        axes.text(0.5, 0.5, NOTHING, transform=axes.transAxes, color=MUTED, ha="center")
    place = axes.get_yaxis_transform()
    for (name, count, _), middle in zip(lines, middles, strict=False):
        if name:
            one = shorten(_drawn(name), 16)
            told: dict[str, Any] = {"transform": place, "ha": "right"}
            axes.text(-0.012, middle, one, va="bottom", fontweight="bold", **told)
            quiet: dict[str, Any] = {"fontsize": 7.5, "color": MUTED}
            axes.text(-0.012, middle, f"{count:,}", va="top", **quiet, **told)


def _told(
    values: pd.Series, classes: Sequence[Any] | None, shown: int, what: str
) -> str:
    known = int(values.notna().sum())
    told = f"{shown:,} of {known:,} {what}, evenly spaced"
    if classes is None:
        return told
    kinds = pd.Series(np.asarray(classes, dtype=object)).nunique()
    more = (
        f"the {MOST_CLASSES} largest of {kinds:,} classes"
        if kinds > MOST_CLASSES
        else ""
    )
    return f"{told}; {more or 'a line a class, with how many there are'}"
