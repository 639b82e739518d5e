from __future__ import annotations

import numpy as np
import pytest

from mlkit.core.errors import InputError
from mlkit.core.identity import table_identity
from mlkit.core.schema import Schema
from mlkit.data.clean import clean
from mlkit.data.profile import profile
from mlkit.data.split import split
from mlkit.data.synthesis.generate import KINDS, generate

ROLES = {
    "classes": {"target"},
    "groups": {"group", "target"},
    "moons": {"target"},
    "people": {"private", "sensitive", "target"},
    "regression": {"target"},
    "text": {"target"},
    "timed": {"time", "target"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_typed_and_the_same_by_its_seed(kind):
    one, again, other = (generate(kind, 120, seed=seed) for seed in (1, 1, 2))
    schema = Schema.of(one)
    assert one.shape[0] == 120
    assert schema.names == list(one.columns)
    assert {role for column in schema for role in column.roles} == ROLES[kind]
    assert table_identity(one) == table_identity(again) != table_identity(other)
    assert one.index.is_unique
    assert KINDS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_goes_through_the_wing(kind):
    table = generate(kind, 150, seed=4)
    assert profile(table).rows == 150
    parts = split(clean(table).table, table)
    assert len(parts.train) + len(parts.valid) + len(parts.test) == 150


def test_the_truth_is_in_the_rows():
    table = generate("regression", 4000, seed=2, coefficients=(1, -4), intercept=7)
    points = np.column_stack([np.ones(4000), table[["x1", "x2"]]])
    found, *_ = np.linalg.lstsq(points, table["y"], rcond=None)
    assert np.abs(found - [7, 1, -4]).max() < 0.1
    assert table.attrs["truth"]["coefficients"] == [1.0, -4.0]


def test_a_bias_is_in_the_rows():
    fair, biased = (generate("people", 8000, seed=2, bias=bias) for bias in (0, 1.5))
    rates = [
        t["repaid"].eq("yes").groupby(t["sex"]).mean().diff().iloc[-1]
        for t in (fair, biased)
    ]
    assert abs(rates[0]) < 0.05
    assert rates[1] > 0.15


def test_an_address_can_say_it():
    said = generate("regression", "80", seed="3", coefficients="3,-2", noise="0")
    meant = generate("regression", 80, seed=3, coefficients=(3.0, -2.0), noise=0.0)
    assert table_identity(said) == table_identity(meant)


@pytest.mark.parametrize(
    ("kind", "how", "told"),
    [
        ("moon", {}, "did you mean 'moons'"),
        ("classes", {"separaton": 1}, "did you mean 'separation'"),
        ("classes", {"features": "x"}, "a whole number"),
        ("classes", {"features": 1.5}, "a whole number"),
        ("classes", {"features": 1, "classes": 9}, "do not go together"),
        ("regression", {"coefficients": "3,a"}, "as in 3,-2,0.5"),
        ("people", {"gaps": "nan"}, "a number"),
        ("moons", {"noise": -1}, "do not go together"),
        ("groups", {"groups": 0}, "do not go together"),
        ("timed", {"rows": 3_000_000}, "after the year 9999"),
        ("timed", {"rows": 1}, "2 to 50,000,000 rows"),
        ("timed", {"seed": -1}, "a seed is 0 or more"),
        ("timed", {"rows": "many"}, "a whole number"),
    ],
)
def test_what_cannot_be_is_one_clear_error(kind, how, told):
    with pytest.raises(InputError) as caught:
        generate(kind, **how)
    assert told in str(caught.value)
