"""The picture of one prediction: the way from the mean to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from mlkit.data.charts import style as plots
from mlkit.model.words import say, signed

if TYPE_CHECKING:
    from mlkit.model.audit.local import Local

__all__ = ["waterfall"]

MOST = 10


def waterfall(found: Local) -> plots.Picture:
    """Draw what each feature does, the strongest first, from mean to prediction."""
    most = len(found.parts) if len(found.parts) <= MOST + 1 else MOST
    shown, rest = found.parts[:most], found.parts[most:]
    steps = [(f"{p.feature} = {p.value}", p.effect, p.error) for p in shown]
    if rest:
        told = f"{len(rest)} others"
        error = sum(p.error**2 for p in rest) ** 0.5
        steps.append((told, sum(p.effect for p in rest), error))
    picture, (axes,) = plots.figure(8.6, 1.3 + 0.34 * len(steps))
    with plots.style():
        _steps(axes, found, steps)
        plots.label(axes, "", found.output)
    plots.headline(
        picture,
        plots.shorten(f"{_upper(found)}: {say(found.said)}", 60),
        f"row {plots.shorten(found.row, 30)}; on the mean it is {say(found.base)}",
    )
    return picture


def _is_chance(found: Local) -> bool:
    inside = 0 <= found.base <= 1 and 0 <= found.said <= 1
    return inside and found.output.startswith("chance of ")


def _whisker(found: Local, end: float, error: float) -> tuple[float, float]:
    """Return the limits of where a step ends; a chance is from 0 to 1."""
    low, high = end - 2 * error, end + 2 * error
    if not _is_chance(found):
        return low, high
    return min(max(low, 0.0), end), max(min(high, 1.0), end)


def _ends(found: Local, steps: list[tuple[str, float, float]]) -> tuple[float, float]:
    """Return the least and the greatest that is drawn."""
    at, ends = found.base, [found.base, found.said]
    for _, effect, error in steps:
        at += effect
        ends += _whisker(found, at, error)
    low, high = min(ends), max(ends)
    return (low, high) if high > low else (low - 1, high + 1)


def _upper(found: Local) -> str:
    words = found.output
    return words[0].upper() + words[1:] if _is_chance(found) else words


def _steps(axes: Axes, found: Local, steps: list[tuple[str, float, float]]) -> None:
    at = found.base
    axes.axvline(found.base, color=plots.SOFT, lw=1, ls="--")
    axes.axvline(found.said, color=plots.MUTED, lw=1)
    for place, (_, effect, error) in enumerate(steps):
        colour = plots.PALETTE[1] if effect > 0 else plots.ACCENT
        axes.barh(place, effect, left=at, color=colour, height=0.62)
        end = at + effect
        low, high = _whisker(found, end, error)
        axes.plot([low, high], [place] * 2, color=plots.INK, lw=1)
        away = 1 if effect >= 0 else -1
        axes.annotate(
            signed(effect).replace("-", "−"),
            (high if away > 0 else low, place),
            (away * 5, 0),
            textcoords="offset points",
            va="center",
            ha="left" if away > 0 else "right",
            fontsize=8,
            color=plots.MUTED,
        )
        at = end
    axes.set_yticks(
        range(len(steps)), [plots.shorten(words, 40) for words, *_ in steps]
    )
    axes.set_ylim(len(steps) - 0.5, -0.5)
    low, high = _ends(found, steps)
    first, last = low - 0.12 * (high - low), high + 0.12 * (high - low)
    axes.set_xlim(first, last)
    if _is_chance(found):
        first, last = max(first, 0), min(last, 1)
        axes.set_xticks([tick for tick in axes.get_xticks() if first <= tick <= last])
    axes.grid(visible=False, axis="y")
