from __future__ import annotations

import matplotlib as mpl

from mlkit.data.charts import style as plots


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


def test_the_style_stays_inside():
    before = mpl.rcParams["axes.spines.top"]
    plots.figure()
    assert mpl.rcParams["axes.spines.top"] == before


def test_colours_are_fixed():
    few, more = plots.colours(["a", "b"]), plots.colours(["a", "b", "c"])
    assert few.items() <= more.items()
    names = [f"class {i}" for i in range(20)]
    assert list(plots.colours(names)) == names
