"""Further tables below the first: types as there, ids unmoved, nothing taken twice."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
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


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("zone", ["", "Z"])
def test_a_value_that_is_written_otherwise_is_the_same_value(folder, ending, zone):
    days = pd.date_range("2024-01-02", periods=40).strftime("%Y-%m-%d")
    size, sold = np.arange(40) * 3 + 1, ["yes", "no"] * 20
    first = {"day": days, "size": size, "sold": sold}
    if zone:
        first["day"] = days + "T00:00:00Z"
    pd.DataFrame(first).to_csv(folder / "a.csv", index=False)
    alone = collect(folder / "a.csv", target="sold").table
    moments = days + (" 02:00:00+02:00" if zone else " 00:00:00")
    below = pd.DataFrame({"day": moments, "size": size * 1.0, "sold": sold})
    below.loc[0, "day"] = "2031-01-01" + moments[0][10:]
    two = folder / f"written.{ending}"
    below.to_csv(two, index=False) if ending == "csv" else below.to_parquet(two)
    found = collect(folder / "a.csv", more=[two], target="sold")
    assert len(found.table) == 41
    assert "39 rows were there already" in found.receipt.notes
    assert list(found.table.index[:40]) == list(alone.index)
    assert found.table.index.is_unique


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
    first = pd.DataFrame({"key": keys, "x": range(9, 39), "y": ["a", "b"] * 15})
    first.to_csv(one, index=False)
    more = pd.DataFrame(
        {"key": ["C-3", "C-99", None, None], "x": [77, 78, 79, 80], "y": list("abab")}
    )
    more.to_csv(two, index=False)
    found = collect(one, more=[two], id_column="key", target="y").table
    assert list(found.index[:31]) == [*keys, "C-99"]
    assert len(found) == 33
    assert found.loc["C-3", "x"] == 12
    assert found.index.is_unique


def test_a_whole_number_that_names_a_row_names_it_with_a_point_too(folder):
    first = pd.DataFrame({"no": range(1, 21), "sold": ["yes", "no"] * 10})
    first.to_csv(folder / "a.csv", index=False)
    below = pd.DataFrame({"no": [19.0, 20.0, 21.0, None], "sold": "yes"})
    below.to_csv(folder / "b.csv", index=False)
    found = collect(folder / "a.csv", more=[folder / "b.csv"], target="sold").table
    assert list(found.index[:21]) == [str(no) for no in range(1, 22)]
    assert len(found) == 22
    codes = first.assign(no=[f"{no:03}.0" for no in range(1, 21)])
    codes.to_csv(folder / "c.csv", index=False)
    told = {"target": "sold", "id_column": "no", "more": [folder / "c.csv"]}
    assert len(collect(folder / "a.csv", **told).table) == 40


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
    assert below["n"].fillna(-1).tolist() == [7, 7.5, -1]
    assert below["x"].fillna(-1).tolist() == [0.25, -1, 1000]
    assert below["day"].isna().tolist() == [False, True, True]
    assert Schema.of(found.table)["day"].type == "date"
    notes = found.receipt.notes
    assert any("note of" in note for note in notes)
    read = f"1 cell of {two} cannot be read as a"
    assert f"n: {read} number: missing there" in notes
    assert f"day: {read} date: missing there" in notes
    assert not any(note.startswith("x:") for note in notes)


def saved(columns, path):
    table = pd.DataFrame(columns)
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    return path


def test_ten_customers_who_ask_again_make_no_feature_of_their_address(folder):
    count = 60
    first = {
        "customer": [f"K{n:05d}" for n in range(count)],
        "email": [f"u{n}@x.ch" for n in range(count)],
        "number": range(100, 100 + count),
        "serial": range(1, 1 + count),
        "visits": [n % 7 for n in range(count)],
        "left": ["yes", "no"] * (count // 2),
    }
    again = pd.DataFrame(first).head(10)
    again["customer"] = [f"Z{n:05d}" for n in range(10)]
    again["visits"] += 0.5
    for ending in (".csv", ".parquet"):
        one = saved(first, folder / f"first{ending}")
        two = saved(again, folder / f"again{ending}")
        alone = collect(one, target="left").table
        both = collect(one, more=[two], target="left").table
        assert told(both) == told(alone)
        assert Schema.of(both)["email"].type == Schema.of(both)["serial"].type == "id"
        assert both["visits"][count:].tolist() == again["visits"].tolist()
        assert both["email"][count:].tolist() == again["email"].tolist()


def test_words_among_the_numbers_of_a_further_table_change_no_type(folder):
    days = pd.date_range("2026-01-01", periods=40).strftime("%Y-%m-%d")
    first = {"x": [n / 4 for n in range(40)], "day": days, "y": ["a", "b"] * 20}
    one = saved(first, folder / "first.csv")
    odd = {"x": ["?", "7"], "day": ["2026-05-01T10:00Z", "soon"], "y": ["a", "c"]}
    two = saved(odd, folder / "odd.csv")
    found = collect(one, more=[two], target="y")
    assert told(found.table) == told(collect(one, target="y").table)
    assert found.table["x"][40:].fillna(-1).tolist() == [-1, 7]
    assert found.table["day"].iloc[40] == pd.Timestamp("2026-05-01T10:00")
    assert Schema.of(found.table)["y"].categories == ("a", "b", "c")
    read = f"1 cell of {two} cannot be read as a"
    lost = {f"x: {read} number: missing there", f"day: {read} date: missing there"}
    assert lost <= set(found.receipt.notes)
    chosen = found.with_columns({"types": {"x": "category"}}).table
    assert chosen["x"][40:].tolist() == ["?", "7"]


def test_a_file_with_decimal_commas_takes_numbers_below(folder):
    text = "x;y\n" + "".join(f"{n},125;{'ab'[n % 2]}\n" for n in range(20))
    (folder / "comma.csv").write_text(text)
    asked = {"x": [1.125, 1e-7, None], "y": ["a", "b", "a"]}
    two = saved(asked, folder / "asked.parquet")
    (folder / "more.csv").write_text("x;y\n1.000,5;a\n3;b\nfew;a\n")
    for more, wanted in ((two, [1.125, 1e-7]), (folder / "more.csv", [1000.5, 3])):
        found = collect(folder / "comma.csv", more=[more], target="y").table
        assert found["x"].iloc[0] == 0.125
        assert found["x"][20:].dropna().tolist() == wanted


def test_a_number_that_means_a_gap_means_it_below_too(folder):
    first = {"age": [20, -999, 40, 50], "y": list("abab")}
    one = saved(first, folder / "first.csv")
    two = saved({"age": [-999.0, 60.0], "y": ["a", "b"]}, folder / "asked.parquet")
    found = collect(one, more=[two, two], target="y", missing=["-999"])
    assert found.table["age"].fillna(-1).tolist() == [20, -1, 40, 50, -1, 60]
    assert not any("cannot be read" in note for note in found.receipt.notes)


@pytest.mark.parametrize("rows", [0, 1])
def test_where_the_first_table_says_nothing_all_rows_say_what_they_are(folder, rows):
    one = folder / "head.csv"
    one.write_text("x,y\n" + "1.5,a\n" * rows)
    two = saved({"x": [2.5, 3.5, 4.5], "y": ["a", "b", "a"]}, folder / "two.parquet")
    found = collect(one, more=[two], target="y", header=True).table
    assert Schema.of(found)["x"].type == "number"
    assert len(found) == 3 + rows


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_the_target_is_what_it_is_in_the_first_table(folder, ending):
    x = np.arange(40) / 4
    grades = saved({"x": x, "y": [0, 1] * 20}, folder / f"grades{ending}")
    more = {"x": [99.5, 98.5, 97.5], "y": ["1", "3.0", "more"]}
    two = saved(more, folder / "truth.parquet")
    found = collect(grades, more=[two], target="y").table
    assert found["y"][40:].tolist() == ["1", "3", "more"]
    assert Schema.of(found)["y"].categories == ("0", "1", "3", "more")
    amounts = saved({"x": x, "y": x * 3}, folder / f"amounts{ending}")
    found = collect(amounts, more=[two], target="y").table
    assert found["y"][40:].fillna(-1).tolist() == [1, 3, -1]
    assert Schema.of(found)["y"].type == "number"


def test_truth_that_came_in_since_may_be_all_there_is(folder):
    one = folder / "untold.csv"
    one.write_text("x,y\n" + "".join(f"{n}.5,\n" for n in range(20)))
    truth = saved({"x": [7.25, 8.25], "y": [1, 0]}, folder / "truth.parquet")
    found = collect(one, more=[truth], target="y").table
    assert found["y"][20:].tolist() == ["1", "0"]
    with pytest.raises(InputError, match="every cell of the target"):
        collect(one, target="y")


def test_true_and_false_are_the_same_words_in_every_table(folder):
    asked = saved({"on": [True, False], "y": ["a", "b"]}, folder / "asked.parquet")
    for ending in (".csv", ".parquet"):
        first = {"on": [True, False] * 10, "y": ["a", "b"] * 10}
        one = saved(first, folder / f"first{ending}")
        for types in ({}, {"on": "category"}):
            found = collect(one, more=[asked], target="y", types=types).table
            assert set(found["on"]) == {"True", "False"}


def test_words_below_ids_and_classes_that_are_no_words_are_kept(folder):
    first = {"id": range(1, 13), "on": [True, False] * 6, "y": ["a", "b"] * 6}
    one = saved(first, folder / "first.parquet")
    asked = {"id": ["Z1", "13"], "on": ["maybe", None], "y": ["a", "b"]}
    two = saved(asked, folder / "asked.parquet")
    found = collect(one, more=[two], target="y").table
    assert list(found.index[12:]) == found["id"][12:].tolist() == ["Z1", "13"]
    assert found["on"][12:].fillna("").tolist() == ["maybe", ""]
    assert told(found) == told(collect(one, target="y").table)


def test_exact_decimals_and_choices_take_other_numbers(folder):
    exact = pa.array([Decimal("1.25"), Decimal("2.50"), None])
    choice = pa.array(["u", "v", "u"]).dictionary_encode()
    first = {"x": exact, "z": choice, "y": ["a", "b", "a"]}
    pq.write_table(pa.table(first), folder / "first.parquet")
    two = saved({"x": [300], "z": [7], "y": ["a"]}, folder / "two.parquet")
    found = collect(folder / "first.parquet", more=[two], target="y").table
    assert (found["x"].iloc[3], found["z"].iloc[3]) == (300, "7")


def test_a_column_in_which_nothing_is_yet_takes_words(folder):
    empty = pa.table({"x": pa.nulls(4), "y": list("abab")})
    pq.write_table(empty, folder / "empty.parquet")
    two = saved({"x": ["u", "7"], "y": ["a", "b"]}, folder / "two.parquet")
    found = collect(folder / "empty.parquet", more=[two], target="y").table
    assert found["x"].dropna().tolist() == ["u", "7"]
    assert Schema.of(found)["x"].type == "category"


CELL = st.one_of(
    st.none(),
    st.integers(-5, 10**17).map(str),
    st.floats(-1e6, 1e6).map(str),
    st.dates(pd.Timestamp("2000-01-01").date()).map(str),
    st.sampled_from(["", "007", "1,5", "x", "True", "2026-02-30", "inf", "u1@x.ch"]),
)
COLUMN = st.one_of(
    st.lists(st.integers(0, 10**6).map(str), min_size=6, max_size=6),
    st.lists(st.floats(-9, 9).map(lambda x: f"{x:.2f}"), min_size=6, max_size=6),
    st.lists(st.sampled_from(["1,5", "2,25"]), min_size=6, max_size=6),
    st.just([f"2026-01-0{n}" for n in range(1, 7)]),
    st.just([f"u{n}@x.ch" for n in range(6)]),
    st.lists(CELL, min_size=6, max_size=6),
)


@settings(max_examples=60, deadline=None)
@given(COLUMN, st.lists(CELL, min_size=1, max_size=6))
def test_no_cell_of_a_further_table_changes_what_the_first_says(folder, cells, below):
    one = saved({"id": cells, "w": list("uvwxyz")}, folder / "any.csv")
    more = {"id": pd.array(below, "str"), "w": ["x"] * len(below)}
    two = saved(more, folder / "more.parquet")
    alone = collect(one, header=True).table
    both = collect(one, header=True, more=[two]).table
    assert told(both) == told(alone)
    first = both[: len(alone)]
    assert list(first.index) == list(alone.index)
    same = first["id"].astype(alone["id"].dtype)
    pd.testing.assert_series_equal(same, alone["id"])


def test_a_table_of_another_kind_is_refused(folder):
    one = written(distinct(5), folder / "a.csv")
    pd.DataFrame({"other": [1, 2]}).to_csv(folder / "z.csv", index=False)
    with pytest.raises(InputError, match="none of the columns"):
        collect(one, more=[folder / "z.csv"])
    with pytest.raises(InputError, match="no such file"):
        collect(one, more=[folder / "zz.csv"])
