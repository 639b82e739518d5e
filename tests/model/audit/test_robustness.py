from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlkit.core.files import canonical
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.model.audit.controls import shuffled_input, wobble
from mlkit.model.audit.remarking import of_robustness
from mlkit.model.audit.robustness import Robustness, robustness
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from mlkit.model.review import review


def halves(table):
    half = len(table) // 2
    return table.iloc[:half], table.iloc[half:]


@pytest.fixture(scope="module")
def planted():
    rng = np.random.default_rng(0)
    x, idle = rng.normal(size=(2, 800))
    word = rng.choice(["a", "b"], 800)
    score = 2 * x + 1.5 * (word == "a") + rng.normal(0, 0.5, 800)
    y = np.where(score > 0.75, "yes", "no")
    table = pd.DataFrame({"x": x, "idle": idle, "word": word, "y": y})
    task = Problem(
        "two_classes", "y", "roc_auc", ("no", "yes"), ("x", "idle"), ("word",)
    )
    train, valid = halves(table)
    model = fit("linear", {}, train, task)
    return model, train, valid, robustness(model, train, valid)


def test_what_matters_is_missed_and_what_does_not_is_not(planted):
    *_, found = planted
    gone = {shock.what: shock for shock in found.of("gone")}
    assert gone["x"].loss > gone["word"].loss > 0.01
    assert gone["x"].low > 0
    assert abs(gone["idle"].loss) < 0.01
    assert set(found.gone) == {"x"}, "what is lost is a good part of the whole"
    assert found.gone["x"] == pytest.approx(gone["x"].loss / found.room)
    for shock in found.shocks:
        assert shock.low <= shock.loss <= shock.high
        assert 0 <= shock.changed <= 1


def test_more_noise_and_more_gaps_cost_more(planted):
    *_, found = planted
    for kind in ("noise", "cells"):
        told = [shock.loss for shock in found.of(kind)]
        assert told[-1] > told[0]
        assert told[-1] > 0


def test_losing_a_column_is_what_predicting_without_it_is(planted):
    model, _, valid, found = planted
    (shock,) = (s for s in found.of("gone") if s.what == "x")
    before = model.predict(valid)
    after = model.predict(valid.assign(x=np.nan))
    assert shock.changed == pytest.approx((before != after).mean())


def test_words_never_seen_cost_what_the_word_is_worth(planted):
    model, _, valid, found = planted
    (shock,) = found.of("unseen")
    after = model.predict(valid.assign(word="never"))
    assert shock.changed == pytest.approx((model.predict(valid) != after).mean())


def test_shuffled_input_scores_at_chance(planted):
    model, _, valid, found = planted
    (control,) = found.controls
    assert not control.suspicious
    assert control.chance == 0.5
    assert control.low <= 0 <= control.high
    assert not any("shuffled" in remark.what for remark in of_robustness(found))
    assert sum(shuffled_input(model, valid, seed).suspicious for seed in range(20)) == 0


def test_a_model_that_knows_the_answer_from_elsewhere_is_suspicious(planted):
    model, train, valid, _ = planted

    class Peeking:
        """Looks at the target, wherever its features went."""

        def __getattr__(self, name):
            return getattr(model, name)

        def predicted(self, table):
            yes = (table["y"] == "yes").to_numpy(float)
            return np.column_stack([1 - yes, yes])

    found = robustness(Peeking(), train, valid, refits=0)
    assert found.controls[0].suspicious
    first = next(of_robustness(found))
    assert first.severity == "serious"
    assert "shuffled input" in first.what


def test_a_steady_model_wobbles_less_than_a_restless_one(make):
    train, valid = halves(make("two_classes", 800))
    problem = Problem.of(train)
    steady = wobble(fit("linear", {}, train, problem), train, valid, 2)
    restless = fit("tree", {"depth": 12, "leaf": 1}, train, problem)
    assert steady < wobble(restless, train, valid, 2)


def test_parts_of_two_worlds_are_told_apart(planted):
    model, train, valid, found = planted
    assert found.likeness.low < 0.6
    moved = valid.assign(idle=valid["idle"] + 3)
    told = robustness(model, train, moved, refits=0)
    assert told.likeness.auc > 0.9
    assert told.likeness.columns[0][0] == "idle"
    assert any("same world" in remark.what for remark in of_robustness(told))


@pytest.mark.slow
def test_it_repeats_reads_back_and_is_drawn(table, problem):
    train, valid = halves(table)
    model = fit("boosting", {}, train, problem)
    found = robustness(model, train, valid)
    assert found == robustness(model, train, valid)
    assert Robustness.from_dict(json.loads(canonical(found.to_dict()))) == found
    assert repr(found.plot()).startswith("<Picture")
    assert "one column missing" in repr(found.table())


@pytest.mark.parametrize("kept", [("x",), ("word",)])
def test_numbers_alone_and_words_alone(planted, kept):
    _, train, valid, _ = planted
    numbers = tuple(name for name in kept if name == "x")
    words = tuple(name for name in kept if name == "word")
    task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), numbers, words)
    found = robustness(fit("linear", {}, train, task), train, valid, refits=0)
    assert bool(found.of("noise")) == bool(numbers)
    assert bool(found.of("unseen")) == bool(words)
    assert found.wobble is None
    found.plot()
    found.table()


def test_huge_numbers_and_a_handful_of_rows(planted):
    _, train, valid, _ = planted
    huge = [t.assign(x=t["x"] * 1e300, idle=t["idle"] * 1e30) for t in (train, valid)]
    task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x", "idle"))
    model = fit("linear", {}, huge[0], task)
    found = robustness(model, huge[0], huge[1].head(5), refits=0)
    assert found.controls == ()
    assert found.likeness is None
    assert all(np.isfinite([shock.loss, shock.changed]).all() for shock in found.shocks)
    found.plot()


@pytest.fixture(scope="module")
def dated():
    """Rows of which the target goes with the month, and a model of them."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"size": rng.normal(size=600)})
    day = pd.date_range("2020-01-05", periods=600, freq="2D")
    table["day"] = rng.permutation(day).astype("str")
    month = pd.to_datetime(table["day"]).dt.month
    table["rent"] = 3 * month + table["size"] + rng.normal(size=600)
    columns = Column("size"), Column("day", "date")
    schema = Schema((*columns, Column("rent", "number", ("target",))))
    cleaned = clean(schema.attach(table)).table
    train, valid = halves(cleaned)
    model = fit("tree", {}, train, Problem.of(cleaned))
    return model, train, valid, review(model, train, valid, repeats=2, refits=0)


def test_of_a_date_that_is_missing_all_parts_are_missing(dated):
    model, _, valid, found = dated
    gone = {shock.what: shock for shock in found.robustness.of("gone")}
    assert set(gone) == {"size", "day"}
    parts = {name for name in model.problem.features if name.startswith("day_")}
    assert "day_weekday" in parts
    assert set(gone["day"].members) == parts
    assert gone["size"].members == ()
    after = model.predicted(valid.assign(**dict.fromkeys(parts, np.nan)))
    moved = np.abs(after - model.predicted(valid)).mean() / model.spread
    assert gone["day"].changed == pytest.approx(moved, rel=1e-5)


def test_what_is_advised_of_a_date_names_the_date_and_not_its_parts(dated):
    *_, found = dated
    form = json.loads(canonical(found.robustness.to_dict()))
    assert Robustness.from_dict(form) == found.robustness
    advised = [r for r in found.remarks if "contract" in r.todo or "leave" in r.todo]
    assert any("day (" in remark.what for remark in advised)
    assert not any("day_" in remark.what for remark in advised)
    assert "rows without day: it is much worse without" in found.limits


def test_more_than_all_that_a_model_is_worth_is_told_without_a_number(planted):
    *_, found = planted
    shocks = [
        replace(s, loss=2 * found.room, low=found.room) if s.what == "x" else s
        for s in found.shocks
    ]
    told = [r.what for r in of_robustness(replace(found, shocks=tuple(shocks)))]
    assert any("x (all of it, and more)" in what for what in told)
    assert not any("%" in what for what in told if "where it is missing" in what)


def test_columns_that_are_left_out_of_the_table_are_counted():
    rng = np.random.default_rng(0)
    names = tuple(f"x{k}" for k in range(13))
    table = pd.DataFrame(rng.normal(size=(300, 13)), columns=list(names))
    table["y"] = table @ np.arange(1, 14)
    train, valid = halves(table)
    model = fit("linear", {}, train, Problem("number", "y", "rmse", numbers=names))
    found = robustness(model, train, valid, refits=0)
    shown = [row[1] for row in found.table().rows if row[1] in names]
    assert shown == [shock.what for shock in found.worst]
    assert len(shown) == 10
    assert "one column missing, the worst 10 of 13 tried" in repr(found.table())
    titles = [axes.get_title("left") for axes in found.plot().axes]
    assert "One column missing, the worst 10 of 13" in titles
    few = replace(found, shocks=tuple(s for s in found.shocks if "x1" not in s.what))
    assert "the worst" not in repr(few.table())
