"""The picture of weak parts: how bad the model is in each, beside the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlkit.data.charts import style as plots
from mlkit.data.charts.cards import many
from mlkit.model.slicing.search import BY_CHANCES

if TYPE_CHECKING:
    from mlkit.model.slicing.search import Weak, Weakest

__all__ = ["weak"]

MOST = 16
WIDE, NARROW = 56, 12


def weak(found: Weakest) -> plots.Picture:
    """Draw each part's error and that of the rest, and the overall one as a line."""
    shown = [*found.found, *found.named, *found.unsure][:MOST]
    head = "Nowhere certainly worse than elsewhere"
    below = f"{found.tried:,} parts of {found.rows:,} rows tried, luck accounted for"
    if not shown:
        return plots.nothing(f"{head}: {below}")
    picture, axes = plots.figure(9.5, 1.5 + 0.36 * len(shown))
    places = np.arange(len(shown))[::-1]
    sure = len(found.found)
    with plots.style():
        axes[0].axvline(found.overall, color=plots.SOFT, lw=1.5)
        for at, (place, one) in enumerate(zip(places, shown, strict=True)):
            named = sure <= at < sure + len(found.named)
            colour = plots.BAD if at < sure else plots.ACCENT if named else plots.WARN
            axes[0].plot(
                [one.elsewhere, one.here], [place] * 2, color=colour, alpha=0.4
            )
            axes[0].scatter([one.elsewhere], [place], s=30, color=plots.MUTED, zorder=3)
            axes[0].scatter([one.here], [place], s=48, color=colour, zorder=3)
        axes[0].set_yticks(places, _ticks(shown))
        axes[0].set_ylim(-0.6, len(shown) - 0.4)
        axes[0].set_xlim(0, None)
        axes[0].grid(visible=False, axis="y")
    wrong = "share wrong" if found.problem.classes else "mean absolute error"
    hints = "; yellow: not certain" if found.unsure else ""
    plots.label(axes[0], "", f"{wrong}: there, and (grey) elsewhere{hints}")
    if sure:
        worst = found.found[0]
        here, elsewhere = worst.words(found.problem)
        told = f"{here} against {elsewhere} in the worst"
        told = f"in the worst, {BY_CHANCES}" if worst.by_chances else told
        head = f"Certainly worse in {many(sure, 'part')}: {told}"
    plots.headline(picture, head, below)
    return picture


def _ticks(parts: Sequence[Weak]) -> list[str]:
    but = ["; not more often wrong" if one.by_chances else "" for one in parts]
    return [
        f"{name}  ({one.rows:,}{words})"
        for name, one, words in zip(_names(parts), parts, but, strict=True)
    ]


def _names(parts: Sequence[Weak]) -> list[str]:
    """Return short names of parts, no two alike."""
    whole, most = [" ".join(one.where.split()) for one in parts], WIDE
    names = [_short(name, most) for name in whole]
    while len(set(names)) < len(set(whole)):
        most *= 2
        names = [_short(name, most) for name in whole]
    return names


def _short(where: str, most: int) -> str:
    """Cut the columns' names of a part, and not the values, which tell parts apart."""
    first, *rest = where.split(" = ")
    if len(where) <= most or not rest:
        return plots.shorten(where, most)
    between = [piece.rpartition(" and ") for piece in rest[:-1]]
    columns = [first, *(column for *_, column in between)]
    over = len(where) - most
    room = max((sum(map(len, columns)) - over) // len(columns), NARROW)
    cut = [_middle(column, room) for column in columns]
    joined = [
        f"{value}{word}{column}"
        for (value, word, _), column in zip(between, cut[1:], strict=True)
    ]
    return " = ".join((cut[0], *joined, rest[-1]))


def _middle(text: str, most: int) -> str:
    """Leave out the middle of a text that is too long."""
    if len(text) <= most:
        return text
    half = (most - 1) // 2
    return f"{text[: most - 1 - half].rstrip()}…{text[-half:].lstrip()}"
