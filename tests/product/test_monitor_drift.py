"""Drift: what is there is found, and luck is not taken for it."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from mlkit.core.schema import Column, Schema
from mlkit.model.fitted import fit
from mlkit.model.formats.onnx import convert
from mlkit.model.packing.reference import LETTERS, codes, levels, numbers, told
from mlkit.model.problem import Problem
from mlkit.model.runtime import Graph
from mlkit.product.watching.drift import compare, drift, of_predictions
from mlkit.product.watching.health import Health
from mlkit.product.watching.parts import parts
from mlkit.product.watching.reasons import told as written
from mlkit.product.watching.together import together
from mlkit.product.watching.windows import cut, newest

ROWS, COLUMNS = 2000, 20


def table(seed, rows=ROWS, shift=0.0):
    """Make twenty columns, numbers and words; the fourth is shifted."""
    rng = np.random.default_rng(seed)
    made = {f"x{k}": rng.normal(k, 1 + k, rows) for k in range(15)}
    made["x3"] = made["x3"] + shift * 4
    words = [
        rng.choice(list("abcdefgh"), rows, p=np.arange(1, 9) / 36) for _ in "12345"
    ]
    return made | {f"w{k}": word.astype(object) for k, word in enumerate(words)}


def remember(cells):
    """Return the reference of a table's cells."""
    return {
        "columns": {
            name: levels(pd.Series(one)) if one.dtype == object else numbers(one)
            for name, one in cells.items()
        }
    }


def alarms(changes, small=0.1):
    return {one.column for one in changes if one.certain and one.effect >= small}


@pytest.mark.parametrize("before", [150, 1000])
def test_thirty_windows_of_the_same_distribution_raise_at_most_two_alarms(before):
    reference = remember(table(0, before))
    assert len(reference["columns"]) == COLUMNS
    raised = [alarms(drift(reference, table(1 + k, 300))) for k in range(30)]
    assert sum(map(bool, raised)) <= 2


@pytest.mark.parametrize("seed", range(5))
def test_half_a_standard_deviation_in_one_of_twenty_columns_is_found(seed):
    reference = remember(table(100 + seed, 1000))
    changes = drift(reference, table(200 + seed, shift=0.5))
    assert alarms(changes) == {"x3"}
    assert changes[0].column == "x3"
    assert changes[0].shift == pytest.approx(0.5, abs=0.12)
    assert changes[0].effect == pytest.approx(0.197, abs=0.06)


def test_a_large_change_of_few_rows_may_be_luck_and_many_rows_make_it_certain():
    reference = remember(table(0, 1000))
    few, many = (drift(reference, table(5, rows, shift=0.4))[0] for rows in (12, 4000))
    assert not few.certain
    assert many.certain


def test_a_change_that_is_certain_and_small_is_no_alarm():
    rng = np.random.default_rng(0)
    reference = remember({"x": rng.normal(0, 1, 40_000)})
    (first, *_) = drift(reference, {"x": rng.normal(0.1, 1, 40_000)})
    assert first.certain
    assert first.effect < 0.1


@settings(deadline=None)
@given(st.integers(0, 999), st.integers(40, 400), st.floats(-1, 1))
def test_the_distance_is_never_overstated(seed, rows, shift):
    rng = np.random.default_rng(seed)
    before, now = rng.normal(size=rows), rng.normal(shift, 1, 200).round(1)
    (change,) = (c for c in compare("x", numbers(before), now) if c.what == "values")
    exact = ks_2samp(before, now, method="asymp")
    assert change.effect <= exact.statistic + 1e-6
    assert change.effect >= exact.statistic - 2 / 64 - 2 / rows
    assert change.p >= exact.pvalue - 1e-6 or change.p >= 0.2 * exact.pvalue


def test_missing_cells_unseen_words_and_shares_are_told_apart():
    rng = np.random.default_rng(1)
    reference = remember(
        {
            "x": np.where(rng.random(500) < 0.02, np.nan, rng.normal(size=500)),
            "w": rng.choice(["a", "b"], 500).astype(object),
        }
    )
    x = np.where(rng.random(500) < 0.4, np.nan, rng.normal(size=500))
    w = rng.choice(["a", "b", "zzz"], 500, p=[0.4, 0.4, 0.2]).astype(object)
    found = {(c.column, c.what): c for c in drift(reference, {"x": x, "w": w})}
    assert found["x", "missing"].certain
    assert not found["x", "values"].certain
    assert found["w", "unseen"].certain
    assert "zzz" in found["w", "unseen"].now
    assert found["x", "missing"].effect == pytest.approx(0.38, abs=0.06)


def test_a_missing_word_is_a_word_of_its_own():
    form = levels(pd.Series(["a"] * 50 + ["(missing)"] * 50))
    cells = np.array(["a", None] * 50, dtype=object)
    assert all(change.effect == 0 for change in compare("w", form, cells))


def test_texts_that_grow_longer_and_use_other_words_are_told():
    from mlkit.model.packing.reference import _texts

    before = pd.Series(["the train was late again", "the bus was early"] * 60)
    form = _texts(before.astype("str"))
    same = {c.what: c for c in compare("t", form, before.to_numpy(object))}
    assert max(one.effect for one in same.values()) < 0.01
    other = np.array(["xyzzy plugh foo bar baz qux quux corge"] * 100, dtype=object)
    told = {c.what: c for c in compare("t", form, other)}
    assert told["length"].effect == 1
    assert told["words"].effect == 1


@pytest.mark.parametrize("cells", [[], [np.nan] * 9, [np.inf, 1.0, -np.inf]])
def test_empty_and_odd_columns_make_no_trouble(cells):
    form = numbers(np.random.default_rng(0).normal(size=50))
    for change in drift({"columns": {"x": form}}, {"x": np.array(cells, float)}):
        assert 0 <= change.p <= 1
    nothing = numbers(np.array(cells[:0], float))
    assert drift({"columns": {"x": nothing}}, {"x": np.arange(5.0)}) == ()


def test_columns_that_go_together_otherwise_are_seen_though_each_is_as_it_was():
    rng = np.random.default_rng(2)
    first = rng.normal(size=(800, 2))
    cells = {"a": first[:, 0], "b": first[:, 0] + 0.3 * first[:, 1]}
    reference = remember(cells)
    reference["sample"] = {
        name: "".join(LETTERS[k] for k in codes(form, cells[name]))
        for name, form in reference["columns"].items()
    }
    again = rng.normal(size=(800, 2))
    same = {"a": again[:, 0], "b": again[:, 0] + 0.3 * again[:, 1]}
    turned = {"a": again[:, 0], "b": -again[:, 0] + 0.3 * again[:, 1]}
    assert not alarms(drift(reference, turned))
    assert together(reference, same).low < 0.55
    assert together(reference, turned).low > 0.75
    assert together({"columns": {}}, same) is None


def kept(cells, reference):
    """Return the reference with its rows, as a package keeps them."""
    sample = {
        name: "".join(LETTERS[k] for k in codes(form, cells[name]))
        for name, form in reference["columns"].items()
    }
    return {**reference, "sample": sample}


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in (1, 2))]
)
def test_rows_that_are_asked_again_and_again_count_once(seed):
    before = table(seed, 800)
    reference = kept(before, remember(before))
    some = {name: cells[:40].repeat(20) for name, cells in before.items()}
    assert not alarms(drift(reference, some), small=0.0)
    thrice = {name: np.tile(cells[:400], 3) for name, cells in before.items()}
    assert together(reference, thrice).low <= 0.55
    moved = {name: np.tile(cells, 3) for name, cells in table(9, 400, 0.5).items()}
    assert alarms(drift(reference, moved)) == {"x3"}
    gone = {name: np.tile(cells, 3) for name, cells in table(9, 400, 3).items()}
    assert together(reference, gone).low > 0.75


def test_rows_of_few_levels_are_alike_by_nature_and_all_count():
    def few(seed, share):
        rng = np.random.default_rng(seed)
        first = rng.choice(["a", "b"], 600, p=[share, 1 - share]).astype(object)
        return {"one": first, "two": rng.choice(["a", "b"], 600).astype(object)}

    before = few(0, 0.5)
    reference = kept(before, remember(before))
    assert not alarms(drift(reference, few(1, 0.5)))
    assert alarms(drift(reference, few(1, 0.7))) == {"one"}
    turned = {**before, "two": before["one"]}
    assert together(reference, before).low < 0.55
    assert together(reference, turned).low > 0.6


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6), max_size=60), st.integers(1, 20))
def test_windows_hold_every_row_once_and_in_order(seconds, count):
    at = pd.Series(pd.to_datetime(sorted(seconds), unit="s", utc=True))
    for by in ("hour", "day", "week", "month", str(count)):
        spans = cut(at, by)
        rows = [row for span in spans for row in span.rows]
        assert rows == list(range(len(at)))
        last = newest(at, spans, count)
        assert (last is None) == (len(at) < count)
        if last:
            assert len(last.rows) >= count
            assert last.rows[-1] == len(at) - 1


@pytest.mark.parametrize("classes", [("usual", "odd"), ("low", "middle", "high")])
def test_labels_are_compared_by_name_whatever_their_order(classes):
    rng = np.random.default_rng(0)
    likely = np.arange(len(classes), 0, -1) ** 3
    before, now = (rng.dirichlet(likely, 2000) for _ in range(2))
    form = {"rows": 2000, "prediction": told(before, classes, 0.5)}
    form = json.loads(json.dumps(form, sort_keys=True))
    rows = pd.DataFrame({"x": rng.normal(size=9)})
    problem = Problem.untold(Schema((Column("x"),)).attach(rows), "anomaly")
    problem = replace(problem, classes=classes)
    (labels, _) = of_predictions(form, problem, now, 0.5)
    assert labels.effect < 0.1


@pytest.mark.parametrize("family", ["tree", "boosting"])
@pytest.mark.parametrize("kind", ["two_classes", "number"])
def test_a_package_says_what_its_model_said_however_sure_it_is(family, kind):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.normal(size=(900, 2)), columns=["a", "b"])
    sure = rows["a"] + 0.02 * rng.normal(size=900)
    words = kind == "two_classes"
    rows["y"] = pd.array(np.where(sure > 0, "yes", "no"), "str") if words else sure
    target = Column("y", "category" if words else "number", ("target",))
    rows = Schema((Column("a"), Column("b"), target)).attach(rows)
    problem, valid = Problem.of(rows), rows.iloc[600:]
    model = fit(family, {}, rows.iloc[:600], problem)
    graph = Graph(convert(model, 0.5), model.classes)
    said = graph.predict({name: valid[name].to_numpy() for name in ("a", "b")})
    live = said.probabilities.astype(float).round(9) if words else said.prediction
    form = {
        "rows": 300,
        "prediction": told(model.predicted(valid), model.classes, 0.5),
    }
    for change in of_predictions(form, problem, live, 0.5):
        assert change.effect < 0.02
        assert change.psi < 0.01
    moved = of_predictions(form, problem, live[sure[600:] > 0], 0.5)
    assert max(change.effect for change in moved) > 0.3


def test_chances_that_all_round_to_one_are_as_they_were():
    rng = np.random.default_rng(0)
    odds = 10 ** rng.uniform(-14, -6, 500)
    form = {"rows": 500, "prediction": told(np.c_[odds, 1 - odds], ("a", "b"), 0.5)}
    problem = Problem("two_classes", "y", "roc_auc", ("a", "b"), ("x",))
    live = np.c_[odds, 1 - odds].astype(np.float32).astype(float).round(9)
    assert max(c.effect for c in of_predictions(form, problem, live, 0.5)) < 0.02
    live = np.c_[odds + 0.01, 0.99 - odds]
    assert of_predictions(form, problem, live, 0.5)[1].effect == 1


def test_a_huge_number_is_told_in_a_few_signs():
    rng = np.random.default_rng(0)
    form = numbers(rng.normal(50, 12, 500))
    ages = np.append(rng.normal(50, 12, 400), [1e308] * 20)
    (_, change) = compare("age", form, ages)
    assert change.now == "4.76e+306"
    health = Health("m", "t", "y", "roc_auc", (), changes=(change,))
    (row,) = health.table().rows
    assert row[5].startswith("+")
    assert row[5].endswith("e+305 sd")
    assert max(map(len, row)) < 20


def test_years_are_written_without_a_comma_and_amounts_with_one():
    rng = np.random.default_rng(0)
    years = rng.integers(1998, 2016, 900).astype(float)
    forms = {"built": numbers(years), "price": numbers(years + 0.5)}
    changes = compare("built", forms["built"], years + 3)
    changes = [*changes, *compare("price", forms["price"], years + 3.5)]
    health = Health("m", "t", "y", "roc_auc", (), changes=tuple(changes))
    told = {row[0]: row[3:5] for row in health.table().rows if row[1] == "values"}
    assert told == {"built": ["mean 2007", "2010"], "price": ["mean 2,007", "2,010"]}


def test_parts_and_reasons_write_a_year_without_a_comma():
    years = np.random.default_rng(0).integers(1998, 2016, 900).astype(float)
    parcel = SimpleNamespace(watched={"built": numbers(years)})
    live = SimpleNamespace(parcel=parcel, columns={"built": years})
    names = [name for name, _ in parts(live)]
    assert names == ["built ≤ 2004", "2004 < built ≤ 2010", "built > 2010"]
    assert (written(2008.0), written(12345.6)) == ("2008", "12,346")
