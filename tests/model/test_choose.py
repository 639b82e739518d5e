from __future__ import annotations

import json
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError, UsageError
from mlkit.core.files import canonical
from mlkit.core.schema import Column, Schema
from mlkit.model.choose import Shortlist, choose
from mlkit.model.families import family, first
from mlkit.model.measures.measure import units
from mlkit.model.measures.metrics import METRICS
from mlkit.model.problem import Problem
from mlkit.model.tuning.cross import folds


def plain(record):
    kept = {k: v for k, v in record.to_dict().items() if k not in record.volatile}
    return canonical(kept)


def rare(table, count):
    """Leave so few rows of one answer that some folds have none."""
    few = table.index[table["answer"] == "yes"][:count]
    table["answer"] = table["answer"].where(table.index.isin(few), "no")
    return table


def test_the_first_families_meet_and_the_best_is_chosen(table, kind):
    found = choose(table, folds=3)
    assert {c.family for c in found.candidates} == set(first(kind))
    assert found.chosen == found.best == found.candidates[0].family
    assert found.gap == 0
    assert found["dummy"].score != found[found.chosen].score
    assert all(c.problem == "" and c.size > 0 for c in found.candidates)
    assert found.metrics == {found.problem.metric: found.candidates[0].score}


def test_it_repeats_and_reads_back(table):
    found = choose(table, ["linear"], folds=3)
    with joblib.parallel_config("threading", n_jobs=2):
        again = choose(table, ["linear"], folds=3)
    assert plain(again) == plain(found)
    read = Shortlist.from_dict(json.loads(canonical(found.to_dict())))
    assert read == found
    assert str(found.table()) == str(read.table())
    assert repr(found.plot()).startswith("<Picture")


def test_the_best_that_cannot_be_packaged_is_passed_over_and_the_gap_told(
    monkeypatch, make
):
    def broken(estimator, kind):
        raise ValueError("no form")

    whole = choose(make("number"), folds=3)
    monkeypatch.setattr(family(whole.best), "form", broken)
    found = choose(make("number"), folds=3)
    assert found.best == whole.best
    assert found.chosen == whole.candidates[1].family
    assert found.gap == pytest.approx(
        abs(found.candidates[0].score - found.candidates[1].score)
    )
    assert (
        "cannot be packaged: cannot be converted: ValueError: no form"
        in found.notes[-1]
    )
    assert "cannot be packaged" not in str(whole.table())
    found.plot()


def test_families_can_be_named(make):
    table = make("two_classes")
    assert [c.family for c in choose(table, ["tree"], folds=2).candidates] == [
        "tree",
        "dummy",
    ]
    with pytest.raises(UsageError, match="did you mean 'boosting'"):
        choose(table, ["bosting"])


def test_many_rows_are_thinned_and_that_is_told(make):
    found = choose(make("two_classes", 500), ["linear"], folds=2, most_rows=100)
    assert found.rows == 100
    assert "compared on 100 of 500 rows" in found.notes


@pytest.mark.parametrize("count", [2, 3, 5])
def test_folds_are_even_in_the_target(table, problem, count):
    fold = folds(table, problem, count)
    sizes = np.bincount(fold)
    assert sizes.max() - sizes.min() <= 1
    truth = problem.truth(table)
    means = [np.mean(truth[fold == k]) for k in range(count)]
    assert np.ptp(means) < 0.06 * np.ptp(truth)
    assert (fold == folds(table, problem, count)).all()


def test_a_group_is_never_split(make):
    table = make("two_classes")
    schema = Schema.of(table)
    table["house"] = (np.arange(len(table)) // 7).astype(str)
    table["house"] = table["house"].astype("str")
    Schema.of(schema.attach(table)).change("house", roles=("group",)).attach(table)
    problem = Problem.of(table)
    assert problem.group == "house"
    fold = folds(table, problem, 4)
    assert table.assign(fold=fold).groupby("house")["fold"].nunique().max() == 1
    assert np.ptp(np.bincount(fold)) <= 7
    assert sorted(set(folds(table.head(20), problem, 4))) == [0, 1, 2]
    with pytest.raises(InputError, match="all rows are of one group"):
        folds(table.head(7), problem, 4)


def test_a_row_without_a_group_is_a_group_of_its_own(make):
    table = make("two_classes", 120)
    schema = Schema.of(table).put(Column("house", "category", ("group",)))
    house = (np.arange(len(table)) // 10).astype(str)
    gaps = np.arange(len(table)) % 3 == 0
    table["house"] = pd.array(np.where(gaps, None, house), "str")
    fold = folds(schema.attach(table), Problem.of(table), 4)
    assert np.ptp(np.bincount(fold)) <= 10
    assert table.assign(fold=fold).groupby("house")["fold"].nunique().max() == 1
    assert set(fold[gaps]) == {0, 1, 2, 3}
    assert choose(table, ["linear"], folds=4).chosen == "linear"
    units_ = units(Problem.of(table), table)[0]
    assert len(np.unique(units_)) == len(set(house[~gaps])) + gaps.sum()


def test_fewer_rows_than_folds_are_refused(make):
    table = make("two_classes")
    with pytest.raises(InputError, match="fewer rows than folds"):
        folds(table.head(3), Problem.of(table), 5)


@pytest.mark.slow
def test_rare_classes_and_few_rows_do_not_stop_it(make):
    table = make("many_classes", 60)
    table.loc[table.index[:1], "answer"] = "single"
    found = choose(table, folds=5)
    assert len(found.candidates) == len(first("many_classes"))


def test_a_column_may_be_called_anything(make):
    table = make("two_classes")
    schema = Schema.of(table)
    table = table.rename(columns={"age": "self", "town": "kwargs"})
    renamed = [
        replace(c, name={"age": "self", "town": "kwargs"}.get(c.name, c.name))
        for c in schema
    ]
    Schema(tuple(renamed)).attach(table)
    found = choose(table, ["linear"], folds=2)
    assert all(c.problem == "" for c in found.candidates)


def test_families_that_would_take_too_long_are_passed_over_and_told(make):
    table = make("two_classes")
    found = choose(table, ["linear", "forest"], folds=2, seconds=1e-6)
    assert [c.family for c in found.candidates] == ["dummy"]
    assert sum("is passed over: it would take" in note for note in found.notes) == 2
    whole = choose(table, ["linear"], folds=2, seconds=600)
    assert whole.chosen == "linear"


def test_a_fold_without_a_rare_class_is_passed_over_and_told(make):
    table = rare(make("two_classes", 300), 3)
    found = choose(table, ["linear", "tree"], folds=5)
    assert {len(one.folds) for one in found.candidates} == {3}
    assert found["dummy"].score == 0.5
    title = METRICS["roc_auc"].title
    assert f"{title} is undefined on 2 folds: compared on the others" in found.notes


def test_a_metric_that_is_undefined_on_every_fold_is_refused(make):
    table = make("number")
    table.loc[table.index[::10], "answer"] = 0.0
    with pytest.raises(InputError, match="undefined on every fold") as error:
        choose(table, ["linear"], folds=3, metric="mape")
    assert "metric 'mape' of column 'answer'" in str(error.value)


@pytest.mark.parametrize("scale", [1e-12, 1e-9, 1e-5, 1e9])
def test_the_unit_of_a_number_changes_no_choice(make, scale):
    table, other = make("number"), make("number")
    other["answer"] *= scale
    plain_, found = (choose(one, ["linear", "tree"], folds=3) for one in (table, other))
    assert found.chosen == plain_.chosen == "linear"
    for one, like in zip(found.candidates, plain_.candidates, strict=True):
        assert one.family == like.family
        assert one.score / scale == pytest.approx(like.score, rel=1e-4)
        assert one.error / scale == pytest.approx(like.error, rel=1e-3)
        assert [s / scale for s in one.folds] == pytest.approx(like.folds, rel=1e-4)
    assert len({row[1] for row in found.table().rows}) == 3
