from __future__ import annotations

import json

import numpy as np
import pytest

from mlkit.core.files import canonical
from mlkit.core.schema import Column, Schema
from mlkit.model.explain import importance, leaks
from mlkit.model.fitted import Member, blend, fit
from mlkit.model.metrics import METRICS, score
from mlkit.model.problem import Problem
from mlkit.model.review import Review, review
from mlkit.model.slices import groups


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


def test_it_repeats_and_reads_back(table):
    found = look(table)
    assert found == look(table)
    assert Review.from_dict(json.loads(canonical(found.to_dict()))) == found


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
