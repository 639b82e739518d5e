"""The picture of how much each pair of columns goes together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from mlkit.data.charts.style import (
    ACCENT,
    BAD,
    INK,
    MUTED,
    Picture,
    figure,
    headline,
    nothing,
    shorten,
    style,
)

__all__ = ["plot_associations"]

TOLD = 0.3
FEW = 16
TONES = LinearSegmentedColormap.from_list("ties", [BAD, "#ffffff", ACCENT])
GREYS = LinearSegmentedColormap.from_list("strengths", ["#ffffff", MUTED])


def plot_associations(
    names: Sequence[str],
    types: Sequence[str],
    strengths: Sequence[Sequence[float]],
    rows: int,
    left_out: int = 0,
    most: int = 30,
) -> Picture:
    """Draw the strength of each pair of columns, those that go together side by side.

    Parameters
    ----------
    names, types
        The columns and their types; only of two numbers a strength has a sign.
    strengths
        Their strengths, a row a column, from -1 to 1.
    rows
        How many rows were looked at.
    left_out
        How many columns were not.
    most
        How many columns are drawn: those with the strongest ties.
    """
    if len(names) < 2:
        return nothing("There is no pair of columns to compare")
    cells = np.array(strengths, dtype=float)
    shown = _ordered(cells, most)
    cells = cells[np.ix_(shown, shown)]
    signed = np.array([types[place] == "number" for place in shown])
    signed = np.outer(signed, signed)[np.tril_indices(len(shown), -1)]
    size = 2.4 + 0.34 * len(shown)
    picture, (axes,) = figure(max(size + 1.4, 6), max(size * 0.82, 3))
    with style():
        _shade(picture, axes, cells, signed)
        labels = [shorten(names[place], 20) for place in shown]
        axes.set_xticks(range(len(shown) - 1), labels[:-1], rotation=45, ha="right")
        axes.set_yticks(range(1, len(shown)), labels[1:])
        axes.set_xlim(-0.5, len(shown) - 1.5)
        axes.set_ylim(len(shown) - 0.5, 0.5)
        axes.tick_params(colors=INK, length=0)
        axes.grid(visible=False)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        if len(shown) <= FEW:
            _numbers(axes, cells)
    told = ["blue rises together, red against each other"] * bool(signed.any())
    told += ["grey is with words, which have no direction"] * (not signed.all())
    some = f"{len(shown)} of {len(names) + left_out} columns"
    told += [some] * (len(shown) < len(names) + left_out)
    headline(picture, "What goes together", f"on {rows:,} rows; {'; '.join(told)}")
    return picture


def _shade(
    picture: Picture,
    axes: Axes,
    cells: NDArray[np.float64],
    signed: NDArray[np.bool_],
) -> None:
    """Colour the pairs: of two numbers by strength and sign, others by strength."""
    below = np.tril_indices(len(cells), -1)
    for which, low, tones in ((signed, -1, TONES), (~signed, 0, GREYS)):
        if not which.any():
            continue
        some = np.full_like(cells, np.nan)
        some[below] = np.where(which, cells[below], np.nan)
        drawn = axes.imshow(some, cmap=tones, vmin=low, vmax=1)
        bar = picture.colorbar(
            drawn, ax=axes, shrink=0.6, pad=0.02, ticks=range(low, 2)
        )
        bar.outline.set_visible(False)


def _numbers(axes: Axes, cells: NDArray[np.float64]) -> None:
    for line in range(len(cells)):
        for column in range(line):
            strength = cells[line, column]
            if abs(strength) >= TOLD:
                tone = "white" if abs(strength) > 0.65 else INK
                axes.text(
                    *(column, line, f"{strength:.1f}".replace("-", "−")),
                    ha="center",
                    va="center",
                    fontsize=7,
                    color=tone,
                )


def _ordered(cells: NDArray[np.float64], most: int) -> list[int]:
    """Return the columns with the strongest ties, those that go together near."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    plain = np.abs(cells) - np.eye(len(cells))
    strong = sorted(np.argsort(-plain.max(axis=1), kind="stable")[:most].tolist())
    apart = 1 - np.clip(np.abs(cells[np.ix_(strong, strong)]), 0, 1)
    np.fill_diagonal(apart, 0)
    if len(strong) < 3:
        return strong
    tree = linkage(squareform((apart + apart.T) / 2, checks=False), "average")
    return [strong[place] for place in leaves_list(tree)]
