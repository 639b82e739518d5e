from __future__ import annotations

import json

import joblib
import numpy as np
import pytest

from mlkit.core.errors import UsageError
from mlkit.core.files import canonical
from mlkit.model.choose import choose
from mlkit.model.fitted import Member
from mlkit.model.measures.metrics import better
from mlkit.model.problem import Problem
from mlkit.model.train import train
from mlkit.model.tune import Settings, tune
from mlkit.model.tuning.cross import folds
from mlkit.model.tuning.race import Attempt, Race, mix


@pytest.fixture
def shortlist(table):
    return choose(table, ["linear", "tree"], folds=3)


def test_the_winner_ran_on_all_folds_and_is_no_worse_than_the_defaults(
    table, shortlist
):
    found = tune(table, shortlist, 6, folds=3)
    metric = found.problem.metric
    assert not better(metric, found.default, found.score)
    assert len(found.attempts) == 6 + 2
    finalists = [a for a in found.attempts if len(a.folds) == 3]
    assert not any(better(metric, round(a.score, 6), found.score) for a in finalists)
    assert found.metrics == {metric: found.score}


def test_no_trials_keep_the_defaults(table, shortlist):
    found = tune(table, shortlist, 0, contenders=1, folds=3)
    assert found.members == (Member(shortlist.chosen, {}),)
    assert "the defaults" in str(found.table())


def test_weak_attempts_are_given_up_on_larger_tables(make):
    table = make("number", 1200)
    found = tune(table, choose(table, ["linear"], folds=2), 8, contenders=1, folds=4)
    tried = [len(a.folds) for a in found.attempts]
    assert tried[0] == 4
    assert sorted(set(tried)) == [1, 2, 4]


def test_it_repeats_and_reads_back(table, shortlist):
    found = tune(table, shortlist, 3, folds=2, seed=4)
    with joblib.parallel_config("threading", n_jobs=2):
        again = tune(table, shortlist, 3, folds=2, seed=4)
    assert {**found.to_dict(), "seconds": 0} == {**again.to_dict(), "seconds": 0}
    assert Settings.from_dict(json.loads(canonical(found.to_dict()))) == found
    assert repr(found.plot()).startswith("<Picture")
    assert tune(table, shortlist, 3, folds=2, seed=5).attempts != found.attempts


def test_training_takes_the_settings_and_repeats(table, shortlist):
    settings = tune(table, shortlist, 2, folds=2)
    model = train(table, settings)
    assert [p.family for p in model.parts] == [m.family for m in settings.members]
    assert joblib.hash(model) == joblib.hash(train(table, settings))
    assert repr(model.plot()).startswith("<Picture")


@pytest.mark.slow
def test_a_blend_is_trained_where_it_is_clearly_better(table):
    shortlist = choose(table, ["linear", "boosting"], folds=3)
    found = tune(table, shortlist, 6, folds=3)
    metric = found.problem.metric
    assert sum(m.weight for m in found.members) == pytest.approx(1)
    assert not better(metric, found.alone, found.score)
    alone = tune(table, shortlist, 6, folds=3, blend=False)
    assert len(alone.members) == 1
    assert alone.score == alone.alone == found.alone
    assert alone.attempts == found.attempts


def test_weights_are_those_of_the_rows_left_out(make):
    """Two halves of the truth are worth more together than either alone."""
    table = make("number", 300)
    problem = Problem.of(table)
    fold = folds(table, problem, 3)
    race = Race(table, problem, fold, 0)
    truth = table["answer"].to_numpy()
    half = np.random.default_rng(0).normal(0, 100, len(table))
    attempts = []
    for at, said in enumerate([truth + half, truth - half, truth + 500]):
        race.said[at] = [said[fold == k] for k in range(3)]
        score = race.judge(race.said[at])
        attempts.append(Attempt("linear", {}, (score,) * 3))
    weights, score = mix(race, attempts)
    assert weights == {0: 0.5, 1: 0.5}
    assert score == pytest.approx(0, abs=1e-9)


def test_how_classes_are_weighed_goes_into_what_is_trained(make):
    table = make("two_classes", 160)
    shortlist = choose(table, ["linear"], folds=2)
    found = tune(table, shortlist, 0, class_weight="balanced", folds=2)
    assert found.problem.class_weight == "balanced"
    assert train(table, found).problem.class_weight == "balanced"
    assert tune(table, shortlist, 0, folds=2).problem == shortlist.problem
    with pytest.raises(UsageError, match="did you mean 'balanced'"):
        tune(table, shortlist, 0, class_weight="balance")


def test_a_fold_that_leaves_the_metric_undefined_does_not_void_the_search(make):
    table = make("two_classes", 1200)
    few = table.index[table["answer"] == "yes"][:4]
    table["answer"] = table["answer"].where(table.index.isin(few), "no")
    shortlist = choose(table, ["linear", "tree"], folds=6)
    found = tune(table, shortlist, 4, folds=6)
    assert 0 < found.default <= found.alone <= 1
    assert any("is undefined on 2 folds" in note for note in found.notes)
    whole = [one for one in found.attempts if len(one.folds) == 6]
    assert found.alone == max(round(one.score, 6) for one in whole)
    assert found == Settings.from_dict(json.loads(canonical(found.to_dict())))
    found.plot()


def test_settings_are_halved_by_folds_that_define_the_metric(make):
    table = make("two_classes", 200)
    problem = Problem.of(table)
    ranks = np.argsort(table["answer"].eq("yes").to_numpy(), kind="stable")
    fold = np.zeros(len(table), np.int64)  # the first holds one class alone
    fold[ranks[40:]] = 1 + np.arange(160) % 3
    told = []
    race = Race(table, problem, fold, 0, told=told.append)
    drawn = [("dummy", {}), ("linear", {}), ("tree", {}), ("tree", {"depth": 1})]
    attempts = race.run(drawn, halve=True, always=0)
    assert sorted(len(one.folds) for one in attempts) == [2, 2, 3, 4]
    assert told[0] == [(name, settings, ()) for name, settings in drawn]
    best = race.best(attempts)
    assert best.family != "dummy"
    assert best.folds[0] == pytest.approx(np.mean(best.folds[1:]), abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1e-12, 1e-9, 1e9])
@pytest.mark.parametrize("prefer", ["best", "transparent"])
def test_the_unit_of_a_number_changes_no_choice(make, scale, prefer):
    table, other = make("number"), make("number")
    other["answer"] *= scale
    like, found = (
        tune(one, choose(one, ["linear", "tree"], folds=3), 3, prefer=prefer, folds=3)
        for one in (table, other)
    )
    assert [m.family for m in found.members] == [m.family for m in like.members]
    for name in ("score", "alone", "default"):
        value = getattr(found, name) / scale
        assert value == pytest.approx(getattr(like, name), rel=1e-3)
