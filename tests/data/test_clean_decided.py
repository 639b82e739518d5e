"""What a person decides about cleaning: the form, its checks, what comes of it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import Cleaning, clean


def table_of():
    rng = np.random.default_rng(0)
    count = 60
    frame = pd.DataFrame(
        {
            "price": np.append(rng.normal(50, 5, count - 1), 5000.0),
            "city": ["Colombia"] * 40 + ["Peru"] * 17 + ["Colmbia", "peru", " Peru"],
            "pressure": [f"{100 + i % 40}/{60 + i % 30}" for i in range(count)],
            "weight": [f"{i} kg" if i % 2 else f"{i * 100} g" for i in range(count)],
            "joined": [f"{i % 12 + 1:02d}/{i % 9 + 1:02d}/2024" for i in range(count)],
            "code": [f"{i % 7:03d}" for i in range(count)],
            "note": [f"a{'  b' * (i % 2)} {i}" for i in range(count)],
            "id": [f"A{i}" for i in range(count)],
            "t": ["yes", "no"] * (count // 2),
        },
        index=pd.Index([f"r{i}" for i in range(count)], dtype="str", name="row"),
    )
    types = {"price": "number", "note": "text", "id": "id"}
    frame = frame.astype({n: "str" for n in frame if n != "price"})
    columns = [
        Column(n, types.get(n, "category"), ("target",) if n == "t" else ())
        for n in frame
    ]
    return Schema(tuple(columns)).attach(frame)


def offered(**how):
    return {offer.name: offer.state for offer in clean(table_of(), **how).offers}


def test_what_is_offered_is_not_done():
    assert offered() == {
        "outliers price": "offered",
        "clip price": "offered",
        "trim city": "done",
        "recode city": "done",
        "respell city": "offered",
        "split pressure": "offered",
        "unit weight": "offered",
        "day-first joined": "offered",
        "month-first joined": "offered",
        "blanks note": "offered",
    }
    cleaned = clean(table_of())
    assert list(cleaned.cleaning.touched) == ["trim city", "recode city"]
    assert cleaned.table["price"].max() == 5000


def test_what_is_accepted_is_done():
    names = [name for name, state in offered().items() if state == "offered"]
    names.remove("month-first joined")
    cleaned = clean(table_of(), decided={"accept": names})
    table = cleaned.table
    assert table["price"].max() < 100
    assert set(table["city"]) == {"Colombia", "Peru"}
    assert table["pressure_1"].tolist()[:2] == [100, 101]
    assert table["pressure_2"].dtype == np.float64
    assert table["weight"].tolist()[1:4] == [1000.0, 200.0, 3000.0]
    assert table["joined_month"].tolist()[:3] == [1, 2, 3]
    assert not table["note"].str.contains("  ").any()
    assert table["dropped"].tolist() == [""] * 59 + ["outlier in price"]
    schema = Schema.of(table)
    assert schema["pressure"].roles == ("ignored",)
    assert schema["pressure_1"].type == "number"
    replayed = cleaned.cleaning.apply(table_of())
    pd.testing.assert_frame_equal(replayed, table.drop(columns="dropped"))


def test_the_old_form_refuses():
    decided = ["trim city", "recode city"]
    assert clean(table_of(), decided=decided).cleaning.touched == {}
    assert clean(table_of(), decided={"refuse": decided}).cleaning.touched == {}
    assert "not done, as decided: recode city, trim city" in " ".join(
        clean(table_of(), refuse=decided).notes
    )


ADDED = [
    ({"op": "clip", "column": "price", "min": 45, "max": 60}, "clip price"),
    ({"op": "missing", "column": "price", "values": [5000]}, "missing price"),
    ({"op": "fill", "column": "price", "value": 0}, "fill price"),
    ({"op": "text", "column": "price"}, "text price"),
    ({"op": "lower", "column": "city"}, "lower city"),
    ({"op": "recode", "column": "city", "mapping": {"Peru": "PE"}}, "recode city"),
    ({"op": "fill", "column": "city", "value": "none"}, "fill city"),
    ({"op": "tidy", "column": "note", "do": ["blanks"]}, "tidy note"),
    ({"op": "date", "column": "joined", "format": "%d/%m/%Y"}, "date joined"),
    ({"op": "number", "column": "code"}, "number code"),
    ({"op": "drop", "column": "code"}, "drop code"),
    ({"op": "truth", "column": "city", "true": ["peru"]}, "truth city"),
    ({"op": "trim", "column": "city", "name": "my own"}, "my own"),
    ({"op": "split", "column": "pressure", "parts": ["a", "b"], "by": "/"}, None),
    ({"op": "unit", "column": "weight", "units": {"kg": 1, "g": 0.001}}, "unit weight"),
    ({"op": "outliers", "column": "price", "max": 100}, "outliers price"),
    ({"op": "near duplicates"}, "near duplicates"),
]


@pytest.mark.parametrize(("operation", "name"), ADDED, ids=lambda v: str(v)[:30])
def test_what_is_asked_for_is_done_and_replayed(operation, name):
    cleaned = clean(table_of(), decided={"add": [operation]})
    name = name or "split pressure"
    states = {offer.name: offer.state for offer in cleaned.offers}
    assert states.get(name, "asked") in ("asked", "done")
    form = json.loads(json.dumps(cleaned.cleaning.to_dict()))
    again = Cleaning.from_dict(form)
    replayed = again.apply(table_of())
    pd.testing.assert_frame_equal(replayed, cleaned.table.drop(columns="dropped"))
    told = {op["name"]: op for op in cleaned.cleaning.told}
    if operation["op"] not in ("outliers", "near duplicates"):
        assert told[name]["op"] == operation["op"]
        assert cleaned.cleaning.touched[name] >= 0


def test_what_is_asked_for_keeps_what_is_proposed():
    asked = {"op": "recode", "column": "city", "mapping": {"Peru": "PE"}}
    cleaned = clean(table_of(), decided={"add": [asked]})
    assert list(cleaned.cleaning.touched) == ["trim city", "recode city"]
    assert sorted(set(cleaned.table["city"])) == ["Colmbia", "Colombia", "PE", "peru"]
    both = clean(table_of(), decided={"add": [asked, asked]})
    assert list(both.cleaning.touched) == ["trim city", "recode city", "recode city 2"]


def test_cells_that_cannot_be_read_are_counted():
    asked = {"op": "number", "column": "city"}
    cleaned = clean(table_of(), decided={"add": [asked]})
    (offer,) = [o for o in cleaned.offers if o.name == "number city"]
    assert (offer.state, offer.cells, offer.lost) == ("asked", 60, 60)
    assert "60 cannot be read and become missing" in offer.why


WRONG = [
    ("nonsense", "no decision about cleaning"),
    ({"acept": []}, "did you mean 'accept'"),
    ({"accept": "clip price"}, "no decision about cleaning"),
    ({"refuse": [3]}, "no decision about cleaning"),
    ({"add": {"op": "trim"}}, "no decision about cleaning"),
    ({"add": ["trim"]}, "this is no operation"),
    ({"add": [{"column": "price"}]}, "this is no operation"),
    ({"add": [{"op": "clipp", "column": "price"}]}, "did you mean 'clip'"),
    ({"add": [{"op": "clip", "column": "prise", "max": 1}]}, "did you mean 'price'"),
    ({"add": [{"op": "clip", "max": 1}]}, "no column None"),
    ({"add": [{"op": "clip", "column": "price"}]}, "lacks 'min or max'"),
    ({"add": [{"op": "clip", "column": "price", "max": "9"}]}, "a number"),
    ({"add": [{"op": "clip", "column": "price", "max": True}]}, "a number"),
    ({"add": [{"op": "clip", "column": "price", "max": float("nan")}]}, "a number"),
    ({"add": [{"op": "clip", "column": "price", "min": 2, "max": 1}]}, "above max"),
    ({"add": [{"op": "clip", "column": "price", "mx": 1}]}, "did you mean 'max'"),
    ({"add": [{"op": "clip", "column": "city", "max": 1}]}, "does not work on 'city'"),
    ({"add": [{"op": "trim", "column": "price"}]}, "does not work on a column of type"),
    ({"add": [{"op": "trim", "column": "id"}]}, "passes through cleaning as it is"),
    ({"add": [{"op": "fill", "column": "t", "value": "yes"}]}, "cannot be made up"),
    ({"add": [{"op": "fill", "column": "price", "value": "x"}]}, "a number"),
    ({"add": [{"op": "date", "column": "joined", "format": "d/m"}]}, "strptime"),
    ({"add": [{"op": "tidy", "column": "note", "do": ["wash"]}]}, "entities"),
    ({"add": [{"op": "recode", "column": "city", "mapping": {"a": 1}}]}, "texts"),
    ({"add": [{"op": "unit", "column": "weight", "units": {"g": 0}}]}, "sizes above 0"),
    (
        {"add": [{"op": "split", "column": "city", "parts": ["a", "b"]}]},
        "'by or pattern'",
    ),
    (
        {"add": [{"op": "split", "column": "city", "parts": ["a"], "pattern": "("}]},
        "a regular expression",
    ),
    (
        {"add": [{"op": "split", "column": "city", "parts": ["a"], "pattern": "x"}]},
        "group for each part",
    ),
    ({"add": [{"op": "impute", "column": "price"}]}, "lives in the model"),
    ({"add": [len]}, "it is a Python function"),
    ({"add": [{"op": "resize", "column": "city", "side": 8}]}, "does not work on a"),
]


@pytest.mark.parametrize(("decided", "told"), WRONG, ids=lambda v: str(v)[:40])
def test_what_is_wrong_with_a_decision_is_told_at_once(decided, told):
    with pytest.raises(InputError) as caught:
        clean(table_of(), decided=decided)
    assert told in str(caught.value)
    assert "cleaning" in caught.value.where


def test_what_cannot_be_replayed_is_refused_or_left_out_by_a_decision():
    def ratio(row):
        return row["price"] / 2

    with pytest.raises(InputError, match="'ratio' cannot be replayed") as caught:
        clean(table_of(), decided={"add": [ratio]})
    assert "refuse 'ratio'" in caught.value.todo
    impute = {"op": "impute", "column": "price"}
    decided = {"add": [ratio, impute], "refuse": ["ratio", "impute price"]}
    cleaned = clean(table_of(), decided=decided)
    told = " ".join(cleaned.notes)
    assert "left out, as decided: 'ratio', which cannot be replayed" in told
    assert "left out, as decided: 'impute price'" in cleaned._repr_html_().replace(
        "&#x27;", "'"
    )


def test_parts_that_meet_a_column_are_told():
    table = table_of().rename(columns={"code": "pressure_a"})
    asked = {"op": "split", "column": "pressure", "parts": ["a", "b"], "by": "/"}
    with pytest.raises(InputError, match="pressure_a"):
        clean(Schema.of(table).attach(table), decided={"add": [asked]})


def test_a_part_may_be_worked_on():
    split = {"op": "split", "column": "pressure", "parts": ["a", "b"], "by": "/"}
    clip = {"op": "clip", "column": "pressure", "part": "a", "max": 110}
    cleaned = clean(table_of(), decided={"add": [split, clip]})
    assert cleaned.table["pressure_a"].max() == 110
    assert "clip pressure_a" in cleaned.cleaning.touched
    with pytest.raises(InputError, match="does not work on 'pressure_c'"):
        clean(table_of(), decided={"add": [split, {**clip, "part": "c"}]})
