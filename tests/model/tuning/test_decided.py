"""What a person decided in `choose` holds whatever she prefers; or an error says no."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError, UsageError
from mlkit.core.schema import Column, Schema
from mlkit.model.choose import choose
from mlkit.model.families import able, family
from mlkit.model.fitted import Member
from mlkit.model.tune import tune

TIME = pytest.mark.parametrize("seconds", [0.0, 600.0])


def rows(ordered=False):
    rng = np.random.default_rng(0)
    x = rng.normal(size=160)
    grade = np.digitize(x + 0.7 * rng.normal(size=160), [-0.7, 0.7] if ordered else [0])
    labels = ["low", "medium", "high"] if ordered else ["no", "yes"]
    table = pd.DataFrame({"x": x, "y": pd.array(np.array(labels)[grade], "str")})
    target = Column("y", "category", ("target",))
    return Schema((Column("x"), target)).attach(table)


def tuned(families, choice, prefer, seconds, tmp_path, *, ordered=False, **more):
    table = rows(ordered)
    shortlist = choose(table, families, folds=2).decided(choice)
    how = {"seconds": seconds, "folds": 2, "keep": tmp_path, **more}
    return tune(table, shortlist, 0, prefer=prefer, **how)


@TIME
@pytest.mark.parametrize("prefer", ["transparent", "portable"])
def test_what_was_crossed_out_is_not_tried(prefer, seconds, tmp_path):
    families = ["linear", "tree", "forest", "extra_trees"]
    choice = {"out": ["linear", "tree", "extra_trees"]}
    found = tuned(families, choice, prefer, seconds, tmp_path)
    assert not {"linear", "tree", "extra_trees"} & {a.family for a in found.attempts}
    if prefer == "transparent":
        assert found.members[0].family == "boosting"


@TIME
@pytest.mark.parametrize(
    ("prefer", "families", "expected"),
    [
        ("transparent", ["linear", "forest"], "one of tree, linear, boosting"),
        ("portable", ["linear", "neural"], "one of linear, "),
    ],
)
def test_a_family_insisted_on_that_is_not_what_is_preferred_is_an_error(
    prefer, families, expected, seconds, tmp_path
):
    choice = {"insist": families[1]}
    with pytest.raises(UsageError, match="is insisted on, but is nothing") as told:
        tuned(families, choice, prefer, seconds, tmp_path)
    assert told.value.where == "prefer, and decision 'families'"
    assert told.value.expected.startswith(expected)
    assert told.value.got == f"prefer = {prefer!r} with {families[1]!r}"
    assert "prefer = 'best'" in told.value.todo


def test_where_all_that_is_preferred_was_crossed_out_that_is_an_error(tmp_path):
    families = ["linear", "tree", "boosting", "forest"]
    with pytest.raises(UsageError, match="no family is left that a person can read"):
        tuned(families, {"out": families[:3]}, "transparent", 0, tmp_path)


@TIME
@pytest.mark.parametrize(
    ("insisted", "ordered"), [("ordinal", True), ("naive_bayes", False)]
)
def test_a_readable_family_insisted_on_is_trained(insisted, ordered, seconds, tmp_path):
    families = ["linear", insisted]
    args = families, {"insist": insisted}, "transparent", seconds, tmp_path
    found = tuned(*args, ordered=ordered)
    assert {a.family for a in found.attempts} == {insisted}
    assert found.members[0].family == insisted
    assert not any("within the budget" in note for note in found.notes)


def test_one_score_with_cuts_is_tried_where_classes_are_in_order(tmp_path):
    args = {}, "transparent", 0, tmp_path
    for ordered in (True, False):
        found = tuned(["linear"], *args, ordered=ordered)
        assert ("ordinal" in {a.family for a in found.attempts}) == ordered


def test_one_model_alone_may_be_one_that_few_formats_take(tmp_path):
    args = ["linear", "ordinal"], {"insist": "ordinal"}, "best", 600, tmp_path
    found = tuned(*args, ordered=True, blend=False)
    assert [m.family for m in found.members] == ["ordinal"]
    assert len(found.attempts[0].folds) == 2


@pytest.mark.parametrize(
    ("insisted", "why"),
    [
        ("neighbours", "nearest neighbours is not searched, as it cannot be packaged"),
        ("dummy", "a guess has nothing to search"),
    ],
)
def test_what_cannot_be_searched_is_trained_and_the_true_cause_told(
    insisted, why, tmp_path
):
    found = tuned(["neighbours"], {"insist": insisted}, "best", 600, tmp_path)
    assert [m.family for m in found.members] == [insisted]
    assert found.notes[-1].startswith(f"{why}: the defaults are taken")


def test_too_small_a_budget_takes_the_best_of_those_that_are_preferred(tmp_path):
    families = ["linear", "neighbours", "forest"]
    found = tuned(families, {}, "transparent", 1e-4, tmp_path)
    assert [m.family for m in found.members] == ["linear"]
    with pytest.raises(InputError, match="no family was compared that a person can"):
        tuned(["forest"], {}, "transparent", 1e-4, tmp_path)


def test_where_none_that_was_compared_is_portable_another_is_searched(tmp_path):
    found = tuned(["neural"], {}, "portable", 0, tmp_path)
    assert [m.family for m in found.members] == ["linear"]


@pytest.mark.parametrize("name", ["forest", "dummy"])
def test_where_the_comparison_did_better_the_notes_tell_of_what_is_trained(
    name, tmp_path, monkeypatch
):
    table = rows()
    compared = choose(table, ["linear", name], folds=2)
    made = [replace(c, score=0.999) for c in compared.candidates if c.family == name]
    rest = [c for c in compared.candidates if c.family != name]
    out = tuple({*able("two_classes")} - {name, "linear"})
    ahead = replace(compared, candidates=(*made, *rest), chosen=name, crossed_out=out)
    monkeypatch.setattr(family("forest"), "cost", lambda *_, **__: 1e9)
    found = tune(table, ahead, 0, seconds=600, folds=2, keep=tmp_path)
    assert found.members == (Member(name),)
    assert found.default == found.score == 0.999
    told = "; ".join(found.notes)
    assert f"{family(name).title} did" in told
    assert "did better in the comparison" in told
    assert "kept and averaged" not in told
    assert ("did not fit" in told) == (name == "forest")


@TIME
@pytest.mark.parametrize("prefer", ["best", "transparent", "portable"])
def test_the_defaults_told_of_are_those_of_what_is_trained(prefer, seconds, tmp_path):
    table = rows()
    compared = choose(table, ["linear", "tree", "forest"], folds=3)
    out = tuple({*able("two_classes")} - {"linear", "tree", "forest"})
    shortlist = replace(compared, chosen="forest", crossed_out=out)
    how = {"seconds": seconds, "folds": 2, "keep": tmp_path}
    found = tune(table, shortlist, 0, prefer=prefer, **how)
    mine = {m.family for m in found.members}
    tried = [a.score for a in found.attempts if a.family in mine and not a.settings]
    before = [shortlist[name].score for name in mine]
    assert found.default == pytest.approx(max(tried or before), abs=1e-6)
