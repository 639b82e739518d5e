"""Mitigation: a planted bias goes, its price is told, and a package can take it."""

from __future__ import annotations

import json
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from mlkit.core.errors import UsageError
from mlkit.core.files import canonical
from mlkit.core.schema import Column, Schema
from mlkit.data.synthesis.plant import plant
from mlkit.model import fitted
from mlkit.model.fitted import Member, counts_of, fit
from mlkit.model.formats.onnx import convert
from mlkit.model.groups.fairness import fairness
from mlkit.model.groups.gradient import _part, joint
from mlkit.model.groups.mitigation import outlook
from mlkit.model.groups.price import Price, asked
from mlkit.model.groups.remedy import weights_of
from mlkit.model.packing.parity import compare
from mlkit.model.problem import Problem
from mlkit.model.runtime import Graph
from mlkit.model.tune import Settings
from mlkit.model.tuning.cross import folds
from mlkit.model.tuning.kept import Kept
from mlkit.model.tuning.race import Race
from mlkit.widgets import MitigationPicker

METHODS = ("reweighing", "exponentiated_gradient", "thresholds")


def people(count=1500, roles=("sensitive",), seed=0):
    """Make rows in which women are said yes to although nothing speaks for it."""
    rng = np.random.default_rng(seed)
    skill, years = rng.normal(size=count), rng.integers(0, 30, count)
    good = skill + years / 15 + rng.normal(0, 0.6, count) > 1
    table = pd.DataFrame(
        {
            "skill": skill,
            "years": years.astype(float),
            "sex": pd.array(rng.choice(["f", "m"], count), "str"),
            "hired": pd.array(np.where(good, "yes", "no"), "str"),
        },
        index=pd.Index([f"r{k}" for k in range(count)], dtype="str", name="row"),
    )
    schema = Schema(
        (
            Column("skill"),
            Column("years"),
            Column("sex", "category", roles),
            Column("hired", "category", ("target",)),
        )
    )
    how = {"column": "sex", "group": "f", "share": 0.6, "seed": seed}
    return plant(schema.attach(table), "bias", **how).table


def settings(table, *members, folds=4):
    members = members or (Member("linear"),)
    return Settings(Problem.of(table), members, 0.8, 0.8, 0.8, (), folds, 0)


@pytest.fixture(scope="module")
def biased():
    table = people(2100)
    schema = Schema.of(table)
    return schema.attach(table.head(1500)), schema.attach(table.tail(600))


@pytest.fixture(scope="module")
def found(biased, tmp_path_factory):
    keep = tmp_path_factory.mktemp("fits")
    return outlook(biased[0], settings(biased[0]), keep=keep)


def apart(model, table, name="parity_gap"):
    return fairness(model, table).widest(name)


def test_the_bias_that_was_planted_shows_before_anything_is_trained(found, biased):
    one = found.before.widest("parity_gap")
    assert (one.least, one.most) == ("m", "f")
    assert one.low > 0.3
    assert found.methods == METHODS
    assert apart(found.train("none"), biased[1]).low > 0.3
    assert not hasattr(found.train(), "mitigation")


@pytest.mark.parametrize("method", METHODS)
def test_a_mitigation_brings_groups_together_and_tells_its_price(found, biased, method):
    model = found.train(method)
    assert apart(model, biased[1]).value < 0.5 * apart(found.train(), biased[1]).value
    price = Price.from_dict(json.loads(canonical(model.mitigation)))
    assert price == found.price(method)
    was, now = (f.widest("parity_gap").value for f in (price.before, price.after))
    assert now < 0.5 * was
    before, after = price.measured
    assert after.metrics["roc_auc"] < before.metrics["roc_auc"]
    assert "parity gap" in price.statement
    assert repr(price.plot()).startswith("<Picture")


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_mitigated_model_is_packaged_and_fitted_again_alike(found, biased, method):
    train, test = biased
    model = found.train(method)
    graph = Graph(convert(model, 0.5), model.classes)
    odd = test.assign(sex=test["sex"].where(test["years"] > 3, "never seen"))
    odd.loc[odd.index[:50], "sex"] = None
    for table in (test, odd.assign(skill=odd["skill"].where(odd["years"] != 7))):
        said = graph.predict({n: table[n].to_numpy() for n in model.schema.names})
        assert compare(model, table, said, 0.5).holds
    chances = model.predict_proba(test)
    assert chances.min() >= 0
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-6)
    again = outlook(train, settings(train), keep=found.keep).train(method)
    assert joblib.hash(again) == joblib.hash(model)
    assert model.problem == settings(train).problem


def test_thresholds_by_group_are_the_same_in_numbers_as_in_the_blend(found, biased):
    plain, mixed = found.train(), found.train("thresholds")
    test = biased[1]
    some = {g: test[(test["sex"] == g).to_numpy()] for g in ("f", "m")}
    for rows in some.values():
        before = plain.predict_proba(rows)[:, 1]
        after = mixed.predict_proba(rows)[:, 1]
        assert (np.argsort(before) == np.argsort(after)).all()
    shares = [(mixed.predict_proba(r)[:, 1] >= 0.5).mean() for r in some.values()]
    assert abs(shares[0] - shares[1]) < 0.12


def test_weights_make_groups_and_answers_independent():
    rng = np.random.default_rng(0)
    groups, classes = rng.integers(0, 3, 500), rng.integers(0, 2, 500)
    weights = weights_of(groups, classes)
    assert weights.sum() == pytest.approx(500)
    for g in range(3):
        mine = groups == g
        share = np.average(classes[mine], weights=weights[mine])
        assert share == pytest.approx(classes.mean())


def test_small_groups_of_crossed_columns_are_one():
    table = pd.DataFrame({"a": ["x"] * 90 + ["y"] * 10, "b": ["u", "v"] * 50})
    codes = joint(table, ["a", "b"])
    assert sorted(np.bincount(codes)) == [10, 45, 45]


def test_the_kept_fits_of_a_search_are_not_made_again(biased, tmp_path):
    train = biased[0]
    first = outlook(train, settings(train), keep=tmp_path)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    assert len(files) == 4
    second = outlook(train, settings(train), keep=tmp_path)
    assert second.before == first.before
    assert files == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.npz")}


def test_fits_that_were_not_kept_say_the_same_as_those_of_the_search(biased, tmp_path):
    train = Schema.of(biased[0]).attach(biased[0].head(300))
    problem, found = Problem.of(train), settings(train)
    fold = folds(train, problem, found.folds, 0)
    kept = Kept.of(tmp_path, train, problem, fold, 0, "apart")
    Race(train, problem, fold, 0, kept=kept).run(
        [(one.family, {}) for one in found.members], halve=False, always=1
    )
    searched = outlook(train, found, keep=tmp_path)
    alone = outlook(train, found, keep=tmp_path / "none")
    np.testing.assert_array_equal(searched.said.predicted, alone.said.predicted)
    assert searched.before == alone.before


def counted(skill, sex, counts, good):
    """Make a table of people whose rows do not all count the same."""
    table = pd.DataFrame(
        {
            "skill": skill,
            "sex": pd.array(sex, "str"),
            "counts": counts,
            "hired": pd.array(np.where(good, "yes", "no"), "str"),
        }
    )
    schema = Schema(
        (
            Column("skill"),
            Column("sex", "category", ("sensitive",)),
            Column("counts", "number", ("weight",)),
            Column("hired", "category", ("target",)),
        )
    )
    return schema.attach(table)


@pytest.mark.slow
@pytest.mark.parametrize("aim", ["parity", "odds"])
def test_exponentiated_gradient_heeds_what_rows_count(tmp_path, aim):
    """Most rows hardly count, and say the opposite."""
    rng = np.random.default_rng(0)
    skill, counts = rng.normal(size=800), np.where(rng.random(800) < 0.4, 1.0, 0.01)
    good = (skill + rng.normal(0, 0.5, 800) > 0) == (counts == 1)
    sex = rng.choice(["f", "m"], 800)
    table = counted(skill, sex, counts, good)
    made = settings(table, folds=2)
    shown = outlook(table, made, keep=tmp_path)
    price = shown.price({"method": "exponentiated_gradient", "aim": aim})
    before, after = (one.metrics["roc_auc"] for one in price.measured)
    assert before > 0.9
    assert after > 0.8
    told = "errors count by counts; in the gap that is limited, rows count alike"
    assert told in price.notes
    assert told not in shown.price("reweighing").notes


def test_reweighing_heeds_what_rows_count(tmp_path, monkeypatch):
    """Groups and answers are independent as the rows count when they are learnt."""
    rng = np.random.default_rng(0)
    skill, sex = rng.normal(size=800), rng.choice(["f", "m"], 800)
    good = skill + 0.8 * (sex == "m") + rng.normal(size=800) > 0
    counts = np.where((sex == "m") & good, 5.0, np.where(rng.random(800) < 0.1, 0, 1))
    table = counted(skill, sex, counts, good)
    shown = outlook(table, settings(table, folds=2), keep=tmp_path / "fits")
    learnt = []

    def seen(rows, problem):
        learnt.append((rows, problem.weight))
        return counts_of(rows, problem)

    monkeypatch.setattr(fitted, "counts_of", seen)
    shown.train("reweighing")
    rows, weight = learnt[-1]
    totals = rows[weight].groupby([rows["sex"], rows["hired"]]).sum().unstack()
    rates = totals["yes"] / totals.sum(axis=1)
    assert rates["f"] == pytest.approx(rates["m"])
    assert totals.to_numpy().sum() == pytest.approx(counts.sum())


def test_a_number_and_a_weight_are_taken(tmp_path):
    table = people(800).drop(columns="hired")
    rng = np.random.default_rng(0)
    table["pay"] = 100 * table["skill"] + 150 * (table["sex"] == "m")
    table["pay"] += rng.normal(0, 40, 800)
    table["counts"] = rng.integers(1, 4, 800).astype(float)
    schema = Schema(
        (
            Column("skill"),
            Column("years"),
            Column("sex", "category", ("sensitive",)),
            Column("pay", "number", ("target",)),
            Column("counts", "number", ("weight",)),
        )
    )
    schema.attach(table)
    found = outlook(table, settings(table), keep=tmp_path)
    assert found.methods == ("reweighing",)
    model = found.train("reweighing")
    price = Price.from_dict(model.mitigation)
    was, now = (f.widest("parity_gap").value for f in (price.before, price.after))
    assert now < was
    assert model.problem.weight == "counts"
    assert "standard deviations" in price.statement
    assert repr(price.table()).count("standard deviations of pay") == 1
    axes = price.plot().axes
    panels = [[tick.get_text() for tick in one.get_yticklabels()] for one in axes]
    assert panels[:2] == [["RMSE"], ["MAE"]]
    assert len(panels) == 3
    assert all("gap" in title for title in panels[2])
    assert len({one.get_xlim() for one in axes}) == 3


def test_a_column_that_is_not_looked_at_cannot_set_thresholds(tmp_path):
    table = people(600, roles=("sensitive", "ignored"))
    found = outlook(table, settings(table), keep=tmp_path)
    assert found.methods == ("reweighing", "exponentiated_gradient")
    assert "every request" in found.notes[0]
    with pytest.raises(UsageError, match="cannot be switched on here"):
        found.train("thresholds")
    assert "sex" not in found.train("reweighing").problem.features


def test_a_review_says_that_a_mitigation_is_on_and_not_enough(found, biased):
    plain = fairness(found.train(), biased[1])
    assert any("switch on a mitigation" in one.todo for one in plain.remarks)
    made = fairness(found.train("reweighing"), biased[1])
    wide = replace(made, gaps=plain.gaps)
    told = [one.todo for one in wide.remarks if one.severity != "note"]
    assert told
    for todo in told:
        assert "reweighing is on and not enough" in todo
        assert "mlkit decide mitigation exponentiated_gradient" in todo
        assert "switch on" not in todo
        assert "or mitigate" not in todo


@pytest.mark.parametrize("method", ["reweighing", "exponentiated_gradient"])
def test_whether_an_answer_needs_the_group_rests_on_the_features(
    found, biased, tmp_path, method
):
    model, told = found.train(method), found.price(method).notes
    turned = biased[1].assign(sex=biased[1]["sex"].replace({"f": "m"}))
    says = model.predict_proba(biased[1]), model.predict_proba(turned)
    assert not np.array_equal(*says)
    assert any("still looks at sex" in note and "ignored" in note for note in told)
    assert not any("needs no" in note for note in told)
    table = people(600, roles=("sensitive", "ignored"))
    blind = outlook(table, settings(table, folds=2), keep=tmp_path)
    assert "an answer needs no sex" in blind.price(method).notes


@pytest.mark.parametrize(
    "value",
    [
        ["reweighing"],
        None,
        5,
        {"method": "reweighing", "columns": 5},
        {"method": "reweighing", "columns": None},
        {"method": "exponentiated_gradient", "family": ["linear"]},
        {"method": "reweighing", 5: "sex"},
        "reweigh",
        {"method": "reweighing", "colums": ["sex"]},
        {"method": "reweighing", "columns": ["age"]},
        {"method": "thresholds", "aim": "luck"},
        {},
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(found, value):
    with pytest.raises(UsageError, match=r"mitigation|sensitive|unknown|named"):
        found.train(value)


@pytest.mark.slow
def test_folds_that_follow_one_another_never_learn_from_later_rows(tmp_path):
    table = people(900)
    table["day"] = pd.date_range("2026-01-01", periods=900, freq="h")
    schema = Schema.of(people(9)).put(Column("day", "date", ("time",)))
    schema.attach(table)
    found = outlook(table, settings(table), keep=tmp_path)
    assert 0 < found.before.rows < 900
    for method in found.methods:
        price = found.price(method)
        assert price.after.rows == price.before.rows == found.before.rows
        was, now = (f.widest("parity_gap").value for f in (price.before, price.after))
        assert now < was


def test_a_member_that_always_says_the_same_is_packaged_too(biased):
    train, test = biased
    plain = fit("linear", {}, train, Problem.of(train))
    width = plain.matrices(train)[0].shape[1]
    constant = DummyClassifier(strategy="constant", constant=1)
    constant.fit(np.zeros((2, width)), [0, 1])
    plain.parts[0].weight = 0.7
    plain.parts.append(_part(constant, "linear", 0.3))
    assert plain.predict_proba(test)[:, 1].min() >= 0.3
    graph = Graph(convert(plain, 0.5), plain.classes)
    said = graph.predict({n: test[n].to_numpy() for n in plain.schema.names})
    assert compare(plain, test, said, 0.5).holds


def test_one_column_of_two_is_asked_for():
    one = asked({"method": "reweighing", "columns": "sex"})
    assert one.columns == ("sex",)
    assert asked("none").method == "none"


def test_the_picker_shows_gaps_then_the_price(found):
    picker = MitigationPicker(found)
    assert picker.value == "none"
    assert not picker.settled
    assert picker.picture("none") is found
    assert "demographic parity gap" in found._repr_html_()
    assert "mlkit decide mitigation" in repr(found)
    assert "→" in repr(picker.picture("reweighing"))
    taken = []
    box = picker.widget("none", lambda value, why: taken.append((value, why)))
    choice = box.children[0]
    choice.value = "reweighing"
    box.children[1].children[0].click()
    assert "before" in box.children[2].value
    box.children[-2].children[1].click()
    assert taken == [("reweighing", "")]


def test_without_a_sensitive_column_there_is_nothing_to_pick():
    table = people(300, roles=())
    found = outlook(table, settings(table))
    picker = MitigationPicker(found)
    assert picker.settled
    assert "nothing" not in repr(picker.picture("none"))
    assert "no column has the role sensitive" in repr(picker.widget("none", print))
    assert found.train("none").problem.target == "hired"
    with pytest.raises(UsageError, match="cannot be switched on"):
        found.train("reweighing")


def crossed(*sensitive, count=240):
    """Make few people of whom two or three things are told that are sensitive."""
    table = people(count)
    rng = np.random.default_rng(1)
    table["town"] = pd.array(rng.choice(["Ghent", "Lviv", "Turin"], count), "str")
    table["age"] = rng.integers(18, 80, count).astype(float)
    table["rare"] = pd.array(np.where(np.arange(count) < 9, "r", "often"), "str")
    told = {"town": "category", "age": "number", "rare": "category"}
    schema = Schema.of(people(9)).change("sex", roles=())
    schema = schema.put(*(Column(name, kind) for name, kind in told.items()))
    for name in sensitive:
        schema = schema.change(name, roles=("sensitive",))
    return schema.attach(table)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    table = crossed("sex", "town", "age")
    return outlook(table, settings(table), keep=tmp_path_factory.mktemp("fits"))


@pytest.mark.parametrize("method", METHODS)
def test_columns_are_left_out_until_groups_are_large_enough(many, method):
    price = many.price(method)
    assert price.asked.columns == ("sex", "town")
    left = "age left out: with it, fewer than two groups have 30 rows; to treat age"
    assert any(left in note for note in price.notes)
    assert price.measured[0] != price.measured[1]
    plain, made = many.train(), many.train(method)
    assert not np.array_equal(plain.predicted(many.table), made.predicted(many.table))
    named = many.price({"method": method, "columns": ["sex", "town"]})
    assert not any("left out" in note for note in named.notes)


@pytest.mark.parametrize("method", METHODS)
def test_named_columns_whose_groups_are_all_small_are_refused(many, method):
    asked_for = {"method": method, "columns": ["sex", "town", "age"], "aim": "odds"}
    with pytest.raises(UsageError, match="would change nothing") as error:
        many.price(asked_for)
    told = error.value.todo
    assert "sex, town and age have two each alone" in told
    form = json.loads(told.partition("'")[2].rpartition("'")[0])
    assert form["aim"] == "odds"
    assert many.price(form).measured[0] != many.price(form).measured[1]


def test_where_no_column_has_two_large_groups_nothing_can_be_switched_on(tmp_path):
    table = crossed("rare")
    found = outlook(table, settings(table), keep=tmp_path)
    assert not found.methods
    assert "no sensitive column has two groups of at least 30 rows" in found.notes[-1]
    with pytest.raises(UsageError, match="cannot be switched on here"):
        found.train("reweighing")


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("thresholds", "not moved, with fewer than 30 rows each: f | r and m | r"),
        ("reweighing", "taken together, with fewer than 30 rows each: f | r and m | r"),
    ],
)
def test_small_groups_beside_large_ones_are_named(tmp_path, method, told):
    table = crossed("sex", "rare")
    price = outlook(table, settings(table), keep=tmp_path).price(method)
    assert told in price.notes
    alone = {"method": method, "columns": ["sex"]}
    notes = outlook(table, settings(table), keep=tmp_path).price(alone).notes
    assert not any("fewer than 30" in note for note in notes)


def test_an_answer_depends_on_columns_only_where_thresholds_differ(tmp_path):
    table = crossed("sex")
    twice = pd.concat([table.assign(sex="f"), table.assign(sex="m")])
    twice.index = pd.Index([f"r{k}" for k in range(len(twice))], dtype="str")
    found = outlook(Schema.of(table).attach(twice), settings(table), keep=tmp_path)
    sure = np.tile(np.column_stack([np.ones(240), np.zeros(240)]), (2, 1))
    found.said = replace(found.said, predicted=sure)
    notes = found.price("thresholds").notes
    assert "nothing changes: by sex, all groups have the same threshold" in notes
    assert not any("depends on" in note for note in notes)
