from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from mlkit.model.metrics import METRICS, auc, better, bootstrap, of_problem, score
from mlkit.model.problem import Problem

RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 2, 300)
ONE = np.round(np.clip(TRUTH * 0.3 + RNG.random(300) * 0.7, 0.01, 0.99), 2)
TWO = np.column_stack([1 - ONE, ONE])
MANY = RNG.integers(0, 4, 300)
FOUR = RNG.dirichlet(np.ones(4), 300)
VALUES, SAID = RNG.normal(size=300), RNG.normal(size=300)


@pytest.mark.parametrize(
    ("name", "truth", "predicted", "wanted"),
    [
        ("roc_auc", TRUTH, TWO, reference.roc_auc_score(TRUTH, ONE)),
        (
            "average_precision",
            TRUTH,
            TWO,
            reference.average_precision_score(TRUTH, ONE),
        ),
        ("log_loss", TRUTH, TWO, reference.log_loss(TRUTH, TWO)),
        ("brier", TRUTH, TWO, reference.brier_score_loss(TRUTH, ONE)),
        ("accuracy", TRUTH, TWO, reference.accuracy_score(TRUTH, ONE > 0.5)),
        (
            "balanced_accuracy",
            TRUTH,
            TWO,
            reference.balanced_accuracy_score(TRUTH, ONE > 0.5),
        ),
        ("precision", TRUTH, TWO, reference.precision_score(TRUTH, ONE > 0.5)),
        ("recall", TRUTH, TWO, reference.recall_score(TRUTH, ONE > 0.5)),
        ("f1", TRUTH, TWO, reference.f1_score(TRUTH, ONE > 0.5)),
        ("log_loss", MANY, FOUR, reference.log_loss(MANY, FOUR)),
        ("roc_auc", MANY, FOUR, reference.roc_auc_score(MANY, FOUR, multi_class="ovr")),
        ("f1", MANY, FOUR, reference.f1_score(MANY, FOUR.argmax(1), average="macro")),
        ("rmse", VALUES, SAID, reference.root_mean_squared_error(VALUES, SAID)),
        ("mae", VALUES, SAID, reference.mean_absolute_error(VALUES, SAID)),
        ("r2", VALUES, SAID, reference.r2_score(VALUES, SAID)),
    ],
)
def test_metrics_are_those_of_the_field(name, truth, predicted, wanted):
    assert score(name, truth, predicted) == pytest.approx(wanted, abs=1e-9)


def test_what_is_undefined_is_nan_and_no_warning():
    one_class = np.zeros(5, int)
    chances = np.full((5, 2), 0.5)
    assert np.isnan(auc(one_class == 1, chances[:, 1]))
    assert np.isnan(score("average_precision", one_class, chances))
    assert np.isnan(score("recall", one_class, chances))
    assert np.isnan(score("r2", np.ones(3), np.ones(3)))


def test_a_perfect_calibration_has_no_error_and_a_liar_has():
    chances = np.full((1000, 2), 0.5)
    even = np.arange(1000) % 2
    assert score("calibration", even, chances) < 0.02
    liar = np.column_stack([np.full(1000, 0.1), np.full(1000, 0.9)])
    assert score("calibration", even, liar) == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize("kind", ["two_classes", "many_classes", "number"])
def test_the_problems_own_metric_comes_first(kind):
    metric = {"two_classes": "f1", "many_classes": "accuracy", "number": "mae"}[kind]
    names = of_problem(Problem(kind, "y", metric))
    assert names[0] == metric
    assert len(names) == len(set(names))
    assert set(names) <= set(METRICS)


def test_better_knows_the_way():
    assert better("roc_auc", 0.9, 0.8)
    assert better("log_loss", 0.1, 0.2)
    assert not better("log_loss", 0.2, 0.2)


def test_intervals_cover_and_repeat():
    rng = np.random.default_rng(1)
    covered = 0
    for seed in range(60):
        sample = rng.normal(size=80)
        [(low, high)] = bootstrap(
            [lambda r, s=sample: s[r].mean()], 80, repeats=200, seed=seed
        )
        covered += low <= 0 <= high
    assert covered >= 50
    twice = [bootstrap([lambda r: ONE[r].mean()], 300, seed=3) for _ in range(2)]
    assert twice[0] == twice[1]


def test_an_interval_holds_its_value_where_resampling_is_biased():
    compute = METRICS["calibration"].compute
    value = compute(TRUTH, TWO)
    [(low, high)] = bootstrap([lambda r: compute(TRUTH[r], TWO[r])], 300)
    assert low <= value <= high
