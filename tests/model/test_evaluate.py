from __future__ import annotations

import json

import numpy as np
import pytest

from mlkit.core.errors import InputError, UsageError
from mlkit.core.files import canonical
from mlkit.model.evaluate import Evaluation, evaluate
from mlkit.model.fitted import fit
from mlkit.model.metrics import better, of_problem
from mlkit.model.problem import Problem


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
