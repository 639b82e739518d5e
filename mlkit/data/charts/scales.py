"""What stands along an axis: whole numbers, dates, powers, numbers near the largest."""

from __future__ import annotations

import numpy as np
from matplotlib.axis import Axis
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike

from mlkit.data.measures.moments import finite, scaled

__all__ = ["dated", "powers", "whole", "within"]

FIRST, LAST = -719_162, 2_932_896  # the days of the years 1 to 9999, since 1970
NICE = (1, 2, 2.5, 5, 10)  # between ticks, as by default


def whole(axis: Axis) -> None:
    """Tell whole numbers only along an axis, as where rows are counted."""
    axis.set_major_locator(MaxNLocator("auto", steps=NICE, integer=True))


def within(axis: Axis, values: ArrayLike) -> float:
    """Return by what to divide numbers that are to be drawn: 1 but where they are huge.

    The span of an axis has to be a float too; the ticks tell the numbers whole.

    Parameters
    ----------
    axis
        Along which they are drawn.
    values
        Finite numbers.

    Examples
    --------
    >>> from mlkit.data.charts.style import figure
    >>> _, (axes,) = figure()
    >>> within(axes.xaxis, [-1.0, 1.0]), within(axes.xaxis, [-1e308, 1e308])
    (1.0, 1e+307)
    """
    _, power = scaled(np.ravel(np.asarray(values, np.float64)))
    part = float(f"1e{int(np.log10(power))}")
    if part > 1:
        axis.set_major_formatter(
            lambda place, _: f"{finite(float(place) * part):.3g}".replace("-", "−")
        )
    return part


def dated(axis: Axis, most: int = 5) -> None:
    """Name a few places along an axis of days since 1970 by their dates.

    Parameters
    ----------
    axis
        Along which bars or lines are drawn already.
    most
        How many places to name at most.

    Examples
    --------
    >>> from mlkit.data.charts.style import figure
    >>> _, (axes,) = figure()
    >>> _ = axes.set_xlim(19000, 19060)
    >>> dated(axes.xaxis)
    >>> [text.get_text() for text in axes.get_xticklabels()]
    ['Feb', 'Mar']
    """
    low, high = sorted(axis.get_view_interval())
    if low > FIRST and high < LAST:
        places = AutoDateLocator(minticks=2, maxticks=most)
        axis.set_major_locator(places)
        axis.set_major_formatter(ConciseDateFormatter(places))
        return
    # what lies outside the years 1 to 9999 has no date to matplotlib
    axis.set_major_locator(MaxNLocator(2, integer=True))
    axis.set_major_formatter(lambda day, _: str(np.datetime64(int(day), "D"))[:-6])


def powers(axis: Axis) -> None:
    """Write the numbers along a logarithmic axis plainly; a short one has more of them.

    Parameters
    ----------
    axis
        Along which everything is drawn already.
    """
    low, high = sorted(axis.get_view_interval())
    steps = (1.0,) if high >= 100 * low else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axis.set_minor_formatter(NullFormatter())
