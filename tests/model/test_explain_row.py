from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.model.audit.counterfactual import changes, hints
from mlkit.model.audit.local import Local, by_shap, local
from mlkit.model.fitted import Member, blend, fit
from mlkit.model.problem import Problem


def test_effects_of_a_straight_line_are_exact():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
    table["y"] = 3 * table["a"] - table["b"]
    task = Problem("number", "y", "rmse", numbers=("a", "b", "c"))
    model = fit("linear", {"strength": 1e-6}, table, task)
    seen = table.head(32)
    found = local(model, table.tail(1), seen, most=32)
    told = {part.feature: part for part in found.parts}
    row = table.iloc[-1]
    assert told["a"].effect == pytest.approx(
        3 * (row["a"] - seen["a"].mean()), abs=1e-3
    )
    assert told["b"].effect == pytest.approx(seen["b"].mean() - row["b"], abs=1e-3)
    assert abs(told["c"].effect) < 1e-3


def test_effects_add_up_whatever_the_model(table, problem):
    members = [Member("forest", {}, 0.6), Member("linear", {}, 0.4)]
    model = blend(members, table, problem)
    for at in (0, 7, 100):
        found = local(model, table.iloc[[at]], table)
        assert found.gap < 1e-9 * max(1, abs(found.said))
        assert {part.feature for part in found.parts} == set(problem.features)
        flat = next(part for part in found.parts if part.feature == "flat")
        assert flat.effect == 0
        assert Local.from_dict(found.to_dict()) == found
    assert repr(found.plot()).startswith("<Picture")
    assert found.row in table.index
    assert "on the mean" in repr(found.table())


def test_the_error_that_sampling_leaves_is_honest():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(400, 4)), columns=list("abcd"))
    table["y"] = table["a"] * table["b"] + table["c"]
    task = Problem("number", "y", "rmse", numbers=tuple("abcd"))
    model = fit("forest", {}, table, task)
    whole = local(model, table.tail(1), table.head(300), most=300)
    told = {part.feature: part.effect for part in whole.parts}
    held = []
    for seed in range(10):
        some = local(model, table.tail(1), table.head(300), most=32, seed=seed)
        for part in some.parts:
            near = abs(part.effect - told[part.feature]) <= 3 * part.error + 1e-9
            held.append(near)
    assert np.mean(held) > 0.9


def test_one_row_is_explained_at_a_time(make):
    table = make("number")
    model = fit("linear", {}, table, Problem.of(table))
    for rows, seen in (
        (table, table),
        (table.head(0), table),
        (table.head(1), table[:0]),
    ):
        with pytest.raises(InputError, match="one row"):
            local(model, rows, seen)


def test_a_hint_is_the_smallest_change_that_turns_the_decision():
    x = np.arange(100.0)
    y = np.where(x >= 60, "yes", "no")
    table = pd.DataFrame({"x": x, "idle": x[::-1] % 5, "y": y})
    task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x", "idle"))
    model = fit("tree", {}, table, task)
    (found,) = hints(model, table.iloc[[50]], table)
    assert (found.feature, found.said) == ("x", "yes")
    assert 59.5 < float(found.new) <= 62
    assert found.far < 0.15
    assert found.moved > 0.5
    copy = table.iloc[[50]].assign(x=float(found.new))
    assert model.predict(copy)[0] == "yes"
    told = repr(changes((found,), True))
    assert f"{found.far:.0%} of the rows lie between" in told


@pytest.fixture
def steps():
    """Rows at 1, 2, 3 and 4, of which the last says yes, and a tree of them."""
    x = np.repeat([1.0, 2.0, 3.0, 4.0], [60, 20, 10, 110])
    table = pd.DataFrame({"x": x, "y": np.where(x > 3, "yes", "no")})
    task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
    return fit("tree", {}, table, task), table


@pytest.mark.parametrize(
    ("own", "far", "told"),
    [
        (3.0, 0.0, "no row lies between"),
        (2.0, 0.05, "5% of the rows lie between"),
        (1.0, 0.15, "15% of the rows lie between"),
    ],
)
def test_rows_between_are_those_that_lie_there_strictly(steps, own, far, told):
    model, table = steps
    (found,) = hints(model, table.head(1).assign(x=own), table)
    assert (found.new, found.far, found.way) == ("4", far, told)


def test_a_change_that_hardly_any_row_is_passed_by_is_not_told_as_none(steps):
    model, table = steps
    more = pd.concat([table, table.iloc[:20].assign(x=0.0)] * 30, ignore_index=True)
    more.loc[len(more)] = {"x": 3.5, "y": "yes"}
    (found,) = hints(model, table.head(1).assign(x=3.0), more)
    assert (found.new, found.way) == ("4", "less than 1% of the rows lie between")


def test_of_a_cell_that_was_missing_no_rows_lie_between(steps):
    model, table = steps
    decided = model.predict(table.head(1).assign(x=np.nan))[0]
    (found,) = hints(model, table.head(1).assign(x=np.nan), table)
    assert found.said != decided
    assert (found.old, found.way) == ("(missing)", "it was missing")


def test_how_far_a_word_is_is_told_by_the_rows_that_have_it():
    words = pd.array(["a"] * 30 + ["b"] * 10, "str")
    table = pd.DataFrame({"w": words, "y": ["no"] * 30 + ["yes"] * 10})
    task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), categories=("w",))
    model = fit("tree", {}, table, task)
    told = repr(changes(hints(model, table.head(1), table), True))
    assert "25% of the rows have it" in told
    assert "passing" not in told


def test_a_decision_that_nothing_turns_says_so(make):
    table = make("two_classes")
    model = fit("dummy", {}, table, Problem.of(table))
    found = hints(model, table.head(1), table)
    assert found == ()
    assert "no single change" in repr(changes(found, True))


def test_hints_of_every_problem_are_what_the_model_says(table, problem):
    model = fit("boosting", {}, table, problem)
    row = table.iloc[[3]]
    for hint in hints(model, row, table):
        column = problem.numbers
        value = float(hint.new.replace(",", "")) if hint.feature in column else hint.new
        said = model.predict(row.assign(**{hint.feature: [value]}))[0]
        if problem.classes:
            assert said == hint.said != model.predict(row)[0]
        else:
            assert said == pytest.approx(float(hint.said.replace(",", "")), rel=0.01)


def test_a_row_with_gaps_and_a_word_never_seen_is_explained(make):
    table = make("two_classes")
    model = fit("boosting", {}, table, Problem.of(table))
    row = table.head(1).assign(pay=np.nan, town=pd.array(["<b>Nowhere"], "str"))
    found = local(model, row, table)
    told = {part.feature: part.value for part in found.parts}
    assert told["pay"] == "(missing)"
    assert told["town"] == "<b>Nowhere"
    assert "<b>" not in found.table()._repr_html_().replace("<b></b>", "")
    hints(model, row, table)


def test_without_shap_the_error_says_how_to_install_it(make, monkeypatch):
    table = make("number")
    model = fit("linear", {}, table, Problem.of(table))
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(InputError, match="not installed"):
        by_shap(model, table.head(1), table)


@pytest.mark.filterwarnings("ignore")
def test_shap_agrees_with_our_own(make):
    pytest.importorskip("shap", reason="the extra shap is not installed")
    table = make("two_classes")
    model = fit("boosting", {}, table, Problem.of(table))
    row = table.iloc[[5]]
    found = by_shap(model, row, table)
    mine = {p.feature: p for p in local(model, row, table, most=200).parts}
    for name, value in zip(found.feature_names, found.values[0], strict=True):
        assert value == pytest.approx(mine[name].effect, abs=0.08)
