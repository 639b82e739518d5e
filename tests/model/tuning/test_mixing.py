from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import InputError
from mlkit.model.problem import Problem
from mlkit.model.tuning.mixing import Judge, weigh

NUMBER = Problem("number", "y", "rmse", numbers=("x",))
TWO = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
ORDERED = Problem("ordered", "y", "kappa", ("a", "b", "c"), ("x",))


def planted(problem, errs, rows=120, folds=3, seed=0):
    """Return a judge, and predictions that err as they are told to."""
    rng = np.random.default_rng(seed)
    width = len(problem.classes)
    draw = rng.integers(0, width, rows) if width else rng.normal(0, 1, rows)
    truth = np.array_split(draw, folds)
    said = {}
    for at, err in enumerate(errs):
        mine = []
        for one in truth:
            exact = np.eye(width)[one] if width else one.astype(float)
            noise = rng.random(exact.shape) if width else rng.normal(0, 1, len(one))
            mixed = (1 - err) * exact + err * noise
            mine.append(mixed / mixed.sum(axis=1, keepdims=True) if width else mixed)
        said[at] = mine
    return Judge(problem, truth), said


@pytest.mark.parametrize("problem", [NUMBER, TWO, ORDERED], ids=lambda p: p.metric)
def test_planted_the_best_single_is_recovered(problem):
    judge, said = planted(problem, [0.9, 0.0, 0.95])
    weights, value = weigh(said, judge.of)
    assert weights == {1: 1.0}
    assert value == judge.of(said[1])


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([NUMBER, TWO, ORDERED]),
    st.lists(st.floats(0.3, 1.0), min_size=1, max_size=5),
    st.integers(0, 1000),
)
def test_a_blend_is_never_worse_than_the_best_alone(problem, errs, seed):
    judge, said = planted(problem, errs, seed=seed)
    weights, value = weigh(said, judge.of)
    assert value >= max(judge.of(mine) for mine in said.values()) - 1e-9
    assert sum(weights.values()) == pytest.approx(1)
    assert all(weight > 0 for weight in weights.values())


def test_those_that_err_apart_are_worth_more_together():
    judge, said = planted(NUMBER, [0.5, 0.5, 0.5])
    weights, value = weigh(said, judge.of)
    assert len(weights) == 3
    assert value > max(judge.of(mine) for mine in said.values())


def test_the_metric_of_the_problem_is_what_counts():
    """Ranks are all that the area under the curve sees; log loss sees sizes too."""
    truth = [np.array([0, 1] * 20)]
    timid = 0.5 + 0.01 * (truth[0] - 0.5)
    bold = np.where(truth[0] == 1, 0.99, 0.01)
    bold[:2] = [0.6, 0.5]
    said = {at: [np.stack([1 - p, p], 1)] for at, p in enumerate([timid, bold])}
    by_rank = Judge(TWO, truth)
    sizes = Problem("two_classes", "y", "log_loss", ("no", "yes"), ("x",))
    by_size = Judge(sizes, truth)
    assert weigh(said, by_rank.of)[0] == {0: 1.0}
    assert max(weigh(said, by_size.of)[0].items(), key=lambda pair: pair[1])[0] == 1


def test_many_rows_are_judged_by_some_of_them():
    judge, said = planted(NUMBER, [0.4, 0.8], rows=5000)
    few = Judge(NUMBER, judge.truth, most=600)
    assert 590 <= sum(map(len, few.truth)) <= 600
    some = {at: few.some(mine) for at, mine in said.items()}
    assert few.of(some[0]) == pytest.approx(judge.of(said[0]), rel=0.1)
    assert few.of(some[0]) > few.of(some[1])


def test_a_fold_whose_truth_leaves_the_metric_undefined_is_passed_over():
    truth = [np.zeros(10, int), np.array([0, 1] * 5)]
    judge = Judge(TWO, truth)
    right = [np.eye(2)[one] for one in truth]
    assert judge.of(right) == 1
    assert judge.of([right[0], 1 - right[1]]) == 0
    with pytest.raises(InputError, match="ROC AUC is undefined on every fold"):
        Judge(TWO, truth[:1])


def test_what_is_undefined_where_the_truth_defines_it_is_the_worst():
    judge, said = planted(NUMBER, [0.4, 0.8])
    assert judge.of([said[0][0] * np.nan, *said[0][1:]]) < -1e90


def test_a_fold_of_a_rare_class_is_judged_whole_where_its_part_has_none():
    truth = np.zeros(5000, int)
    truth[0] = 1
    judge = Judge(TWO, [truth, truth], most=100)
    assert judge.of(judge.some([np.eye(2)[truth]] * 2)) == 1
