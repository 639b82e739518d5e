"""Further tables below the first: types as there, ids unmoved, nothing taken twice."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import InputError
from mlkit.core.schema import Schema
from mlkit.data.collect import collect

ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.floats(-1e6, 1e6).map(lambda x: round(x, 3))),
        st.sampled_from(["red", "green", "7", "grün"]),
        st.sampled_from(["yes", "no"]),
    ),
    min_size=2,
    max_size=12,
)
NAMES = ["size", "colour", "sold"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("more")


def written(rows, path):
    table = pd.DataFrame(rows, columns=NAMES).astype({"size": "float64"})
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    return path


def told(table):
    return [(column.name, column.type, column.roles) for column in Schema.of(table)]


def whole(table):
    return table.astype("str").to_numpy().tolist()


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS, st.sampled_from([".csv", ".parquet"]))
def test_the_first_tables_rows_keep_their_ids_and_cells(folder, first, more, ending):
    first = [(1.5, "red", "yes"), *first]
    one = written(first, folder / f"first{ending}")
    two = written(more, folder / "more.parquet")
    alone = collect(one, target="sold", types={"size": "number", "colour": "category"})
    both = collect(
        one, more=[two], target="sold", types={"size": "number", "colour": "category"}
    )
    count = len(alone.table)
    assert list(both.table.index[:count]) == list(alone.table.index)
    assert both.table.index.is_unique
    assert whole(both.table[:count]) == whole(alone.table)
    assert told(both.table) == told(alone.table)
    again = collect(
        one,
        more=[two],
        target="sold",
        types={"size": "number", "colour": "category"},
    )
    assert again.table.equals(both.table)


def distinct(count, start=0):
    places = range(start, start + count)
    return [(n + 0.5, "red", "yes" if n % 3 else "no") for n in places]


def test_growth_of_a_further_table_moves_none_of_its_rows(folder):
    one = written(distinct(30), folder / "a.csv")
    some = written(distinct(10, 100), folder / "b.parquet")
    before = collect(one, more=[some], target="sold").table
    grown = written(distinct(25, 100), folder / "b.parquet")
    after = collect(one, more=[grown], target="sold").table
    assert list(after.index[: len(before)]) == list(before.index)
    assert len(after) == 55


def test_a_row_that_is_there_already_is_not_taken_again(folder):
    one = written(distinct(40), folder / "a.csv")
    two = written(distinct(60, 20), folder / "b.parquet")
    found = collect(one, more=[two], target="sold")
    assert len(found.table) == 80
    assert found.table["size"].is_unique
    assert "20 rows were there already" in found.receipt.notes
    assert len(collect(one, more=[two, two], target="sold").table) == 80
    other = [(size, colour, "perhaps") for size, colour, _ in distinct(3)]
    three = written(other, folder / "c.parquet")
    assert len(collect(one, more=[three], target="sold").table) == 43


def test_equal_rows_are_taken_where_rows_are_alike_anyway(folder):
    alike = [(1.0, "red", "yes"), (1.0, "green", "no")] * 20
    one = written(alike, folder / "a.csv")
    two = written(alike[:10], folder / "b.parquet")
    found = collect(one, more=[two], target="sold").table
    assert len(found) == 50
    assert found.index.is_unique


def test_rows_named_by_a_column_are_known_by_it(folder):
    one, two = folder / "ids.csv", folder / "more.csv"
    keys = [f"C-{n}" for n in range(30)]
    first = pd.DataFrame({"key": keys, "x": range(30), "y": ["a", "b"] * 15})
    first.to_csv(one, index=False)
    more = pd.DataFrame(
        {"key": ["C-3", "C-99", None, None], "x": [77, 78, 79, 80], "y": list("abab")}
    )
    more.to_csv(two, index=False)
    found = collect(one, more=[two], id_column="key", target="y").table
    assert list(found.index[:31]) == [*keys, "C-99"]
    assert len(found) == 33
    assert found.loc["C-3", "x"] == 3
    assert found.index.is_unique


def test_what_cannot_be_read_as_the_first_has_it_is_missing(folder):
    one, two = folder / "typed.parquet", folder / "odd.parquet"
    days = pd.date_range("2026-01-01", periods=6)
    first = {"n": np.arange(6), "x": np.arange(6) / 4, "day": days, "y": list("ababab")}
    pd.DataFrame(first).to_parquet(one)
    odd = {
        "y": ["a", "b", "a"],
        "n": ["7", "7.5", "seven"],
        "x": ["0.25", "", "1e3"],
        "day": ["2026-02-01", "x", None],
        "note": ["", "", "late"],
    }
    pd.DataFrame(odd).to_parquet(two)
    found = collect(one, more=[two], target="y")
    below = found.table[6:]
    assert below["n"].fillna(-1).tolist() == [7, -1, -1]
    assert below["x"].fillna(-1).tolist() == [0.25, -1, 1000]
    assert below["day"].isna().tolist() == [False, True, True]
    assert Schema.of(found.table)["day"].type == "date"
    assert any("note of" in note for note in found.receipt.notes)


def test_a_table_of_another_kind_is_refused(folder):
    one = written(distinct(5), folder / "a.csv")
    pd.DataFrame({"other": [1, 2]}).to_csv(folder / "z.csv", index=False)
    with pytest.raises(InputError, match="none of the columns"):
        collect(one, more=[folder / "z.csv"])
    with pytest.raises(InputError, match="no such file"):
        collect(one, more=[folder / "zz.csv"])
