from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.collect import collect
from mlkit.data.measures.bias import Bias, bias, looks_sensitive
from mlkit.data.measures.groups import Groups, cross, cut, gap, means, wilson


def people(count=1000, seed=0, *, marked=("sex",), target="category"):
    """A table in which nothing depends on anything."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], count),
            "age": rng.integers(18, 80, count).astype(float),
            "town": rng.choice(["a", "b", "c"], count),
            "pay": rng.normal(30, 5, count),
            "hired": rng.choice(["no", "yes"], count, p=[0.7, 0.3]),
        }
    )
    if target == "number":
        frame["hired"] = rng.normal(size=count)
    kinds = {"age": "number", "pay": "number", "hired": target}
    columns = []
    for name in frame:
        roles = ("target",) if name == "hired" else ()
        roles += ("sensitive",) if name in marked else ()
        columns.append(Column(name, kinds.get(name, "category"), roles))
        if kinds.get(name, "category") == "category":
            frame[name] = frame[name].astype("str")
    frame.index = pd.Index([f"r{i}" for i in range(count)], dtype="str", name="row")
    return Schema(tuple(columns)).attach(frame)


def kinds_of(found):
    return [one.kind for one in found.findings]


def test_no_sensitive_column_is_said_with_a_hint():
    (only,) = bias(people(marked=())).findings
    assert only.kind == "no column is marked sensitive"
    assert only.level == "look"
    assert "'sex', 'age'" in only.evidence
    assert "sensitive" in only.remedy
    plain = people(marked=()).drop(columns=["sex", "age"])
    (only,) = bias(plain).findings
    assert only.level == "note"


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *[
            (n, True)
            for n in ("Sex", "AGE", "customer_age", "ageGroup", "Marital.Status")
        ],
        *[(n, True) for n in ("date_of_birth", "DOB", "ethnicity", "SeniorCitizen")],
        *[(n, False) for n in ("page", "mileage", "Essex", "racecourse", "wage")],
        *[(n, False) for n in ("image", "storage", "dobro", "")],
    ],
)
def test_names_are_matched_by_whole_words(name, is_one):
    assert (looks_sensitive([name]) == [name]) is is_one


def test_planted_rates_are_found_with_their_interval():
    table = people()
    yes = np.random.default_rng(1).random(1000) < np.where(
        table["sex"] == "f", 0.2, 0.5
    )
    table["hired"] = pd.array(np.where(yes, "yes", "no"), dtype="str")
    found = bias(table)
    (wide,) = found.columns[0].gaps
    assert (wide.of, wide.more, wide.less) == ("yes", "m", "f")
    assert wide.low < 0.3 < wide.high
    assert wide.low > 0.15
    (only,) = [one for one in found.findings if one.kind == "uneven target"]
    assert only.level == "serious"
    assert "'yes'" in only.evidence


def test_a_planted_mean_is_found():
    table = people(target="number")
    table["hired"] += np.where(table["sex"] == "m", 1.0, 0.0)
    found = bias(table)
    (wide,) = found.columns[0].gaps
    assert (wide.more, wide.less) == ("m", "f")
    assert wide.low < 1.0 < wide.high
    assert kinds_of(found)[0] == "uneven target"
    assert "the mean is" in found.findings[0].evidence


def test_planted_gaps_are_found():
    table = people()
    rng = np.random.default_rng(2)
    lost = rng.random(1000) < np.where(table["sex"] == "f", 0.3, 0.05)
    table.loc[lost, "pay"] = np.nan
    table.loc[rng.random(1000) < 0.2, "age"] = np.nan
    found = bias(table)
    assert list(found.columns[0].missing) == ["pay"]
    high, most, low, least, p = found.columns[0].missing["pay"]
    assert (high, low) == ("f", "m")
    assert most - least > 0.15
    assert p < 1e-6
    assert "uneven gaps" in kinds_of(found)


def test_a_hidden_word_for_missing_counts_as_a_gap():
    table = people()
    table["town"] = table["town"].where(table["sex"] == "m", "(missing)")
    assert "town" in bias(table).columns[0].missing


def test_planted_proxies_are_found_in_numbers_words_and_texts():
    table = people()
    female = table["sex"] == "f"
    rng = np.random.default_rng(3)
    table["height"] = np.where(female, 165.0, 178.0) + rng.normal(0, 7, 1000)
    title = np.where(female, "Mrs.", "Mr.")
    names = [
        f"{t} {n}" for t, n in zip(title, rng.integers(0, 10**6, 1000), strict=True)
    ]
    table["name"] = pd.array(names, dtype="str")
    table["club"] = pd.array(np.where(female, "x", "y"), dtype="str")
    schema = Schema.of(people()).put(
        Column("height"), Column("name", "text"), Column("club", "category")
    )
    found = bias(schema.attach(table))
    told = found.columns[0].proxies
    assert set(told) == {"height", "name", "club"}
    assert told["club"] == 1.0
    assert told["name"] > 0.9
    assert 0.4 < told["height"] < 0.9
    assert found.columns[0].together > 0.9
    (only,) = [one for one in found.findings if one.kind == "proxies"]
    assert only.level == "look"


def test_small_groups_are_named_and_not_judged():
    table = people()
    table.loc[table.index[:12], "sex"] = "x"
    table.loc[table.index[12:52], "sex"] = "d"
    found = bias(table)
    told = {one.kind: one for one in found.findings}
    assert "'x' has 12" in told["too few to judge"].evidence
    assert "'d' has 40" in told["small group"].evidence
    by_name = {group.name: group for group in found.columns[0].groups}
    assert by_name["x"].rates == {}
    assert by_name["d"].rates


def test_an_interaction_that_neither_column_shows():
    table = people(2000, marked=("sex", "town"))
    odd = (table["sex"] == "f") ^ (table["town"] == "a")
    yes = np.random.default_rng(1).random(2000) < np.where(odd, 0.8, 0.2)
    table["hired"] = pd.array(np.where(yes, "yes", "no"), dtype="str")
    found = bias(table)
    assert found.crossed[0].column == "sex × town"
    assert "uneven where groups cross" in kinds_of(found)


def test_numbers_and_dates_are_cut_into_stated_bins():
    table = people(marked=("age",))
    when = pd.Timestamp("1950-01-01") + pd.to_timedelta(np.arange(1000) * 20, unit="D")
    table["born"] = when
    schema = Schema.of(people(marked=("age",)))
    found = bias(schema.put(Column("born", "date", ("sensitive",))).attach(table))
    ages, births = found.columns
    assert len(ages.groups) == len(births.groups) == 4
    assert "quartiles" in ages.how
    assert births.groups[0].name.startswith("below 19")
    assert sum(group.rows for group in births.groups) == 1000


def test_what_cannot_be_cut_is_said():
    table = people()
    table["note"] = pd.array([f"person {i}" for i in range(1000)], dtype="str")
    schema = Schema.of(people()).put(Column("note", "text", ("sensitive",)))
    found = bias(schema.attach(table))
    assert "not assessed" in kinds_of(found)


@pytest.mark.slow
def test_where_there_is_no_bias_hardly_anything_is_said():
    alarms = []
    for seed in range(20):
        target = ("category", "number")[seed % 2]
        table = people(600, seed, marked=("sex", "town"), target=target)
        lost = np.random.default_rng(1000 + seed).random(600) < 0.2
        table.loc[lost, "pay"] = np.nan
        alarms += kinds_of(bias(table))
    # 20 tables, each with some five things that could be said by luck alone
    assert len(alarms) <= 4, alarms


def test_a_record_survives_json_and_hostile_names():
    table = people(marked=("sex", "age"))
    table["sex"] = table["sex"].replace({"f": "<b>f</b>", "m": "m × $x$"})
    found = bias(table)
    again = Bias.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found
    assert "<b>f" not in again._repr_html_()
    assert again.plot()._repr_png_()[0].startswith(b"\x89PNG")
    assert bias(people(marked=())).plot()._repr_png_()[0].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "kind", ["no target", "many classes", "one row", "all missing"]
)
def test_odd_tables(kind):
    table = people(1 if kind == "one row" else 300, marked=("sex", "age"))
    if kind == "no target":
        table = Schema.of(table).without("hired").attach(table.drop(columns="hired"))
    if kind == "many classes":
        table["hired"] = pd.array([f"c{i % 40}" for i in range(300)], dtype="str")
    if kind == "all missing":
        table["age"], table["pay"] = np.nan, np.nan
    found = bias(table)
    assert found.plot()._repr_png_()[0].startswith(b"\x89PNG")
    assert json.dumps(found.to_dict(), allow_nan=False)


def test_rows_without_a_target_count_as_gaps_of_it():
    table = people()
    table.loc[(table["sex"] == "f") & (np.arange(1000) % 2 == 0), "hired"] = np.nan
    found = bias(table)
    assert "hired" in found.columns[0].missing


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=9)
)
def test_wilson_holds_the_rate_and_agrees_with_scipy(pairs):
    from scipy.stats import binomtest

    hits = np.array([min(p) for p in pairs])
    rows = np.array([max(p) for p in pairs])
    rate, low, high = wilson(hits, rows)
    assert ((low <= rate) & (rate <= high)).all()
    for k, n, a, b in zip(hits, rows, low, high, strict=True):
        if n:
            ends = binomtest(int(k), int(n)).proportion_ci(method="wilson")
            assert np.allclose([a, b], [ends.low, ends.high], atol=1e-9)


def test_means_agree_with_scipy_and_a_gap_needs_two():
    from scipy.stats import t

    values = np.array([1.0, 2.0, 4.0, 9.0])
    mean, low, high = means(values, np.zeros(4, int), 1)
    ends = t.interval(0.95, 3, values.mean(), values.std(ddof=1) / 2)
    assert np.allclose([mean[0], low[0], high[0]], [4.0, *ends])
    assert gap(["a"], "x", (mean, low, high)) is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.floats(-1e9, 1e9, allow_subnormal=False)), max_size=60
    )
)
def test_every_row_is_in_one_group(values):
    made = cut(pd.Series(values, dtype=float))
    assert len(made.codes) == len(values)
    assert made.counts.sum() == len(values)
    assert (made.codes >= 0).all()
    assert len(set(made.names)) == len(made.names)


def test_crossing_keeps_every_row():
    first = Groups(np.array([0, 1, 1, 0]), ("a", "b"))
    second = Groups(np.array([0, 0, 2, 1]), ("x", "y", "z"))
    both = cross(first, second)
    assert both.names == ("a · x", "a · y", "b · x", "b · z")
    assert both.counts.tolist() == [1, 1, 1, 1]


def test_titanic(real):
    table = clean(collect(real("titanic"), target="Survived").table).table
    schema = Schema.of(table).change("Sex", roles=("sensitive",))
    found = bias(schema.attach(table))
    (wide,) = found.columns[0].gaps
    assert (wide.more, wide.less) == ("female", "male")
    assert wide.low > 0.4
    assert next(iter(found.columns[0].proxies)) == "Name"
