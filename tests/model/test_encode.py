from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.model.encode import Encoder, Encoding, numbers

TABLE = pd.DataFrame(
    {
        "age": [1.0, np.nan, 3.0, 8.0],
        "none": [np.nan] * 4,
        "same": [5.0] * 4,
        "half": [5.0, np.nan, 5.0, np.nan],
        "town": ["a", "b", "a", "c"],
        "land": ["x"] * 4,
    }
)
NUMBERS, WORDS = ["age", "none", "same", "half"], ["town", "land"]


def fit(**how):
    return Encoder.fit(TABLE, NUMBERS, WORDS, Encoding(rare=1, **how))


def test_columns_that_say_nothing_go():
    assert fit().columns == [
        "age",
        "half",
        "age is missing",
        "half is missing",
        "town = a",
        "town = b",
        "town = c",
    ]


def test_gaps_are_filled_with_the_median_and_flagged():
    matrix = fit().transform(TABLE)
    assert matrix.dtype == np.float32
    assert matrix[1].tolist() == [3.0, 5.0, 1.0, 1.0, 0.0, 1.0, 0.0]


def test_gaps_stay_where_the_family_can_take_them():
    encoder = fit(fill=False)
    assert np.isnan(encoder.transform(TABLE)[1, 0])
    assert encoder.flags == []


def test_unseen_and_missing_words_are_all_zero():
    odd = TABLE.assign(town=["zzz", None, "(missing)", ""])
    assert not fit().transform(odd)[:, 4:].any()


def test_what_is_not_finite_counts_as_missing():
    odd = TABLE.assign(age=[np.inf, -np.inf, 1e300, np.nan])
    assert np.isnan(numbers(odd, ["age"])).all()
    assert fit().transform(odd)[:, 2].all()


def test_scaled_numbers_are_centred_and_capped():
    encoder = fit(scale=True)
    assert abs(encoder.transform(TABLE)[:, 0].mean()) < 1e-6
    assert encoder.transform(TABLE.assign(age=1e30))[:, 0].tolist() == [10.0] * 4


def test_rare_and_too_many_levels_get_no_column():
    words = pd.DataFrame({"w": ["a"] * 9 + ["b"] * 5 + ["c"] * 4 + ["d"]})
    assert Encoder.fit(words, [], ["w"], Encoding()).levels == {"w": ["a", "b", "c"]}
    two = Encoder.fit(words, [], ["w"], Encoding(levels=2))
    assert two.levels == {"w": ["a", "b"]}


def test_nothing_to_learn_from_is_one_column_of_zeros():
    encoder = Encoder.fit(TABLE, ["same", "none"], ["land"], Encoding())
    assert encoder.transform(TABLE).tolist() == [[0.0]] * 4


def test_a_missing_column_is_told_with_a_hint():
    with pytest.raises(InputError, match="did you mean 'agee'"):
        fit().transform(TABLE.rename(columns={"age": "agee"}))


def test_a_columns_places_hold_all_that_comes_of_it():
    encoder = fit()
    found = {name: encoder.places(name) for name in NUMBERS + WORDS}
    assert found == {
        "age": [0, 2],
        "none": [],
        "same": [],
        "half": [1, 3],
        "town": [4, 5, 6],
        "land": [],
    }
    matrix = encoder.transform(TABLE)
    moved = encoder.transform(TABLE.assign(town=TABLE["town"].array[::-1]))
    np.testing.assert_array_equal(moved[:, [0, 1, 2, 3]], matrix[:, [0, 1, 2, 3]])
    np.testing.assert_array_equal(moved[:, [4, 5, 6]], matrix[::-1, [4, 5, 6]])
