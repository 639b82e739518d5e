from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlkit.core.files import canonical
from mlkit.core.schema import Column, Schema
from mlkit.model.audit.remarking import of_rules
from mlkit.model.audit.rules import Rules, readable, told
from mlkit.model.audit.surrogate import rules, surrogate
from mlkit.model.audit.terms import terms_of
from mlkit.model.fitted import Member, blend, fit
from mlkit.model.formats.forms import Linear
from mlkit.model.problem import Problem


def halves(table):
    half = len(table) // 2
    return table.iloc[:half], table.iloc[half:]


def test_a_tree_that_stands_in_for_a_tree_says_the_same(table, problem):
    train, valid = halves(table)
    model = fit("tree", {"depth": 2}, train, problem)
    found = surrogate(model, train, valid)
    assert found.fidelity.metrics[found.bar] > 0.99
    assert found.faithful
    assert not found.exact


def test_a_stand_in_that_tells_another_story_says_so():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(800, 6)), columns=list("abcdef"))
    table["y"] = np.sin(4 * table[list("abcdef")]).sum(axis=1)
    task = Problem("number", "y", "rmse", numbers=tuple("abcdef"))
    train, valid = halves(table)
    found = surrogate(fit("neighbours", {}, train, task), train, valid)
    assert not found.faithful
    assert "not well enough" in found.statement
    assert "not well enough" in repr(found.table())


def test_fidelity_is_of_what_the_model_says_not_of_what_is_true(make):
    train, valid = halves(make("two_classes"))
    model = fit("boosting", {}, train, Problem.of(train))
    lied = valid.assign(answer=valid["answer"].iloc[::-1].array)
    assert surrogate(model, train, valid) == surrogate(model, train, lied)


def test_a_tree_is_read_as_it_is(table, problem):
    model = fit("tree", {"depth": 3}, table, problem)
    found = rules(model, table, table)
    assert found.exact
    assert found.faithful
    assert found.fidelity is None
    for at in range(0, len(table), 37):
        row = table.iloc[[at]]
        leaf = walk(found.tree, row.iloc[0])
        said = model.predicted(row)[0]
        if not problem.classes:
            assert leaf["value"] == pytest.approx(said, rel=1e-4)
        elif len(problem.classes) == 2:
            assert leaf["value"] == pytest.approx(said[1], abs=1e-5)
        else:
            assert leaf["value"] == pytest.approx(said.max(), abs=1e-5)
    assert len(list(told(found.tree))) >= 4


def numbers(cells, task="two_classes"):
    """Make rows whose answer turns between the two middle values of a column."""
    cells = np.sort(np.asarray(cells, float))
    up = cells > cells[len(cells) // 2 - 1]
    names = ("no", "yes") if task == "two_classes" else ()
    y = np.where(up, "yes", "no") if names else np.where(up, 7.0, 3.0)
    problem = Problem(task, "y", "roc_auc" if names else "rmse", names, ("x",))
    return pd.DataFrame({"x": cells, "y": y}), problem


@pytest.mark.parametrize("task", ["two_classes", "number"])
@pytest.mark.parametrize(
    "cells",
    [
        np.arange(1_500_000, 1_500_400),
        np.arange(16_777_200, 16_777_500),
        np.arange(123_456_700, 123_457_100),
        np.arange(-2_000_300, -2_000_000),
        3e9 + 1000 * np.arange(300),
        np.round(2_166_000 + np.arange(300) / 4 + 0.13, 2),
        np.round(947_268 - np.arange(300) / 10, 1),
        np.arange(300) / 10,
        np.nextafter(np.float32(0.1), np.float32(1))
        * np.r_[np.ones(40), 2 * np.ones(40)],
        np.arange(1, 300) * 1e-5,
    ],
)
def test_the_cuts_of_a_tree_send_every_row_as_the_model_does(cells, task):
    table, problem = numbers(cells, task)
    model = fit("tree", {"depth": 1}, table, problem)
    root = rules(model, table, table).tree
    name, _, bound = root["ask"].partition(" ≤ ")
    assert name == "x"
    assert "e" not in bound
    assert len(bound) < 14
    yes, no = (root[side]["value"] for side in ("yes", "no"))
    read = np.where(table["x"] <= float(bound), yes, no)
    said = model.predicted(table)
    np.testing.assert_allclose(read, said[:, 1] if problem.classes else said, atol=1e-4)


def test_a_cut_is_as_short_as_it_can_be():
    asks = []
    for cells in (np.arange(80), np.r_[np.zeros(40), np.ones(40)], np.arange(80) / 10):
        table, problem = numbers(cells)
        asks.append(rules(fit("tree", {}, table, problem), table, table).tree["ask"])
    assert asks == ["x ≤ 39.5", "x ≤ 0.5", "x ≤ 3.95"]


@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_no_cut_of_a_stand_in_is_told_by_a_power_of_ten(scale, make):
    table = make("number", 600)
    table["age"] = scale * table["age"] + 5_000_000
    model = fit("forest", {}, table.head(400), Problem.of(table))
    page = "\n".join(told(surrogate(model, table.head(400), table.tail(200)).tree))
    assert "age ≤ 5" in page
    assert "e+" not in page


def walk(node, row):
    while "ask" in node:
        name, _, bound = node["ask"].rpartition(" ≤ ")
        if name:
            cell = row[name]
            cell = row_median(name) if pd.isna(cell) else cell
            yes = np.float32(cell) <= float(bound)
        elif node["ask"].endswith(" is missing"):
            yes = pd.isna(row[node["ask"].removesuffix(" is missing")])
        else:
            column, _, level = node["ask"].partition(" = ")
            yes = row[column] == level
        node = node["yes" if yes else "no"]
    return node


MEDIANS = {}


def row_median(name):
    return MEDIANS[name]


@pytest.fixture(autouse=True)
def medians(request):
    if "table" in request.fixturenames:
        table = request.getfixturevalue("table")
        for name in ("age", "pay"):
            MEDIANS[name] = float(table[name].astype("float32").median())


def test_terms_of_a_line_are_effects_of_standard_deviations():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(0, 5, 500), "b": rng.normal(0, 0.1, 500)})
    table["y"] = 2 * table["a"] + 30 * table["b"]
    task = Problem("number", "y", "rmse", numbers=("a", "b"))
    found = readable(fit("linear", {"strength": 1e-6}, table, task))
    assert found.kind == "terms"
    assert [term.name for term in found.terms] == ["a", "b"]
    for term in found.terms:
        slope = {"a": 2, "b": 30}[term.name]
        assert term.per == pytest.approx(table[term.name].std(ddof=0), rel=1e-3)
        assert term.effect == pytest.approx(slope * term.per, rel=1e-3)


def test_terms_of_classes_add_up_to_the_scores(make):
    table = make("two_classes")
    model = fit("linear", {}, table, Problem.of(table))
    found = readable(model)
    effects = {term.name: term.effect for term in found.terms}
    assert "log-odds of yes" in found.output
    assert effects["town = Ghent"] > effects["town = Turin"]
    assert effects["age"] > 0


def test_terms_that_add_nothing_are_not_listed():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: rng.normal(size=300) for name in "abcd"})
    table["y"] = 2 * table["a"] + 0.01 * rng.normal(size=300)
    task = Problem("number", "y", "rmse", numbers=tuple("abcd"))
    model = fit("linear", {"strength": 50.0, "sparse": True}, table, task)
    found = readable(model)
    assert [term.name for term in found.terms] == ["a"]
    assert "columns and levels that are not named add nothing" in found.notes
    idle = Linear(np.zeros((4, 1)), np.zeros(1), "none")
    assert len(terms_of(model, idle)["terms"]) == len("abcd")


@pytest.mark.parametrize("unit", [1e-60, 1e60])
def test_terms_are_told_in_a_unit_far_from_one(unit):
    x = np.random.default_rng(0).normal(size=100)
    table = pd.DataFrame({"x": x, "y": unit * x})
    task = Problem("number", "y", "rmse", numbers=("x",))
    found = rules(fit("linear", {}, table, task), table, table)
    (term,) = found.terms
    assert term.effect / term.per == pytest.approx(unit, rel=0.05)
    assert "undefined" not in repr(found.table())


def predicted(found, row):
    """Work out a prediction by hand, from the words of the table of terms alone."""
    grid = found.table()
    medians = re.search("counts as its median: (.*)$", "\n".join(grid.notes), re.M)
    gaps = dict(one.rsplit(" ", 1) for one in medians[1].split(", "))
    sums = []
    for name, *adds, unit in grid.rows:
        if name.startswith("(constant"):
            times = 1.0
        elif unit == "is so":
            column, _, level = name.partition(" = ")
            gone = name.removesuffix(" is missing")
            times = row[column] == level if level else pd.isna(row[gone])
        else:
            cell = row[name]
            cell = number(gaps[name]) if pd.isna(cell) else cell
            per, mean = map(number, unit.split(" above "))
            times = (cell - mean) / per
        sums.append([number(one) * times for one in adds])
    return grid, np.array(sums)


def number(word):
    return float(word.replace(",", ""))


def logistic(value):
    return 1 / (1 + np.exp(-value))


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        ("number", "linear"),
        ("count", "linear"),
        ("two_classes", "linear"),
        ("many_classes", "linear"),
        ("ordered", "ordinal"),
    ],
)
def test_a_prediction_can_be_worked_out_from_the_terms(make, kind, family):
    like = {"count": "number", "ordered": "many_classes"}.get(kind, kind)
    table = make(like)
    if kind == "count":
        counts = np.round(np.exp(table["answer"] / 300 - 2))
        table = Schema.of(table).attach(table.assign(answer=counts))
    order = ["low", "middle", "high"] if kind == "ordered" else None
    problem = Problem.of(table, kind=kind, order=order)
    model = fit(family, {}, table, problem)
    found = readable(model)
    assert found.statement == "these rules are the model itself"
    assert Rules.from_dict(json.loads(canonical(found.to_dict()))) == found
    assert found.plot()
    said = model.predicted(table)
    gap = int(np.flatnonzero(table["pay"].isna())[0])
    for at in (0, 1, 2, gap):
        grid, sums = predicted(found, table.iloc[at])
        total = sums.sum(axis=0)
        if kind == "number":
            assert total[0] == pytest.approx(said[at], rel=0.02)
        elif kind == "count":
            assert np.exp(total[0]) == pytest.approx(said[at], rel=0.03)
        elif kind == "two_classes":
            assert logistic(total[0]) == pytest.approx(said[at, 1], abs=0.01)
        elif kind == "many_classes":
            assert grid.heads[1:4] == [f"adds for {name}" for name in problem.classes]
            chances = np.exp(total) / np.exp(total).sum()
            assert chances == pytest.approx(said[at], abs=0.01)
        else:
            assert grid.rows[0][0] == "(constant, more than low)"
            cuts = sums[:2, 0] + sums[2:, 0].sum()
            above = [logistic(cut) for cut in cuts]
            assert above == pytest.approx([1 - said[at, 0], said[at, 2]], abs=0.01)


def test_terms_of_one_class_of_many_are_not_told_as_the_whole_model():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=600), "z": rng.normal(size=600)})
    place = np.clip(np.round(1.2 * table["x"] + 2), 0, 4).astype(int)
    table["y"] = [f"c{k}" for k in place]
    schema = Schema((Column("x"), Column("z"), Column("y", "category", ("target",))))
    model = fit("linear", {}, table, Problem.of(schema.attach(table)))
    found = readable(model)
    told = "these are the terms for c2; 4 other classes have their own"
    assert found.statement == told
    assert found.output == "the score of c2"
    assert told in repr(found.table())
    (remark,) = of_rules(found)
    assert told in remark.what
    assert "look at its rules" not in remark.what
    assert found.plot()


def test_terms_of_columns_that_are_learnt_are_not_told_as_the_whole_model():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 60, 3000)
    table = pd.DataFrame({"city": [f"c{k}" for k in level], "x": rng.normal(size=3000)})
    table["y"] = level + table["x"]
    task = Problem("number", "y", "rmse", numbers=("x",), categories=("city",))
    found = readable(fit("linear", {}, table, task))
    start = "these are the model's own terms; how to make numbers of"
    assert found.statement == f"{start} city is not told here"
    units = {term.name: term.unit for term in found.terms}
    assert units["city: rate"] == "1 above 0"
    ranked = readable(fit("normal", {}, table, task))
    assert ranked.statement == f"{start} x and city is not told here"


@pytest.mark.parametrize("weighing", ["balanced", "role"])
def test_a_tree_tells_shares_of_rows_whatever_rows_count(weighing):
    table = pd.DataFrame({"x": np.arange(100.0), "w": 1.0})
    table["y"] = np.where(table["x"] < 89.5, "no", "yes")
    task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
    if weighing == "balanced":
        task = replace(task, class_weight="balanced")
    else:
        task = replace(task, weight="w")
        table["w"] = np.where(table["y"] == "yes", 9.0, 1.0)
    found = readable(fit("tree", {"depth": 1}, table, task))
    assert [found.tree[side]["rows"] for side in ("yes", "no")] == [0.9, 0.1]
    assert "else: 1 (10% of the rows)" in repr(found.table())


def test_a_black_box_has_no_rules_of_its_own(make):
    table = make("two_classes")
    problem = Problem.of(table)
    assert readable(fit("boosting", {}, table, problem)) is None
    two = [Member("linear", {}, 0.5), Member("tree", {}, 0.5)]
    assert readable(blend(two, table, problem)) is None


@pytest.mark.parametrize(
    "family", ["dummy", "linear", "tree", "boosting", "naive_bayes"]
)
def test_rules_are_drawn_told_and_read_back(make, family):
    table = make("two_classes")
    train, valid = halves(table)
    found = rules(fit(family, {}, train, Problem.of(table)), train, valid)
    assert Rules.from_dict(json.loads(canonical(found.to_dict()))) == found
    assert repr(found.plot()).startswith("<Picture")
    assert found.statement
    found.table()._repr_html_()


def test_words_of_many_levels_are_asked_about_in_words():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 60, 3000)
    table = pd.DataFrame({"city": [f"c{k}" for k in level], "y": 10.0 * level})
    task = Problem("number", "y", "rmse", categories=("city",))
    root = readable(fit("tree", {"depth": 1}, table, task)).tree
    name, _, bound = root["ask"].partition(" ≤ ")
    assert name == "mean at its city"
    assert 250 < float(bound) < 340
    sign = np.where(level < 30, "low", "high")
    task = Problem("two_classes", "y", "roc_auc", ("low", "high"), categories=("city",))
    root = readable(fit("tree", {"depth": 1}, table.assign(y=sign), task)).tree
    name, _, bound = root["ask"].partition(" ≤ ")
    assert name == "share of high at its city"
    assert 0 < float(bound) < 1


def test_a_model_that_says_the_same_of_every_row_has_nothing_to_read(make):
    table = make("number")
    model = fit("dummy", {}, table, Problem.of(table))
    assert rules(model, table, table).why
    assert surrogate(model, table, table).kind == "none"
