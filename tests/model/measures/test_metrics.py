from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from mlkit.model.judging.rival import ahead
from mlkit.model.measures.measure import guesses, measure, units
from mlkit.model.measures.metrics import (
    METRICS,
    auc,
    better,
    bootstrap,
    of_problem,
    score,
)
from mlkit.model.measures.weighted import bins
from mlkit.model.problem import KINDS, Problem

RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 2, 300)
ONE = np.round(np.clip(TRUTH * 0.3 + RNG.random(300) * 0.7, 0.01, 0.99), 2)
TWO = np.column_stack([1 - ONE, ONE])
MANY = RNG.integers(0, 4, 300)
FOUR = RNG.dirichlet(np.ones(4), 300)
VALUES, SAID = RNG.normal(size=300), RNG.normal(size=300)
RATES = RNG.gamma(2, 2, 300)
COUNTS = RNG.poisson(RATES).astype(float)
WEIGHTS = RNG.integers(0, 4, 300).astype(float)
TAKES = {
    "roc_auc": (TRUTH, TWO),
    "average_precision": (TRUTH, TWO),
    "brier": (TRUTH, TWO),
    "precision": (TRUTH, ONE > 0.5),
    "recall": (TRUTH, ONE > 0.5),
    "log_loss": (MANY, FOUR),
    "calibration": (MANY, FOUR),
    "accuracy": (MANY, FOUR.argmax(1)),
    "balanced_accuracy": (MANY, FOUR.argmax(1)),
    "f1": (MANY, FOUR.argmax(1)),
    "kappa": (MANY, FOUR.argmax(1)),
    "rps": (MANY, FOUR),
    "steps": (MANY, FOUR.argmax(1)),
    "rmse": (VALUES, SAID),
    "mae": (VALUES, SAID),
    "r2": (VALUES, SAID),
    "mape": (COUNTS + 1, RATES),
    "deviance": (COUNTS, RATES),
}


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
        (
            "mape",
            COUNTS + 1.0,
            RATES,
            reference.mean_absolute_percentage_error(COUNTS + 1.0, RATES),
        ),
        ("deviance", COUNTS, RATES, reference.mean_poisson_deviance(COUNTS, RATES)),
        (
            "kappa",
            MANY,
            FOUR,
            reference.cohen_kappa_score(MANY, FOUR.argmax(1), weights="quadratic"),
        ),
        ("steps", MANY, FOUR, np.abs(MANY - FOUR.argmax(1)).mean()),
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
    assert np.isnan(score("kappa", one_class, one_class))
    assert np.isnan(score("deviance", np.array([-1.0, 2.0]), np.ones(2)))
    assert np.isnan(score("mape", np.array([0.001, 5.0, 6.0]), np.ones(3)))
    assert np.isnan(score("rmse", np.zeros(0), np.zeros(0)))


@pytest.mark.parametrize(
    "name", sorted(n for n, m in METRICS.items() if m.takes != "rows")
)
def test_a_weight_counts_a_row_so_many_times(name):
    truth, predicted = (np.asarray(values) for values in TAKES[name])
    many = np.repeat(np.arange(300), WEIGHTS.astype(int))
    metric = METRICS[name]
    weighed = metric.compute(truth, predicted, WEIGHTS)
    if name == "calibration":  # its bins are those of the rows, however they count
        assert weighed == pytest.approx(
            metric.compute(truth[many], predicted[many]), abs=0.03
        )
    else:
        assert weighed == pytest.approx(metric.compute(truth[many], predicted[many]))
    assert metric.compute(truth, predicted, np.full(300, 2.5)) == pytest.approx(
        metric.compute(truth, predicted)
    )
    assert np.isnan(metric.compute(truth, predicted, np.zeros(300))) or name == "f1"


def test_rows_that_hang_together_make_intervals_wide():
    problem = Problem("number", "y", "rmse")
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 20)
    shift = np.repeat(rng.normal(0, 2, 30), 20)
    truth = shift + rng.normal(0, 0.3, 600)
    naive = measure(problem, truth, np.zeros(600)).intervals["mae"]
    whole = measure(problem, truth, np.zeros(600), groups=groups).intervals["mae"]
    assert whole[1] - whole[0] > 2.5 * (naive[1] - naive[0])
    once = measure(problem, truth, np.zeros(600), groups=np.arange(600))
    assert once.intervals["mae"] == pytest.approx(naive, abs=0.02)


def test_intervals_of_groups_cover_and_those_of_rows_do_not():
    problem = Problem("number", "y", "mae")
    groups = np.repeat(np.arange(25), 12)
    covered = {"rows": 0, "groups": 0}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        truth = np.abs(np.repeat(rng.normal(0, 1, 25), 12))
        for name, by in (("rows", None), ("groups", groups)):
            low, high = measure(
                problem, truth, np.zeros(300), groups=by, seed=seed
            ).intervals["mae"]
            covered[name] += low <= np.sqrt(2 / np.pi) <= high
    assert covered["groups"] >= 50 > covered["rows"]


def test_rows_and_columns_tell_groups_and_weights():
    table = pd.DataFrame({"g": ["a", None, "a", None], "w": [1.0, -2.0, np.nan, 3.0]})
    groups, weights = units(
        Problem("number", "y", "rmse", group="g", weight="w"), table
    )
    assert len(set(groups)) == 3
    assert groups[0] == groups[2]
    assert weights.tolist() == [1.0, 0.0, 0.0, 3.0]
    alike = table.assign(g=list("abcd"), w=2.0)
    assert units(Problem("number", "y", "rmse", group="g", weight="w"), alike) == (
        None,
        None,
    )
    assert units(Problem("number", "y", "rmse"), table) == (None, None)


@pytest.mark.parametrize("kind", ["many_classes", "ordered"])
def test_f1_of_many_classes_is_their_mean_whichever_the_rows_hold(kind):
    problem = Problem(kind, "y", "f1", ("a", "b", "c", "d"))
    labels = np.where(ONE > 0.5, 1, 0)
    chances = np.eye(4)[labels]
    wanted = reference.f1_score(TRUTH, labels, average="macro")
    assert measure(problem, TRUTH, chances).metrics["f1"] == pytest.approx(wanted)
    assert score(problem, TRUTH, chances) == pytest.approx(wanted)
    assert guesses(problem, TRUTH, chances)["f1"] == pytest.approx(wanted)
    same = ahead(problem, TRUTH, labels, np.zeros(300, int)).metrics["ahead"]
    none = reference.f1_score(TRUTH, np.zeros(300), average="macro")
    assert same == pytest.approx(wanted - none)
    two = Problem("two_classes", "y", "f1", ("no", "yes"))
    assert score(two, TRUTH, TWO) == pytest.approx(
        reference.f1_score(TRUTH, TWO.argmax(axis=1))
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80), st.integers(1, 12))
def test_bins_keep_equals_together_and_are_numbered_without_a_gap(values, count):
    codes = bins(np.array(values), count)
    assert sorted(set(codes)) == list(range(codes.max() + 1))
    assert codes.max() < count
    order = np.argsort(values, kind="stable")
    assert (np.diff(codes[order]) >= 0).all()
    for value in set(values):
        assert len(set(codes[np.array(values) == value])) == 1


def test_a_perfect_calibration_has_no_error_and_a_liar_has():
    chances = np.full((1000, 2), 0.5)
    even = np.arange(1000) % 2
    assert score("calibration", even, chances) < 0.02
    liar = np.column_stack([np.full(1000, 0.1), np.full(1000, 0.9)])
    assert score("calibration", even, liar) == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_the_problems_own_metric_comes_first(kind):
    metric = "mae" if kind in ("number", "count") else "f1"
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
