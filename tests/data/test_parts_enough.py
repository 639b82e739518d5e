"""Learning curves, where they go, and the rules of thumb beside them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mlkit.core.media import media
from mlkit.core.pictures import written as png
from mlkit.core.schema import Column, Schema
from mlkit.data.measures.quick import affordable, quick_features
from mlkit.data.parts.curve import extrapolate, learning_curve
from mlkit.data.parts.enough import Enough, enough


def rows_of(count, kind="two", noise=1.0, features=3, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        rng.normal(size=(count, features)), columns=[f"x{i}" for i in range(features)]
    )
    score = frame["x0"] + frame["x1"] + noise * rng.normal(size=count)
    if kind == "number":
        frame["t"] = score
    else:
        edges = [0.0] if kind == "two" else [-1.0, 1.0]
        names = np.array(["a", "b", "c"], dtype=object)
        frame["t"] = pd.array(names[np.searchsorted(edges, score)], dtype="str")
    target = Column("t", "number" if kind == "number" else "category", ("target",))
    return Schema.of(frame).put(target).attach(frame)


PLANTED = [(0, 1, 0.5), (0.2, 1, 0.5), (0.1, 0.5, 0.3), (0.3, 0, 0.5), (0.05, 3, 0.7)]


@pytest.mark.parametrize(("floor", "height", "power"), PLANTED)
def test_planted_curves_go_on_about_as_they_should(floor, height, power):
    rng = np.random.default_rng(0)
    sizes, ahead = np.array([125.0, 250, 500, 1000]), np.array([2000.0, 4000.0])
    truth = 1 - floor - height * ahead**-power
    off, held = [], []
    for _ in range(60):
        seen = 1 - floor - height * sizes**-power + rng.normal(0, 0.005, 4)
        expected, low, high = extrapolate(sizes, seen, np.full(4, 0.005), ahead)
        off.append(np.abs(expected - truth))
        held.append((low - 0.005 <= truth) & (truth <= high + 0.005))
    assert np.mean(off, axis=0).max() < 0.015
    assert np.mean(held) > 0.7


def test_what_more_rows_bring_is_told_from_where_the_curve_is():
    sizes, ahead = 352.5 * 2 ** np.arange(4), 352.5 * 2 ** np.arange(4, 6)
    seen = np.array([0.810, 0.808, 0.820, 0.829])
    expected, low, high = extrapolate(sizes, seen, np.full(4, 0.0025), ahead)
    once, twice = np.diff([seen[-1], *expected])
    assert once > twice > 0
    assert once > 0.005
    assert (low < expected).all()
    assert (expected < high).all()


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.floats(-0.5, 1.0), min_size=2, max_size=6),
    st.floats(0, 0.2),
)
def test_whatever_is_seen_the_guess_is_a_score(scores, error):
    sizes = 50.0 * 2 ** np.arange(len(scores))
    errors = np.full(len(scores), error)
    ahead = sizes[-1] * np.array([2.0, 4.0])
    expected, low, high = extrapolate(sizes, np.array(scores), errors, ahead)
    for ends in (expected, low, high):
        assert np.isfinite(ends).all()
        assert (ends <= 1).all()
        assert ends[0] <= ends[1] + 1e-9
    assert (low <= expected + 1e-9).all() or (low <= high).all()


@pytest.mark.parametrize(
    ("kind", "metric"),
    [("two", "ROC AUC"), ("many", "balanced accuracy"), ("number", "R²")],
)
def test_a_curve_climbs_where_there_is_something_to_learn(kind, metric):
    curve = learning_curve(rows_of(600, kind))
    assert curve.metric == metric
    assert list(curve.sizes) == [50, 100, 200, 400]
    means = curve.scores.mean(axis=0)
    assert means[-1] > means[0]
    assert means[-1] > {"two": 0.85, "many": 0.55, "number": 0.5}[kind]


@pytest.mark.parametrize("unit", [1e-12, 1e-200, 1e200])
def test_a_curve_is_the_same_in_any_unit(unit):
    table = rows_of(300, "number")
    plain = learning_curve(table).scores.mean(axis=0)
    found = learning_curve(table.assign(t=unit * table["t"])).scores.mean(axis=0)
    assert found == pytest.approx(plain, abs=0.05)


@pytest.mark.parametrize("kind", ["two", "number"])
@pytest.mark.parametrize(
    ("unit", "offset"), [(1e-9, 0), (1e60, 0), (1e-60, 0), (1e-3, 1e6)]
)
def test_a_curve_is_the_same_in_any_unit_of_a_feature(unit, offset, kind):
    table = rows_of(300, kind)
    numbers = {n: offset + unit * table[n] for n in table if table[n].dtype == float}
    numbers.pop("t", None)
    assert numbers
    found = learning_curve(table.assign(**numbers)).scores.mean(axis=0)
    plain = learning_curve(table).scores.mean(axis=0)
    assert found == pytest.approx(plain, abs=0.05)


@pytest.mark.parametrize(
    ("then", "spread", "told"),
    [(0.834, 0.001, "would help"), (0.836, 0.02, "may help"), (0.83, 0.001, "little")],
)
def test_the_judgement_agrees_with_what_more_rows_bring(then, spread, told):
    sizes, ends = (100, 200), ((then,), (then,), (then,))
    found = Enough("ROC AUC", sizes, (0.8, 0.828), (0.0, spread), (400,), *ends)
    assert told in found.statement.partition(":")[0]
    assert f"from 0.828 to about {then:.3f}" in found.statement


@pytest.mark.slow
def test_more_rows_help_a_hard_problem_and_not_noise():
    hard = enough(rows_of(500, noise=0.2, features=30))
    assert "more rows would help" in hard.statement
    noise = rows_of(500)
    noise["t"] = np.random.default_rng(9).permutation(noise["t"].to_numpy(object))
    noise["t"] = noise["t"].astype("str")
    assert abs(enough(noise).ahead_scores[0] - 0.5) < 0.1


@pytest.mark.slow
def test_a_group_stays_in_one_fold():
    table = rows_of(400)
    people = np.repeat(np.arange(20), 20)
    answer = np.random.default_rng(1).integers(0, 2, 20)[people]
    table["t"] = pd.array(np.array(["a", "b"], dtype=object)[answer], dtype="str")
    table["place"] = people + np.random.default_rng(2).normal(0, 0.01, 400)
    table["person"] = pd.array([f"p{i}" for i in people], dtype="str")
    ignored = Column("person", "category", ("ignored",))
    schema = Schema.of(rows_of(10)).put(Column("place"), ignored)
    loose = learning_curve(schema.attach(table)).scores[:, -1].mean()
    held = learning_curve(schema.attach(table), "person").scores[:, -1].mean()
    assert loose > 0.95
    assert held < 0.8
    grouped = schema.change("person", roles=("group",)).attach(table)
    assert learning_curve(grouped).scores[:, -1].mean() == held
    few = table.assign(person="one")
    assert learning_curve(schema.attach(few), "person") is None


@pytest.mark.slow
def test_of_many_rows_some_are_drawn_and_that_is_said():
    table = rows_of(16_000)
    found = enough(table)
    assert (found.drawn, found.rows) == (15_000, 16_000)
    assert "15,000 of the 16,000 training rows" in found._repr_html_()
    assert "training rows</li>" not in enough(rows_of(200))._repr_html_()


def test_texts_cost_more_than_numbers():
    columns = (Column("x"), Column("told", "text"), Column("seen", "image"))
    schema = Schema(columns)
    assert affordable(schema, ["x"], 80_000) == 80_000
    assert affordable(schema, ["told"], 80_000) == 1_000
    assert affordable(schema, ["told", "seen"], 80_000) == 500


def test_rules_of_thumb():
    table = rows_of(300, "many", features=12)
    table.loc[table.index[15:], "t"] = np.where(np.arange(285) % 2, "a", "b")
    table.loc[table.index[:15], "t"] = "c"
    found = enough(table, test_rows=100)
    told = {rule.bar: rule for rule in found.rules}
    assert told["10 training rows of 'c' a feature"].state == "missed"
    assert told["10 training rows of 'c' a feature"].got == (
        "15 rows; 120 would do for 12 features"
    )
    assert told["100 sealed rows of 'c' to judge by"].got == (
        "5 rows expected; 100 would do"
    )
    assert all(r.state == "passed" for r in enough(rows_of(900), 500).rules)


def test_a_number_has_no_rarest_class():
    told = [rule.bar for rule in enough(rows_of(200, "number"), 50).rules]
    assert told == ["10 training rows a feature", "100 sealed rows to judge by"]


def test_images_that_are_not_there_have_rules_alone():
    frame = pd.DataFrame({"seen": ["0" * 64] * 40, "t": ["cat", "dog"] * 20})
    frame = frame.astype("str")
    columns = (Column("seen", "image"), Column("t", "category", ("target",)))
    found = enough(Schema(columns).attach(frame), 10)
    first = next(iter(found.rules))
    assert first.bar.startswith("1,000 training rows a class")
    assert found.scores == ()
    assert "no learning curve" in found.statement


def test_images_that_are_there_have_a_curve_too():
    rng = np.random.default_rng(0)
    kinds = np.arange(90) % 2
    levels = rng.integers(0, 120, (90, 16, 16)) + 100 * kinds[:, None, None]
    made = media().put_all(png(Image.fromarray(one.astype(np.uint8))) for one in levels)
    frame = pd.DataFrame({"seen": made, "t": np.where(kinds, "day", "night")})
    columns = (Column("seen", "image"), Column("t", "category", ("target",)))
    found = enough(Schema(columns).attach(frame.astype("str")), 10)
    assert found.scores[-1] > 0.95


def test_a_name_is_a_feature_and_a_story_is_learnt_from():
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(300)])
    frame = pd.DataFrame(
        {
            "name": [f"Mr. {i}" for i in range(80)],
            "story": [" ".join(rng.choice(words, 30)) for _ in range(80)],
            "t": ["a", "b"] * 40,
        }
    ).astype("str")
    columns = (
        *(Column("name", "text"), Column("story", "text")),
        Column("t", "category", ("target",)),
    )
    bars = [rule.bar for rule in enough(Schema(columns).attach(frame)).rules]
    assert bars == [
        "10 training rows of 'a' a feature",
        "200 training rows a class, to learn text from nothing",
    ]


@pytest.mark.parametrize("case", ["no target", "few rows", "one class", "no feature"])
def test_where_there_is_no_curve_that_is_said(case):
    table = rows_of(20 if case == "few rows" else 200)
    if case == "no target":
        table = Schema.of(table).without("t").attach(table.drop(columns="t"))
    if case == "one class":
        table["t"] = pd.array(["a"] * 200, dtype="str")
    if case == "no feature":
        table = Schema.of(table).only(["t"]).attach(table[["t"]].copy())
    found = enough(table)
    assert "no learning curve" in repr(found)
    assert found.plot()._repr_png_()[0].startswith(b"\x89PNG")


def test_the_record_survives_json_and_hostile_names():
    table = rows_of(200)
    table["t"] = table["t"].replace({"a": "<b>a</b>"})
    found = enough(table, 40)
    again = Enough.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found
    assert "<b>a" not in again._repr_html_()
    assert again.plot()._repr_png_()[0].startswith(b"\x89PNG")


def test_quick_features_of_all_kinds():
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(300)])
    stories = [" ".join(rng.choice(words, 30)) for _ in range(50)]
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=50),
            "d": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(50), unit="D"),
            "c": pd.array(list("uvwxy") * 10, dtype="str"),
            "m": pd.array([f"code {i}" for i in range(50)], dtype="str"),
            "s": pd.array(stories, dtype="str"),
            "gone": np.full(50, np.nan),
        }
    )
    kinds = {"c": "category", "m": "category", "s": "text", "d": "date"}
    columns = [Column(n, kinds.get(n, "number")) for n in frame]
    matrix = quick_features(Schema(tuple(columns)).attach(frame))
    assert matrix.shape[0] == 50
    assert matrix.shape[1] > 20
    assert np.isfinite(matrix).all()
    frame["x"] = np.inf
    assert np.isnan(quick_features(frame, ["x"])).all()
    assert quick_features(frame, ["gone"]).shape == (50, 1)
