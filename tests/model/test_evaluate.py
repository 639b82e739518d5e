from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError, UsageError
from mlkit.core.files import canonical
from mlkit.core.schema import Column, Schema
from mlkit.model.charts.evaluate import threshold
from mlkit.model.evaluate import Evaluation, evaluate
from mlkit.model.fitted import fit
from mlkit.model.measures.metrics import better, of_problem
from mlkit.model.problem import Problem
from mlkit.widgets import ThresholdPicker


def judge(table, name="forest", **how):
    half = len(table) // 2
    model = fit(name, {}, table.iloc[:half], Problem.of(table))
    rest = table.iloc[half:]
    return model, rest, evaluate(model, rest, **how)


def test_every_metric_has_an_interval_and_a_guess(table):
    _, rest, found = judge(table)
    metric = found.problem.metric
    assert set(found.metrics) == set(of_problem(found.problem))
    assert next(iter(found.metrics)) == metric
    for name, value in found.metrics.items():
        low, high = found.measured.intervals[name]
        assert low <= value <= high
    assert better(metric, found.metrics[metric], found.guessed[metric])
    assert found.rows == len(rest)
    assert repr(found.plot()).startswith("<Picture")


def test_what_a_guess_says_is_told_where_it_is_not_the_same_for_all(make):
    table = make("two_classes")
    fewer = (table["answer"] == "no") | (np.arange(len(table)) % 3 == 0)
    told = judge(table[fewer])[2]
    assert told.guessed["recall"] == 0
    assert told.guessed["f1"] > 0
    assert "for F1 it says yes of every row" in repr(told.table())
    assert "for F1" not in repr(judge(make("many_classes"))[2].table())
    always = replace(told, guessed={**told.guessed, "recall": 1.0})
    assert "for F1" not in repr(always.table())


def test_it_repeats_and_reads_back(table):
    _, _, found = judge(table)
    assert found == judge(table)[2]
    assert Evaluation.from_dict(json.loads(canonical(found.to_dict()))) == found


def test_metrics_at_a_threshold_are_those_of_the_labels(make):
    model, rest, found = judge(make("two_classes", 800))
    for at in (0.0, 0.1, 0.37, 0.5, 0.9, 1.0):
        labels = model.predict(rest, at)
        moved = found.at(at)
        assert moved.threshold == at
        assert moved.metrics["accuracy"] == pytest.approx(
            np.mean(labels == rest["answer"])
        )
        assert moved.metrics["roc_auc"] == found.metrics["roc_auc"]
    assert found.at(0.3).at(found.threshold).metrics == found.metrics


def test_dearer_misses_lower_the_threshold(make):
    even = judge(make("two_classes", 800))[2]
    dear = judge(make("two_classes", 800), costs={"miss": 10})[2]
    assert dear.threshold < even.threshold
    assert dear.metrics["recall"] > even.metrics["recall"]
    assert dear.cost(dear.threshold) <= dear.cost(0.5)


def test_of_equal_costs_the_nearest_to_theory_is_taken(make):
    found = judge(make("two_classes", 120))[2]
    assert abs(found.threshold - 0.5) < 0.15


def test_a_threshold_is_for_two_classes_only(make):
    for kind in ("many_classes", "number"):
        found = judge(make(kind))[2]
        assert found.threshold is None
        assert found.at(0.3) is found
    with pytest.raises(UsageError, match="between 0 and 1"):
        judge(make("two_classes"))[2].at(1.5)


@pytest.mark.parametrize(
    "costs", [{"mis": 1}, {"miss": -1}, {"miss": "x"}, {"miss": 0, "false_alarm": 0}]
)
def test_costs_that_make_no_sense_are_refused(make, costs):
    with pytest.raises(UsageError, match="cost"):
        judge(make("two_classes"), "linear", costs=costs)


def test_rows_without_a_known_target_are_told(make):
    table = make("two_classes")
    model = fit("linear", {}, table, Problem.of(table))
    odd = table.copy()
    odd.loc[odd.index[:7], "answer"] = ["other"] * 6 + [None]
    found = evaluate(model, odd)
    assert found.rows == len(table) - 7
    assert found.notes == ("7 rows without a known target are left out",)
    with pytest.raises(InputError, match="no row has a target"):
        evaluate(model, odd.head(7))


def test_one_class_alone_leaves_out_what_is_undefined(make):
    table = make("two_classes")
    model = fit("linear", {}, table, Problem.of(table))
    found = evaluate(model, table[table["answer"] == "no"])
    assert "roc_auc" not in found.metrics
    assert "log_loss" in found.metrics
    found.plot()
    canonical(found.to_dict())


def test_a_metric_that_is_undefined_at_a_threshold_is_not_kept_from_another(make):
    found = judge(make("two_classes", 400))[2]
    nobody = found.at(1.0)
    assert nobody.curves["thresholds"]["hits"][-1] == 0
    assert "precision" not in nobody.metrics
    assert nobody.at(0.5).metrics["precision"] == found.at(0.5).metrics["precision"]


@pytest.mark.parametrize("what", ["overview", "details"])
def test_every_kind_of_problem_is_drawn(table, what):
    assert repr(judge(table)[2].plot(what)).startswith("<Picture")


def test_ordered_classes_and_counts_have_metrics_of_their_own(make):
    ordered = make("many_classes")
    kinds = {"low": "1", "middle": "2", "high": "3"}
    ordered["answer"] = ordered["answer"].map(kinds).astype("str")
    problem = replace(Problem.of(ordered), kind="ordered", metric="kappa")
    found = evaluate(fit("linear", {}, ordered, problem), ordered)
    assert {"kappa", "steps", "log_loss"} <= set(found.metrics)
    assert found.metrics["kappa"] > 0.3
    assert found.metrics["steps"] < found.guessed["steps"]
    counts = make("number")
    counts["answer"] = np.maximum(counts["answer"] // 100 - 5, 0)
    problem = replace(Problem.of(counts), kind="count", metric="deviance")
    told = evaluate(fit("forest", {}, counts, problem), counts)
    assert set(told.metrics) == {"deviance", "mae", "rmse", "r2"}
    assert told.metrics["deviance"] < told.guessed["deviance"]
    assert told.conformal.whole
    for one in (found, told):
        one.plot()
        one.plot("details")


def roles(table, **given):
    schema = Schema.of(table)
    for name, role in given.items():
        schema = schema.put(Column(name, schema[name].type, (role,)))
    return schema.attach(table)


def test_of_one_group_rows_are_resampled_and_it_is_said(make):
    table = make("two_classes", 300)
    table = roles(table.assign(patient=np.array(["g"] * 300)), patient="group")
    found = judge(table, "linear")[2]
    assert found.notes == (
        "all rows are of one patient: intervals hold for that one alone",
    )
    low, high = found.measured.intervals["roc_auc"]
    assert low < found.metrics["roc_auc"] < high


@pytest.mark.parametrize("miss", [2, 5])
def test_rows_of_one_group_that_are_alike_leave_the_threshold_where_one_has_it(
    make, miss
):
    table = make("two_classes")
    table = roles(table.assign(patient=table.index.astype("str")), patient="group")
    model, rest, once = judge(table, "linear", costs={"miss": miss})
    often = Schema.of(rest).attach(pd.concat([rest] * 9))
    found = evaluate(model, often, costs={"miss": miss})
    assert found.threshold == once.threshold == ThresholdPicker(found).within(1.0)


def test_groups_are_resampled_whole(make):
    table = make("two_classes", 600)
    few = [f"g{i // 20}" for i in range(600)]
    table = roles(table.assign(patient=np.array(few)), patient="group")
    grouped = judge(table, "linear")[2]
    assert grouped.notes == ("intervals resample the 15 groups of patient",)
    assert grouped.curves["rows"]["groups"]
    again = Evaluation.from_dict(json.loads(canonical(grouped.to_dict())))
    assert again.at(0.4) == grouped.at(0.4)
    alone = judge(make("two_classes", 600), "linear")[2]
    assert alone.metrics == grouped.metrics
    assert alone.measured.intervals != grouped.measured.intervals


def test_weights_count(make):
    table = make("two_classes", 600)
    heavy = np.where(table["answer"] == "yes", 5.0, 1.0)
    table = roles(table.assign(times=heavy), times="weight")
    model, rest, found = judge(table, costs={"miss": 3})
    labels = model.predict(rest, found.threshold)
    right = np.average(labels == rest["answer"], weights=rest["times"])
    assert found.metrics["accuracy"] == pytest.approx(right, abs=1e-6)
    assert any("times" in note for note in found.notes)
    truth = (rest["answer"] == "yes").to_numpy()
    said = labels == "yes"
    spent = 3 * (truth & ~said) + (~truth & said)
    assert found.cost(found.threshold) == pytest.approx(
        np.average(spent, weights=rest["times"]), rel=1e-4
    )


def test_by_weights_a_guess_costs_what_is_drawn_of_it(make):
    table = make("two_classes", 600)
    heavy = np.where(table["answer"] == "yes", 5.0, 1.0)
    table = roles(table.assign(times=heavy), times="weight")
    _, rest, found = judge(table, costs={"miss": 3})
    positive = np.average(rest["answer"] == "yes", weights=rest["times"])
    axes = threshold(found, found.threshold).axes[1]
    assert axes.get_title(loc="left") == "What a row costs on average"
    levels = [line.get_ydata() for line in axes.lines]
    flat = [y[0] for y in levels if len(y) == 2 and y[0] == y[1]]
    assert flat == [pytest.approx(min(3 * positive, 1 - positive))]


def test_a_class_that_is_never_said_has_no_precision_in_the_picture(make):
    table = make("many_classes")
    found = judge(table, "dummy")[2]
    lines = found.breakdown().rows
    assert [line[4] for line in lines].count("–") == 2
    axes = found.plot().axes[1]
    assert axes.get_title(loc="left") == "By class"
    precision, recall = (dots.get_offsets() for dots in axes.collections[1:3])
    assert np.isfinite(np.ma.filled(precision[:, 0], np.nan)).sum() == 1
    assert np.isfinite(np.ma.filled(recall[:, 0], np.nan)).sum() == 3


def test_each_class_is_told(make):
    _, rest, found = judge(make("many_classes"))
    lines = found.breakdown().rows
    assert [line[0] for line in lines] == list(found.problem.classes)
    counts = rest["answer"].value_counts()
    assert [line[1] for line in lines] == [str(counts[name]) for name, *_ in lines]
    assert len(judge(make("two_classes"))[2].breakdown().rows) == 2
    sizes = judge(make("number"))[2]
    assert len(sizes.breakdown().rows) == len(sizes.curves["sizes"]["truth"])


def test_parts_of_a_number_are_told_apart_however_far_from_zero(make):
    table = make("number", 800)
    near, far = (
        judge(table.assign(answer=table["answer"] / 1000 + offset), "linear")[2]
        for offset in (0.0, 2460000.5)
    )
    truths = [[line[0] for line in one.breakdown().rows] for one in (near, far)]
    assert len(set(truths[1])) == len(set(truths[0])) == 10
    assert truths[1][0].startswith("2,460,001.")
    knots = far.conformal.knots
    assert (np.diff(knots) > 0).all()
    assert len(knots) == len(near.conformal.knots) > 5
    moved = np.subtract(knots, 2460000.5)
    assert moved == pytest.approx(np.array(near.conformal.knots), abs=1e-4)


def test_costs_of_many_classes_are_told(make):
    table = make("many_classes")
    found = judge(table, costs={"high": {"low": 20}})[2]
    assert any("by the costs told a row costs" in note for note in found.notes)
    for wrong in ({"miss": 2}, {"hi": {"low": 2}}, {"high": {"low": -1}}):
        with pytest.raises(UsageError, match="cost"):
            judge(table, costs=wrong)


def test_a_capacity_bounds_how_many_are_flagged(make):
    model, rest, found = judge(
        make("two_classes", 800), costs={"miss": 9}, capacity=0.2
    )
    assert np.mean(model.predict(rest, found.threshold) == "yes") <= 0.2
    assert found.plot()
    with pytest.raises(UsageError, match="capacity"):
        judge(make("two_classes"), capacity=0.0)


def test_a_capacity_that_no_threshold_keeps_is_told(make):
    table = make("two_classes", 800)
    assert not any("no threshold" in n for n in judge(table, capacity=0.2)[2].notes)
    table["age"] = table["answer"].eq("yes").astype(float)  # it gives the answer away
    notes = judge(table, name="tree", capacity=0.01)[2].notes
    assert any(n.startswith("no threshold flags at most 1% of rows: ") for n in notes)


def test_the_promise_is_tried_by_group(make):
    for kind in ("two_classes", "many_classes", "number"):
        found = judge(make(kind, 800), coverage=0.8)[2].conformal
        assert [one.group for one in found.kept] == ["", "sex = f", "sex = m"]
        assert found.kept[0].low <= 0.9
        assert found.kept[0].high >= 0.8
        found.plot()


def test_one_row_is_judged_as_far_as_it_goes(table):
    model = fit("linear", {}, table, Problem.of(table))
    found = evaluate(model, table.head(1))
    assert found.rows == 1
    assert found.conformal.radius is None
    canonical(found.to_dict())
    found.plot()
    found.plot("details")
    found.conformal.plot()


def test_a_constant_prediction_is_drawn_and_told(table):
    found = judge(table, "dummy")[2]
    metric = found.problem.metric
    assert found.metrics[metric] == pytest.approx(found.guessed[metric], rel=1e-3)
    found.plot()
    found.plot("details")
