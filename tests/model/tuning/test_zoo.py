from __future__ import annotations

import numpy as np
import pytest

from mlkit.model.families import family
from mlkit.model.measures import metrics
from mlkit.model.problem import Problem
from mlkit.model.tuning.budget import Budget, Forecast, OutOfTime
from mlkit.model.tuning.kept import Outcome
from mlkit.model.tuning.zoo import Zoo

PROBLEM = Problem("number", "y", "rmse", numbers=("x",))
COUNT = 4


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Pretended:
    """Fits that take what they are told to, and err as much as they are told to."""

    rows, few, counted, problem = 10_000, 100, None, PROBLEM

    def __init__(self, clock, takes, errs, pilots=True, flat=()):
        self.clock, self.takes, self.errs = clock, takes, errs
        self.pilots, self.made, self.agreed = pilots, [], set(takes)
        rng = np.random.default_rng(0)
        self.truth = [rng.normal(0, 1, 50) for _ in range(COUNT)]
        for k in flat:
            self.truth[k] = np.zeros(50)
        self.noise = {
            name: [rng.normal(0, 1, 50) for _ in range(COUNT)] for name in errs
        }

    def make(self, name, settings, folds):
        found = []
        for k in folds:
            self.made.append((name, k))
            seconds = self.takes[name] * (1 + 0.05 * np.cos(len(self.made)))
            self.clock.now += seconds
            noise = self.errs[name] * self.noise[name][k]
            said = self.truth[k] + noise if name != "dummy" else 0 * self.truth[k]
            score = metrics.score(self.problem, self.truth[k], said)
            found.append(Outcome(score, said, seconds))
        return found

    def reading(self, names):
        return 0.5 * len(set(names))

    def pilot(self, name):
        if not self.pilots:
            return 0, 0.0, ""
        law = family(name).cost
        seconds = self.takes[name] * law(self.few, 10, 1) / law(self.rows, 10, 1)
        self.clock.now += seconds
        return self.few, seconds, ""


def made(takes, errs, seconds, **more):
    clock = Clock()
    takes, errs = {"dummy": 0.001, **takes}, {"dummy": 1.0, **errs}
    fits = Pretended(clock, takes, errs, pilots=more.pop("pilots", True))
    budget = Budget(seconds, clock)
    items = [(name, {}) for name in takes if name != "dummy"]
    zoo = Zoo(PROBLEM, fits, items, budget, Forecast(lambda _: 10, 1), **more)
    zoo.run()
    return zoo, fits


@pytest.mark.parametrize("seconds", [2.0, 8.0, 32.0])
@pytest.mark.parametrize("pilots", [True, False])
@pytest.mark.parametrize("pace", [pytest.param(0.3, marks=pytest.mark.slow), 1.0, 4.0])
def test_a_budget_holds_whatever_the_machine(seconds, pilots, pace):
    errs = {"linear": 0.7, "boosting": 0.4, "forest": 0.5, "neural": 0.45}
    laws = {name: family(name).cost(Pretended.rows, 10, 1) for name in errs}
    uneven = dict(zip(errs, (3.0, 1.0, 0.5, 2.0), strict=True))
    takes = {name: pace * uneven[name] * laws[name] for name in errs}
    zoo, fits = made(takes, errs, seconds, pilots=pilots)
    assert zoo.budget.spent <= 1.05 * seconds
    assert zoo.ended
    assert fits.made[:COUNT] == [("dummy", k) for k in range(COUNT)]


def test_a_larger_budget_is_used_and_what_would_not_fit_is_told():
    takes = {"linear": 0.2, "forest": 500.0}
    errs = {"linear": 0.7, "forest": 0.1}
    zoo, fits = made(takes, errs, 60.0)
    assert {name for name, _ in fits.made} == {"dummy", "linear"}
    assert "forest: would not fit the budget" in zoo.notes
    assert zoo.budget.spent > 0.3 * 60


@pytest.mark.slow
def test_some_time_is_left_for_what_stands_around_search_and_training():
    takes = dict.fromkeys(("tree", "linear", "boosting"), 0.05)
    zoo, _ = made(takes, {"tree": 0.9, "linear": 0.7, "boosting": 0.4}, 60.0)
    assert 0.8 * 60 < zoo.budget.spent <= 0.93 * 60


def test_one_that_takes_longer_than_foreseen_is_left_after_its_first_fold():
    takes = {"linear": 0.2, "forest": 12.0}
    errs = {"linear": 0.7, "forest": 0.1}
    zoo, fits = made(takes, errs, 20.0, pilots=False)
    assert [k for name, k in fits.made if name == "forest"] in ([], [0])
    assert zoo.budget.spent <= 1.05 * 20


def test_the_promising_gets_the_time():
    takes = {"tree": 1.0, "boosting": 1.0}
    errs = {"tree": 0.95, "boosting": 0.2}
    _, fits = made(takes, errs, 200.0)
    names = [name for name, _ in fits.made[:60]]
    assert names.count("boosting") > 2 * names.count("tree")


def test_planted_the_best_single_is_recovered():
    takes = {"linear": 0.1, "boosting": 0.2, "forest": 0.2}
    errs = {"linear": 0.9, "boosting": 0.0, "forest": 0.8}
    zoo, _ = made(takes, errs, 10.0, drawing=False)
    weights, score = zoo.blend()
    assert {zoo.entries[at].name for at in weights} == {"boosting"}
    assert score == pytest.approx(0)


def test_a_blend_is_never_worse_than_the_best_on_its_own_folds():
    rng = np.random.default_rng(1)
    for _ in range(5):
        names = ["linear", "boosting", "forest", "neural"]
        takes = dict.fromkeys(names, 0.1)
        errs = {name: float(rng.uniform(0.2, 0.9)) for name in names}
        zoo, _ = made(takes, errs, 30.0, drawing=False)
        _, score = zoo.blend()
        best = max(zoo.mean(one) for one in zoo.ended.values())
        assert score <= -best + 1e-9


def test_a_family_that_fails_is_told_and_the_others_go_on(monkeypatch):
    takes = {"linear": 0.1, "forest": 0.1}
    errs = {"linear": 0.7, "forest": 0.5}
    fail = Pretended.make

    def make(self, name, settings, folds):
        if name == "forest":
            raise RuntimeError("no such luck")
        return fail(self, name, settings, folds)

    monkeypatch.setattr(Pretended, "make", make)
    zoo, _ = made(takes, errs, 100.0)
    assert {one.name for one in zoo.ended.values()} == {"linear"}
    assert "forest: failed: RuntimeError: no such luck" in zoo.notes


def test_an_error_that_the_alarm_caused_is_no_failure_of_a_family(monkeypatch):
    plain = Pretended.make

    def make(self, name, settings, folds):
        if name == "forest":
            raise ImportError("initialization failed") from OutOfTime()
        return plain(self, name, settings, folds)

    monkeypatch.setattr(Pretended, "make", make)
    zoo, _ = made({"linear": 0.1, "forest": 0.1}, {"linear": 0.7, "forest": 0.5}, 100.0)
    assert zoo.shut == set()
    assert zoo.notes[-1] == "time ran out in the middle of a fit, which is dropped"


@pytest.mark.parametrize("error", [KeyboardInterrupt, OutOfTime])
def test_stopped_in_the_middle_it_keeps_the_best_so_far(monkeypatch, error):
    plain = Pretended.make

    def make(self, name, settings, folds):
        if len(self.made) > 40:
            raise error
        return plain(self, name, settings, folds)

    monkeypatch.setattr(Pretended, "make", make)
    takes = {"linear": 0.1, "boosting": 0.3}
    zoo, fits = made(takes, {"linear": 0.7, "boosting": 0.3}, 1e6)
    assert len(fits.made) < 50
    assert {one.name for one in zoo.ended.values()} == {"linear", "boosting"}
    assert any("stopped by hand" in n or "time ran out" in n for n in zoo.notes)


def test_time_is_set_aside_to_fit_again():
    takes, errs = {"boosting": 1.0}, {"boosting": 0.3}
    zoo, _ = made(takes, errs, 40.0, refit=lambda name, settings: 25.0)
    assert zoo.budget.spent <= 40 - 25
    assert zoo.ended


def test_equal_fits_give_equal_searches():
    takes = {"linear": 0.1, "boosting": 0.3, "forest": 0.4}
    errs = {"linear": 0.7, "boosting": 0.3, "forest": 0.35}
    first, _ = made(takes, errs, 20.0)
    again, _ = made(takes, errs, 20.0)
    told = [(one.name, one.settings, one.scores) for one in first.entries]
    assert told == [(one.name, one.settings, one.scores) for one in again.entries]
    assert first.blend() == again.blend()


def test_a_fit_that_takes_too_long_leaves_training_its_time(monkeypatch):
    given, real = [], Budget.alarm

    def alarm(budget, most=None):
        given.append((budget.left, most))
        return real(budget, most)

    monkeypatch.setattr(Budget, "alarm", alarm)
    errs = {"linear": 0.7, "boosting": 0.4}
    takes = {"linear": 0.2, "boosting": 0.5}
    zoo, _ = made(takes, errs, 40.0, pilots=False, refit=lambda *_: 5.0)
    kept = [left - most for left, most in given[1:] if most is not None]
    assert zoo.weights
    assert kept
    assert min(kept[1:]) >= 5.0


def test_time_spent_before_leaves_time_to_see_what_can_be_packaged():
    clock = Clock()
    takes = {"dummy": 0.001, "linear": 0.1, "boosting": 1.0}
    fits = Pretended(clock, takes, {"dummy": 1.0, "linear": 0.5, "boosting": 0.3})
    fits.agreed = {"dummy"}
    budget = Budget(100.0, clock)
    clock.now += 50
    items = [("linear", {}), ("boosting", {})]
    zoo = Zoo(PROBLEM, fits, items, budget, Forecast(lambda _: 10, 1))
    zoo.run()
    assert {"linear", "boosting"} <= {one.name for one in zoo.entries}
    assert not any("no time to see" in note for note in zoo.notes)


@pytest.mark.parametrize("others", [{}, {"boosting": 1.0}])
def test_what_is_tried_first_is_left_too_where_it_cannot_be_packaged(others):
    clock = Clock()
    takes = {"dummy": 0.001, "linear": 0.1, **others}
    fits = Pretended(clock, takes, dict.fromkeys(takes, 0.5))
    fits.agreed = {"dummy", *others}
    piloted = fits.pilot
    fits.pilot = lambda name: (
        *piloted(name)[:2],
        "says something else" if name == "linear" else "",
    )
    items = [(name, {}) for name in takes if name != "dummy"]
    zoo = Zoo(PROBLEM, fits, items, Budget(60, clock), Forecast(lambda _: 10, 1))
    zoo.run()
    assert {one.name for one in zoo.ended.values()} == set(others)
    assert {zoo.entries[at].name for at in zoo.weights} == set(others)
    assert any("says something else" in note for note in zoo.notes)


def test_a_last_resort_that_could_not_be_checked_is_kept_and_told():
    clock = Clock()
    takes = {"dummy": 0.001, "linear": 4.0}
    fits = Pretended(clock, takes, dict.fromkeys(takes, 0.5))
    fits.agreed = {"dummy"}
    budget, forecast = Budget(20.0, clock), Forecast(lambda _: 10, 1)
    zoo = Zoo(PROBLEM, fits, [("linear", {})], budget, forecast)
    zoo.run()
    assert {one.name for one in zoo.ended.values()} == {"linear"}
    assert any("no time to see" in note for note in zoo.notes)


def test_folds_that_leave_the_metric_undefined_come_last_and_tell_nothing(monkeypatch):
    problem = Problem("number", "y", "r2", numbers=("x",))
    monkeypatch.setattr(Pretended, "problem", problem)
    clock = Clock()
    errs = {"dummy": 1.0, "linear": 0.9, "tree": 0.1}
    fits = Pretended(clock, dict.fromkeys(errs, 0.1), errs, flat=(0, 2))
    items = [("linear", {}), ("tree", {})]
    budget, forecast = Budget(60, clock), Forecast(lambda _: 10, 1)
    zoo = Zoo(problem, fits, items, budget, forecast, drawing=False)
    zoo.run()
    assert zoo.order == [1, 3, 0, 2]
    assert zoo.notes[0] == "R² is undefined on 2 folds: compared on the others"
    best = max(zoo.ended.values(), key=zoo.mean)
    assert best.name == "tree"
    assert zoo.mean(best) == pytest.approx(np.mean(best.scores[:2]), abs=1e-6)
    assert 0.9 < zoo.mean(best) <= zoo.blend()[1] <= 1
