from __future__ import annotations

from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io

from mlkit.core.artifacts import KINDS, kind_of
from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.model.families import family, names
from mlkit.model.fitted import Member, fit, weights_of
from mlkit.model.problem import Problem
from mlkit.model.tuning.prepared import Prepared

MADE = ("two_classes", "many_classes", "number")
PAIRS = [(name, k) for name in names() for k in MADE if k in family(name).takes]


def needs(name):
    if not family(name).installed():
        pytest.skip(f"{name} is not installed: {family(name).install}")


@pytest.mark.parametrize(("name", "kind"), [p for p in PAIRS if family(p[0]).formats])
def test_a_model_is_kept_without_a_pickle_and_says_the_same(
    name, table, problem, tmp_path
):
    needs(name)
    model = fit(name, {}, table, problem)
    assert kind_of(model, "model") == "model"
    KINDS["model"].write(model, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.skops"]
    read = KINDS["model"].read(tmp_path)
    assert (read.predicted(table) == model.predicted(table)).all()
    assert read.problem == problem
    assert repr(read) == repr(model)
    assert not set(skops.io.get_untrusted_types(file=tmp_path / "model.skops")) - {
        "mlkit.model.encoding.encode.Encoder",
        "mlkit.model.fitted.Model",
        "mlkit.model.fitted.Part",
        "mlkit.model.booster.Booster",
        "mlkit.model.encoding.normal.Normal",
        "mlkit.model.encoding.rates.Rates",
        "mlkit.model.packed.PackedBooster",
        "mlkit.model.packed.PackedForest",
        "sklearn.tree._tree.Tree",
    }


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_equal_rows_give_equal_models(name, table, problem):
    needs(name)
    first, second = fit(name, {}, table, problem), fit(name, {}, table, problem)
    assert joblib.hash(first) == joblib.hash(second)


def test_probabilities_are_those_of_all_classes(make):
    table = make("many_classes")
    problem = Problem.of(table)
    model = fit("forest", {}, table, problem)
    chances = model.predict_proba(table)
    assert chances.shape == (len(table), 3)
    assert np.allclose(chances.sum(axis=1), 1)
    assert model.classes == problem.classes == ("high", "low", "middle")
    assert set(model.predict(table)) <= set(model.classes)


def test_a_number_has_no_probabilities(make):
    table = make("number")
    model = fit("linear", {}, table, Problem.of(table))
    assert model.predict(table).dtype == np.float64
    with pytest.raises(InputError, match="no probabilities"):
        model.predict_proba(table)


def test_rows_without_a_target_are_not_learnt_from(make):
    table = make("two_classes")
    part = table.copy()
    part.loc[part.index[:100], "answer"] = None
    model = fit("linear", {}, part, Problem.of(table))
    assert model.rows == 300


def test_weights_count(make):
    table = make("two_classes")
    schema = Schema.of(table)
    table["weight"] = np.where(table["answer"] == "yes", 50.0, 1.0)
    Schema.of(schema.attach(table)).change("weight", roles=("weight",)).attach(table)
    problem = Problem.of(table)
    assert "weight" not in problem.features
    model = fit("linear", {}, table, problem)
    assert (model.predict(table) == "yes").mean() > 0.85


@pytest.mark.parametrize("asked", ["auto", "balanced"])
def test_rows_that_all_weigh_nothing_count_alike(make, asked):
    plain = make("two_classes")
    schema = Schema.of(plain).put(Column("weight", "number", ("weight",)))
    table = schema.attach(plain.assign(weight=np.nan))
    problem = replace(Problem.of(table), class_weight=asked)
    unweighed = replace(problem, weight="")
    assert (weights_of(table, problem) > 0).all()
    model = fit("linear", {}, table, problem)
    same = fit("linear", {}, table, unweighed)
    assert np.allclose(model.predicted(table), same.predicted(table))
    table.loc[table.index[300:], "weight"] = 1.0
    rows = Prepared(table, problem)
    learnt = np.arange(len(table)) < 300
    part = rows.fit(Member("linear"), learnt, 0)
    assert np.isfinite(rows.said(part, ~learnt)).all()


def test_a_large_offset_of_the_target_does_not_cost_digits(make):
    table = make("number").assign(answer=lambda t: t["answer"] + 1e9)
    problem = Problem.of(Schema.of(make("number", 3)).attach(table))
    model = fit("forest", {}, table, problem)
    errors = model.predict(table) - table["answer"]
    assert np.abs(errors).mean() < 60


def test_the_schema_names_what_is_needed(make):
    table = make("two_classes")
    model = fit("linear", {}, table, Problem.of(table))
    assert model.schema.names == ["age", "pay", "flat", "town", "sex"]
    with pytest.raises(InputError, match="lacks columns"):
        model.predict(table.drop(columns="pay"))


@pytest.mark.parametrize(
    ("metric", "asked", "even"),
    [
        ("roc_auc", "auto", False),
        ("roc_auc", "balanced", True),
        ("balanced_accuracy", "auto", True),
        ("balanced_accuracy", "none", False),
    ],
)
def test_rare_classes_count_more_where_that_is_asked_for(make, metric, asked, even):
    table = make("two_classes")
    rare = pd.concat(
        [table[table["answer"] == "no"], table[table["answer"] == "yes"][:20]]
    )
    problem = replace(
        Problem.of(Schema.of(table).attach(rare), metric), class_weight=asked
    )
    weights = weights_of(rare, problem)
    shares = np.bincount(problem.truth(rare), weights)
    assert (shares[0] == pytest.approx(shares[1])) == even
    mean = fit("linear", {}, rare, problem).predict_proba(rare)[:, 1].mean()
    assert (mean > 0.2) == even
    assert Problem.from_dict(problem.to_dict()) == problem
