from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.widgets import LimitsEditor, WhatIf


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    gap = np.where(rng.random(300) < 0.2, np.nan, rng.normal(size=300))
    word = rng.choice(["<a>", "b"], 300)
    y = np.where(x + (word == "b") > 0.5, "yes", "no")
    few = rng.integers(0, 3, 300).astype(float)
    ids = pd.Index([f"r{k}" for k in range(300)], dtype="str")
    cells = {"x": x, "gap": gap, "few": few, "word": word, "y": y}
    return pd.DataFrame(cells, index=ids)


@pytest.fixture(scope="module")
def model(table):
    task = Problem(
        "two_classes", "y", "roc_auc", ("no", "yes"), ("x", "gap", "few"), ("word",)
    )
    return fit("linear", {}, table, task)


def walk(widget):
    for one in getattr(widget, "children", ()):
        yield one
        yield from walk(one)


def controls(widget):
    return {
        one.description: one
        for one in walk(widget)
        if type(one).__name__ in ("FloatSlider", "Dropdown", "Textarea")
    }


def test_the_row_the_model_is_least_sure_of_comes_first(table, model):
    what = WhatIf(model, table, table)
    said = model.predict_proba(table)[:, 1]
    nearest = table.index[np.abs(said - 0.5).argmin()]
    assert what.row.index[0] == nearest
    assert WhatIf(model, table, table, "r7").row.index[0] == "r7"
    with pytest.raises(InputError, match="no row 'r999'"):
        WhatIf(model, table, table, "r999")


def test_a_row_with_another_cell_is_not_told_as_the_row_it_was(table, model):
    what = WhatIf(model, table.astype({"few": int}), table, "r7")
    few, word = what.row["few"].iloc[0], what.row["word"].iloc[0]
    what.change("few", few)
    what.change("word", word)
    assert what.explain().row == "r7"
    what.change("word", "b" if word == "<a>" else "<a>")
    what.change("gap", None)
    assert what.explain().row == "r7, changed"
    assert repr(what).startswith("<WhatIf row r7, changed: ")
    what.change("word", word)
    what.change("gap", table.loc["r7", "gap"])
    assert what.explain().row == "r7"
    assert what.first.index[0] == "r7"


def test_a_year_is_written_as_one(table):
    later = table["y"] == "yes"
    rows = table.assign(year=np.where(later, 2019.0, 2014.0) + table["few"])
    task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("year",))
    what = WhatIf(fit("linear", {}, rows, task), rows, rows, "r7")
    told = f"{rows.loc['r7', 'year']:.0f}"
    assert what.explain().parts[0].value == told
    assert {one for line in what.hints().rows for one in line[1:3]} > {told}
    assert "," not in "".join(word for line in what.hints().rows for word in line[1:3])


def test_a_person_moves_a_cell_and_the_prediction_follows(table, model):
    what = WhatIf(model, table, table, "r0")
    panel = what.widget()
    assert repr(panel) == "<WhatIf>"
    told = controls(panel)
    assert type(told["x"]).__name__ == "FloatSlider"
    assert [type(told[n]).__name__ for n in ("gap", "few", "word")] == ["Dropdown"] * 3
    (image,) = (one for one in walk(panel) if type(one).__name__ == "Image")
    before = bytes(image.value)
    told["x"].value = told["x"].max
    assert what.says() == "yes"
    assert bytes(image.value) != before
    assert what.row["x"].iloc[0] == told["x"].max
    told["word"].value = "<a>"
    assert what.row["word"].iloc[0] == "<a>"
    told["gap"].value = "(missing)"
    assert np.isnan(what.row["gap"].iloc[0])
    assert table.loc["r0", "x"] != told["x"].max


def test_cells_are_escaped(table, model):
    row = table.index[(table["word"] == "<a>").to_numpy()][0]
    what = WhatIf(model, table, table, row)
    html = what.hints()._repr_html_()
    assert "<a>" not in html


def test_a_run_draws_the_row_as_it_is(table, model, capsys):
    what = WhatIf(model, table, table)
    assert repr(what.picture()).startswith("<Picture")
    assert "the model then says" in repr(what.hints())
    assert repr(what).startswith("<WhatIf row r")
    what._ipython_display_()


def test_a_feature_the_model_does_not_look_at_is_refused(table, model):
    what = WhatIf(model, table, table)
    with pytest.raises(InputError, match="does not look at 'wrod'"):
        what.change("wrod", "b")


def test_no_row_to_look_at(table, model):
    with pytest.raises(InputError, match="no row to look at"):
        WhatIf(model, table.head(0), table)


@pytest.mark.parametrize("family", ["linear", "tree"])
def test_many_classes_and_numbers_have_a_row_too(table, family):
    many = table.assign(y=table["few"].map({0: "a", 1: "b", 2: "c"}).astype("str"))
    task = Problem("many_classes", "y", "log_loss", ("a", "b", "c"), ("x", "few"))
    what = WhatIf(fit(family, {}, many, task), many, many)
    assert what.says() in "abc"
    number = table.assign(y=2 * table["x"])
    task = Problem("number", "y", "rmse", numbers=("x", "gap"), categories=("word",))
    what = WhatIf(fit(family, {}, number, task), number, number)
    what.change("x", 1.5)
    what.widget()
    assert float(what.says()) > 0


def test_a_persons_words_are_kept_with_the_reason(model):
    review = Review(model.problem, 9, 1.0, 1.0, (), limits=("rows <b>like</b> these",))
    editor = LimitsEditor(review)
    assert editor.value == ""
    head, limit, nobody = repr(editor.picture("")).splitlines()
    assert (head[-1], limit[0]) == (":", "·")
    assert nobody.startswith("nobody has added")
    assert repr(editor.picture(" loans ")).splitlines() == [head, limit, "· loans"]
    assert "<b>" not in editor.picture("no <b>loans")._repr_html_()
    kept = []
    panel = editor.widget("", lambda value, why: kept.append((value, why)))
    parts = {type(one).__name__: one for one in walk(panel)}
    assert "<b>like" not in parts["HTML"].value
    parts["Textarea"].value = " to deny a loan "
    parts["Text"].value = "law"
    parts["Button"].click()
    assert kept == [("to deny a loan", "law")]
    other = Review(model.problem, 9, 1.0, 1.0, (), limits=())
    assert LimitsEditor(other).seen != editor.seen
    assert repr(LimitsEditor(other).picture("")).startswith("nobody has added")
