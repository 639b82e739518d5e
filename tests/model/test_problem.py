from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError, UsageError
from mlkit.core.schema import Column, Schema
from mlkit.model.evaluate import evaluate
from mlkit.model.fitted import fit
from mlkit.model.measures.metrics import score
from mlkit.model.problem import KINDS, Problem, known


def of(values, type_="category", metric=None, positive=None, how=None, **more):
    table = pd.DataFrame(
        {"x": np.arange(len(values), dtype=float), "y": values, **more}
    )
    columns = [Column("x"), Column("y", type_, ("target",))]
    columns += [Column(name, "text") for name in more]
    return Problem.of(
        Schema(tuple(columns)).attach(table), metric, positive, **(how or {})
    )


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["no", "yes", "no"], ("no", "yes")),
        (["Yes", "No", "No"], ("No", "Yes")),
        (["1", "0", "0"], ("0", "1")),
        (["True", "False", "True"], ("False", "True")),
        (["positive", "zero", "zero"], ("zero", "positive")),
        (["b", "g", "g"], ("b", "g")),
        (["10", "9", "8"], ("8", "9", "10")),
    ],
)
def test_classes_are_in_an_order_a_person_expects(values, classes):
    assert of(values).classes == classes


def test_the_positive_class_can_be_said():
    assert of(["g", "b", "g"], positive="b").classes == ("g", "b")
    with pytest.raises(UsageError, match="positive class"):
        of(["g", "b", "g"], positive="x")


@pytest.mark.parametrize(
    ("values", "type_", "metric"),
    [
        (["a", "b", "a"], "category", "roc_auc"),
        (["a", "b", "c"], "category", "log_loss"),
        ([1.0, 2.0, 3.5], "number", "rmse"),
    ],
)
def test_each_kind_has_its_metric(values, type_, metric):
    assert of(values, type_).metric == metric


def test_a_metric_that_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="did you mean 'rmse'"):
        of([1.0, 2.0, 3.0], "number", metric="rms")
    assert of(["a", "b", "a"], metric="accuracy").metric == "accuracy"


@pytest.mark.parametrize(
    ("values", "type_"),
    [(["a", "a"], "category"), ([1.0, 1.0], "number"), ([None, None], "category")],
)
def test_a_target_that_does_not_vary_is_refused(values, type_):
    with pytest.raises(InputError, match="nothing to learn"):
        of(values, type_)


def test_no_target_and_no_features_are_refused():
    with pytest.raises(InputError, match="role target"):
        Problem.of(pd.DataFrame({"x": [1.0, 2.0]}))
    table = pd.DataFrame({"day": ["a b", "c d"], "y": ["a", "b"]})
    schema = Schema((Column("day", "date"), Column("y", "category", ("target",))))
    with pytest.raises(InputError, match="left to learn from"):
        Problem.of(schema.attach(table))


def test_text_is_learnt_from():
    problem = of(["a", "b"], note=["some words", "other words"])
    assert problem.texts == ("note",)
    assert problem.features == ("x", "note")
    assert problem.left_out == ()


def test_rows_without_a_known_target_are_passed_over():
    problem = of(["a", "b", "a"])
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": ["a", None, "z"]})
    assert known(table, problem)["x"].tolist() == [1.0]


def test_it_is_kept_as_json(problem):
    assert Problem.from_dict(problem.to_dict()) == problem


@pytest.mark.parametrize(
    ("values", "type_", "kind", "told"),
    [
        ([0.0, 1.0, 0.0, 2.0, 7.0], "number", "count", 'kind = "number"'),
        ([0.0, 1.0, 0.0, 1.0], "number", "number", "whole numbers"),
        ([3.0, 4.0, 5.0, 6.0], "number", "number", 'kind = "ordered"'),
        ([3.5, 4.0, 5.0], "number", "number", "are numbers"),
        ([0.0, 1e6, 2e6, 5e6], "number", "number", "whole numbers"),
        (["low", "high", "medium"], "category", "ordered", "low < medium < high"),
        (["S", "XL", "M"], "category", "ordered", "S < M < XL"),
        (["a", "b", "c"], "category", "many_classes", "state it as order"),
        (["7", "8", "9"], "category", "many_classes", "3 labels"),
        (["3", "0", "1"], "category", "many_classes", 'target_type = "number"'),
        (["low", "high", "low"], "category", "two_classes", "two labels"),
    ],
)
def test_each_kind_is_told_and_how_to_say_otherwise(values, type_, kind, told):
    problem = of(values, type_)
    assert problem.kind == kind
    assert told in problem.told
    assert problem.kind in KINDS


def test_only_labels_that_may_be_counts_are_told_as_such():
    for labels in (["0", "1"], ["7", "8", "9"], ["0", "1", "two"], ["0", "1.5", "2"]):
        assert "target_type" not in of(labels).told


def test_grades_written_as_numbers_are_ordered_where_that_is_stated():
    problem = of([9.0, 10.0, 3.0, np.nan], "number", how={"kind": "ordered"})
    assert problem.classes == ("3", "9", "10")
    assert problem.title == "y: 3 to 10, in order"
    table = pd.DataFrame({"y": [10.0, np.nan, 3.0, 4.0]})
    assert problem.truth(table).tolist() == [2, -1, 0, -1]
    assert len(known(table, problem)) == 2


def test_an_order_can_be_stated():
    stated = ["slow", "steady", "fast", "very fast"]
    problem = of(["fast", "slow", "steady"], how={"order": stated})
    assert problem.kind == "ordered"
    assert problem.classes == tuple(stated)
    assert of(["fast", "slow"], how={"order": stated, "kind": "many_classes"}).title
    for order in (["slow", "fast"], [*stated, "slow"]):
        with pytest.raises(UsageError, match="order does not name each class"):
            of(["fast", "slow", "steady"], how={"order": order})


@pytest.mark.parametrize(
    ("values", "type_", "kind", "match"),
    [
        (["a", "b"], "category", "number", "target is no number"),
        (["a", "b", "c"], "category", "two_classes", "3 classes, not two"),
        ([-1.0, 2.0, 3.0], "number", "count", "never negative"),
        ([0.5, 2.0, 3.0], "number", "count", "a count is whole"),
        ([1.0, 2.0, 3.0], "number", "counts", "did you mean 'count'"),
    ],
)
def test_a_kind_that_does_not_fit_is_refused(values, type_, kind, match):
    with pytest.raises(UsageError, match=match):
        of(values, type_, how={"kind": kind})


@pytest.mark.parametrize("wrong", [0.37, -1.0])
def test_rows_to_judge_by_that_hold_no_count_are_refused(wrong):
    values = np.random.default_rng(0).poisson(2.0, 80).astype(float)
    table = pd.DataFrame({"x": np.arange(80.0), "y": values})
    schema = Schema((Column("x"), Column("y", "number", ("target",))))
    problem = Problem.of(schema.attach(table), kind="count")
    model = fit("linear", {}, table[:40], problem)
    later = schema.attach(table[40:].copy())
    assert evaluate(model, later).conformal.kept
    later.iloc[3, 1] = wrong
    with pytest.raises(UsageError, match="a count is whole and never") as told:
        evaluate(model, later)
    assert told.value.where == "[goal] kind, column 'y'"
    assert told.value.got == f"{wrong:g}; 1 of 40 rows hold no count"
    assert 'kind = "number"' in told.value.todo


def test_zero_is_one_class_whatever_its_sign():
    problem = of([-0.0, 0.0, 1.0], "number", how={"kind": "two_classes"})
    assert problem.classes == ("0", "1")
    assert problem.codes(pd.Series([-0.0, 0.0, 1.0])).tolist() == [0, 0, 1]


def test_ordered_classes_are_compared_by_how_far_off_the_chances_are():
    problem = of(["low", "medium", "high"])
    assert problem.metric == "rps"
    truth = np.array([0, 2])
    sure = np.array([[1.0, 0, 0], [0, 0, 1.0]])
    near = np.array([[0, 1.0, 0], [0, 1.0, 0]])
    far = np.array([[0, 0, 1.0], [1.0, 0, 0]])
    told = [score("rps", truth, said) for said in (sure, near, far)]
    assert told == [0, 0.5, 1]
    two = np.array([[0.7, 0.3], [0.4, 0.6]])
    ends = np.array([0, 1])
    assert score("rps", ends, two) == pytest.approx(score("brier", ends, two))


@pytest.mark.parametrize("largest", [1e150, -1e308])
def test_a_target_that_cannot_be_squared_is_refused(make, largest):
    table = make("number")
    table.loc[table.index[0], Problem.of(table).target] = largest
    with pytest.raises(InputError, match="too large") as told:
        Problem.of(table)
    assert "logarithm" in told.value.todo


@pytest.mark.parametrize("unit", [1e-60, 5e-324])
def test_a_target_whose_differences_no_package_can_tell_is_refused(unit):
    values = unit * np.arange(20.0)
    with pytest.raises(InputError, match="too small") as told:
        of(values, "number")
    assert "smaller unit" in told.value.todo
    assert of(1e-34 * np.arange(20.0), "number").kind == "number"
    assert of(1 + np.arange(20.0) * 1e-12, "number").kind == "number"
