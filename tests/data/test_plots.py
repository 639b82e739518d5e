from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import font_manager
from matplotlib.colors import to_rgba

from mlkit.core.schema import Column, Schema
from mlkit.data.charts import media as charts
from mlkit.data.charts import style as plots
from mlkit.data.charts.contract import plot_bands
from mlkit.data.charts.curve import plot_likeness
from mlkit.data.charts.labels import plot_residuals
from mlkit.data.charts.parts import plot_classes, plot_folds, plot_labels, plot_numbers
from mlkit.data.charts.profile import plot_columns, plot_words
from mlkit.data.charts.tables import strips
from mlkit.data.labels.queue import Queue
from mlkit.data.measures.associations import associations
from mlkit.data.measures.bias import bias
from mlkit.data.measures.shapes import bars
from mlkit.model.problem import Problem
from mlkit.widgets import LabelEditor
from tests.pictures import crossing, said


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


def test_what_is_not_there_is_told_in_one_line():
    for picture in (
        plots.nothing("not timed: no backtest"),
        plot_labels(pd.Series([], dtype="float64"), "y"),
        plot_folds([], "not timed: no backtest"),
        plot_likeness(None, 0.6),
    ):
        content, size = picture._repr_png_()
        assert size["empty"] is True
        assert size["height"] < 70
        assert content.startswith(b"\x89PNG")


def test_a_column_s_remark_does_not_lie_on_its_title():
    names = ["TotalCharges", "a_name_of_its_own_length", "tenure"]
    shapes = {name: {"rows": [[3, 2]], "edges": [0.0, 1.0, 2.0]} for name in names}
    measures = [
        {"name": name, "missing": gone, "hidden": 0, "type": "number"}
        for name, gone in zip(names, (1, 50, 0), strict=True)
    ]
    picture = plot_columns(shapes, measures, 1000, names[1], ())
    assert {"some missing", "target · 5% missing"} <= {
        text.get_text() for axes in picture.axes for text in axes.texts
    }
    assert crossing(picture) == []


GOOD = pd.Series(["good"] * 60 + ["bad"] * 30, dtype="str")


def profiled():
    shape = bars(GOOD.astype("category"), "category", np.repeat([0, 1], [60, 30]), 2)
    measures = [{"name": "y", "missing": 0, "hidden": 0, "type": "category"}]
    picture = plot_columns({"y": shape}, measures, 90, "y", ("good", "bad"))
    (key,) = picture.legends
    names = [text.get_text() for text in key.texts]
    assert key.get_patches()[names.index("good")].get_facecolor() == widest(picture)
    return picture


def labelled():
    """The bar of good in the labeller's own picture, though no bad was given."""
    columns = (Column("y", "category", ("target",)),)
    table = Schema(columns).attach(
        pd.DataFrame({"y": GOOD.where(GOOD == "bad")}).rename(str)
    )
    page = LabelEditor(table).picture({"0": "good"})._repr_html_()
    return to_rgba(re.findall(r"height:.8em;background:(#\w+)", page)[0])


def biased():
    columns = (Column("y", "category", ("target",)),)
    schema = Schema((*columns, Column("sex", "category", ("sensitive",))))
    table = pd.DataFrame({"y": GOOD, "sex": ["f", "m", "f"] * 30})
    found = bias(schema.attach(table), "y")
    dots = [line for line in found.plot().axes[1].lines if line.get_marker() == "o"]
    (last,) = found.columns[0].groups[0].rates
    tones = [to_rgba(dots[0].get_color()), to_rgba(plots.PALETTE[0])]
    return tones[last != "good"]


def widest(picture):
    return max(picture.axes[0].patches, key=lambda p: p.get_width()).get_facecolor()


def carded():
    texts = pd.Series("fine words", GOOD.index).where(GOOD == "good")
    _, edge = charts.cards(texts, GOOD.tolist()).axes[0].patches[:2]
    return edge.get_facecolor()


@pytest.mark.parametrize(
    "colour_of_good",
    [
        lambda: widest(profiled()),
        lambda: widest(plot_labels(GOOD, "y")),
        lambda: widest(plot_classes({"train": GOOD, "test": GOOD[::-1]})),
        lambda: widest(plot_words({"told": {"good": [["fine", 2.0]], "bad": []}})),
        biased,
        carded,
        labelled,
    ],
    ids=["profile", "label", "split", "words", "bias", "cards", "labeller"],
)
@pytest.mark.parametrize(
    ("goal", "place"),
    [
        ("", 1),
        ('positive = "bad"', 0),
        ('order = ["good", "bad"]', 0),
        ('order = ["bad", "good"]', 1),
    ],
)
def test_a_class_has_one_colour_in_every_picture(
    colour_of_good, goal, place, in_folder
):
    (in_folder / "mlkit.toml").write_text(f"format = 1\n[goal]\n{goal}\n")
    assert colour_of_good() == to_rgba(plots.PALETTE[place])


@pytest.mark.parametrize(
    ("labels", "goal"),
    [
        (["no", "yes"], {}),
        (["no", "yes"], {"positive": "no"}),
        (["Yes", "zero"], {}),
        (["10", "9", "2"], {}),
        (["High", "Low", "Medium"], {}),
        (["b", "a", "c"], {}),
        (["b", "a", "c"], {"positive": "a"}),
        (["good", "bad", "fair"], {"order": ["bad", "fair", "good"]}),
        (["3", "1", "2"], {"order": [3, 2, 1], "kind": "ordered"}),
        (["low", "high"], {"order": ["low", "high"], "positive": "low"}),
    ],
)
def test_the_order_of_classes_is_that_of_the_problem(labels, goal, in_folder):
    stated = "".join(f"{key} = {json.dumps(value)}\n" for key, value in goal.items())
    (in_folder / "mlkit.toml").write_text(f"format = 1\n[goal]\n{stated}")
    table = pd.DataFrame({"x": np.arange(12.0), "y": (labels * 12)[:12]})
    schema = Schema((Column("x"), Column("y", "category", ("target",))))
    told = Problem.of(schema.attach(table), **goal).classes
    assert tuple(plots.of_classes(labels)) == told
    assert tuple(Queue(schema.attach(table), {}, "ann").classes) == told


def test_bars_and_panels_of_classes_are_in_order(in_folder):
    order = '["low", "middle", "high"]'
    (in_folder / "mlkit.toml").write_text(f"format = 1\n[goal]\norder = {order}\n")
    values = pd.Series(["high"] * 9 + ["low"] * 6 + ["middle"] * 3, dtype="category")
    codes, names = values.cat.codes.to_numpy(np.intp), [*values.cat.categories]
    measures = [{"name": "y", "missing": 0, "hidden": 0, "type": "category"}]
    shapes = {"y": bars(values, "category", codes, 3)}
    panel = plot_columns(shapes, measures, 18, "y", names).axes[0]
    words = [text.get_text() for text in panel.get_yticklabels()]
    assert words == ["low", "middle", "high"]
    wide = [bar.get_width() for bar in panel.patches if bar.get_width()]
    assert wide == [6, 3, 9]
    told = {"t": {name: [[f"word of {name}", 2.0]] for name in names}}
    titles = [axes.get_title(loc="left") for axes in plot_words(told).axes]
    assert titles == ["low", "middle", "high"]


def test_what_is_no_class_takes_no_class_s_colour():
    names = [f"class {place:02d}" for place in range(14)]
    values = pd.Series(np.repeat(names, np.arange(14, 0, -1)), dtype="str")
    gaps = pd.concat([values, pd.Series([None] * 9, dtype="str")], ignore_index=True)
    picture = plot_classes({"train": values, "test": gaps})
    key = picture.axes[0].get_legend()
    words = [text.get_text() for text in key.texts]
    assert words == [*names[:11], "all others", "not known"]
    tones = [handle.get_facecolor() for handle in key.legend_handles]
    assert tones[:11] == [to_rgba(plots.of_classes(names)[n]) for n in names[:11]]
    assert not {*tones[11:]} & {*map(to_rgba, plots.PALETTE)}


def test_a_class_that_is_not_there_leaves_the_others_their_colours(in_folder):
    goal = '[goal]\norder = ["low", "middle", "high"]\n'
    (in_folder / "mlkit.toml").write_text("format = 1\n" + goal)
    whole = plots.of_classes(["high", "low", "middle"])
    assert [*whole] == ["low", "middle", "high"]
    assert plots.of_classes(["high", "low"]) == {n: whole[n] for n in ("low", "high")}
    assert [*plots.of_classes(["yes", "no"])] == ["no", "yes"]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2022-01-03", "2024-06-21", {"2022", "2023", "2024"}),
        ("2022-01-03", "2022-03-03", {"2022", "Feb", "Mar"}),
        ("2022-01-03", "2022-01-04", {"03", "04", "2022-Jan"}),
        ("1000-01-01", "9000-12-31", {"4001", "8001"}),
        ("0001-01-01", "9999-12-31", {"1970", "8814"}),
    ],
)
def test_dates_are_drawn_as_dates_and_never_as_the_number_of_a_day(first, last, said):
    ends = pd.Series(np.array([first, last] * 50, dtype="datetime64[s]"), name="day")
    shape = bars(ends, "date", np.zeros(100, np.intp), 1)
    measures = [{"name": "day", "missing": 0, "hidden": 0, "type": "date"}]
    picture = plot_columns({"day": shape}, measures, 100, "", ())
    picture.draw_without_rendering()
    axis = picture.axes[0].xaxis
    ticks = [text.get_text() for text in axis.get_ticklabels()]
    assert said <= {*ticks, axis.get_offset_text().get_text()}
    assert len(ticks) <= 5


@pytest.mark.parametrize("most", [1, 4, 1000])
def test_an_axis_of_rows_counts_whole_ones(most):
    _, (axes,) = plots.figure(4, 2)
    axes.bar(["a", "b"], [1, most])
    plots.label(axes, "How many", "kind", "rows")
    assert all(float(place).is_integer() for place in axes.get_yticks())


def test_a_contract_writes_years_without_a_comma():
    years = {"rule": "a", "check": "range", "column": "built", "seen": [1900, 2010]}
    pay = {"rule": "b", "check": "range", "column": "pay", "seen": [900, 2010]}
    drawn = said(plot_bands([years | {"min": 1857, "max": 2055}, pay]))
    assert "1857 … 2055" in drawn
    assert "900 … 2,010" in drawn


def test_one_range_and_one_rule_are_counted_as_one():
    pay = {"rule": "a", "check": "range", "column": "pay", "seen": [900, 2010]}
    need = {"rule": "b", "check": "required", "column": "pay"}
    assert "1 range, and 1 other rule;" in said(plot_bands([pay, need]))
    assert "2 ranges, and 2 other rules;" in said(plot_bands([pay, need] * 2))


def heights(axes):
    return sum(bar.get_height() for bar in axes.patches)


def test_rows_that_lie_beyond_a_picture_are_counted():
    values = pd.Series([*np.linspace(0, 10, 990), *[1e6] * 3, *[-1e6] * 2, np.nan])
    drawn = plot_labels(values, "y")
    (far,) = re.findall(r"995 rows, (\d+) of them beyond the axis; 1 has", said(drawn))
    assert heights(drawn.axes[0]) + int(far) == 995
    assert 5 <= int(far) <= 10
    parts = {"train": values[:990], "valid": values[:99], "test": values[900:995]}
    drawn = plot_numbers(parts, "y")
    (far,) = re.findall(r"; (\d+) rows lie beyond the axis", said(drawn))
    shown = [
        heights(a) * len(p) for a, p in zip(drawn.axes, parts.values(), strict=True)
    ]
    assert sum(shown) + int(far) == pytest.approx(990 + 99 + 95)


def test_numbers_without_a_far_tail_are_drawn_whole():
    values = pd.Series(np.linspace(0, 10, 1001))
    drawn = plot_labels(values, "y")
    assert heights(drawn.axes[0]) == 1001
    assert "beyond" not in said(drawn)


@pytest.mark.parametrize("words", [False, True])
def test_ids_that_are_numbers_get_darker_as_they_get_larger(words):
    names = [f"{place}" for place in range(1, 892)]
    table = pd.DataFrame({"who": pd.array(names, "str")})
    if words:
        table["who"] = [f"a{name}" for name in names]
    shades = strips(table).axes[0].get_images()[0].get_array()[:, 0, 0]
    assert bool((np.diff(shades) < 0).all()) is not words


def in_chinese():
    picture, (axes,) = plots.figure(4, 2)
    with plots.style():
        axes.bar(["身長", "体重"], [1, 2])
    plots.label(axes, "価格", "x", "y")
    plots.headline(picture, "表")
    return picture


def test_a_letter_that_no_font_has_raises_no_warning(recwarn):
    assert in_chinese()._repr_png_()[0].startswith(b"\x89PNG")
    in_chinese().draw_without_rendering()
    in_chinese().savefig(io.BytesIO(), format="svg")
    assert [str(one.message) for one in recwarn] == []


def test_words_of_east_asia_are_written_in_a_font_that_has_them(monkeypatch, caplog):
    fonts = font_manager.fontManager.ttflist
    plain = next(font for font in fonts if font.name == "STIXGeneral")
    noto = replace(plain, name="Noto Sans CJK JP")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*fonts, noto])
    picture = in_chinese()
    written = picture.axes[0].get_xticklabels()[0]
    assert written.get_fontfamily()[0] == "DejaVu Sans"
    assert "Noto Sans CJK JP" in written.get_fontfamily()
    picture.draw_without_rendering()
    assert caplog.messages == [], "it has its letters in one weight only"


def test_only_two_numbers_go_together_or_against_each_other():
    x = np.arange(100.0)
    words = pd.array(np.where(x < 50, "first", "third"), "str")
    wordy = [Column(name, "category") for name in ("v", "w")]
    schema = Schema((Column("x"), Column("y"), *wordy))
    table = schema.attach(pd.DataFrame({"x": x, "y": -x, "v": words, "w": words}))
    picture = associations(table).plot()
    signed, plain = (
        np.ma.filled(image.get_array(), np.nan)
        for image in picture.axes[0].get_images()
    )
    assert np.nanmin(signed) == -1
    assert np.isfinite(signed).sum() == 1
    assert np.isfinite(plain).sum() == 5
    assert "grey is with words, which have no direction" in said(picture)
    assert "grey" not in said(associations(table[["x", "y"]]).plot())
    assert "blue" not in said(associations(table[["v", "w"]]).plot())


def test_the_band_of_a_likeness_is_what_decides():
    found = {"auc": 0.534, "low": 0.516, "high": 0.551, "luck": 0.02, "columns": []}
    picture = plot_likeness(found, 0.6)
    (band,) = picture.axes[0].patches
    assert band.get_extents().x1 == picture.axes[0].transData.transform((0.6, 0))[0]
    assert "up to 0.6, they count as alike" in said(picture)


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
