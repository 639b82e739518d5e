from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.schema import Column, Schema
from mlkit.model.judging.group_bars import of_parts
from mlkit.model.problem import Problem
from mlkit.model.slicing.parts import inside, measured
from mlkit.model.slicing.search import Weak, Weakest
from mlkit.model.slicing.slices import FEWEST, gap, groups, slices, worst

CELL = st.one_of(st.none(), st.integers(0, 3), st.floats(-1e6, 1e6))


@given(st.lists(CELL, min_size=1, max_size=60))
@settings(deadline=None)
def test_groups_of_numbers_are_all_rows_once(cells):
    table = pd.DataFrame({"age": np.array(cells, dtype=float)})
    found = list(groups(table, "age"))
    assert (np.sum([rows for _, rows in found], axis=0) == 1).all()
    assert all(rows.any() for _, rows in found)
    assert len({name for name, _ in found}) <= 7


def test_a_column_of_no_and_yes_as_numbers_has_two_groups():
    table = pd.DataFrame({"senior": [0.0] * 90 + [1.0] * 10 + [np.nan] * 3})
    found = {name: int(rows.sum()) for name, rows in groups(table, "senior")}
    assert found == {"0": 90, "1": 10, "(missing)": 3}


def test_many_numbers_are_told_by_quarters():
    table = pd.DataFrame({"age": np.arange(100.0)})
    sizes = [int(rows.sum()) for _, rows in groups(table, "age")]
    assert sizes == [25, 25, 25, 25]


LONG = "Technical and further education, certificate level "


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        ([LONG + "I", LONG + "IV", "none"], [LONG + "I", LONG + "IV", "none"]),
        ([LONG + "I", "none", "none"], [LONG[:39] + "…", "none", "none"]),
        (["a b", "a  b", "a b (2)"], ["a b (3)", "a b", "a b (2)"]),
        (["", " ", "(missing)"], ["(missing)", "(missing) (2)", "(missing) (3)"]),
        ([1000001, 1000002, 5], ["1000001", "1000002", "5"]),
        ([1.5, 1.50000001, np.nan], ["1.50000000", "1.50000001", "(missing)"]),
        ([1e6 + 1, 2.5, 2.5], ["1e+06", "2.5", "2.5"]),
        (
            [1e9 + k for k in range(8)],
            ["1000000000 to 1000000001"] * 2
            + ["1000000002 to 1000000003"] * 2
            + ["1000000004 to 1000000005"] * 2
            + ["1000000006 to 1000000007"] * 2,
        ),
    ],
)
def test_groups_that_would_print_alike_have_names_of_their_own(cells, names):
    table = pd.DataFrame({"one": cells})
    if table["one"].dtype == object:
        table["one"] = table["one"].astype("str")
    found = list(groups(table, "one"))
    assert len({name for name, _ in found}) == len(found)
    told = dict(found)
    for at, name in enumerate(names):
        assert told[name][at]
    for name, rows in found:
        assert (inside(table, f"one = {name}") == rows).all()


def test_a_longer_name_finds_its_rows_where_the_other_group_is_not():
    table = pd.DataFrame({"one": [LONG + "IV", "none"], "zip": [1000002.0, 5.0]})
    assert inside(table, f"one = {LONG}IV").tolist() == [True, False]
    assert inside(table, f"one = {LONG}I") is None
    assert inside(table, "zip = 1000002").tolist() == [True, False]
    assert inside(table, "zip = 1000001") is None


def test_each_group_is_measured_and_the_worst_is_found():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"sex": ["f"] * 100 + ["m"] * 100 + ["x"] * 5})
    table = Schema((Column("sex", "category", ("sensitive",)),)).attach(table)
    said = np.zeros(205)
    truth = np.concatenate([rng.normal(0, 1, 100), rng.normal(0, 3, 105)])
    problem = Problem("number", "y", "rmse")
    found = slices(problem, table, truth, said)
    assert [one.rows for one in found] == [100, 100, 5]
    assert found[2].rows < FEWEST
    assert not found[2].measured.metrics
    one, value = worst(found, "rmse", greater=False)
    assert one.group == "m"
    assert 2.5 < value < 3.5
    column, apart = gap(found, "rmse")
    assert column == "sex"
    assert 1.5 < apart < 2.5


def test_a_weak_part_that_other_rows_lack_is_told_as_not_assessed():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"site": ["a", "b"] * 50})
    table = Schema((Column("site", "category"),)).attach(table)
    problem = Problem("number", "y", "rmse")
    truth, bar = rng.normal(size=100), {"worst_slice": 2.0}

    def judged(*where):
        weak = [Weak(name, 40, 0.5, 0.1, 0.4, 0.2, 0.6, 0.001) for name in where]
        weakest = Weakest(problem, 100, 5, tuple(weak))
        told = measured(problem, table, truth, np.zeros(100), 0.5, weakest, {})
        return told, of_parts(problem, told, bar)

    (gone,), (alone,) = judged("site = c")
    assert (gone.group, gone.rows, gone.measured.metrics) == ("site = c", 0, {})
    assert (alone.state, alone.blocks) == ("not_assessed", True)
    assert "no part has 30 hold-out rows" in alone.got
    _, (worst, small) = judged("site = c", "site = a")
    assert (worst.state, small.state) == ("passed", "not_assessed")
    assert "site = c" in small.got
