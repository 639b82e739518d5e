from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.model.audit.asking import said_with
from mlkit.model.audit.dependence import dependence, pairs
from mlkit.model.audit.explain import clusters, importance
from mlkit.model.audit.giveaway import leaks, telling
from mlkit.model.fitted import Member, blend, fit
from mlkit.model.problem import Problem


def planted(rows=600, seed=0):
    """A number that matters, one that does not, and two that work together."""
    rng = np.random.default_rng(seed)
    strong = rng.normal(size=rows)
    one, other = rng.uniform(-1, 1, (2, rows))
    target = 2 * strong + 4 * one * other + rng.normal(0, 0.1, rows)
    return pd.DataFrame(
        {
            "strong": strong,
            "idle": rng.normal(size=rows),
            "one": one,
            "other": other,
            "y": target,
        }
    )


NUMBERS = ("strong", "idle", "one", "other")
TASK = Problem("number", "y", "rmse", numbers=NUMBERS)


@pytest.fixture(scope="module")
def forest():
    table = planted()
    return fit("boosting", {}, table.head(400), TASK), table.tail(200)


def test_what_matters_is_certain_and_what_does_not_is_not(forest):
    told = {one.feature: one for one in importance(*forest)}
    assert next(iter(told)) == "strong"
    assert all(told[name].certain for name in ("strong", "one", "other"))
    assert not told["idle"].certain
    for one in told.values():
        assert one.low <= one.loss <= one.high


def test_the_interval_of_what_is_left_out_holds_zero():
    table = planted()
    model = fit("linear", {}, table, TASK)
    held = 0
    for seed in range(10):
        idle = {o.feature: o for o in importance(model, planted(200, seed + 1), 3)}
        held += idle["idle"].low <= 0.01
    assert held >= 9


def test_columns_that_say_the_same_are_worth_more_together():
    rng = np.random.default_rng(0)
    table = planted()
    table["copy"] = table["strong"] + rng.normal(0, 0.01, len(table))
    task = Problem("number", "y", "rmse", numbers=(*NUMBERS, "copy"))
    assert clusters(table, task.features) == [("strong", "copy")]
    model = fit("forest", {}, table.head(400), task)
    seen = table.tail(200)
    alone = {one.feature: one.loss for one in importance(model, seen)}
    (both,) = importance(model, seen, together=[("strong", "copy")])
    assert both.members == ("strong", "copy")
    assert both.loss > 1.5 * max(alone["strong"], alone["copy"])


def test_words_and_numbers_may_go_together():
    x = np.arange(200.0)
    table = pd.DataFrame({"x": x, "half": np.where(x < 100, "low", "high"), "z": x % 7})
    columns = (Column("x"), Column("half", "category"), Column("z"))
    Schema(columns).attach(table)
    assert clusters(table, ["x", "half", "z"]) == [("x", "half")]


def test_dependence_of_a_straight_line_is_straight():
    table = planted()
    model = fit("linear", {}, table, TASK)
    curve = dependence(model, table, ["strong"])["strong"]
    x, y = np.array(curve["x"]), np.array(curve["y"]["y"])
    slopes = np.diff(y) / np.diff(x)
    assert np.allclose(slopes, slopes[0], atol=1e-3)
    assert sum(curve["seen"]) <= 1
    assert all(len(line) == len(x) for line in curve["each"])
    along = curve["along"]
    local = np.diff(along["y"]) / np.diff(along["x"])
    assert np.allclose(local, slopes[0], atol=1e-3)


def test_local_effects_do_not_ask_about_rows_that_do_not_exist():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 500)
    table = pd.DataFrame({"x": x, "twin": x, "y": np.where(x > 0.5, 1.0, 0.0)})
    task = Problem("number", "y", "rmse", numbers=("x", "twin"))
    model = fit("tree", {}, table, task)
    (asked,) = [n for n in ("x", "twin") if _span(dependence(model, table, [n])[n]) > 0]
    curve = dependence(model, table, [asked])[asked]
    steps = np.diff(curve["along"]["y"])
    assert steps.max() == pytest.approx(np.ptp(curve["along"]["y"]), abs=1e-6)


def _span(curve):
    return float(np.ptp(curve["y"]["y"]))


def test_two_that_interact_are_found(forest):
    model, table = forest
    found = pairs(model, table, list(NUMBERS))
    assert set(found["features"]) == {"one", "other"}
    assert found["strength"] > 0.6
    assert np.shape(found["said"]) == (len(found["x"]), len(found["y"]))
    assert np.sum(found["rows"]) == len(table)
    assert found["of"] == ""
    straight = pairs(fit("linear", {}, planted(), TASK), table, list(NUMBERS))
    assert straight["strength"] < 1e-3


def test_texts_and_constants_have_no_curve():
    table = planted().assign(flat=1.0)
    task = Problem("number", "y", "rmse", numbers=("strong", "flat"))
    model = fit("linear", {}, table, task)
    assert pairs(model, table, ["strong", "flat"]) == {}
    assert dependence(model, table, ["flat"])["flat"]["x"] == [1.0]


def texts(rows=200, stamped=True, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.choice(["no", "yes"], rows)
    stock = [f"w{k}" for k in range(60)]
    cells = []
    for one in label:
        lean = stock[:35] if one == "yes" else stock[25:]
        drawn = " ".join(rng.choice(lean, 12))
        cells.append(drawn + (f" stamp {one}" if stamped else ""))
    table = pd.DataFrame({"note": cells, "y": label})
    columns = (Column("note", "text"), Column("y", "category", ("target",)))
    return Schema(columns).attach(table)


def test_a_text_that_holds_the_answer_gives_it_away():
    table = texts()
    (found,) = telling(table, Problem.of(table)).items()
    assert found[0] == "note"
    assert found[1][0] == 1.0
    assert {"yes", "no"} & set(found[1][1])


def test_a_text_that_tells_by_all_its_words_is_no_leak():
    table = texts(stamped=False)
    assert telling(table, Problem.of(table)) == {}
    assert leaks(table, Problem.of(table)) == {}


@pytest.mark.parametrize("cells", ["", "!?", None])
def test_a_text_without_a_word_is_no_leak(cells):
    table = texts()
    table["note"] = pd.array([cells] * len(table), "str")
    assert telling(table, Problem.of(texts())) == {}


@pytest.mark.parametrize("kind", ["two_classes", "number"])
def test_what_is_said_with_other_cells_is_what_is_said_of_the_whole_table(make, kind):
    table = make(kind)
    rng = np.random.default_rng(0)
    many = pd.array([f"k{n}" for n in rng.integers(0, 90, len(table))], "str")
    notes = pd.array(
        [f"a note {n} of it" for n in rng.integers(0, 9, len(table))], "str"
    )
    table = table.assign(many=many, note=notes)
    schema = Schema.of(make(kind)).put(
        Column("many", "category"), Column("note", "text")
    )
    schema.attach(table)
    members = [Member("boosting", {}, 0.5), Member("linear", {}, 0.5)]
    model = blend(members, table, Problem.of(table))
    matrices = model.matrices(table)
    for columns in (
        {"age": 3.0},
        {"pay": np.nan, "town": "Ghent"},
        {"many": "never"},
        {"note": "other words"},
        {"sex": "f", "note": "a note 3 of it", "age": np.nan},
    ):
        said = said_with(model, table, columns, matrices)
        assert np.array_equal(said, model.predicted(table.assign(**columns)))
    assert np.array_equal(model.said_of(matrices), model.predicted(table))
