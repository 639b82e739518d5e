from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError, UsageError
from mlkit.core.schema import Column, Schema
from mlkit.model.problem import Problem, known


def of(values, type_="category", metric=None, positive=None, **more):
    table = pd.DataFrame(
        {"x": np.arange(len(values), dtype=float), "y": values, **more}
    )
    columns = [Column("x"), Column("y", type_, ("target",))]
    columns += [Column(name, "text") for name in more]
    return Problem.of(Schema(tuple(columns)).attach(table), metric, positive)


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
    table = pd.DataFrame({"note": ["a b", "c d"], "y": ["a", "b"]})
    schema = Schema((Column("note", "text"), Column("y", "category", ("target",))))
    with pytest.raises(InputError, match="left to learn from"):
        Problem.of(schema.attach(table))


def test_text_is_left_out_and_said():
    assert of(["a", "b"], note=["some words", "other words"]).left_out == ("note",)


def test_rows_without_a_known_target_are_passed_over():
    problem = of(["a", "b", "a"])
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": ["a", None, "z"]})
    assert known(table, problem)["x"].tolist() == [1.0]


def test_it_is_kept_as_json(problem):
    assert Problem.from_dict(problem.to_dict()) == problem
