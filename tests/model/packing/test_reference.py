"""What a package remembers of the rows it was judged on, and what it does not."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlkit.core.schema import Schema
from mlkit.model.fitted import fit
from mlkit.model.packing.reference import (
    codes,
    decoded,
    levels,
    numbers,
    reference,
    tallied,
    worded,
)
from mlkit.model.problem import Problem

FLOATS = st.floats(allow_nan=True, allow_infinity=True, width=64)


@settings(deadline=None)
@given(arrays.arrays(np.float64, st.integers(0, 300), elements=FLOATS))
def test_every_row_of_a_number_is_counted_once(cells):
    form = numbers(cells)
    given_rows = np.isfinite(cells).sum()
    assert sum(form["counts"]) == given_rows
    assert json.loads(json.dumps(form, allow_nan=False)) == form
    if given_rows:
        places = codes(form, cells)
        assert (np.bincount(places[places >= 0]) <= np.max(form["counts"])).all()
        assert (places < 0).sum() == len(cells) - given_rows


def test_a_level_has_the_same_code_in_a_form_that_was_read():
    words = pd.Series(["g"] * 4 + ["(missing)"] * 3 + ["b"] * 2 + ["a"] * 2)
    form, cells = levels(words), np.array(["g", "b", "a", None, "z"], object)
    read = json.loads(json.dumps(form, sort_keys=True))
    assert list(read["levels"]) != list(form["levels"])
    for one in (form, read):
        assert codes(one, cells).tolist() == [0, 3, 2, 1, 4]
        assert tallied(one) == [4, 3, 2, 2, 0]


def test_rows_are_kept_by_their_bins_and_no_sensitive_column_among_them(make):
    table = make("two_classes", 400)
    model = fit("linear", {}, table, Problem.of(table))
    form = reference(model, table, 0.5)
    kept = decoded(form["sample"])
    assert len(kept) == 400
    assert set(kept) == {"age", "pay", "town", "flat"}
    pay = table["pay"].to_numpy()
    assert (kept["pay"].to_numpy() == -1).sum() == np.isnan(pay).sum()
    assert (kept["age"].to_numpy() == codes(form["columns"]["age"], table["age"])).all()
    assert form["truth"]["scale"] > 0


def test_of_texts_no_word_is_kept():
    told = ["the secretword was late", "the train was early", None] * 20
    rows = pd.DataFrame({"told": pd.array(told, "str"), "y": ["a", "b", "a"] * 20})
    problem = Problem("two_classes", "y", "roc_auc", ("a", "b"), texts=("told",))
    model = fit("linear", {}, rows, problem)
    form = reference(model, rows, 0.5)
    assert "secretword" not in json.dumps(form)
    assert form["sample"] == {}
    text = form["columns"]["told"]
    lengths, shares = worded(["the train was blue", None, ""], text["common"])
    assert lengths[0] == 4
    assert shares[0] == 0.75
    assert np.isnan(lengths[1])
    assert shares[2] == 0


def test_rows_are_drawn_by_what_they_count(make):
    table = make("two_classes", 400)
    table["times"] = np.where(table["town"] == "Ghent", 3.0, 0.0)
    Schema.of(table).change("times", roles=("weight",)).attach(table)
    model = fit("linear", {}, table, Problem.of(table))
    form = reference(model, table, 0.5)
    heavy = table[table["town"] == "Ghent"]
    assert form["columns"]["town"]["levels"] == {"Ghent": len(heavy)}
    assert form["rows"] == len(heavy)
    assert form["columns"]["age"] == numbers(heavy["age"].to_numpy())
    table["times"] = np.where(table["town"] == "Ghent", 3.0, 1.0)
    some = reference(model, table, 0.5)
    share = some["columns"]["town"]["levels"]["Ghent"] / some["rows"]
    assert share == pytest.approx(3 * len(heavy) / table["times"].sum(), abs=0.04)
    assert len(heavy) < some["rows"] < len(table)
