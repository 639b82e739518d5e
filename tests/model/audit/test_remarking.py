from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from mlkit.model.review import review

IDLE = ("it adds anything", "they add anything")
NOISE = np.random.default_rng(7).normal(size=400)


def idle(train, valid):
    """Return the review, and what it says of features that add nothing."""
    names = tuple(name for name in train if name != "y")
    task = Problem("number", "y", "rmse", numbers=names)
    model = fit("linear", {}, train, task)
    found = review(model, train, valid, repeats=2, refits=0)
    return found, [r for r in found.remarks if any(told in r.what for told in IDLE)]


def rows(columns=("a", "b", "c"), **more):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({n: rng.normal(size=400) for n in columns}).assign(**more)
    return table.assign(y=table["a"] + table["b"] + NOISE)


def test_a_feature_without_which_the_model_is_worse_is_not_called_idle():
    table = rows()
    train, valid = table.iloc[:200], table.iloc[200:]
    valid = valid.assign(b=3.0, y=valid["y"] - valid["b"] + 3)
    found, (one,) = idle(train, valid)
    loss = {one.feature: one.loss for one in found.importance}
    assert loss["b"] == 0, "shuffling what is everywhere the same changes nothing"
    assert any("rows without" in told and "b" in told for told in found.limits)
    told = "1 of 3 features does not show that it adds anything, by itself: c"
    assert (one.what, one.todo) == (told, "leave it out and look")


def test_a_feature_that_tells_what_others_tell_is_not_called_idle():
    table = rows(("a", "b", "c", "d"))
    twin = table["a"] + np.random.default_rng(2).normal(0, 0.3, len(table))
    table = table.assign(twin=twin)
    found, (one,) = idle(table.iloc[:200], table.iloc[200:])
    assert any(set(t.members) == {"a", "twin"} and t.certain for t in found.together)
    assert not all(i.certain for i in found.importance if i.feature in ("a", "twin"))
    assert not found.robustness.gone.keys() >= {"a", "twin"}
    named = one.what.partition(": ")[2]
    assert set(named.split(", ")) == {"c", "d"}
    assert one.what.startswith("2 of 5 features do not show that they add anything, ")
    assert one.todo == "leave them out one at a time and look"


def test_where_every_feature_adds_nothing_is_said_of_idle_ones():
    table = rows(("a", "b"))
    _, told = idle(table.iloc[:200], table.iloc[200:])
    assert told == []


@pytest.mark.parametrize(("weight", "how"), [(1.0, "much worse"), (0.22, "worse")])
def test_how_much_worse_it_is_without_a_column_is_told(weight, how):
    table = rows()
    table["y"] = table["a"] + weight * table["b"] + 0.1 * NOISE
    found, _ = idle(table.iloc[:200], table.iloc[200:])
    told = [one for one in found.limits if one.startswith("rows without")]
    assert any(" b" in one and one.endswith(f" is {how} without") for one in told)
