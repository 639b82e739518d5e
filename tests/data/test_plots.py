from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from mlkit.data.charts import style as plots
from mlkit.data.charts.labels import plot_residuals
from mlkit.data.charts.parts import plot_labels, plot_numbers


def test_a_picture_shows_itself_once_and_the_same():
    def draw():
        picture, (axes,) = plots.figure(4, 2)
        with plots.style():
            axes.bar(["a", "b"], [1, 2])
        plots.label(axes, "a_$b$", "x", "y")
        plots.headline(picture, "A title", "and more")
        return picture

    one, two = draw()._repr_png_(), draw()._repr_png_()
    assert one == two
    assert one[0].startswith(b"\x89PNG")
    assert 300 < one[1]["width"] < 500
    assert repr(draw()) == "<Picture 4 × 2 in>"


def test_a_picture_in_which_nothing_is_drawn_says_so():
    def size(picture):
        return picture._repr_png_()[1]

    empty, (axes,) = plots.figure(9, 0.8)
    plots.headline(empty, "No column is marked sensitive")
    axes.text(0, 0.5, "not timed: no backtest")
    assert size(empty)["empty"] is True
    drawn, axes = plots.figure(9, 2, columns=2)
    axes[1].imshow(np.eye(2))
    words, (axes,) = plots.figure(9, 2)
    for word in ("one", "two"):
        axes.text(0, 0, word)
    assert not [one for one in (drawn, words) if "empty" in size(one)]


def test_the_style_stays_inside():
    before = mpl.rcParams["axes.spines.top"]
    plots.figure()
    assert mpl.rcParams["axes.spines.top"] == before


def test_colours_are_fixed():
    few, more = plots.colours(["a", "b"]), plots.colours(["a", "b", "c"])
    assert few.items() <= more.items()
    names = [f"class {i}" for i in range(20)]
    assert list(plots.colours(names)) == names


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("top", [1.0, 1e300, 1.7e308])
def test_numbers_as_large_as_floats_go_are_drawn(top):
    values = pd.Series(np.linspace(-1, 1, 90) * top)
    parts = {"train": values, "valid": values[:9], "test": values[80:]}
    told = pd.DataFrame({"given": values, "said": -values})
    likely = pd.DataFrame({"likely": ["yes"]}, index=[3])
    for picture in (
        plot_labels(values, "y"),
        plot_labels(values[:1], "y"),
        plot_numbers(parts, "y"),
        plot_residuals(told, likely, "y"),
    ):
        assert picture._repr_png_()[0].startswith(b"\x89PNG")
