"""What requests took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlkit.data.charts import scales
from mlkit.data.charts import style as plots

if TYPE_CHECKING:
    from mlkit.product.rehearse import Serving

__all__ = ["draw"]


def draw(serving: Serving) -> plots.Picture:
    """Draw how long single rows took, and how many rows go through a second.

    Parameters
    ----------
    serving
        What a rehearsal found.
    """
    picture, axes = plots.figure(10, 3.0, columns=2)
    took = {int(size): np.array(ms) for size, ms in serving.milliseconds.items()}
    single = np.sort(took[min(took)])
    sizes = sorted(took)
    rates = [1000 * size / float(np.median(took[size])) for size in sizes]
    with plots.style():
        shares = np.linspace(0, 100, len(single) + 1)
        times = np.concatenate([[0.0], single])
        axes[0].step(times, shares, where="post", color=plots.ACCENT)
        axes[0].axhline(95, color=plots.MUTED, linewidth=1, linestyle="--")
        axes[0].set_xlim(0, float(np.quantile(single, 0.99)) * 1.3)
        axes[1].plot(sizes, rates, color=plots.ACCENT, marker="o")
        axes[1].set_xscale("log")
        axes[1].set_yscale("log")
        scales.powers(axes[1].xaxis)
        scales.powers(axes[1].yaxis)
    plots.label(axes[0], "Answered within, %", "milliseconds, one row a request")
    plots.label(axes[1], "Rows a second", "rows a request")
    half, most = np.quantile(single, [0.5, 0.95])
    below = f"half of the single rows within {half:.1f} ms, 95 % within {most:.1f} ms"
    state = serving.verdict.state
    title = "The server says what the package says"
    title = title if state == "passed" else "The server says something else"
    plots.headline(picture, title, below)
    return picture
