from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core import rows
from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import Cleaning, clean
from mlkit.data.cleaning.flags import by_chance
from mlkit.data.collect import collect
from mlkit.data.reading import hints


def table_of(**columns):
    frame = pd.DataFrame(columns)
    for name in frame:
        if frame[name].dtype == object:
            frame[name] = frame[name].astype("str")
    frame.index = pd.Index(
        [f"r{i}" for i in range(len(frame))], dtype="str", name="row"
    )
    return frame


def messy():
    frame = table_of(
        charge=[" 1,200", "900 ", "?", "35.5", "", "7"],
        colour=["red", "Red", "blue", "N/A", "blue ", "red"],
        born=[
            "31/01/2020",
            "02/03/2021",
            "05/06/2019",
            "-",
            "01/02/2020",
            "09/09/2020",
        ],
        when=pd.to_datetime(
            ["2026-01-01", None, "2026-02-01", "2026-03-01"] + [None] * 2
        ),
        empty=pd.Series([None] * 6, dtype="str"),
        same=["x"] * 6,
        gap=[1.0, 2.0, -999.0, 3.0, -999.0, 4.0],
        remark=["a b", " c d ", None, "e", "f", "g"],
        code=["007", "012", "007", "100", "0", "1"],
        who=["A1", "A2", "A3", "A4", "A5", "A6"],
        t=["yes", "no", "?", "yes", "no", "yes"],
    )
    types = {"gap": "number", "remark": "text", "who": "id", "when": "date"}
    columns = [
        Column(name, types.get(name, "category"), ("target",) if name == "t" else ())
        for name in frame
    ]
    return Schema(tuple(columns)).attach(frame)


def test_every_proposal():
    cleaned = clean(messy())
    told = {op["name"]: op for op in cleaned.cleaning.told}
    assert list(told) == [
        "trim charge",
        "missing charge",
        "number charge",
        "trim colour",
        "missing colour",
        "recode colour",
        "missing born",
        "date born",
        "drop empty",
        "drop same",
        "missing gap",
        "trim remark",
        "missing t",
    ]
    assert told["number charge"]["thousands"] == ","
    assert told["date born"]["format"] == "%d/%m/%Y"
    assert cleaned.cleaning.touched["recode colour"] == 1
    table = cleaned.table
    np.testing.assert_array_equal(table["charge"], [1200, 900, np.nan, 35.5, np.nan, 7])
    gone = rows.MISSING
    assert table["colour"].tolist() == ["red", "red", "blue", gone, "blue", "red"]
    assert table["remark"].tolist() == ["a b", "c d", "", "e", "f", "g"]
    assert table["gap"].isna().sum() == 2
    assert table["code"].tolist() == messy()["code"].tolist()
    assert table["born_year"].tolist()[:2] == [2020.0, 2021.0]
    assert table["dropped"].tolist() == ["", "", "missing target", "", "", ""]
    assert cleaned.dropped == {"missing target": 1}


def test_the_contract_of_a_cleaned_table():
    schema = Schema.of(clean(messy()).table)
    table = clean(messy()).table
    for name in schema.features:
        kind = schema[name].type
        if kind == "number":
            assert table[name].dtype == np.float64
        else:
            assert kind in ("category", "text")
            assert str(table[name].dtype) == "str"
            assert table[name].notna().all()
    assert schema["born"].roles == ("ignored",)
    assert schema.with_role("flag") == ["dropped"]
    assert schema["t"].categories == ("no", "yes")
    assert "who" in schema
    assert "who" not in schema.features


def test_replaying_gives_the_same_bits():
    raw = messy()
    cleaned = clean(raw)
    replayed = cleaned.cleaning.apply(raw)
    pd.testing.assert_frame_equal(replayed, cleaned.table.drop(columns="dropped"))
    again = Cleaning.from_dict(json.loads(json.dumps(cleaned.cleaning.to_dict())))
    assert again == cleaned.cleaning
    one_by_one = pd.concat([again.apply(raw.iloc[[i]]) for i in range(len(raw))])
    pd.testing.assert_frame_equal(one_by_one, replayed)


def test_the_target_may_be_absent():
    raw = messy()
    replayed = clean(raw).cleaning.apply(raw.drop(columns="t"))
    assert "t" not in replayed
    pd.testing.assert_frame_equal(
        replayed, clean(raw).cleaning.apply(raw).drop(columns="t")
    )


def test_absent_features_are_missing():
    replayed = clean(messy()).cleaning.apply(table_of(charge=["3"]))
    assert replayed["charge"].tolist() == [3.0]
    assert replayed["colour"].tolist() == [rows.MISSING]
    assert replayed["remark"].tolist() == [""]
    assert np.isnan(replayed["born_year"].iloc[0])


def test_operations_may_be_refused():
    cleaned = clean(messy(), refuse=["missing colour", "number charge", "drop same"])
    names = [op["name"] for op in cleaned.cleaning.told]
    assert not {"missing colour", "number charge", "drop same"}.intersection(names)
    assert Schema.of(cleaned.table)["charge"].type == "category"
    assert "N/A" in cleaned.table["colour"].tolist()
    assert set(cleaned.table["same"]) == {"x"}
    assert "not done, as decided" in " ".join(cleaned.notes)


def test_cleaning_twice_changes_nothing_more():
    first = clean(messy())
    features = first.table.drop(columns=["dropped", "when", "born"])
    second = clean(first.cleaning.outputs.attach(features))
    assert [op["op"] for op in second.cleaning.told if op["op"] != "missing"] == []


def test_rows_entered_twice_are_flagged():
    rng = np.random.default_rng(0)
    frame = table_of(a=rng.normal(size=50), b=rng.normal(size=50), t=["u", "v"] * 25)
    twice = pd.concat([frame, frame.iloc[:3]])
    twice.index = pd.Index([f"r{i}" for i in range(53)], dtype="str", name="row")
    cleaned = clean(twice)
    assert cleaned.dropped == {"duplicate": 3}
    assert cleaned.table["dropped"].iloc[50] == "duplicate of row r0"
    assert clean(twice, refuse=["duplicates"]).dropped == {}


def test_rows_that_chance_makes_equal_stay():
    rng = np.random.default_rng(0)
    frame = table_of(a=rng.choice(["x", "y"], 60), b=rng.choice(["u", "v"], 60))
    cleaned = clean(frame)
    assert cleaned.dropped == {}
    assert "as chance has it" in cleaned.notes[0]
    assert by_chance(frame.drop_duplicates(), 60) > 100


def test_flags_from_before_are_kept():
    frame = messy()
    schema = Schema.of(frame).put(Column("dropped", "category", ("flag",)))
    frame["dropped"] = ["", "breaks a rule", "", "", "", ""]
    cleaned = clean(schema.attach(frame))
    assert cleaned.dropped == {"breaks a rule": 1, "missing target": 1}
    assert list(cleaned.table).count("dropped") == 1


def test_a_column_may_be_called_as_the_flag_is():
    cleaned = clean(table_of(dropped=["a", "b", "a"], x=[1.0, 2.0, 3.0]))
    assert Schema.of(cleaned.table).with_role("flag") == ["dropped_"]
    assert cleaned.table["dropped"].tolist() == ["a", "b", "a"]
    assert cleaned.table["dropped_"].tolist() == ["", "", ""]


def test_true_and_false_are_those_of_json():
    raw = table_of(old=["true", "FALSE", "true", None])
    raw = Schema((Column("old", "category"),)).attach(raw)
    cleaning = clean(raw).cleaning
    expected = ["True", "False", "True", rows.MISSING]
    assert cleaning.apply(raw)["old"].tolist() == expected
    request = rows.apply(cleaning.operations, {"old": [True, False, "true", ""]})
    assert request["old"].tolist() == expected


def test_words_that_were_said_to_be_missing_are_so_in_a_request():
    columns = (
        Column("x", "number", missing=("", "-1")),
        Column("w", "category", missing=("", "none")),
    )
    raw = table_of(x=[1.0, np.nan, 3.0], w=["a", "b", None])
    cleaning = clean(Schema(columns).attach(raw)).cleaning
    for one in (-1, -1.0, "-1", "", None):
        made = rows.apply(cleaning.operations, {"x": [one], "w": ["none"]})
        assert np.isnan(made["x"]).all()
        assert made["w"].tolist() == [rows.MISSING]
    alone = rows.apply(cleaning.operations, {"x": np.array([-1, 2])})["x"]
    np.testing.assert_array_equal(alone, [np.nan, 2.0])
    assert cleaning.told == []


def test_a_part_of_a_date_that_meets_a_column():
    frame = table_of(d=pd.to_datetime(["2020-01-01", "2021-01-01"]), d_year=[1.0, 2.0])
    with pytest.raises(InputError, match="d_year"):
        clean(frame)


def test_infinite_values_are_missing():
    cleaned = clean(table_of(x=[1.0, np.inf, 3.0]))
    assert cleaned.cleaning.touched == {"number x": 1}
    assert cleaned.table["x"].isna().tolist() == [False, True, False]


def test_a_target_of_amounts_is_read_and_classes_are_not():
    frame = table_of(x=np.arange(60.0), t=[f"{i * 1.5}" for i in range(59)] + ["?"])
    amounts = Schema((Column("x"), Column("t", "text", ("target",))))
    assert Schema.of(clean(amounts.attach(frame)).table)["t"].type == "number"
    frame["t"] = [str(i % 3) for i in range(59)] + ["?"]
    classes = Schema((Column("x"), Column("t", "category", ("target",), ("0", "?"))))
    assert Schema.of(clean(classes.attach(frame)).table)["t"].categories == (
        "0",
        "1",
        "2",
    )


def test_zones_are_cleaned_in_utc():
    moments = pd.to_datetime(["2026-01-01T23:30:00Z", "2026-02-02T01:00:00Z"])
    table = clean(table_of(d=moments.as_unit("us"))).table
    assert table["d_hour"].tolist() == [23.0, 1.0]
    assert str(table["d"].dtype) == "datetime64[us]"


@pytest.mark.parametrize(
    ("words", "target", "expected"),
    [
        (["?", "1", "2"], False, ["?"]),
        (["-", "+"], True, []),
        (["-", "+"], False, []),
        (["-", "1", "2"], False, ["-"]),
        (["none", "garage"], False, []),
        (["NaN", "null", "red"], False, ["NaN", "null"]),
        (["NA", "US", "ZA"], False, []),
        (["NA", "north"], False, ["NA"]),
        (["?"], False, []),
    ],
)
def test_words_that_hide_a_gap(words, target, expected):
    assert hints.hidden(words, target=target) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["1", "2.5"], {}),
        (["1,000", "2"], {"thousands": ","}),
        (["1.000,5", "2"], {"decimal": ",", "thousands": "."}),
        (["0,5", "12,25"], {"decimal": ",", "thousands": "."}),
        (["1 000", "20"], {"thousands": " "}),
        (["45%", "5 %"], {"strip": "%"}),
        (["007", "12"], None),
        (["9007199254740993", "1"], None),
        (["a", "1"], None),
        ([], None),
    ],
)
def test_marks_of_numbers(words, expected):
    assert hints.marks(words) == expected


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["02/01/2026", "03/02/2026"], 2),
        (["02/01/2026", "31/02/2026"], 0),
        (["02/13/2026"], 1),
        (["2026/01/02 03:04"], 1),
        (["3 Jan 2026", "14 Feb 2026"], 1),
        (["soon"], 0),
        (["123456"], 0),
    ],
)
def test_formats_of_dates(words, count):
    assert len(hints.date_formats(words)) == count


def test_ambiguous_dates_are_left_alone():
    cleaned = clean(table_of(d=["02/01/2026", "03/04/2026", "05/06/2026"]))
    assert not cleaned.cleaning.told
    assert Schema.of(cleaned.table)["d"].type != "date"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([-999.0, 1, 2, 3, -999.0], [-999.0]),
        ([-999.0, 1, 2, 3], []),
        ([-1.0, 1, 2, 3, -1.0], []),
        ([999.0, 1, 2, 3, 999.0], [999.0]),
        ([999.0, 900, 950, 980, 999.0], []),
        ([-999.0, -5, 1, 2, -999.0], []),
    ],
)
def test_numbers_that_stand_for_a_gap(values, expected):
    assert hints.sentinels(pd.Series(values)) == expected


cells = st.one_of(
    st.none(),
    st.sampled_from(
        ["", " ", "?", "NA", "-", "007", "1,000", " 5", "Yes", "yes", "2.50"]
    ),
    st.integers(-999, 10**6).map(str),
    st.dates().map(lambda d: d.strftime("%d/%m/%Y")),
    st.text(alphabet="aAbB 1", max_size=4),
)


@settings(max_examples=120, deadline=None)
@given(st.lists(cells, min_size=2, max_size=12))
def test_replay_agrees_for_tables_json_and_arrays(values):
    raw = table_of(x=pd.Series(values, dtype="str"), y=np.arange(float(len(values))))
    cleaned = clean(raw)
    operations = cleaned.cleaning.operations
    listed = [None if pd.isna(v) else v for v in raw["x"]]
    sent = json.loads(json.dumps({"x": listed, "y": raw["y"].tolist()}))
    arrays = {"x": np.array(listed, dtype=object), "y": raw["y"].to_numpy()}
    for origin in (sent, arrays):
        made = rows.apply(operations, origin)
        for name in set(made) & set(cleaned.table):
            values = cleaned.table[name]
            if made[name].dtype == object:
                known = [None if pd.isna(v) else v for v in values]
                assert made[name].tolist() == known
            else:
                assert made[name].tobytes() == values.to_numpy().tobytes()
    pd.testing.assert_frame_equal(
        cleaned.cleaning.apply(raw), cleaned.table.drop(columns="dropped")
    )


def test_the_views_are_escaped_and_drawn():
    raw = messy().rename(columns={"charge": "<charge>"})
    cleaned = clean(Schema.of(raw).attach(raw))
    html = cleaned._repr_html_() + cleaned.cleaning._repr_html_()
    assert "&lt;charge&gt;" in html
    assert "<charge>" not in html
    for picture in (
        cleaned.plot(),
        cleaned.cleaning.plot(),
        clean(table_of(a=["x", "y"])).plot(),
    ):
        assert picture._repr_png_()[0].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "target", "operations", "dropped"),
    [
        ("auto_imports", "c26", 11, {}),
        ("horse-colic", "c23", 41, {"missing target": 1}),
        ("ionosphere", "c35", 1, {"duplicate": 1}),
        ("telco_churn", "Churn", 3, {}),
        ("titanic", "Survived", 0, {}),
        ("winequality-white", "c12", 0, {"duplicate": 937}),
    ],
)
def test_real_tables(real, name, target, operations, dropped):
    raw = collect(real(name), target=target).table
    cleaned = clean(raw)
    assert len(cleaned.cleaning.told) == operations
    assert cleaned.dropped == dropped
    pd.testing.assert_frame_equal(
        cleaned.cleaning.apply(raw), cleaned.table.drop(columns="dropped")
    )
