"""The picture of `package`: what the package says against what the model says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlkit.data.charts import scales
from mlkit.data.charts import style as plots
from mlkit.model.packing.parity import TOLERANCE

if TYPE_CHECKING:
    from mlkit.model.package import Package

__all__ = ["agreement"]


def agreement(package: Package) -> plots.Picture:
    """Draw the two predictions of each hold-out row, and the size of the files."""
    picture, axes = plots.figure(10, 3.6, columns=2)
    mine, theirs = np.array(package.model), np.array(package.packaged)
    files = sorted(package.folder.iterdir(), key=lambda path: path.stat().st_size)
    sizes = [path.stat().st_size / 1000 for path in files]
    names = [path.name for path in files]
    with plots.style():
        if len(mine):
            ends = [mine.min(), mine.max()]
            axes[0].plot(ends, ends, color=plots.SOFT, lw=1.5)
            axes[0].scatter(mine, theirs, s=16, alpha=0.5, color=plots.ACCENT, lw=0)
        axes[1].barh(names, sizes, color=plots.ACCENT, height=0.6)
        axes[1].set_xscale("log")
        scales.powers(axes[1].xaxis)
        axes[1].grid(visible=False, axis="y")
    plots.label(axes[0], "The same row, twice", "the fitted model", "the package")
    plots.label(axes[1], "What is in it", "kB")
    passed = package.verdict.state == "passed"
    plots.headline(
        picture,
        "The package says what the model says" if passed else "Not to be shipped",
        f"{package.title}; equal labels, differences of at most {TOLERANCE:.0e}",
    )
    return picture
