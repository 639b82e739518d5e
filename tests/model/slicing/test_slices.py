from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.schema import Column, Schema
from mlkit.model.problem import Problem
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
