"""What cleaning offers, by what evidence, and what it shows of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.cleaning.pages import shown
from mlkit.data.cleaning.twice import near_duplicates, repeats
from mlkit.data.collect import collect
from mlkit.data.parts.twins import near_twins
from mlkit.data.reading import extremes, hints, near, units


def table_of(kind="category", **columns):
    frame = pd.DataFrame(columns)
    for name in frame:
        if frame[name].dtype == object:
            frame[name] = frame[name].astype("str")
    frame.index = pd.Index([f"r{i}" for i in range(len(frame))], dtype="str")
    kinds = {n: "number" if frame[n].dtype.kind in "fi" else kind for n in frame}
    return Schema(tuple(Column(n, kinds[n]) for n in frame)).attach(frame)


@pytest.mark.parametrize(
    ("words", "counts", "expected"),
    [
        (["Colombia", "Colmbia"], [40, 2], {"Colmbia": "Colombia"}),
        (["Colombia", "Colobmia"], [40, 4], {"Colobmia": "Colombia"}),
        (["Colombia", "Colmbia"], [40, 5], {}),
        (["Colombia", "Colmbia"], [4, 0], {}),
        (["male", "mail"], [900, 1], {}),
        (["north", "sough"], [900, 1], {}),
        (["north", "south"], [900, 1], {}),
        (["hypertension", "hypetrensoin"], [90, 1], {"hypetrensoin": "hypertension"}),
        (["increase", "decrease"], [900, 1], {}),
        (["code 17", "code 18"], [900, 1], {}),
        (["ABC12", "ABC13", "north", "norht"], [900, 1, 900, 1], {"norht": "north"}),
        (["A-100", "A-200", "A-300", "north", "norht"], [1, 1, 1, 900, 1], {}),
        (["São Paulo", "Sao Paulo"], [90, 3], {"Sao Paulo": "São Paulo"}),
        ([], [], {}),
    ],
)
def test_near_spellings_need_evidence(words, counts, expected):
    assert near.near_spellings(words, counts) == expected


def test_near_spellings_are_proposed_and_not_done():
    words = ["Colombia"] * 50 + ["Colmbia"] * 2 + ["colombia"] * 3 + ["Peru"] * 9
    table = table_of(c=words)
    cleaned = clean(table)
    assert set(cleaned.table["c"]) == {"Colombia", "Colmbia", "Peru"}
    (offer,) = [o for o in cleaned.offers if o.state == "offered"]
    assert offer.name == "respell c"
    assert offer.why == "'Colmbia' (2) is near 'Colombia' (53)"
    assert shown(offer) == "'Colmbia' → 'Colombia' (2)"
    taken = clean(table, decided={"accept": ["respell c"]})
    assert set(taken.table["c"]) == {"Colombia", "Peru"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["5 kg", "3.5kg"], {"units": {"kg": 1.0}, "to": "kg"}),
        (["5 cm", "2 m"], {"units": {"cm": 1.0, "m": 100.0}, "to": "cm"}),
        (["5 cm", "2 kg"], None),
        (["5 cm", "7"], None),
        (["5 widgets", "7 widgets", "8 widgets"], {"units": {"widgets": 1.0}}),
        (["5 widgets", "7 widgets"], None),
        (["5A", "6A", "7A", "8A"], {"units": {"A": 1.0}, "to": "A"}),
        (["5B", "6C"], None),
        (["5x", "6x", "7x"], None),
        (["1st", "2nd"], None),
        (["007 kg"], None),
        (["9 °C", "-2 °C"], {"units": {"°C": 1.0}, "to": "°C"}),
        ([], None),
    ],
)
def test_amounts_with_units(words, expected):
    found = units.amounts(words, [1] * len(words))
    if expected is None:
        assert found is None
    else:
        assert expected.items() <= found.items()


def test_one_unit_is_read_and_several_are_offered():
    one = clean(table_of(w=[f"{i} kg" for i in range(30)]))
    assert one.table["w"].tolist() == list(map(float, range(30)))
    assert "every cell is an amount in kg" in one.cleaning.told[0]["why"]
    table = table_of(w=[f"{i} kg" for i in range(20)] + ["500 g"])
    assert clean(table).table["w"].dtype == "str"
    both = clean(table, decided={"accept": ["unit w"]})
    assert both.table["w"].tolist()[-2:] == [19.0, 0.5]
    assert both.cleaning.told[0]["to"] == "kg"


@pytest.mark.parametrize(
    ("values", "outside"),
    [
        (np.append(np.linspace(0, 100, 99), 5000), {"max"}),
        (np.append(np.linspace(0, 100, 99), [-4000, 5000]), {"min", "max"}),
        (np.linspace(0, 100, 99), set()),
        (np.random.default_rng(0).normal(size=5000), set()),
        (np.array([0.0] * 90 + [*range(10)]), None),
        (np.array([1.0, 2, 3, 1000]), None),
        (np.append(np.linspace(0, 100, 99), [np.nan, np.inf, -np.inf]), set()),
        (np.append(np.linspace(0, 1, 99), 1e300), None),
    ],
)
def test_fences(values, outside):
    found = extremes.fences(values)
    if outside is None:
        assert found is None
        return
    known = values[np.isfinite(values)]
    sides = {"min": known < found[0], "max": known > found[1]}
    assert {side for side, out in sides.items() if out.any()} == outside


def test_a_long_tail_is_not_made_of_outliers():
    rng = np.random.default_rng(0)
    table = table_of(x=np.exp(rng.normal(0, 3, 500)))
    assert clean(table).offers == ()


def test_text_is_made_plain_and_told():
    table = table_of(
        "text",
        a=["Fish &amp; chips", "caf\u0065\u0301", "\ufeffbom", "a  b"],
        b=["１２", "plain", "x²", "y"],
    )
    cleaned = clean(table)
    assert cleaned.table["a"].tolist() == ["Fish & chips", "café", "bom", "a  b"]
    assert cleaned.table["b"].tolist() == ["１２", "plain", "x²", "y"]
    states = {o.name: (o.state, o.cells) for o in cleaned.offers}
    assert states == {
        "tidy a": ("done", 3),
        "blanks a": ("offered", 1),
        "nfkc b": ("offered", 2),
    }
    both = clean(table, decided={"accept": ["blanks a", "nfkc b"]}).table
    assert both["a"].tolist()[-1] == "a b"
    assert both["b"].tolist() == ["12", "plain", "x2", "y"]


def test_blanks_inside_a_category_are_one():
    cleaned = clean(table_of(c=["New  York", "New York", "Boston", "New\u00a0York"]))
    assert cleaned.table["c"].tolist() == ["New York", "New York", "Boston", "New York"]
    assert cleaned.cleaning.touched == {"tidy c": 2}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["120/80", "95/60", "1/2"], "/"),
        (["120/80", "95-60", "1/2"], ""),
        (["3 x 4", "5 x 6", "7x8"], "x"),
        (["1/2", "3/4"], ""),
        (["a/b", "c/d", "e/f"], ""),
    ],
)
def test_two_numbers_with_a_mark_between(words, expected):
    assert hints.between(words) == expected


def test_words_that_say_yes_in_several_ways_are_offered_as_truths():
    table = table_of(m=["yes", "Y", "no", "N", "yes"] * 4)
    assert clean(table).table["m"].nunique() == 4
    taken = clean(table, decided={"accept": ["truth m"]}).table
    assert taken["m"].tolist()[:4] == ["True", "True", "False", "False"]


# rows


def test_rows_that_nearly_equal_another_are_offered():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 4)), columns=list("abcd"))
    frame["city"] = [f"city {i % 5}" for i in range(200)]
    again = frame.iloc[[3, 7]].copy()
    again["a"] += 0.001
    again["city"] = again["city"].str.upper()
    exact = frame.iloc[[11]]
    table = table_of(**pd.concat([frame, again, exact], ignore_index=True))
    cleaned = clean(table)
    states = {o.name: (o.state, o.cells) for o in cleaned.offers}
    assert states["near duplicates"] == ("offered", 2)
    assert states["duplicates"] == ("done", 1)
    assert cleaned.dropped == {"duplicate": 1}
    taken = clean(table, decided={"accept": ["near duplicates"]})
    assert taken.dropped == {"duplicate": 1, "near duplicate": 2}
    assert taken.table["dropped"].iloc[200] == "near duplicate of row r3"
    assert taken.rows == {"in": 203, "kept": 200, "flagged": 3}


def test_texts_that_nearly_equal_another_are_found():
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(500)]
    told = [" ".join(rng.choice(words, 40)) for _ in range(60)]
    told.append(told[5] + " indeed")
    told.append(told[9].upper().replace(" ", ", ", 3))
    told.append(" ".join(told[7].split()[:20] + told[8].split()[:20]))
    found = near_duplicates(table_of("text", told=told))
    assert np.flatnonzero(found >= 0).tolist() == [60, 61]
    assert found[[60, 61]].tolist() == [5, 9]


@pytest.mark.parametrize("size", [1.0, 1e-200, 1e300])
def test_a_row_that_nearly_equals_another_is_found_in_few_rows_too(size):
    values = np.random.default_rng(0).normal(size=(40, 3))
    values[39] = values[0] + 0.001
    table = table_of(**dict(zip("abc", size * values.T, strict=True)))
    found = near_duplicates(table)
    assert np.flatnonzero(found >= 0).tolist() == [39]
    assert found[39] == 0
    first = np.arange(40) < 20
    assert near_twins(table, first, ~first)[39]


def test_where_luck_brings_rows_near_nothing_is_said():
    rng = np.random.default_rng(0)
    table = table_of(a=rng.normal(size=2000), b=rng.normal(size=2000))
    assert (near_duplicates(table) < 0).all()


def test_repeats_agree_with_pandas():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "a": rng.integers(0, 3, 300).astype(float),
            "b": rng.choice([np.nan, 1.0, -0.0, 0.0], 300),
            "c": pd.array(rng.choice(["x", "y", None], 300), dtype="str"),
            "d": pd.to_datetime(rng.choice([0, 1], 300), unit="s"),
            "e": rng.integers(0, 2, 300),
            "f": pd.to_datetime(rng.choice([0, 1], 300), unit="s", utc=True),
        }
    )
    keys, again = repeats(frame)
    assert again.tolist() == frame.duplicated().tolist()
    assert len(set(keys.tolist())) == len(frame.drop_duplicates())
    assert not repeats(frame.head(0))[1].size


def test_no_rows_at_all():
    table = table_of(a=["x", "y"], b=[1.0, 2.0]).head(0)
    cleaned = clean(Schema.of(table).attach(table))
    assert cleaned.rows == {"in": 0, "kept": 0, "flagged": 0}
    assert cleaned._repr_html_()
    assert cleaned.plot()._repr_png_()
    assert cleaned.plot_changes()._repr_png_()


def test_before_and_after_are_drawn_for_every_kind_of_column():
    count = 60
    table = table_of(
        **{"<b>$x$": ["?", "Red", "red ", "blue"] * (count // 4)},
        amount=[f"{i * 1000:,}" for i in range(count)],
        day=[f"{i % 28 + 1}.01.2026" for i in range(count)],
        far=np.append(np.linspace(0, 1, count - 1), 900.0),
        gap=[-999.0, -999.0, *np.arange(count - 2.0)],
        empty=pd.array([None] * count, dtype="str"),
    )
    cleaned = clean(table, decided={"accept": ["clip far"]})
    picture = cleaned.plot_changes(most=9)
    assert picture._repr_png_()[0].startswith(b"\x89PNG")
    titles = [axes.get_title(loc="left") for axes in picture.axes]
    assert titles[::2] == ["<b>$x$", "amount", "day", "far", "gap"]
    assert "1 clipped" in titles[7]
    assert "2 more changed columns" in str(cleaned.plot_changes(most=3).texts[-1])
    html = cleaned._repr_html_()
    assert "60 rows in = 60 kept + 0 flagged" in html
    assert "&lt;b&gt;$x$" in html
    assert "<b>$" not in html
    assert "-999 → missing (2)" in cleaned.changes._repr_html_()


# real tables


def test_blank_charges_of_telco(real):
    cleaned = clean(collect(real("telco_churn"), target="Churn").table)
    told = {o.name: o for o in cleaned.offers}
    assert shown(told["trim TotalCharges"]) == "' ' → '' (11)"
    assert told["missing TotalCharges"].cells == 11
    assert told["number TotalCharges"].cells == 7032
    assert cleaned.table["TotalCharges"].isna().sum() == 11
    assert cleaned.rows == {"in": 7043, "kept": 7043, "flagged": 0}
    assert cleaned.table["customerID"].is_unique


def test_leading_zeros_and_question_marks_of_horse_colic(real):
    raw = collect(real("horse-colic"), target="c23").table
    cleaned = clean(raw)
    gaps = [o for o in cleaned.offers if o.operation["op"] == "missing"]
    assert all(o.operation["values"] == ["?"] for o in gaps)
    assert sum(o.cells for o in gaps) == int((raw == "?").to_numpy().sum())
    for name in ("c25", "c26", "c27"):
        assert cleaned.table[name].tolist() == raw[name].tolist()
    assert cleaned.table["c26"].str.match("0").any()
    assert cleaned.dropped == {"missing target": 1}


def test_titanic_is_left_as_it_is(real):
    raw = collect(real("titanic"), target="Survived").table
    cleaned = clean(raw)
    assert cleaned.cleaning.told == []
    assert {o.name for o in cleaned.offers} == {"clip Fare", "outliers Fare"}
    assert cleaned.table["Ticket"].tolist() == raw["Ticket"].tolist()
    flagged = clean(raw, decided={"accept": ["outliers Fare"]})
    assert flagged.rows == {"in": 891, "kept": 857, "flagged": 34}
    assert len(flagged.table) == 891
