from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.files import canonical
from mlkit.model.charts.evaluate import wilson
from mlkit.model.measures import curves
from mlkit.model.measures.measure import measure_labels
from mlkit.model.measures.metrics import score
from mlkit.model.problem import Problem
from mlkit.model.runtime import choice

TWO = Problem("two_classes", "y", "roc_auc", ("no", "yes"))
EVEN = {"false_alarm": 1.0, "miss": 1.0}


def two(rows=400, seed=0):
    rng = np.random.default_rng(seed)
    chance = np.round(rng.random(rows), 3)
    truth = (rng.random(rows) < chance).astype(int)
    return truth, np.column_stack([1 - chance, chance])


def drawn(truth, chances, **how):
    base = np.tile([0.5, 0.5], (len(truth), 1))
    return curves.draw(TWO, truth, chances, base, **how)


@given(st.integers(0, 999), st.integers(0, 1000), st.integers(1, 60))
@settings(max_examples=50, deadline=None)
def test_counts_at_a_threshold_are_those_of_the_rule(seed, at, rows):
    truth, chances = two(rows, seed)
    made = json.loads(canonical(drawn(truth, chances)))
    labels = choice(chances, at / 1000)
    wanted = np.bincount(truth * 2 + labels, minlength=4).reshape(2, 2)
    assert (curves.counts(made["thresholds"], at / 1000) == wanted).all()
    assert curves.flagged(made["thresholds"])[at] == pytest.approx(labels.mean())
    told = {"false_alarm": 2.0, "miss": 3.0}
    spent = (2 * wanted[0, 1] + 3 * wanted[1, 0]) / rows
    assert curves.costs(made["thresholds"], told)[at] == pytest.approx(spent)


def test_curves_run_from_corner_to_corner():
    made = drawn(*two())
    for name in ("roc", "gains"):
        x, y = (np.array(made[name][side]) for side in "xy")
        assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
        assert (np.diff(x) >= 0).all()
        assert (np.diff(y) >= 0).all()
    x, y = (np.array(made["roc"][side]) for side in "xy")
    area = np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2)
    truth, chances = two()
    assert area == pytest.approx(score("roc_auc", truth, chances), abs=0.003)


def test_a_capacity_holds_even_where_it_costs():
    made = drawn(*two())["thresholds"]
    dear = {"false_alarm": 1.0, "miss": 50.0}
    free, held = curves.cheapest(made, dear), curves.cheapest(made, dear, 0.1)
    assert free < 0.2 < held
    assert curves.flagged(made)[round(held * 1000)] <= 0.1
    none = curves.cheapest(made, dear, 1e-9)
    assert curves.flagged(made)[round(none * 1000)] == 0


def test_weights_move_what_is_cheap():
    truth, chances = two(2000)
    heavy = np.where(truth == 1, 20.0, 1.0)
    plain = drawn(truth, chances)["thresholds"]
    weighed = drawn(truth, chances, weights=heavy)["thresholds"]
    assert curves.cheapest(weighed, EVEN) < curves.cheapest(plain, EVEN)
    assert (curves.counts(weighed, 0.5) == curves.counts(plain, 0.5)).all()


@pytest.mark.parametrize("seed", range(8))
def test_rows_that_count_nothing_do_not_move_what_is_cheap(seed):
    truth, chances = two(600, seed)
    counted = np.random.default_rng(seed).random(600) < 0.3
    told = {"false_alarm": 1.0, "miss": 3.0}
    weighed = drawn(truth, chances, weights=counted.astype(float))["thresholds"]
    alone = drawn(truth[counted], chances[counted])["thresholds"]
    assert curves.cheapest(weighed, told) == curves.cheapest(alone, told)
    assert curves.unseen(weighed, told) == pytest.approx(curves.unseen(alone, told))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("weighed", [False, True])
def test_rows_that_are_there_many_times_are_no_surer_what_is_cheap(seed, weighed):
    truth, chances = two(300, seed)
    weights = np.arange(300) % 5 + 0.5 if weighed else None
    more = {"weights": None if weights is None else np.tile(weights, 9)}
    more["groups"] = np.tile(np.arange(300), 9)
    once = drawn(truth, chances, weights=weights)
    often = drawn(np.tile(truth, 9), np.tile(chances, (9, 1)), **more)
    for told in (EVEN, {"false_alarm": 1.0, "miss": 4.0}):
        for most in (1.0, 0.3):
            alone = curves.cheapest(once["thresholds"], told, most)
            made = often["thresholds"], told, most, often["rows"]
            assert curves.cheapest(*made) == alone


@pytest.mark.parametrize("seed", range(6))
def test_a_group_moves_the_cost_by_the_sum_of_its_rows(seed):
    truth, chances = two(200, seed)
    groups = np.random.default_rng(seed).integers(0, 9, 200)
    made = drawn(truth, chances, groups=groups)
    told, grid = {"false_alarm": 1.0, "miss": 3.0}, np.arange(1, 1000) / 1000
    said = chances[:, 1] >= grid[:, None]
    spent = np.where(truth == 1, 3.0 * ~said, 1.0 * said)
    least = spent.sum(axis=1).argmin()
    more = spent - spent[least]
    each = np.stack([more[:, groups == k].sum(axis=1) for k in range(9)])
    good = more.sum(axis=1) <= np.sqrt((each**2).sum(axis=0)) + 1e-9
    wanted = min(grid[good], key=lambda at: abs(at - 0.25))
    found = curves.cheapest(made["thresholds"], told, rows=made["rows"])
    assert found == pytest.approx(wanted)


def test_resamples_of_four_sorts_say_what_resamples_of_rows_say():
    truth, chances = two(800)
    quick = drawn(truth, chances)
    slow = {"rows": {"truth": truth.tolist(), "steps": quickly(chances)}}
    for at in (0.2, 0.5, 0.8):
        one, other = (judged(made, at) for made in (quick, slow))
        assert one.metrics == pytest.approx(other.metrics)
        for name, limits in one.intervals.items():
            assert limits == pytest.approx(other.intervals[name], abs=0.012)


def quickly(chances):
    return np.round(chances[:, 1].astype(np.float32) * np.float32(1e6)).tolist()


def judged(made, at):
    truth, labels, times, weights, groups = curves.sample(made, at)
    more = {"groups": groups} if "rows" in made else {"rows": weights}
    return measure_labels(TWO, truth, labels, times, weights, **more)


def test_rows_that_hang_together_prove_no_more_than_their_groups_at_any_threshold():
    truth, groups = np.repeat([0, 1], 50), np.arange(100) // 5
    kept = {"truth": truth.tolist(), "steps": (truth * 900_000).tolist()}
    made = {"rows": {**kept, "groups": groups.tolist()}}
    found = judged(made, 0.5).intervals
    assert found["accuracy"][0] == pytest.approx(0.025 ** (1 / 20))
    assert found["recall"][0] == pytest.approx(0.025 ** (1 / 10))


def test_calibration_intervals_hold_what_is_true():
    inside = []
    for seed in range(40):
        truth, chances = two(500, seed)
        curve = drawn(truth, chances)["calibration"]
        rows, seen = np.array(curve["rows"]), np.array(curve["seen"])
        low, high = wilson(seen * rows, rows)
        true = np.array(curve["predicted"])
        inside += ((low <= true) & (true <= high)).tolist()
        assert sum(curve["rows"]) == 500
    assert 0.92 <= np.mean(inside) <= 0.985


def test_a_constant_chance_is_one_bin():
    curve = drawn(np.array([0, 1, 0, 0]), np.full((4, 2), 0.5))["calibration"]
    assert curve == {"predicted": [0.5], "seen": [0.25], "rows": [4]}


@pytest.mark.parametrize("rows", [1, 2, 30])
def test_errors_of_numbers_are_drawn_from_few_rows_and_constant_ones(rows):
    problem = Problem("number", "y", "rmse")
    truth = np.arange(rows) * 1.0
    for said in (truth, np.zeros(rows), truth + 3):
        made = curves.draw(problem, truth, said, np.full(rows, truth.mean()))
        canonical(made)
        assert sum(made["errors"]["counts"]) == rows
        assert len(made["sizes"]["error"]) == len(made["sizes"]["guess"])


def test_errors_grow_with_size_where_they_do():
    rng = np.random.default_rng(0)
    said = rng.uniform(1, 10, 2000)
    truth = said * (1 + rng.normal(0, 0.1, 2000))
    made = curves.draw(Problem("number", "y", "rmse"), truth, said, np.full(2000, 5.5))
    assert made["sizes"]["error"][-1] > 3 * made["sizes"]["error"][0]
    apart = np.subtract(made["band"]["high"], made["band"]["low"])
    assert apart[-1] > 3 * apart[0]
