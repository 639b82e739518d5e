"""What is expected of rows without a truth, held against the truth."""

from __future__ import annotations

import numpy as np
import pytest

from mlkit.model.measures.expected import expected, learn, mended
from mlkit.model.measures.metrics import METRICS
from mlkit.model.problem import Problem
from mlkit.model.runtime import choice

TWO = Problem("two_classes", "y", "roc_auc", ("no", "yes"))
MANY = Problem("many_classes", "y", "log_loss", ("a", "b", "c"))
NUMBER = Problem("number", "y", "rmse")


def two(rows, seed, spread=1.5, sure=1.0):
    """Make chances and what came true; a model that is too sure says more."""
    rng = np.random.default_rng(seed)
    powers = rng.normal(0, spread, rows)
    chance = 1 / (1 + np.exp(-powers))
    truth = (rng.random(rows) < chance).astype(int)
    said = 1 / (1 + np.exp(-sure * powers))
    return truth, np.column_stack([1 - said, said])


@pytest.mark.parametrize("sure", [1.0, 3.0])
@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "accuracy", "recall"])
def test_of_classes_it_is_near_what_comes_true(sure, metric):
    form = learn(TWO, *two(2000, 0, sure=sure))
    truth, said = two(4000, 1, spread=0.7, sure=sure)
    value, low, high = expected(TWO, form, said, 0.5, metric=metric)
    judge = METRICS[metric]
    judged = choice(said) if judge.takes == "labels" else said
    real = judge.compute(truth, judged)
    assert low < value < high
    assert value == pytest.approx(real, abs=0.03 * max(1.0, real))


def test_a_model_that_is_too_sure_is_mended():
    truth, said = two(4000, 2, sure=3.0)
    form = learn(TWO, truth, said)
    assert form["scale"] == pytest.approx(1 / 3, abs=0.05)
    sure = mended(form, said)[:, 1]
    assert np.abs(sure - said[:, 1]).max() > 0.1
    assert truth[sure > 0.9].mean() == pytest.approx(sure[sure > 0.9].mean(), abs=0.03)


def test_of_many_classes_a_flatter_answer_is_expected_to_score_worse():
    rng = np.random.default_rng(3)
    said = rng.dirichlet([0.4] * 3, 1500)
    truth = (rng.random(1500)[:, None] > said.cumsum(axis=1)).sum(axis=1)
    form = learn(MANY, truth, said)
    flat = rng.dirichlet([4.0] * 3, 1500)
    assert expected(MANY, form, flat)[0] > expected(MANY, form, said)[2]


def test_of_numbers_it_knows_where_errors_are_large():
    rng = np.random.default_rng(4)
    said = rng.uniform(0, 10, 2000)
    truth = said + rng.normal(0, 0.2 + said / 5)
    form = learn(NUMBER, truth, said)
    small, large = (
        expected(NUMBER, form, rng.uniform(*e, 500)) for e in ((0, 2), (8, 10))
    )
    assert small[2] < large[1]
    assert large[0] == pytest.approx(2.0, abs=0.25)


def test_a_number_that_comes_back_rounded_is_expected_as_it_was():
    rng = np.random.default_rng(0)
    said = rng.choice([0.1, 0.7, 1.3], 600)
    truth = said + rng.normal(0, said / 10)
    form = learn(NUMBER, truth, said)
    assert form["edges"] == [0.4, 1.0]
    rounded = said.astype(np.float32)
    told = expected(NUMBER, form, said), expected(NUMBER, form, rounded)
    np.testing.assert_allclose(*told, rtol=1e-5)


def test_nothing_is_expected_of_a_handful_or_of_no_rows():
    truth, said = two(20, 5)
    assert learn(TWO, truth, said) == {}
    assert expected(TWO, {}, said) is None
    assert expected(TWO, learn(TWO, *two(100, 0)), said[:0]) is None
