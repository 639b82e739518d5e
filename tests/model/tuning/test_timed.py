from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from mlkit.core.files import canonical
from mlkit.core.schema import Column, Schema
from mlkit.model.choose import choose
from mlkit.model.encoding import texts
from mlkit.model.families import able, family
from mlkit.model.fitted import Member
from mlkit.model.measures.metrics import better
from mlkit.model.packing.parity import agree
from mlkit.model.problem import Problem
from mlkit.model.train import train
from mlkit.model.tune import Settings, tune
from mlkit.model.tuning import cross
from mlkit.model.tuning.budget import Forecast
from mlkit.model.tuning.folded import Folded
from mlkit.model.tuning.kept import Kept
from mlkit.model.tuning.prepared import Prepared
from mlkit.model.tuning.timed import Again, folded

HERE = Path(__file__).parents[1]
LONG = 600.0
SLOW = (
    "catboost",
    "forest",
    "large_boosting",
    "lightgbm_extra",
    "neural",
    "slow_boosting",
    "xgboost",
)


def short(table):
    """Compare few families, and cross out the slow ones: a search ends soon."""
    shortlist = choose(table, ["linear"], folds=3)
    return replace(shortlist, crossed_out=SLOW)


@pytest.fixture
def shortlist(table):
    return short(table)


def test_fold_models_are_kept_averaged_and_packaged(table, shortlist, tmp_path):
    found = tune(table, shortlist, 0, seconds=LONG, folds=3, keep=tmp_path)
    metric = found.problem.metric
    assert found.members
    assert all(member.folds == 3 for member in found.members)
    assert sum(m.weight for m in found.members) == pytest.approx(1)
    assert not better(metric, found.alone, found.score)
    model = train(table, found, keep=tmp_path)
    assert len(model.parts) == 3 * len(found.members)
    assert len(model.members) == len(found.members)
    assert agree(model, table.head(40)).reason == ""
    assert repr(model.plot()).startswith("<Picture")
    assert Settings.from_dict(json.loads(canonical(found.to_dict()))) == found
    assert repr(found.plot()).startswith("<Picture")


def test_kept_or_fitted_again_the_model_is_the_same(table, shortlist, tmp_path):
    found = tune(table, shortlist, 0, seconds=LONG, folds=3, keep=tmp_path)
    kept = train(table, found, keep=tmp_path)
    again = train(table, found, keep=tmp_path / "elsewhere")
    assert joblib.hash(kept) == joblib.hash(again)
    assert (kept.predicted(table) == again.predicted(table)).all()


def spoken(table):
    """Put words in: of few rows each, of which some tell the answer."""
    rng = np.random.default_rng(0)
    pool = ["fog", "rain", "sun", "wind", "ice", "mild", "warm", "cold", "dry", "wet"]
    told = [" ".join(rng.choice(pool, 12)) for _ in range(len(table))]
    answer = table["answer"].astype(str)
    said = pd.Series(told, table.index) + np.where(answer == "yes", " warm fair", "")
    made = table.assign(said=said.astype("str"))
    schema = Schema.of(table)
    return Schema((*schema, Column("said", "text"))).attach(made)


def quick(table):
    """Compare two families, and cross out all others."""
    shortlist = choose(table, ["linear", "extra_trees"], folds=2)
    others = set(able(shortlist.problem.kind)) - {"linear", "extra_trees"}
    return replace(shortlist, crossed_out=tuple(sorted(others)))


@pytest.fixture
def learnings(monkeypatch):
    """Count how often texts are learnt; nothing is remembered of earlier ones."""
    counted, real = [], texts._learn

    def learn(*args):
        counted.append(args)
        return real(*args)

    monkeypatch.setattr(texts, "_learn", learn)
    monkeypatch.setattr(texts, "MEMO", OrderedDict())
    return counted


def test_training_learns_no_text_that_the_search_has_learnt(make, learnings, tmp_path):
    table = spoken(make("two_classes", 200))
    shortlist = quick(table)
    learnings.clear()
    texts.MEMO.clear()
    found = tune(table, shortlist, 0, seconds=LONG, folds=3, keep=tmp_path)
    assert found.problem.texts == ("said",)
    assert all(member.folds for member in found.members)
    # each fold's rows; all of them, and the few of a pilot
    assert len(learnings) == 3 + 2
    learnings.clear()
    texts.MEMO.clear()
    kept = train(table, found, keep=tmp_path)
    assert not learnings
    again = train(table, found, keep=tmp_path / "elsewhere")
    assert learnings
    assert joblib.hash(kept) == joblib.hash(again)
    assert (kept.predicted(table) == again.predicted(table)).all()


def test_a_family_fitted_to_kept_encoders_is_the_same(make, learnings, tmp_path):
    table = spoken(make("two_classes", 200))
    problem = Problem.of(table)
    first = folded(table, problem, 3, 0, tmp_path)
    first.make("linear", {}, range(3))
    texts.MEMO.clear()
    second = folded(table, problem, 3, 0, tmp_path)
    settings = {"strength": 0.5}
    here = second.make("linear", settings, range(3))
    there = folded(table, problem, 3, 0, tmp_path / "elsewhere")
    for one, other in zip(here, there.make("linear", settings, range(3)), strict=True):
        assert (one.said == other.said).all()


def test_an_encoder_that_is_torn_is_learnt_anew(make, learnings, tmp_path):
    table = spoken(make("two_classes", 200))
    found = tune(table, quick(table), 0, seconds=LONG, folds=3, keep=tmp_path)
    kept = train(table, found, keep=tmp_path)
    for path in tmp_path.rglob("*.joblib"):
        path.write_bytes(path.read_bytes()[:-9])
    again = train(table, found, keep=tmp_path)
    assert joblib.hash(kept) == joblib.hash(again)


def test_without_a_project_training_takes_what_this_process_has_kept(
    make, learnings, monkeypatch
):
    table = spoken(make("two_classes", 200))
    found = tune(table, quick(table), 0, seconds=LONG, folds=3)
    learnings.clear()
    monkeypatch.setattr(Prepared, "fit", lambda *_: pytest.fail("fitted again"))
    assert len(train(table, found).parts) == 3 * len(found.members)
    assert not learnings


def test_what_training_has_to_learn_and_to_fit_is_set_aside(make, tmp_path):
    table = spoken(make("two_classes", 200))
    fits = folded(table, Problem.of(table), 3, 0, tmp_path)
    forecast = Forecast(fits.width, 2)
    fits.make("linear", {}, range(3))
    once = forecast.seconds("linear", {}, len(table))
    assert fits.prepared.took > 0
    whole = Again(forecast, fits, whole=True).training("linear", {})
    assert whole == pytest.approx(fits.prepared.took + once)
    bagged = Again(forecast, fits, whole=False)
    assert bagged.training("linear", {}) == 0
    fits.kept.drop_parts()
    lost = 3 * forecast.seconds("linear", {}, fits.rows)
    assert bagged.training("linear", {}) == pytest.approx(lost)


def test_only_what_will_be_trained_is_kept_whole(make, tmp_path):
    table = make("number")
    found = tune(table, short(table), 0, seconds=LONG, keep=tmp_path)
    (folder,) = tmp_path.iterdir()
    kept, bagged = Kept(folder), [(m.family, m.settings) for m in found.members]
    whole = {
        attempt.family: kept.has_part(attempt.family, attempt.settings, 0)
        for attempt in found.attempts
        if len(attempt.folds) == found.folds
    }
    assert whole == {name: (name, {}) in bagged for name in whole}
    assert set(whole.values()) == {True, False}


def test_a_pickle_that_somebody_else_wrote_is_not_read(make, tmp_path):
    table = make("number")
    problem = Problem.of(table)
    fits = folded(table, problem, 3, 0, tmp_path)
    fits.make("linear", {}, range(3))
    for path in fits.kept.folder.glob("*.joblib"):
        joblib.dump("not yours", path)
    assert fits.part(Member("linear"), 0).family == "linear"


def test_a_small_package_keeps_one_model_of_the_largest(make, tmp_path):
    table = make("number", 900)
    shortlist = choose(table, ["forest"], folds=3)
    picked = shortlist.decided({"insist": "forest"})
    large = tune(table, picked, 0, seconds=LONG, folds=3, keep=tmp_path)
    assert {m.folds for m in large.members} == {3}
    small = tune(table, picked, 0, seconds=LONG, folds=3, megabytes=1, keep=tmp_path)
    assert {m.folds for m in small.members} == {0}
    assert {m.family for m in small.members} == {"forest"}


def test_a_second_search_takes_what_the_first_has_done(make, tmp_path):
    table = make("number")
    shortlist = short(table)
    first = tune(table, shortlist, 0, seconds=LONG, keep=tmp_path)
    again = tune(table, shortlist, 0, seconds=LONG, keep=tmp_path)
    assert any("were taken from an earlier search" in note for note in again.notes)
    assert again.members == first.members
    assert (
        len(list(next(tmp_path.iterdir()).glob("*.npz")))
        == sum(len(one.folds) for one in again.attempts) + 8
    )


def test_too_small_a_budget_takes_the_defaults(make, tmp_path):
    table = make("number")
    shortlist = choose(table, ["linear", "tree"], folds=3)
    found = tune(table, shortlist, seconds=1e-4, keep=tmp_path)
    assert found.members == (Member(shortlist.chosen),)
    assert "nothing ran to the end within the budget" in found.notes[-1]
    assert repr(found.plot()).startswith("<Picture")
    assert train(table, found).rows == len(table)


@pytest.mark.parametrize("seconds", [0.0, pytest.param(LONG, marks=pytest.mark.slow)])
def test_a_transparent_model_is_one_that_a_person_can_read(
    table, shortlist, seconds, tmp_path
):
    found = tune(
        table, shortlist, 0, seconds=seconds, prefer="transparent", keep=tmp_path
    )
    (member,) = found.members
    readable = member.family in ("linear", "tree") or member.settings["leaves"] == 2
    assert readable
    assert member.folds == 0
    assert len(train(table, found).parts) == 1


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.0, LONG])
def test_a_portable_model_is_one_that_every_format_takes(
    table, shortlist, seconds, tmp_path
):
    found = tune(table, shortlist, 0, seconds=seconds, prefer="portable", keep=tmp_path)
    (member,) = found.members
    from mlkit.model.families import family

    assert {"onnx", "pmml", "pfa"} <= set(family(member.family).formats)
    assert member.folds == 0


def in_time(table):
    schema = Schema.of(table)
    table = table.assign(day=np.arange(len(table)) // 3)
    return schema.put(Column("day", "number", ("time",))).attach(table)


def test_time_order_never_looks_ahead(make):
    table = in_time(make("number"))
    problem = Problem.of(table)
    fold = cross.folds(table, problem, 4)
    day = table["day"].to_numpy()
    assert set(fold) == {-1, 0, 1, 2, 3}
    for k in range(4):
        learnt = cross.learnt(table, problem, fold, k)
        assert learnt.any()
        assert day[learnt].max() < day[fold == k].min()
    shuffled = table.sample(frac=1, random_state=0)
    Schema.of(table).attach(shuffled)
    same = cross.folds(shuffled, problem, 4)
    assert (np.sort(same) == np.sort(fold)).all()
    by_day = shuffled.assign(fold=same).sort_values("day")["fold"].to_numpy()
    assert (np.diff(by_day) >= 0).all()


def test_rows_without_a_time_are_never_learnt_from_in_time_order(make):
    table = in_time(make("number"))
    table["day"] = table["day"].astype(float)
    table.loc[table.index[:20], "day"] = np.nan
    fold = cross.folds(table, Problem.of(table), 3)
    assert (fold[:20] == -2).all()
    assert not cross.learnt(table, Problem.of(table), fold, 2)[:20].any()


def test_groups_never_straddle_in_time_order_either(make):
    table = in_time(make("number"))
    schema = Schema.of(table).put(Column("house", "category", ("group",)))
    table["house"] = (np.arange(len(table)) % 120).astype(str)
    schema.attach(table)
    problem = Problem.of(table)
    fold = cross.folds(table, problem, 3)
    for k in range(3):
        learnt = cross.learnt(table, problem, fold, k)
        assert learnt.any()
        houses = set(table["house"][learnt])
        assert not houses & set(table["house"][fold == k])


def test_in_time_order_a_row_without_a_group_keeps_no_other_from_being_learnt(make):
    table = in_time(make("number"))
    schema = Schema.of(table).put(Column("house", "category", ("group",)))
    house = (np.arange(len(table)) % 120).astype(str)
    table["house"] = pd.array(np.where(np.arange(len(table)) % 4, None, house), "str")
    schema.attach(table)
    problem = Problem.of(table)
    fold = cross.folds(table, problem, 3)
    lone = table["house"].isna().to_numpy()
    for k in range(3):
        learnt = cross.learnt(table, problem, fold, k)
        assert (learnt[lone] == (fold < k)[lone]).all()
        houses = set(table["house"][learnt & ~lone])
        assert not houses & set(table["house"][(fold == k) & ~lone])


def test_in_time_order_members_are_fitted_again_to_all_rows(make, tmp_path):
    table = in_time(make("number"))
    shortlist = short(table)
    assert "folds follow one another in time" in shortlist.notes
    found = tune(table, shortlist, 0, seconds=LONG, keep=tmp_path)
    assert {member.folds for member in found.members} == {0}
    assert any("follow one another in time" in note for note in found.notes)
    model = train(table, found)
    assert model.rows == len(table)


def test_rates_of_the_target_are_learnt_from_the_other_folds_alone(make):
    """A category of many levels, all noise, must tell nothing about left-out rows."""
    table = make("number", 900)
    rng = np.random.default_rng(0)
    schema = Schema.of(table).put(Column("street", "category"))
    table["street"] = rng.integers(0, 300, len(table)).astype(str)
    table["answer"] = rng.normal(0, 1, len(table))
    table["street"] = table["street"].astype("str")
    schema.attach(table)
    problem = Problem.of(table)
    fits = Folded(table, problem, cross.folds(table, problem, 3))
    (one, *_) = fits.make("boosting", {}, range(3))
    assert one.score > 0.95


def test_rare_classes_count_more_where_classes_are_judged_alike(make):
    table = make("two_classes", 600)
    table = table.drop(index=table.index[table["answer"] == "yes"][40:])
    Schema.of(make("two_classes", 5)).attach(table)
    plain = Problem.of(table)
    alike = Problem.of(table, "balanced_accuracy")
    from mlkit.model.fitted import fit

    said = [fit("linear", {}, table, p).predict(table) for p in (plain, alike)]
    assert (said[1] == "yes").sum() > 1.5 * (said[0] == "yes").sum()


KILLED = """
import os, sys
sys.path.insert(0, {here!r})
from pathlib import Path
from conftest import rows
from mlkit.model import families
from mlkit.model.choose import choose
from mlkit.model.families import linear
from mlkit.model.tune import tune

log, stop = Path(sys.argv[1]), int(sys.argv[2])
plain = linear.build

def build(*args, **settings):
    with log.open("a") as file:
        file.write("fit\\n")
    if len(log.read_text().splitlines()) == stop:
        os.kill(os.getpid(), 9)
    return plain(*args, **settings)

table = rows("number")
shortlist = choose(table, ["linear"], folds=2)
linear.build = build
found = tune(table, shortlist, {trials}, contenders=1, folds=4, seconds={seconds})
print(found.score, len(found.attempts))
"""


def run(project, trials, seconds, log, stop):
    code = textwrap.dedent(KILLED).format(
        here=str(HERE), trials=trials, seconds=seconds
    )
    environment = {**os.environ, "XDG_STATE_HOME": str(project / "state")}
    return subprocess.run(
        [sys.executable, "-c", code, str(log), str(stop)],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_killed_in_the_middle_a_search_goes_on_and_repeats_no_finished_fit(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
        (folder / "mlkit.toml").write_text("format = 1\n")
    wanted = run(whole, 6, 0, whole / "log", 0)
    assert wanted.returncode == 0, wanted.stderr
    fits = len((whole / "log").read_text().splitlines())
    assert fits == 7 * 4
    assert run(broken, 6, 0, broken / "log", 12).returncode == -signal.SIGKILL
    again = run(broken, 6, 0, broken / "log", 0)
    assert again.returncode == 0, again.stderr
    assert again.stdout == wanted.stdout
    assert len((broken / "log").read_text().splitlines()) == fits + 1


@pytest.mark.slow
def test_once_finished_a_search_fits_nothing_again(tmp_path):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    first = run(tmp_path, 4, 0, tmp_path / "log", 0)
    fits = (tmp_path / "log").read_text()
    second = run(tmp_path, 4, 0, tmp_path / "log", 0)
    assert first.stdout == second.stdout != ""
    assert (tmp_path / "log").read_text() == fits


@pytest.mark.parametrize(
    ("fits", "prefer", "folds"),
    [(11, "best", "2 folds"), (7, "best", "one fold"), (14, "transparent", "one fold")],
)
@pytest.mark.filterwarnings("error")
def test_stopped_by_hand_a_count_keeps_the_best_of_the_folds_that_are_done(
    make, monkeypatch, fits, prefer, folds
):
    from mlkit.model.tuning import race

    table = make("number")
    shortlist = choose(table, ["linear"], folds=2)
    plain, made = race.cross.trial, []

    def trial(*args):
        made.append(args)
        if len(made) > fits:
            raise KeyboardInterrupt
        return plain(*args)

    monkeypatch.setattr(race.cross, "trial", trial)
    found = tune(table, shortlist, 3, prefer=prefer, contenders=1, folds=4)
    assert found.folds == {"2 folds": 2, "one fold": 1}[folds]
    assert len(found.members) == 1 or found.folds > 1
    assert f"stopped by hand after {folds}: the best so far is kept" in found.notes
    if prefer == "best":
        assert len(found.attempts) == 4
        assert found.score <= found.default


def test_a_family_that_did_not_fit_but_did_better_before_is_trained(
    make, tmp_path, monkeypatch
):
    table = make("two_classes")
    compared = choose(table, ["linear", "forest"], folds=3)
    told = [
        replace(c, score=0.999) if c.family == "forest" else c
        for c in compared.candidates
    ]
    ahead = replace(compared, candidates=tuple(told), chosen="forest")
    ahead = replace(ahead, crossed_out=tuple(set(SLOW) - {"forest"}))
    monkeypatch.setattr(family("forest"), "cost", lambda *_, **__: 1e9)
    more = {"seconds": LONG, "folds": 3, "keep": tmp_path}
    found = tune(table, ahead, 0, **more)
    assert found.members == (Member("forest"),)
    assert found.score == 0.999
    assert any("did better in the comparison" in note for note in found.notes)
    plain = tune(table, ahead, 0, prefer="transparent", **more)
    assert plain.members[0].family != "forest"
    long = dict.fromkeys(ahead.seconds, 1000000000.0)
    slow = tune(table, replace(ahead, seconds=long), 0, **more)
    assert {m.family for m in slow.members} != {"forest"}
