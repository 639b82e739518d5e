"""Odd rows are found, planted or known; alarms are as many as were asked for."""

import json

import numpy as np
import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.model.anomaly import Detection, anomaly
from mlkit.model.patterns.fitting import fit
from mlkit.model.patterns.planted import plant
from mlkit.model.patterns.why import reasons, told
from mlkit.model.problem import Problem


def test_planted_rows_are_found_and_the_target_is_not_looked_at(spotted):
    rows = spotted(told_rows=False)
    found = anomaly(rows, ["ellipse", "nearest"], repeats=2)
    assert found.problem.features == ("a", "b", "c", "w")
    for one in found.detectors:
        assert one.planted["far"] > 0.6
        assert 0 < one.volume < 1
    assert found["ellipse"].planted["mixed"] > 0.4
    assert Detection.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert found.plot().axes
    assert "planted" in str(found.table())


def test_a_detector_that_looks_at_nothing_finds_no_more_than_chance(spotted):
    rows = spotted()
    shuffled = rows.assign(c=1.0, a=1.0, b=1.0, w="x")
    flat = Schema.of(rows).attach(shuffled)
    found = anomaly(flat, ["ellipse"], repeats=2)
    assert found["ellipse"].planted["mixed"] < 0.2


def test_known_rows_decide_where_there_are_enough(spotted):
    found = anomaly(spotted(odd=12), ["ellipse", "nearest"], repeats=2)
    assert found["ellipse"].precision > 0.9
    assert found.notes[0].startswith("compared by average precision")
    few = anomaly(spotted(odd=3), ["ellipse"], repeats=2)
    assert few["ellipse"].precision is None


def test_the_best_that_cannot_be_packaged_is_named_and_not_taken(spotted):
    found = anomaly(spotted(), ["local", "nearest"], repeats=2)
    assert found.chosen == "nearest"
    assert found.decided("local").chosen == "local"
    with pytest.raises(InputError, match="was not compared"):
        found.decided("locale")


def test_a_named_truth_is_never_learnt_from_and_is_kept_for_alarms(spotted):
    rows = spotted(odd=12).rename(columns={"kind": "label"})
    columns = (*Schema.of(rows).without("label"), Column("label", "category"))
    found = anomaly(Schema(columns).attach(rows), ["ellipse"], repeats=2, truth="label")
    assert found.problem.features == ("a", "b", "c", "w")
    assert (found.truth, found.odd) == ("label", "fraud")
    assert "12 are odd (label = fraud)" in found.notes[0]
    assert Detection.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_the_rarest_word_is_that_of_all_rows_not_of_those_looked_at(spotted):
    rows = spotted(odd=12)
    rows.loc[rows.index[rows["kind"] == "fraud"][:2], "kind"] = "theft"
    found = anomaly(rows, ["ellipse"], repeats=2, most_rows=100)
    assert found.odd == "theft"
    assert anomaly(rows, ["ellipse"], repeats=2, odd="fraud").odd == "fraud"


@pytest.mark.parametrize("share", [0.0, 0.5, -1.0])
def test_a_share_that_is_none_is_refused(share, spotted):
    with pytest.raises(InputError, match="cannot be odd"):
        anomaly(spotted(), share=share)


def test_why_a_row_is_odd_names_the_cell_that_was_moved(spotted):
    rows = spotted(told_rows=False)
    model = fit("ellipse", {}, rows, Problem.untold(rows, "anomaly"))
    row = rows.head(1).assign(c=95.0)
    shares = reasons(model, row, rows)
    assert shares[0].argmax() == 2
    assert shares[0].sum() == pytest.approx(1)
    assert told(model, row.iloc[0], shares[0], rows).startswith("c = 95 (mostly ")


def test_far_rows_leave_the_range_and_mixed_rows_stay_in_it(spotted):
    rows = spotted(told_rows=False)
    problem = Problem.untold(rows, "anomaly")
    far = plant(rows, problem, "far", 60)
    away = np.abs(far[["a", "b", "c"]] - rows[["a", "b", "c"]].mean())
    assert (away / rows[["a", "b", "c"]].std()).max(axis=1).median() > 3.9
    mixed = plant(rows, problem, "mixed", 60)
    assert set(mixed["a"]) <= set(rows["a"])
    assert abs(np.corrcoef(mixed["a"], mixed["b"])[0, 1]) < 0.5
