from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core.files import canonical
from mlkit.model.audit.controls import shuffled_input, wobble
from mlkit.model.audit.remarking import of_robustness
from mlkit.model.audit.robustness import Robustness, robustness
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem


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
