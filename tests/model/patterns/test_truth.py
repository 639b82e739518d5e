"""What people say of rows is found, is no feature, and may be known of a few only."""

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Schema
from mlkit.model.patterns.truth import (
    column_of,
    flags,
    names_kinds,
    unlearnt,
    untold,
    word_of,
)


def test_the_truth_may_be_known_of_a_few_rows_only(spotted):
    rows = spotted(odd=5)
    rows.loc[rows.index[::2], "kind"] = None
    column = column_of(rows)
    word = word_of(rows, column)
    known = flags(rows, column, word)
    assert (column, word) == ("kind", "fraud")
    assert np.isnan(known[::2]).all()
    assert set(known[1::2]) == {0.0, 1.0}
    assert flags(rows, "w", "x").sum() == (rows["w"] == "x").sum()


def test_where_nobody_tells_there_is_no_column_and_no_word(spotted):
    rows = spotted(told_rows=False)
    assert column_of(rows) == word_of(rows, "") == ""
    assert flags(rows, "", "") is None
    assert word_of(rows.assign(w="x"), "w") == ""


def test_whole_numbers_are_words_without_a_point():
    rows = pd.DataFrame({"bad": [0.0, 0.0, 1.0, np.nan]})
    assert word_of(rows, "bad", "1") == "1"
    assert flags(rows, "bad", "1").tolist()[:3] == [0, 0, 1]


def test_a_number_of_many_values_names_no_kinds_unless_one_value_is_told():
    prices = pd.DataFrame({"price": np.arange(60) / 7})
    assert not names_kinds(prices["price"])
    with pytest.raises(InputError, match="'price' is a number of many values") as said:
        word_of(prices, "price")
    assert "60 different numbers" in str(said.value)
    assert word_of(prices, "price", "0") == "0"
    for few in (
        prices["price"].round(),
        prices["price"].astype(str).astype("category"),
    ):
        assert names_kinds(few)


def test_an_unknown_column_or_word_is_told(spotted):
    with pytest.raises(InputError, match="no row of 'w' is 'z'"):
        word_of(spotted(), "w", "z")
    with pytest.raises(InputError, match="no column 'kid'"):
        column_of(spotted(), "kid")


def test_a_truth_is_no_feature_whatever_its_role_and_what_was_learnt_is_refused(
    spotted,
):
    rows = spotted(told_rows=False)
    assert untold(rows, "anomaly", "w").features == ("a", "b", "c")
    assert "w" in Schema.of(rows).features
    whole = untold(rows, "anomaly", "")
    with pytest.raises(InputError, match="learnt from 'w'"):
        unlearnt(whole, "w", "anomaly")
    unlearnt(untold(rows, "anomaly", "w"), "w", "anomaly")


def test_a_truth_of_the_name_of_what_comes_out_is_not_mistaken_for_it(spotted):
    rows = spotted().rename(columns={"kind": "anomaly"})
    assert untold(rows, "anomaly", "anomaly").target == "anomaly_"
