from __future__ import annotations

import importlib
import inspect
import pkgutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

import mlkit.model
from mlkit.model.audit.rules import readable
from mlkit.model.cumulative import Cumulative, _loss
from mlkit.model.fitted import fit
from mlkit.model.measures.metrics import score
from mlkit.model.packing.parity import agree
from mlkit.model.problem import Problem


def estimators():
    """Return an estimator of every class of mlkit's that calls itself one."""
    found = set()
    for module in pkgutil.walk_packages(mlkit.model.__path__, "mlkit.model."):
        made = importlib.import_module(module.name)
        for _, one in inspect.getmembers(made, inspect.isclass):
            mine = one.__module__.startswith("mlkit.")
            if mine and issubclass(one, BaseEstimator):
                found.add(one)
    return [one() for one in sorted(found, key=lambda one: one.__qualname__)]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(estimators())
def test_scikit_learn_takes_every_estimator_for_its_own(estimator, check):
    check(estimator)


def graded(rows=1500, seed=0):
    """Make rows of grades that follow one score, with cuts at −1, 0.5 and 2."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    score = x @ [1.5, -0.7, 0.0] + rng.logistic(size=rows)
    return x, np.searchsorted([-1.0, 0.5, 2.0], score)


def test_it_finds_the_weights_and_cuts_that_made_the_grades():
    model = Cumulative(strength=0.0).fit(*graded(20_000))
    assert model.coef_[0] == pytest.approx([1.5, -0.7, 0.0], abs=0.08)
    assert model.cuts_ == pytest.approx([-1.0, 0.5, 2.0], abs=0.08)


def test_of_two_classes_it_is_logistic_regression():
    x, grades = graded()
    two = (grades > 1).astype(int)
    mine = Cumulative(strength=2.0).fit(x, two).predict_proba(x)
    theirs = LogisticRegression(C=0.5, tol=1e-8).fit(x, two).predict_proba(x)
    np.testing.assert_allclose(mine, theirs, atol=2e-4)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0, 30.0]))
@settings(max_examples=25, deadline=None)
def test_the_gradient_is_that_of_the_loss(seed, strength):
    x, grades = graded(40, seed % 1000)
    rng = np.random.default_rng(seed)
    codes = np.unique(grades, return_inverse=True)[1]
    args = x, codes, rng.random(40), strength
    at = rng.normal(size=3 + codes.max())
    error = check_grad(
        lambda told: _loss(told, *args)[0], lambda told: _loss(told, *args)[1], at
    )
    assert error < 1e-3


@given(st.integers(2, 6), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_chances_are_chances_however_odd_the_rows(classes, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 2)) * 10.0 ** rng.integers(-3, 4)
    grades = np.concatenate([np.arange(classes), rng.integers(0, classes, 60)])[:60]
    chances = Cumulative().fit(x, grades).predict_proba(1e6 * x)
    assert (chances >= 0).all()
    assert chances.sum(axis=1) == pytest.approx(1)


def table():
    x, grades = graded(600)
    made = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=grades.astype(float))
    names = tuple(map(str, range(4)))
    return made, Problem("ordered", "y", "rps", names, ("a", "b", "c"))


def test_it_beats_a_model_that_knows_of_no_order_and_can_be_packaged():
    made, problem = table()
    x, grades = graded(4000, seed=1)
    later = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=grades.astype(float))
    few = made.head(120)
    told = {
        name: score("rps", grades, fit(name, {}, few, problem).predicted(later))
        for name in ("ordinal", "linear", "dummy")
    }
    assert told["ordinal"] < told["linear"] < told["dummy"]
    assert agree(fit("ordinal", {}, made, problem), made).reason == ""


def test_its_terms_can_be_read():
    made, problem = table()
    model = fit("ordinal", {}, made, problem)
    found = readable(model)
    assert found.exact
    assert found.output == "the log-odds of a higher y"
    assert found.terms[0].name == "a"
    assert found.terms[0].effect > 0
    assert repr(model.plot()).startswith("<Picture")
