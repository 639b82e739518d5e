"""Bars on figures made up for them: what is met, what is missed, what would help."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.core.errors import InputError, UsageError
from mlkit.core.names import GAPS, OF_PACKAGE, OTHERS
from mlkit.core.schema import Column, Schema
from mlkit.model.groups.fairness import Fairness, Gap, Group, assess
from mlkit.model.judging import advice, bars, group_bars
from mlkit.model.measures.measure import Measured, measure
from mlkit.model.measures.metrics import of_problem
from mlkit.model.problem import Problem
from mlkit.model.slicing import parts
from mlkit.model.slicing.search import Weak, Weakest
from mlkit.model.slicing.slices import Slice

TWO = Problem("two_classes", "y", "roc_auc", ("no", "yes"))
NUMBER = Problem("number", "y", "rmse")
CLUSTER = Problem("cluster", "cluster", "stability", numbers=("x",))
ANOMALY = Problem("anomaly", "anomaly", "average_precision", numbers=("x",))
UNLIKE = "(groups of rows that are alike|rows unlike the rest)"
THREE = Problem("many_classes", "y", "log_loss", ("low", "mid", "high"))


def group(name, value, half=0.05, rows=100, metric="roc_auc", column="sex"):
    limits = {metric: (value - half, value + half)}
    return Slice(column, name, rows, Measured({metric: value}, limits))


def small(name, rows):
    return Slice("sex", name, rows, Measured({}, {}))


def fair(value, low, high, name="parity_gap", column="sex"):
    gap = Gap(column, name, value, low, high, "said", "f", "m")
    one = Group(column, "f", 300, {"said": 0.1}, {"said": (0.0, 0.2)})
    return Fairness(TWO, 600, 0.5, (one,), (gap,))


@given(
    st.integers(30, 10_000),
    st.floats(0.01, 0.3),
    st.floats(0.01, 0.3),
    st.booleans(),
)
def test_so_many_rows_bring_the_limit_to_the_bar(rows, half, room, loss):
    sign = -1 if loss else 1
    value, limit, bar = 0.5, 0.5 - sign * half, 0.5 - sign * room
    need = advice.rows_needed(rows, value, limit, bar)
    if need is None:
        assert rows * (half / room) ** 2 > 19 * rows
        return
    then = value - sign * half * (rows / need) ** 0.5
    assert sign * (then - bar) > -1e-9
    less = value - sign * half * (rows / max(need - 2, 1)) ** 0.5
    assert sign * (less - bar) < 1e-9 or need <= 2


def test_no_rows_help_where_the_value_itself_is_too_low():
    assert advice.rows_needed(100, 0.7, 0.6, 0.8) is None
    assert advice.rows_needed(100, 0.8, 0.7, 0.8) is None


@pytest.mark.parametrize(
    ("bar", "state", "words"),
    [
        (0.75, "passed", ""),
        (0.78, "missed", "about 625 hold-out rows would show it, 525 more"),
        (0.90, "missed", "more seconds"),
    ],
)
def test_a_metric_is_met_by_its_limit_and_help_has_figures(bar, state, words):
    told = Measured({"roc_auc": 0.8}, {"roc_auc": (0.75, 0.85)})
    found = bars.of_metrics(TWO, told, {"roc_auc": bar}, 100)[0]
    assert found.state == state
    if state == "missed":
        assert words in found.help
        assert f"missed by {bar - 0.75:.2f}".rstrip("0") in found.need


def test_a_metric_of_labels_is_helped_by_the_threshold():
    told = Measured({"recall": 0.6}, {"recall": (0.5, 0.7)})
    (found,) = bars.of_metrics(TWO, told, {"recall": 0.8}, 100)
    assert "move the threshold" in found.help
    assert "is told as moved after a look" in found.help
    undefined = bars.of_metrics(TWO, Measured({}, {}), {"recall": 0.8}, 100)
    assert undefined[0].blocks


@pytest.mark.parametrize(
    ("found", "state"), [(5, "missed"), (71, "missed"), (72, "passed")]
)
def test_no_error_among_few_rows_meets_no_high_bar(found, state):
    truth = np.repeat([0, 1], [100, found])
    told = measure(TWO, truth, np.column_stack([1 - truth, truth]))
    (recall,) = [
        one
        for one in bars.of_metrics(TWO, told, {"recall": 0.95}, len(truth))
        if "recall" in one.bar
    ]
    assert recall.state == state
    if found == 5:
        need = math.ceil(105 * math.log(0.025) / 5 / math.log(0.95))
        assert f"about {need:,} hold-out rows would show it" in recall.help


def test_the_worst_group_is_the_one_with_the_worst_limit():
    wide, narrow = group("f", 0.85, 0.2, rows=40), group("m", 0.8, 0.01, rows=900)
    found, *rest = group_bars.of_groups(TWO, (wide, narrow), {"worst_group": 0.7}, 940)
    assert found.state == "missed"
    assert "sex = f" in found.got
    assert "about 72 of sex = f would" in found.help
    near = group_bars.of_groups(TWO, (wide, narrow), {"worst_group": 0.849}, 940)[0]
    assert "a better model helps more" in near.help
    assert rest == []
    assert not group_bars.of_groups(TWO, (narrow,), {"worst_group": 0.78}, 900)[
        0
    ].blocks


def test_a_loss_in_groups_takes_the_upper_limit():
    some = (group("f", 2.0, 0.5, metric="rmse"), group("m", 1.0, 0.1, metric="rmse"))
    asked = {"worst_group": 2.2, "group_gap": 1.2}
    worst, apart = group_bars.of_groups(NUMBER, some, asked, 200)
    assert (worst.state, apart.state) == ("missed", "missed")
    assert "1 (up to 1.51)" in apart.got
    easy = {"worst_group": 2.5, "group_gap": 1.6}
    states = [f.state for f in group_bars.of_groups(NUMBER, some, easy, 200)]
    assert states == ["passed", "passed"]


def test_a_small_group_blocks_where_a_bar_is_set_unless_it_is_rare():
    some = (group("f", 0.9), group("m", 0.9), small("x", 12))
    told = group_bars.of_groups(TWO, some, {"worst_group": 0.5}, 212)
    assert [f.blocks for f in told] == [False, True]
    assert "x (12 rows)" in told[1].got
    rare = group_bars.of_groups(TWO, some, {"worst_group": 0.5}, 5000)
    assert rare[1].state == "not_assessed"
    assert not rare[1].blocks
    assert not any(f.blocks for f in group_bars.of_groups(TWO, some, {}, 212))
    alone = group_bars.of_groups(TWO, (small("x", 12),), {"group_gap": 0.1}, 12)
    assert alone[0].blocks


@pytest.mark.parametrize(
    ("gap", "bar", "state", "words"),
    [
        (fair(0.05, 0.01, 0.09), {"parity_gap": 0.1}, "passed", ""),
        (fair(0.05, 0.01, 0.15), {"parity_gap": 0.1}, "missed", "2,400 hold-out rows"),
        (fair(0.3, 0.2, 0.4), {"parity_gap": 0.1}, "missed", "decide mitigation"),
        (fair(0.9, 0.7, 1.0, "parity_ratio"), {"parity_ratio": 0.8}, "missed", "2,400"),
        (fair(0.9, 0.82, 1.0, "parity_ratio"), {"parity_ratio": 0.8}, "passed", ""),
        (fair(0.1, 0.0, 0.2), {"odds_gap": 0.1}, "not_assessed", "collect more"),
        (Fairness(TWO, 600, 0.5), {"odds_gap": 0.1}, "not_assessed", "role sensitive"),
        (fair(0.1, 0.0, 0.2), {}, "not_assessed", "set [goal.bars] parity_gap"),
    ],
)
def test_a_gap_is_met_by_its_limit(gap, bar, state, words):
    (found,) = group_bars.of_fairness(gap, bar)
    assert found.state == state
    assert found.blocks == (state != "passed" and bool(bar))
    if state != "passed":
        assert words in found.help


def test_columns_that_look_sensitive_are_named_and_no_others():
    (blocking,) = group_bars.of_groups(TWO, (), {"worst_group": 0.5}, 600)
    assert blocking.blocks
    assert "role sensitive" in blocking.help
    assert "sex" not in blocking.help
    (one,) = group_bars.of_groups(TWO, (), {}, 600)
    assert (one.state, one.help) == ("not_assessed", "")
    (one,) = group_bars.of_groups(TWO, (), {}, 600, ["gender"])
    assert one.help == "give gender the role sensitive in `collect`"
    none = Fairness(TWO, 600, 0.5, hints=("gender",))
    (gap,) = group_bars.of_fairness(none, {"odds_gap": 0.1})
    assert gap.help == one.help
    (few,) = group_bars.of_groups(TWO, (small("x", 12),), {}, 12)
    assert "role" not in few.help


def test_crossed_columns_are_shown_and_not_judged():
    assert fair(0.5, 0.4, 0.6, column="sex × age").widest("parity_gap") is None


def rows():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, 300).astype(float),
            "sex": rng.choice(["f", "m"], 300),
            "a and b": rng.choice(["x = 1", "y"], 300),
        }
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sex = f", lambda t: t["sex"] == "f"),
        ("age = 18 to 40", lambda t: t["age"] <= 40),
        ("age = 33", lambda t: t["age"] == 33),
        ("age = 18 to 40 and sex = m", lambda t: (t["age"] <= 40) & (t["sex"] == "m")),
        ("a and b = x = 1", lambda t: t["a and b"] == "x = 1"),
        (
            "sex = f and a and b = x = 1",
            lambda t: (t["sex"] == "f") & (t["a and b"] == "x = 1"),
        ),
    ],
)
def test_a_part_is_found_again_by_its_words(text, wanted):
    table = rows()
    assert (parts.inside(table, text) == wanted(table).to_numpy()).all()


def test_words_that_say_nothing_here_are_passed_over():
    assert parts.inside(rows(), "town = Ghent") is None
    assert parts.inside(rows(), "sex = x") is None


def test_named_and_found_parts_are_measured_and_judged():
    table = rows()
    truth = (table["age"] > 50).to_numpy().astype(int)
    good = np.where(table["sex"] == "f", 1 - truth, truth).astype(float)
    chances = np.column_stack([1 - good, good])
    weak = Weak("sex = f", 150, 1.0, 0.0, 1.0, 0.9, 1.1, 0.01)
    found = Weakest(TWO, 300, 10, (weak,))
    told = parts.measured(TWO, table, truth, chances, 0.5, found, {"old": "age >= 46"})
    assert told[0].group == "old: age >= 46"
    (judged,) = group_bars.of_parts(TWO, told, {"worst_slice": 0.6})
    assert judged.state == "missed"
    assert "sex = f" in judged.got
    (unasked,) = group_bars.of_parts(TWO, told, {})
    assert not unasked.blocks
    assert group_bars.of_parts(TWO, (), {}) == []
    assert group_bars.of_parts(TWO, (), {"worst_slice": 0.6})[0].blocks
    with pytest.raises(InputError, match=r"goal\.slices|agee"):
        parts.measured(TWO, table, truth, chances, 0.5, None, {"bad": "agee > 1"})


def test_a_named_part_too_small_to_judge_blocks_and_a_found_one_does_not():
    large, few = (
        group("", 0.9, column=""),
        replace(small("old: age > 78", 29), column=""),
    )
    asked = {"worst_slice": 0.6}
    told, left_out = group_bars.of_parts(TWO, (large, few), asked, [few.group])
    assert told.state == "passed"
    assert left_out.blocks
    assert "old: age > 78 (29 rows)" in left_out.got
    assert "30 hold-out rows" in left_out.help
    _, found = group_bars.of_parts(TWO, (large, few), asked)
    assert (found.state, found.blocks) == ("not_assessed", False)
    assert len(group_bars.of_parts(TWO, (large, few), {}, [few.group])) == 1


@pytest.mark.parametrize("name", ["opportunity_gap", "odds_gap", "accuracy_gap"])
@pytest.mark.parametrize(
    ("sizes", "blocks"), [((50, 50, 29), True), ((2000, 2000, 29), False)]
)
def test_a_group_that_a_gap_leaves_out_blocks_unless_it_is_rare(name, sizes, blocks):
    sex = np.repeat(["a", "b", "c"], sizes)
    told, left_out = group_bars.of_fairness(_failed(sex, sex == "c"), {name: 0.3})
    assert told.state == "passed"
    assert (left_out.state, left_out.blocks) == ("not_assessed", blocks)
    assert "c (29 rows)" in left_out.got
    assert "30 rows" in left_out.help
    assert ("10 of yes" in left_out.help) == (name != "accuracy_gap")


def test_a_group_with_too_few_of_the_positive_class_blocks_a_gap_in_finding_it():
    sex = np.repeat(["a", "b", "c"], 200)
    few = (sex == "c") & (np.arange(600) >= 418)
    found = _failed(sex, few, rare=few)
    states = [f.blocks for f in group_bars.of_fairness(found, {"odds_gap": 0.1})]
    assert states == [False, True]
    assert len([*group_bars.of_fairness(found, {"parity_gap": 0.9})]) == 1
    whole = _failed(sex, few)
    assert len([*group_bars.of_fairness(whole, {"odds_gap": 0.1})]) == 1


def test_a_class_that_a_group_hardly_has_is_told_and_does_not_block():
    sex = np.repeat(["a", "b"], 300)
    truth = np.arange(600) % 3
    truth[(sex == "b") & (truth == 2)] = 0
    table = pd.DataFrame({"sex": pd.array(sex, "str")})
    Schema((Column("sex", "category", ("sensitive",)),)).attach(table)
    found = assess(THREE, table, truth, np.eye(3)[truth], 0.5)
    told, left_out = group_bars.of_fairness(found, {"opportunity_gap": 0.3})
    assert told.state == "passed"
    assert (left_out.state, left_out.blocks) == ("not_assessed", False)
    assert "high found of b" in left_out.got
    assert len([*group_bars.of_fairness(found, {"accuracy_gap": 0.3})]) == 1


def _failed(sex, wrong, rare=None):
    """Assess a model that is wrong of some rows; every other row is positive."""
    truth = np.arange(len(sex)) % 2
    said = np.where(wrong, 1 - truth, truth)
    if rare is not None:
        truth = said = np.where(rare, 0, truth)
    table = pd.DataFrame({"sex": pd.array(sex, "str")})
    Schema((Column("sex", "category", ("sensitive",)),)).attach(table)
    chances = np.column_stack([1 - said, said]).astype(float)
    return assess(TWO, table, truth, chances, 0.5)


@pytest.mark.parametrize(
    ("problem", "name", "words"),
    [
        (TWO, "rmse", "rmse is no metric of two classes"),
        (TWO, "error_gap", "error_gap is no gap of two classes"),
        (NUMBER, "roc_auc", "roc_auc is no metric of a number"),
        (NUMBER, "odds_gap", "odds_gap is no gap of a number"),
        (NUMBER, "accuracy_gap", "accuracy_gap is no gap of a number"),
        (NUMBER, "parity_ratio", "parity_ratio is no gap of a number"),
        (THREE, "precision_gap", "precision_gap is no gap of many classes"),
        (THREE, "error_gap", "error_gap is no gap of many classes"),
    ],
)
def test_a_bar_of_another_kind_of_problem_is_refused(problem, name, words):
    with pytest.raises(UsageError, match=words) as caught:
        bars.read(problem, {name: 0.3})
    assert name not in caught.value.todo


@pytest.mark.parametrize("problem", [CLUSTER, ANOMALY])
@pytest.mark.parametrize("name", [*GAPS, *OTHERS])
def test_without_labels_a_bar_that_nothing_judges_is_refused(problem, name):
    if name in OF_PACKAGE:
        assert bars.read(problem, {name: 10}) == {name: 10.0}
        return
    with pytest.raises(UsageError, match=f"{name} is no .* of {UNLIKE}") as caught:
        bars.read(problem, {name: 0.3})
    judged = [*of_problem(problem), *OF_PACKAGE]
    assert caught.value.todo.endswith(f"these are judged: {', '.join(judged)}")


@pytest.mark.parametrize("problem", [TWO, NUMBER, THREE])
def test_a_gap_that_a_problem_has_may_be_a_bar(problem):
    both = dict.fromkeys(("parity_gap", "calibration_gap"), 0.3)
    assert bars.read(problem, both) == both


@pytest.mark.parametrize(
    "given_",
    [{"parity": 0.1}, {"parity_gap": "low"}, {"parity_gap": math.nan}, 3],
)
def test_a_bar_that_nobody_knows_is_refused(given_):
    with pytest.raises(UsageError, match="bar"):
        bars.read(TWO, given_)
