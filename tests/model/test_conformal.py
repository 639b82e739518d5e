from __future__ import annotations

import json
from dataclasses import replace
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import UsageError
from mlkit.core.files import canonical
from mlkit.model.conformal import Conformal, calibrate, conform
from mlkit.model.problem import Problem
from mlkit.model.promise import Promise

NUMBER = Problem("number", "y", "rmse")
COUNT = Problem("count", "y", "deviance")
MANY = Problem("many_classes", "y", "log_loss", ("a", "b", "c", "d"))
TWO = Problem("two_classes", "y", "roc_auc", ("no", "yes"))


def numbers(rng, rows):
    said = rng.uniform(0, 10, rows)
    return said + rng.normal(0, 0.2 + 0.3 * said), said


def chances(rng, rows, classes=4, sharp=2.0):
    logits = rng.normal(0, sharp, (rows, classes))
    said = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (said.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1)
    return np.minimum(truth, classes - 1), said


def limits(share, rows, wide=1e-3):
    """The shares that so many rows give by chance all but once in a thousand."""
    odds = np.array(
        [comb(rows, k) * share**k * (1 - share) ** (rows - k) for k in range(rows + 1)]
    )
    below = odds.cumsum()
    low = np.searchsorted(below, wide / 2)
    return low / rows, np.searchsorted(below, 1 - wide / 2) / rows


@pytest.mark.parametrize("method", ["absolute", "scaled"])
@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_intervals_hold_new_truths_as_often_as_promised(method, coverage):
    held = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        made = calibrate(method, *numbers(rng, 120), coverage)
        held.append(bool(made.holds(*numbers(rng, 1))[0]))
    low, high = limits(coverage, len(held))
    assert low <= np.mean(held) <= high


@pytest.mark.parametrize("offset", [0, 1e9])
@pytest.mark.parametrize("unit", [1e-9, 1, 1e9])
@pytest.mark.parametrize("method", ["absolute", "scaled"])
def test_errors_that_are_alike_are_held_in_any_unit(method, unit, offset):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = np.where(rng.random(500) < 0.05, rng.integers(1, 9, 500) * 0.1, 0.3)
        truth = unit * (truth + offset)
        said = np.full(500, truth[:300].mean())
        found = conform(NUMBER, truth, said, method=method)
        assert found.kept[0].share >= 0.85
        assert found.holds(truth, said).mean() >= 0.9
        if method == "absolute":
            assert found.radius < 0.5 * unit


@pytest.mark.parametrize("method", ["absolute", "scaled"])
def test_errors_that_are_alike_are_held_by_a_package_of_single_precision(method):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = np.where(rng.random(500) < 0.05, rng.integers(1, 9, 500) * 0.1, 0.3)
        said = np.full(500, truth[:300].mean())
        found = Promise.from_dict(calibrate(method, truth, said).promise.to_dict())
        low, high = found.interval(said.astype(np.float32).astype(float))
        assert np.mean((low <= truth) & (truth <= high)) >= 0.9


def test_a_scale_is_learnt_in_any_unit():
    truth, said = numbers(np.random.default_rng(0), 600)
    plain = calibrate("scaled", truth, said)
    tiny = calibrate("scaled", 1e-15 * truth, 1e-15 * said)
    assert np.ptp(plain.sizes(said)) > 1
    assert tiny.sizes(1e-15 * said) * 1e15 == pytest.approx(plain.sizes(said), rel=0.01)


@pytest.mark.parametrize("method", ["least", "adaptive"])
def test_sets_hold_new_truths_as_often_as_promised(method):
    held = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        made = calibrate(method, *chances(rng, 150), 0.9)
        held.append(bool(made.holds(*chances(rng, 1))[0]))
    low, high = limits(0.9, len(held))
    assert low <= np.mean(held) <= high


def test_what_is_reported_is_near_what_new_rows_show():
    rng = np.random.default_rng(1)
    found = conform(NUMBER, *numbers(rng, 2000))
    fresh = found.holds(*numbers(rng, 20_000)).mean()
    overall = found.kept[0]
    assert (overall.group, overall.rows) == ("", 2000)
    assert overall.low <= overall.share <= overall.high
    assert abs(overall.share - fresh) < 0.03
    assert abs(fresh - 0.9) < 0.03


def test_a_scale_makes_intervals_narrow_where_errors_are_small():
    rng = np.random.default_rng(2)
    found = conform(NUMBER, *numbers(rng, 3000), method="scaled")
    plain = conform(NUMBER, *numbers(rng, 3000), method="absolute")
    narrow, wide = found.sizes(np.array([0.5, 9.5]))
    assert wide > 3 * narrow
    assert len(set(plain.sizes(np.array([0.5, 9.5])).round(9))) == 1
    assert found.kept[0].size < plain.kept[0].size


def test_a_group_for_which_the_promise_fails_is_seen():
    rng = np.random.default_rng(3)
    truth, said = numbers(rng, 3000)
    odd = rng.random(3000) < 0.1
    truth = np.where(odd, truth + rng.choice([-15, 15], 3000), truth)
    found = conform(NUMBER, truth, said, named={"odd": odd, "other": ~odd})
    by = {one.group: one for one in found.kept}
    assert by["odd"].high < 0.9 < by["other"].low
    assert by["odd"].rows + by["other"].rows == by[""].rows
    few = np.arange(3000) < 5
    assert len(conform(NUMBER, truth, said, named={"few": few}).kept) == 1


def test_rows_that_hang_together_widen_the_interval_of_what_was_held():
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(40), 25)
    shift = np.repeat(rng.normal(0, 2, 40), 25)
    said = rng.normal(size=1000)
    truth = said + shift + rng.normal(0, 0.2, 1000)
    grouped = conform(NUMBER, truth, said, groups=groups).kept[0]
    alone = conform(NUMBER, truth, said).kept[0]
    assert grouped.high - grouped.low > 1.5 * (alone.high - alone.low)


@pytest.mark.parametrize("many", [5, 10, 100])
def test_where_all_are_held_groups_are_counted_and_not_rows(many):
    groups = np.repeat(np.arange(many), 100 // many)
    odd = {"odd": groups % 2 == 1}
    kept = conform(NUMBER, np.zeros(100), np.zeros(100), groups=groups, named=odd).kept
    for one, units in zip(kept, (many, many // 2), strict=False):
        assert one.held == one.rows
        assert one.low == pytest.approx(0.025 ** (1 / units), abs=1e-5)
        assert one.high == 1.0


def test_where_none_are_held_groups_are_counted_and_not_rows():
    groups = np.repeat([0, 1], 100)
    said = np.zeros(200)
    truth = np.where(groups == 1, 9.0, 0.0) + np.tile(np.linspace(0, 1, 100), 2)
    named = {"far": groups == 1}
    kept = {
        one.group: one
        for one in conform(
            NUMBER, truth, said, groups=groups, named=named, method="absolute"
        ).kept
    }
    assert kept["far"].held == 0
    assert kept["far"].high == pytest.approx(0.975, abs=1e-5)


def test_counts_are_whole_and_not_negative():
    rng = np.random.default_rng(5)
    rate = rng.gamma(2, 2, 1000)
    found = conform(COUNT, rng.poisson(rate).astype(float), rate)
    low, high = found.interval(rate)
    assert (low >= 0).all()
    assert np.array_equal(low, low.round())
    assert np.array_equal(high, high.round())
    assert found.kept[0].share >= 0.85


@pytest.mark.parametrize("radius", [0.0, 0.3, 0.5, 2.0, None])
def test_intervals_of_counts_are_never_inside_out(radius):
    promise = Promise("absolute", 0.9, radius, whole=True)
    values = np.array([2.5, 2.4, -3.0, -0.2, 0.0, 7.0])
    low, high = promise.interval(values)
    assert (low >= 0).all()
    assert (low <= high).all()
    plain = replace(promise, whole=False).interval(values)
    for count in range(12):
        held = (plain[0] <= count) & (count <= plain[1])
        assert ((low <= count) & (count <= high))[held].all()
    if radius == 0.3:
        assert low.tolist() == [2, 2, 0, 0, 0, 7]
        assert high.tolist() == [2, 2, 0, 0, 0, 7]


def test_too_few_rows_promise_nothing():
    found = conform(NUMBER, np.arange(5.0), np.zeros(5))
    assert found.radius is None
    assert found.kept == ()
    assert "too few rows" in repr(found)
    assert np.isinf(found.interval(np.zeros(1))[1][0])
    sets = conform(MANY, *chances(np.random.default_rng(0), 4))
    assert sets.sets(np.full((1, 4), 0.25)).all()
    found.plot()
    canonical(found.to_dict())


@pytest.mark.parametrize("method", ["absolute", "scaled"])
@pytest.mark.parametrize("few", [1, 5, 30])
def test_a_half_too_small_to_promise_anything_tries_nothing(method, few):
    groups = np.repeat([0, 1], [400 - few, few])
    rows = numbers(np.random.default_rng(6), 400)
    found = conform(NUMBER, *rows, groups=groups, method=method)
    assert found.radius is not None
    assert [one.rows for one in found.kept] == {1: [], 5: [5], 30: [400]}[few]
    assert ("not tried" in found.statement) == (few == 1)
    found.plot()
    canonical(found.to_dict())


def test_constant_predictions_and_one_class_alone():
    same = conform(NUMBER, np.zeros(300), np.zeros(300))
    assert same.sizes(np.zeros(2)).tolist() == [0.0, 0.0]
    said = np.tile([0.8, 0.2], (50, 1))
    found = conform(TWO, np.zeros(50, int), said)
    assert found.sets(said[:1]).tolist() == [[True, False]]
    assert found.kept[0].share == 1.0


@given(
    st.sampled_from(["least", "adaptive"]),
    st.integers(0, 10_000),
    st.integers(2, 6),
    st.floats(0.5, 0.95),
)
@settings(max_examples=40, deadline=None)
def test_a_set_is_never_empty_and_grows_with_the_promise(method, seed, classes, share):
    rng = np.random.default_rng(seed)
    truth, said = chances(rng, 60, classes)
    small = calibrate(method, truth, said, share)
    large = calibrate(method, truth, said, min(share + 0.04, 0.99))
    fresh = chances(rng, 30, classes)[1]
    assert small.sets(fresh)[np.arange(30), fresh.argmax(axis=1)].all()
    assert (small.sets(fresh) <= large.sets(fresh)).all()
    again = Conformal.from_dict(json.loads(canonical(small.to_dict())))
    assert np.array_equal(again.sets(fresh), small.sets(fresh))


@given(st.integers(0, 10_000), st.integers(25, 400))
@settings(max_examples=30, deadline=None)
def test_an_interval_is_around_its_value_and_reads_back(seed, rows):
    rng = np.random.default_rng(seed)
    made = conform(NUMBER, *numbers(rng, rows), seed=seed)
    fresh = numbers(rng, 20)[1]
    low, high = made.interval(fresh)
    assert (low <= fresh).all()
    assert (fresh <= high).all()
    assert Conformal.from_dict(json.loads(canonical(made.to_dict()))) == made


def test_what_makes_no_sense_is_refused():
    with pytest.raises(UsageError, match="between 0 and 1"):
        conform(NUMBER, np.zeros(50), np.zeros(50), coverage=1.0)
    with pytest.raises(UsageError, match="does not fit"):
        conform(NUMBER, np.zeros(50), np.zeros(50), method="least")
    with pytest.raises(UsageError, match="does not fit"):
        conform(TWO, np.zeros(5, int), np.full((5, 2), 0.5), method="scaled")
