"""Pictures of columns before and after cleaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mlkit.core.media import KINDS
from mlkit.core.rows import MISSING
from mlkit.core.values import numbers, write
from mlkit.data.charts.film import film
from mlkit.data.charts.scales import dated
from mlkit.data.charts.style import (
    ACCENT,
    INK,
    MUTED,
    PALETTE,
    SOFT,
    Picture,
    bare,
    figure,
    headline,
    nothing,
    shorten,
    style,
)

__all__ = ["before_after"]

SHOWN = 5
BINS = 36
LONG = 26
KEPT, GONE, OTHER = SOFT, PALETTE[1], PALETTE[2]

Pair = tuple[str, str, pd.Series, pd.Series]


def before_after(
    pairs: Sequence[Pair], more: int = 0, kinds: Mapping[str, str] | None = None
) -> Picture:
    """Draw columns before and after cleaning, side by side.

    Words that became missing are orange, words that were changed green, words that
    stayed grey; what came of them is blue.

    Parameters
    ----------
    pairs
        For each column its name, what was done to it, and its cells before and after.
    more
        How many changed columns are not shown.
    kinds
        The types of columns; images and sounds are shown as what they are.
    """
    if not pairs:
        return nothing("No cell needed to be changed")
    high = 1.1 + 1.62 * len(pairs)
    picture, axes = figure(9, high, rows=len(pairs), columns=2)
    for place, (name, done, before, after) in enumerate(pairs):
        left, right = axes[2 * place], axes[2 * place + 1]
        kind = (kinds or {}).get(name, "")
        if kind in KINDS:
            film(left, right, before, after, kind)
        else:
            _before(left, before, after)
            _after(right, after)
        with style():
            left.set_title(shorten(name, LONG))
            right.set_title(
                shorten(done, 60), fontsize=8, fontweight="normal", color=MUTED
            )
    keys = {"stays": KEPT, "changed": OTHER, "became missing": GONE, "after": ACCENT}
    words = any((kinds or {}).get(name) not in KINDS for name, *_ in pairs)
    with style():
        handles = [Patch(color=tone, label=word) for word, tone in keys.items()]
        if words:
            picture.legend(handles=handles, loc="outside upper right", ncols=len(keys))
    told = f"; {more} more changed columns are not shown" if more else ""
    headline(picture, "Before and after", f"what stood in the cells, what does{told}")
    return picture


def _before(axes: Axes, before: pd.Series, after: pd.Series) -> None:
    if before.dtype.kind in "fiuM":
        _histogram(axes, before, KEPT)
        return
    codes, distinct = pd.factorize(before)
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    _, first = np.unique(codes, return_index=True)
    became = after.iloc[first[-len(distinct) :] if len(distinct) else []].tolist()
    words = [str(write(word)) for word in distinct]
    tones = [_tone(*pair) for pair in zip(words, became, strict=True)]
    stays = np.array([tone == KEPT for tone in tones], dtype=bool)
    rank = np.lexsort((-counts, stays))
    places = sorted(rank[: SHOWN - 1], key=lambda i: -counts[i])
    rest = [i for i in np.argsort(-counts, kind="stable") if i not in places]
    places += rest[: SHOWN - len(places)]
    _bars(
        axes,
        [repr(_cut(words[i])) for i in places],
        counts[places],
        [tones[i] for i in places],
        len(words) - len(places),
    )


def _tone(before: str, after: Any) -> str:
    told = write(after)
    if told is None or (told == MISSING != before):
        return GONE
    if isinstance(after, float):
        return KEPT if numbers(np.array([before], dtype=object))[0] == after else OTHER
    return KEPT if told == before else OTHER


def _cut(text: str) -> str:
    """Cut a text, but leave its blanks: they may be what is shown."""
    return text if len(text) <= LONG else text[: LONG - 1] + "…"


def _after(axes: Axes, after: pd.Series) -> None:
    if after.dtype.kind in "fiuM":
        _histogram(axes, after, ACCENT)
        return
    counts = after.value_counts()
    words = [repr(_cut(str(word))) for word in counts.index[:SHOWN]]
    shown = counts.to_numpy()[:SHOWN]
    tones = [GONE if word == MISSING else ACCENT for word in counts.index[:SHOWN]]
    _bars(axes, words, shown, tones, len(counts) - len(shown))


def _bars(
    axes: Axes,
    words: Sequence[str],
    counts: NDArray[Any],
    tones: Sequence[str],
    rest: int,
) -> None:
    with style():
        places = np.arange(len(words))
        axes.barh(places, counts, 0.74, color=list(tones))
        axes.set_yticks(places, words)
        axes.tick_params(axis="y", colors=INK, labelsize=8)
        axes.set_ylim(SHOWN - 0.3, -0.6)
        for place, count in enumerate(counts):
            axes.text(count, place, f" {count:,}", va="center", fontsize=7, color=MUTED)
        axes.set_xlim(0, max(counts.max(initial=1), 1) * 1.15)
        bare(axes, y=False)
        axes.grid(visible=False)
        axes.spines["left"].set_visible(False)
        if rest:
            told = f"and {rest:,} other word" + "s" * (rest > 1)
            axes.set_xlabel(told, loc="left")


def _histogram(axes: Axes, values: pd.Series, tone: str) -> None:
    known = values[values.notna()]
    gaps = len(values) - len(known)
    with style():
        if known.dtype.kind == "M":
            axes.hist(known.to_numpy(), BINS, color=tone)
            dated(axes.xaxis)
        else:
            cells = known.to_numpy(dtype=float)
            cells = cells[np.isfinite(cells)]
            edges, whole = _edges(cells)
            axes.hist(cells, edges, color=tone, rwidth=0.9 if whole else 1.0)
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=whole))
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(f"{gaps:,} missing" if gaps else "", loc="left")


def _edges(values: NDArray[np.float64]) -> tuple[Any, bool]:
    """Return the edges of bars, one a value where they are few whole numbers."""
    if not len(values):
        return BINS, False
    low, high = values.min(), values.max()
    if high - low >= BINS or (values % 1 != 0).any():
        return BINS, False
    return np.arange(low - 0.5, high + 1), True
