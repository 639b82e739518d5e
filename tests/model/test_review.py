from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.files import canonical
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.parts.enough import enough
from mlkit.data.profile import profile
from mlkit.model.audit.controls import shuffled_input, wobble
from mlkit.model.audit.explain import importance, leaks, pace
from mlkit.model.audit.limits import limits
from mlkit.model.audit.remarking import of_data, of_rows
from mlkit.model.fitted import Member, blend, fit
from mlkit.model.measures.measure import measure_rows
from mlkit.model.measures.metrics import METRICS, score
from mlkit.model.problem import Problem
from mlkit.model.review import Review, review
from mlkit.model.runtime import choice
from mlkit.model.slicing.slices import groups
from mlkit.widgets import LeakPicker


def look(table, name="boosting", **how):
    half = len(table) // 2
    train, valid = table.iloc[:half], table.iloc[half:]
    return review(
        fit(name, {}, train, Problem.of(table)), train, valid, repeats=2, **how
    )


def test_it_finds_what_the_model_looks_at(table):
    found = look(table)
    told = {one.feature: one.loss for one in found.importance}
    assert set(list(told)[:3]) == {"age", "pay", "town"}
    assert told["flat"] == 0
    assert set(found.dependence) <= set(told)
    assert repr(found.plot()).startswith("<Picture")


@pytest.mark.slow
def test_it_repeats_and_reads_back(table):
    found = look(table)
    assert found == look(table)
    assert Review.from_dict(json.loads(canonical(found.to_dict()))) == found


@pytest.mark.slow
def test_a_slow_model_is_shuffled_less_often_before_fewer_rows_are_asked(make):
    table = make("two_classes", 1200)
    train, valid = table.iloc[:300], table.iloc[300:]
    members = [Member("naive_bayes", {}, 1 / 60)] * 60
    slow = blend(members, train, Problem.of(table))
    found = review(slow, train, valid, repeats=50, refits=0)
    assert found.robustness.rows == len(valid)
    assert {one.error for one in found.importance} != {0.0}
    once = review(slow, train, valid, repeats=1, refits=0)
    assert {one.error for one in once.importance} == {0.0}


def test_groups_of_a_sensitive_column_are_measured(table):
    found = look(table)
    assert [(s.column, s.group) for s in found.slices] == [("sex", "f"), ("sex", "m")]
    assert all(found.problem.metric in s.measured.metrics for s in found.slices)


def test_no_sensitive_column_is_said_not_to_be_assessed(make):
    table = make("two_classes")
    Schema.of(table).change("sex", roles=()).attach(table)
    found = look(table, "linear")
    assert any("fairness was not assessed" in r.what for r in found.remarks)


def test_a_column_that_knows_too_much_is_serious(table, problem):
    plain = look(table)
    assert plain.leaks == {}
    if problem.classes:
        leak = (
            table["answer"].map({c: f"code {c}" for c in problem.classes}).astype("str")
        )
        column = Column("leak", "category")
    else:
        noise = np.random.default_rng(0).normal(0, 0.1, len(table))
        leak, column = table["answer"] * 3 + noise, Column("leak")
    leaking = table.assign(leak=leak)
    Schema.of(table).put(column).attach(leaking)
    found = look(leaking)
    assert set(found.leaks) == {"leak"}
    assert found.remarks[0].severity == "serious"
    assert "leak alone predicts answer" in found.remarks[0].what


def apart(column, role):
    """Make rows that give the answer away, in parts of which one has one class."""
    day = np.arange(300)
    answer = np.where(day % 5 == 0, "yes", "no")
    answer[(day >= 90) & (day < 210)] = "no"
    made = pd.DataFrame(
        {
            "x": np.random.default_rng(0).normal(size=300),
            "leak": (answer == "yes") * 1.0,
            column.name: day * 1.0 if role == "time" else day // 100,
            "answer": pd.array(answer, "str"),
        }
    )
    target = Column("answer", "category", ("target",))
    return Schema((Column("x"), Column("leak"), column, target)).attach(made)


@pytest.mark.parametrize("role", ["time", "group"])
def test_a_leak_is_found_where_one_part_of_the_rows_has_a_single_class(role):
    table = apart(Column("part", roles=(role,)), role)
    for seed in range(3):
        assert leaks(table, Problem.of(table), seed=seed) == {"leak": 1.0}


def test_a_leak_is_found_where_no_part_of_the_rows_can_be_learnt_from():
    table = apart(Column("part", roles=("group",)), "group")
    table["part"] = (table["answer"] == "yes").astype(float)  # each of one class
    assert leaks(table, Problem.of(table)) == {"leak": 1.0}
    table["part"] = 1.0
    assert leaks(table, Problem.of(table)) == {"leak": 1.0}


def test_where_no_rows_can_tell_that_is_said():
    table = apart(Column("part"), "none")
    table["answer"] = np.where(np.arange(300) == 7, "yes", "no")
    with pytest.raises(InputError, match="no rows can tell"):
        leaks(table, Problem.of(table))
    rest = table.assign(answer=np.where(np.arange(300) % 3 == 0, "yes", "no"))
    Schema.of(table).attach(rest)
    model = fit("linear", {}, table, Problem.of(table))
    found = review(model, table, rest, repeats=1, refits=0)
    told = "no rows can tell whether one feature gives answer away"
    assert found.unassessed == told
    assert any(told in r.what and r.severity == "warning" for r in found.remarks)
    assert Review.from_dict(json.loads(canonical(found.to_dict()))) == found
    assert told in str(LeakPicker(found).picture([]))


def test_a_leak_may_hide_in_what_is_missing(make):
    table = make("two_classes")
    rng = np.random.default_rng(0)
    paid = np.where(table["answer"] == "yes", np.nan, rng.normal(size=len(table)))
    leaking = table.assign(paid=paid)
    Schema.of(table).put(Column("paid")).attach(leaking)
    assert set(leaks(leaking, Problem.of(leaking))) == {"paid"}


def test_numbers_fall_into_quarters(make):
    table = make("two_classes")
    named = list(groups(table, "age"))
    assert len(named) == 4
    assert sum(mask.sum() for _, mask in named) == len(table)
    with_gaps = dict(groups(table, "pay"))
    assert with_gaps["(missing)"].sum() == table["pay"].isna().sum()


def test_shuffling_nothing_loses_nothing(make):
    table = make("number")
    model = fit("dummy", {}, table, Problem.of(table))
    assert {one.loss for one in importance(model, table, 2)} == {0.0}


def test_importance_is_that_of_shuffled_tables(table):
    members = [Member("forest", {}, 0.5), Member("linear", {}, 0.5)]
    model = blend(members, table, Problem.of(table))
    rng = np.random.default_rng(7)
    truth = model.problem.truth(table)
    name_of = model.problem.metric
    sign = 1 if METRICS[name_of].greater else -1
    whole = score(name_of, truth, model.predicted(table))
    told = {one.feature: sign * one.loss for one in importance(model, table, 2, 7)}
    for name in model.problem.features:
        lost = []
        for _ in range(2):
            moved = table[name].array[rng.permutation(len(table))]
            said = model.predicted(table.assign(**{name: moved}))
            lost.append(whole - score(name_of, truth, said))
        assert told[name] == pytest.approx(np.mean(lost), rel=1e-5, abs=1e-6)


def rare(count=2000):
    """Make rows of two classes of which hardly any is surely of the second."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=count)
    yes = rng.random(count) < 1 / (1 + np.exp(3.2 - 1.3 * x))
    table = pd.DataFrame({"x": x, "y": pd.array(np.where(yes, "yes", "no"), "str")})
    columns = (Column("x"), Column("y", "category", ("target",)))
    return Schema(columns).attach(table)


@pytest.mark.parametrize("metric", ["f1", "accuracy", "balanced_accuracy"])
def test_labels_are_those_that_the_threshold_says(metric):
    table, at = rare(), 0.1
    train, valid = table.iloc[:1000], table.iloc[1000:]
    problem = Problem.of(table, metric=metric)
    model = fit("linear", {}, train, problem)
    truth, said = problem.truth(valid), model.predicted(valid)
    found = review(model, train, valid, threshold=at, repeats=2)
    measured = measure_rows(problem, valid, truth, said, at)
    assert found.unseen == found.robustness.whole == measured.metrics[metric]
    learnt = problem.truth(train), choice(model.predicted(train), at)
    assert found.seen == pytest.approx(score(metric, *learnt), rel=1e-6)
    (one,) = found.importance
    (gone,) = found.robustness.of("gone")
    without = choice(model.predicted(valid.assign(x=np.nan)), at)
    lost = score(metric, truth, choice(said, at)) - score(metric, truth, without)
    assert gone.loss == pytest.approx(lost, rel=1e-6)
    assert metric == "accuracy" or one.certain
    (control,) = found.robustness.controls
    assert control == shuffled_input(model, valid, 0, at)
    assert control != shuffled_input(model, valid)
    assert found.robustness.wobble == wobble(model, train, valid, 2, 0, at)
    assert found.robustness.wobble > wobble(model, train, valid, 2, 0)


def test_a_model_that_learnt_by_heart_is_told(make):
    rng = np.random.default_rng(0)
    table = make("two_classes", 300)
    table["answer"] = table["answer"].array[rng.permutation(len(table))]
    train, valid = table.iloc[:150], table.iloc[150:]
    model = fit("tree", {"depth": 20, "leaf": 1}, train, Problem.of(table))
    found = review(model, train, valid, repeats=2, refits=0)
    told = {remark.what.split(":")[0]: remark.severity for remark in found.remarks}
    assert told["it has learnt by heart"] == "warning"
    assert any("not surely better than a guess" in what for what in told)


def test_what_earlier_steps_found_of_the_data_is_repeated(make):
    table = make("two_classes")
    half = len(table) // 2
    train, valid = table.iloc[:half], table.iloc[half:]
    model = fit("linear", {}, train, Problem.of(table))
    given = {"enough": enough(train, 40), "bias": profile(table).bias}
    found = review(model, train, valid, repeats=2, refits=0, **given)
    told = " ".join(remark.what for remark in found.remarks)
    assert given["enough"].statement in told
    plain = review(model, train, valid, repeats=2, refits=0)
    assert given["enough"].statement not in " ".join(r.what for r in plain.remarks)


def test_uneven_data_is_repeated_in_the_review(make):
    table = make("two_classes", 800)
    men = (table["sex"] == "m").to_numpy()
    table["answer"] = np.where(men, "yes", "no")
    flip = np.random.default_rng(0).random(len(table)) < 0.3
    table.loc[flip, "answer"] = np.where(men[flip], "no", "yes")
    found = list(of_data(bias=profile(table).bias))
    assert any(r.severity == "warning" and "sex" in r.what for r in found)


def test_a_text_that_holds_the_answer_blocks_like_any_leak(make):
    table = make("two_classes")
    note = [f"case {k}, closed as {y}" for k, y in enumerate(table["answer"])]
    noted = table.assign(note=pd.array(note, "str"))
    Schema.of(table).put(Column("note", "text")).attach(noted)
    found = look(noted, "linear", refits=0)
    assert set(found.leaks) == {"note"}
    first = found.remarks[0]
    assert (first.severity, "few words of note" in first.what) == ("serious", True)
    assert {"yes", "no"} & set(found.telling["note"]["words"])
    assert (
        len([r for r in found.remarks if "note" in r.what and "answer" in r.what]) == 1
    )


def test_words_of_a_person_are_kept(make):
    found = look(make("two_classes"), "linear", refits=0)
    assert found.within(" to  deny\na loan ").words == "to deny a loan"
    read = Review.from_dict(json.loads(canonical(found.within("x").to_dict())))
    assert read.words == "x"


def test_an_old_record_is_still_read(make):
    form = look(make("number"), "linear", refits=0).to_dict()
    old = ("problem", "rows", "seen", "unseen", "importance", "dependence")
    kept = {name: form[name] for name in (*old, "slices", "leaks", "remarks")}
    plain = [
        {k: one[k] for k in ("feature", "loss", "error")} for one in kept["importance"]
    ]
    read = Review.from_dict({**kept, "importance": plain})
    assert read.robustness is None
    assert read.importance[0].feature == form["importance"][0]["feature"]


def test_it_is_drawn_whatever_is_in_it(table):
    found = look(table, "linear", refits=0)
    for what in ("overview", "together"):
        assert repr(found.plot(what)).startswith("<Picture")
    names = [axes.get_ylabel() for axes in found.plot("together").axes]
    of = found.pair["of"]
    assert of in (found.problem.classes or [""])
    assert (f"chance of {of}" if of else f"mean {found.problem.target}") in names
    bare = Review(found.problem, 9, 1.0, 1.0, found.importance)
    assert repr(bare.plot("together")).startswith("<Picture")
    assert repr(bare.plot()).startswith("<Picture")


def test_many_parts_are_asked_about_fewer_rows(make):
    table = make("two_classes")
    problem = Problem.of(table)
    one = fit("linear", {}, table, problem)
    many = blend(
        [Member("linear", {"strength": s}, 0.05) for s in range(1, 21)], table, problem
    )
    assert pace(many) > pace(one) == 1


def test_limits_come_of_the_rows(make):
    table = make("two_classes")
    table.loc[table.index[:20], "sex"] = "x"
    table.loc[table.index[20:], "sex"] = "f"
    found = limits(fit("linear", {}, table, Problem.of(table)), table)
    told = " ".join(found)
    assert "age lies outside 18 to 79" in told
    assert "town is none of (missing), Ghent, Lviv and Turin" in told
    assert "sex = x (20 rows)" in told
    assert "no column tells from when" in told
    assert "decisions about people: nobody has stated yet whom it is for" in told
    dated = table.assign(day=np.datetime64("2020-01-01") + np.arange(len(table)))
    dated["day"] = dated["day"].astype("datetime64[ns]")
    Schema.of(table).put(Column("day", "date", ("time",))).attach(dated)
    told = " ".join(limits(fit("linear", {}, table, Problem.of(table)), dated))
    assert "day 2020-01-01 to 2021-02-03" in told


def test_years_are_told_as_years_and_the_parts_of_a_date_bound_nothing():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"built": rng.integers(1900, 2020, 200).astype(float)})
    table["sold"] = pd.date_range("2022-01-03", periods=200, freq="4D").astype("str")
    table["size"] = 1500 + rng.random(200)
    table["rent"] = table["size"] + table["built"] / 100
    columns = (Column("built"), Column("sold", "date"), Column("size"))
    schema = Schema((*columns, Column("rent", "number", ("target",))))
    cleaned = clean(schema.attach(table)).table
    model = fit("linear", {}, cleaned, Problem.of(cleaned))
    assert "sold_weekday" in model.problem.features
    told = " ".join(limits(model, cleaned))
    assert "built lies outside 1900 to 2019" in told
    assert "size lies outside 1,50" in told
    assert "sold_" not in told
    assert "it learnt from sold 2022-01-03 to 2024-03-09" in told


def test_to_rest_on_one_column_is_said_only_where_the_others_add_little():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
    train, valid = table.iloc[:200], table.iloc[200:]

    def told(weights):
        made = [t.assign(y=(t * weights).sum(axis=1)) for t in (train, valid)]
        task = Problem("number", "y", "rmse", numbers=("a", "b", "c"))
        model = fit("linear", {}, made[0], task)
        found = review(model, *made, repeats=2, refits=0)
        return any("rests almost wholly on a" in r.what for r in found.remarks)

    assert told([9, 0.1, 0.1])
    assert not told([3, 2, 1])


def test_classes_hardly_seen_are_told_at_one_go(make):
    table = make("two_classes")
    named = [f"c{k % 30}" for k in range(len(table))]
    rare = table.assign(answer=pd.array(named, "str"))
    Schema.of(table).attach(rare)
    model = fit("linear", {}, rare, Problem.of(rare))
    (told,) = (r.what for r in of_rows(400, model))
    assert told.startswith("30 classes had fewer than 20 training rows: ")
    assert told.endswith(" and 24 others")
