"""Fairness by group, against planted gaps and against fairlearn."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from scipy.stats import binomtest

from mlkit.core.files import canonical
from mlkit.core.schema import Column, Schema
from mlkit.model.fitted import fit
from mlkit.model.groups.fair_words import remarks
from mlkit.model.groups.fairness import (
    FEWEST,
    Fairness,
    Gap,
    Group,
    assess,
    fairness,
)
from mlkit.model.judging.group_bars import of_fairness
from mlkit.model.problem import Problem

TWO = Problem("two_classes", "y", "roc_auc", ("no", "yes"))


def people(count=3000, seed=0, apart=0.25):
    """Make rows whose chances lie apart by sex, and by nothing else."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], count, p=[0.4, 0.6])
    age = rng.integers(18, 80, count).astype(float)
    p = 0.35 + apart * (sex == "m") + rng.normal(0, 0.15, count)
    p = np.clip(p, 0.01, 0.99)
    truth = (rng.random(count) < p).astype(int)
    table = pd.DataFrame({"sex": pd.array(sex, "str"), "age": age})
    roles = ("sensitive",)
    schema = Schema((Column("sex", "category", roles), Column("age", "number", roles)))
    return schema.attach(table), truth, np.column_stack([1 - p, p])


def gap(found, name, column="sex"):
    (one,) = [g for g in found.gaps if (g.name, g.column) == (name, column)]
    return one


def test_gaps_are_those_of_fairlearn():
    import fairlearn.metrics as theirs

    table, truth, chances = people()
    found = assess(TWO, table, truth, chances, 0.5)
    said = (chances[:, 1] >= 0.5).astype(int)
    for name, function in {
        "parity_gap": theirs.demographic_parity_difference,
        "parity_ratio": theirs.demographic_parity_ratio,
        "odds_gap": theirs.equalized_odds_difference,
        "odds_ratio": theirs.equalized_odds_ratio,
        "opportunity_gap": theirs.equal_opportunity_difference,
    }.items():
        wanted = function(truth, said, sensitive_features=table["sex"])
        assert gap(found, name).value == pytest.approx(wanted, rel=1e-5), name
    frame = theirs.MetricFrame(
        metrics=theirs.true_positive_rate,
        y_true=truth,
        y_pred=said,
        sensitive_features=table["sex"],
    )
    for one in found.groups[:2]:
        wanted = frame.by_group[one.name]
        assert one.rates["true_positive"] == pytest.approx(wanted, rel=1e-5)


def test_a_gap_is_told_of_one_rate_or_of_several_alike():
    ends = 0.41, 0.229, 0.61
    apart = Gap("Sex", "odds_gap", *ends, "false_positive", "female", "male")
    group = Group("Sex", "female", 400, {}, {})
    told = next(remarks(Fairness(TWO, 800, 0.5, (group,), (apart,))))
    what = "false alarms: female and male are 0.41 (0.229 to 0.61) apart (Sex)"
    assert told.what == what


def test_rates_of_visits_are_no_surer_than_the_people_who_made_them():
    table, truth, _ = people(600)
    sure = np.column_stack([1 - truth, truth]).astype(float)
    one = assess(TWO, table, truth, sure, 0.5)
    visits = table.assign(who=pd.array([f"p{n}" for n in np.arange(600) // 10], "str"))
    who = Column("who", "id", ("group",))
    problem = replace(TWO, group="who")
    Schema((*Schema.of(table), who)).attach(visits)
    many = assess(problem, visits, truth, sure, 0.5)
    for sex in ("f", "m"):
        (alone,) = [g for g in one.groups if g.name == sex]
        (group,) = [g for g in many.groups if g.name == sex]
        assert alone.limits["right"][0] == pytest.approx(0.025 ** (1 / alone.rows))
        mine = visits["who"][visits["sex"] == sex].nunique()
        assert group.limits["right"][0] == pytest.approx(0.025 ** (1 / mine))


@pytest.mark.slow
def test_a_planted_gap_lies_in_its_interval_as_often_as_promised():
    exact = gap(assess(TWO, *people(200_000, 99), 0.475), "parity_gap").value
    inside = 0
    for seed in range(20):
        one = gap(assess(TWO, *people(800, seed), 0.475), "parity_gap")
        inside += one.low <= exact <= one.high
    assert inside >= 17


def test_where_there_is_no_gap_none_is_certain():
    for seed in range(10):
        one = gap(assess(TWO, *people(800, seed, apart=0.0), 0.35), "parity_gap")
        assert one.low < 0.06
        assert one.high < 0.17


def test_numbers_are_cut_into_bins_and_two_columns_are_crossed():
    table, truth, chances = people()
    found = assess(TWO, table, truth, chances, 0.5)
    ages = [one for one in found.groups if one.column == "age"]
    assert len(ages) == 4
    assert ages[0].name.startswith("18 to ")
    crossed = [one for one in found.groups if one.column == "sex × age"]
    assert sum(one.rows for one in crossed) == len(table)
    assert found.widest("parity_gap").column == "sex"
    words = " ".join(remark.what for remark in found.remarks)
    assert "f gets less than four fifths of m" in words


def test_a_small_group_is_not_assessed_and_widens_no_gap():
    table, truth, chances = people()
    table.loc[table.index[:12], "sex"] = "x"
    chances[:12] = [0.0, 1.0]
    found = assess(TWO, table, truth, chances, 0.5)
    (small,) = [one for one in found.small if one.column == "sex"]
    assert (small.name, small.rows) == ("x", 12)
    assert gap(found, "parity_gap").most == "m"
    assert any("not assessed: 12 rows" in r.what for r in found.remarks)
    assert FEWEST > 12


def test_groups_without_an_error_may_lie_apart_as_far_as_the_smaller_lets_them():
    table, truth, _ = people(400)
    found = assess(TWO, table, truth, np.column_stack([1 - truth, truth]), 0.5)
    groups = [one for one in found.groups if one.column == "sex"]
    least = min(one.rows for one in groups)
    for one in groups:
        low = binomtest(one.rows, one.rows).proportion_ci().low
        assert one.limits["right"] == pytest.approx((low, 1))
    far = 1 - binomtest(least, least).proportion_ci().low
    told = gap(found, "accuracy_gap")
    assert (told.value, told.low, told.high) == pytest.approx((0, 0, far))


def test_rows_of_one_group_widen_the_interval():
    table, truth, chances = people(600)
    plain = gap(assess(TWO, table, truth, chances, 0.5), "parity_gap")
    again = pd.concat([table] * 4, ignore_index=True)
    again["who"] = [f"p{k}" for k in list(range(600)) * 4]
    Schema.of(table).put(Column("who", "category", ("group",))).attach(again)
    repeated = np.tile(truth, 4), np.tile(chances, (4, 1))
    grouped = Problem("two_classes", "y", "roc_auc", ("no", "yes"), group="who")
    careless = gap(assess(TWO, again, *repeated, 0.5), "parity_gap")
    careful = gap(assess(grouped, again, *repeated, 0.5), "parity_gap")
    wide = plain.high - plain.low
    assert careful.high - careful.low == pytest.approx(wide, rel=0.25)
    assert careless.high - careless.low < 0.7 * wide


def test_many_classes_and_numbers_have_gaps_of_their_own():
    rng = np.random.default_rng(0)
    table, *_ = people(1500)
    three = Problem("many_classes", "y", "log_loss", ("a", "b", "c"))
    truth = rng.integers(0, 3, 1500)
    chances = np.eye(3)[np.where(table["sex"] == "f", 0, truth)]
    found = assess(three, table, truth, chances)
    one = gap(found, "opportunity_gap")
    assert one.value == 1
    assert (one.least, one.most) == ("f", "m")
    assert gap(found, "accuracy_gap").value == pytest.approx(2 / 3, abs=0.06)
    number = Problem("number", "y", "rmse")
    pay = rng.normal(3000, 500, 1500)
    low = assess(number, table, pay, pay - 250 * (table["sex"] == "f").to_numpy())
    assert gap(low, "calibration_gap").value == pytest.approx(250 / pay.std(), rel=1e-3)
    assert repr(low.plot()).startswith("<Picture")


def test_groups_between_which_there_is_no_gap_are_told_as_equal():
    table, truth, chances = people(300)
    table["sex"] = pd.array(["f", "m"] * 150, "str")
    truth, chances = np.repeat(truth[:150], 2), np.repeat(chances[:150], 2, axis=0)
    lines = assess(TWO, table, truth, chances, 0.5).between().rows
    ages = next(at for at, line in enumerate(lines) if line[0] == "age")
    assert ages > 5
    assert {line[4] for line in lines[:ages]} == {"all equal"}
    assert all("  <  " in line[4] for line in lines[ages:])


def test_what_is_counted_in_standard_deviations_says_so_once():
    table, truth, chances = people(900)
    pay = np.random.default_rng(0).normal(3000, 500, 900)
    low = pay - 250 * (table["sex"] == "f").to_numpy()
    number = assess(Problem("number", "pay", "rmse"), table, pay, low)
    pages = [repr(number.table()), repr(number.between()), drawn(number.plot())]
    pages += [one.what for one in number.remarks if one.severity == "warning"]
    pages += [one.got for one in of_fairness(number, {"error_gap": 0.3})]
    assert len(pages) > 4
    assert [page.count("standard deviations") for page in pages] == [1] * len(pages)
    shares = assess(TWO, table, truth, chances, 0.5)
    assert "standard deviations" not in f"{shares!r}{drawn(shares.plot())}"


def drawn(picture):
    """Return every word in a picture."""
    return "\n".join(text.get_text() for text in picture.findobj(Text))


def test_a_column_the_model_does_not_look_at_counts(make):
    table = make("two_classes", 600)
    schema = Schema.of(table).change("sex", roles=("sensitive", "ignored"))
    table = schema.attach(table)
    model = fit("linear", {}, table.head(400), Problem.of(table))
    assert "sex" not in model.problem.features
    found = fairness(model, table.tail(200), 0.4)
    assert {one.column for one in found.groups} == {"sex"}
    assert found.threshold == 0.4


def test_without_a_sensitive_column_it_says_so(make):
    table = make("two_classes")
    Schema.of(table).change("sex", roles=()).attach(table)
    model = fit("linear", {}, table, Problem.of(table))
    found = fairness(model, table)
    assert found.metrics == {}
    assert "no column has the role sensitive" in found.notes[0]
    assert "not assessed" in found.remarks[0].what
    assert repr(found.plot()).startswith("<Picture")


@pytest.mark.parametrize(
    ("names", "todo"),
    [
        ({}, "give age and sex the role sensitive in `collect`"),
        ({"age": "wind", "sex": "place"}, ""),
        ({"age": "wind", "sex": "gender"}, "give gender the role sensitive"),
    ],
)
def test_only_columns_that_look_sensitive_are_said_to_be_given_that_role(
    make, names, todo
):
    table = make("two_classes", 120)
    schema = Schema.of(table).change("sex", roles=("ignored",))
    columns = [replace(c, name=names.get(c.name, c.name)) for c in schema]
    table = Schema(tuple(columns)).attach(table.rename(columns=names))
    model = fit("linear", {}, table, Problem.of(table))
    (one,) = fairness(model, table).remarks
    assert one.what == "fairness was not assessed: no column has the role sensitive"
    assert one.todo.startswith(todo)
    assert bool(one.todo) == bool(todo)


def test_it_repeats_reads_back_and_escapes(make, kind):
    table = make(kind, 500)
    table["sex"] = table["sex"].replace({"f": "<b>&"})
    model = fit("linear", {}, table, Problem.of(table))
    found = fairness(model, table)
    assert found == fairness(model, table)
    assert Fairness.from_dict(json.loads(canonical(found.to_dict()))) == found
    page = found._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;" in page
    assert "between" in repr(found)
    assert repr(found.plot()).startswith("<Picture")
