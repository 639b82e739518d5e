"""Odd rows are found, planted or known; alarms are as many as were asked for."""

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.model.alarms import Alarms, alarms
from mlkit.model.anomaly import Detection, anomaly, truth_of
from mlkit.model.patterns.fitting import fit
from mlkit.model.patterns.planted import plant
from mlkit.model.patterns.why import reasons, told
from mlkit.model.problem import Problem


def table(rows=300, seed=0, odd=0, told_rows=True):
    """Two numbers that go together, one that does not, a word; some rows are odd."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=rows)
    frame = pd.DataFrame(
        {
            "a": a,
            "b": a + 0.1 * rng.normal(size=rows),
            "c": rng.normal(50, 5, rows),
            "w": rng.choice(["x", "y"], rows),
            "kind": "ok",
        }
    ).astype({"w": "str", "kind": "str"})
    frame.loc[: odd - 1, "c"] = 50 + 40 * rng.choice([-1, 1], odd)
    frame.loc[: odd - 1, "kind"] = "fraud"
    frame = frame.sample(frac=1, random_state=seed)
    frame.index = pd.Index([f"r{k}" for k in range(rows)], name="row")
    columns = Column("a"), Column("b"), Column("c"), Column("w", "category")
    schema = Schema((*columns, Column("kind", "category", ("target",))))
    if not told_rows:
        return schema.without("kind").attach(frame.drop(columns="kind"))
    return schema.attach(frame)


def test_planted_rows_are_found_and_the_target_is_not_looked_at():
    rows = table(told_rows=False)
    found = anomaly(rows, ["ellipse", "nearest"], repeats=2)
    assert found.problem.features == ("a", "b", "c", "w")
    for one in found.detectors:
        assert one.planted["far"] > 0.6
        assert 0 < one.volume < 1
    assert found["ellipse"].planted["mixed"] > 0.4
    assert Detection.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert found.plot().axes
    assert "planted" in str(found.table())


def test_a_detector_that_looks_at_nothing_finds_no_more_than_chance():
    rows = table()
    shuffled = rows.assign(c=1.0, a=1.0, b=1.0, w="x")
    flat = Schema.of(rows).attach(shuffled)
    found = anomaly(flat, ["ellipse"], repeats=2)
    assert found["ellipse"].planted["mixed"] < 0.2


def test_known_rows_decide_where_there_are_enough():
    found = anomaly(table(odd=12), ["ellipse", "nearest"], repeats=2)
    assert found["ellipse"].precision > 0.9
    assert found.notes[0].startswith("compared by average precision")
    few = anomaly(table(odd=3), ["ellipse"], repeats=2)
    assert few["ellipse"].precision is None


def test_the_best_that_cannot_be_packaged_is_named_and_not_taken():
    found = anomaly(table(), ["local", "nearest"], repeats=2)
    assert found.chosen == "nearest"
    assert found.decided("local").chosen == "local"
    with pytest.raises(InputError, match="was not compared"):
        found.decided("locale")


def test_the_truth_may_be_known_of_a_few_rows_only():
    rows = table(odd=5)
    rows.loc[rows.index[::2], "kind"] = None
    known = truth_of(rows)
    assert np.isnan(known[::2]).all()
    assert set(known[1::2]) <= {0.0, 1.0}
    assert truth_of(rows, "w", "x").sum() == (rows["w"] == "x").sum()
    assert truth_of(table(told_rows=False)) is None
    with pytest.raises(InputError, match="no row of 'w' is 'z'"):
        truth_of(rows, "w", "z")
    with pytest.raises(InputError, match="no column 'kid'"):
        truth_of(rows, "kid")


@pytest.mark.parametrize("share", [0.0, 0.5, -1.0])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(InputError, match="cannot be odd"):
        anomaly(table(), share=share)


def test_why_a_row_is_odd_names_the_cell_that_was_moved():
    rows = table(told_rows=False)
    model = fit("ellipse", {}, rows, Problem.untold(rows, "anomaly"))
    row = rows.head(1).assign(c=95.0)
    shares = reasons(model, row, rows)
    assert shares[0].argmax() == 2
    assert shares[0].sum() == pytest.approx(1)
    assert told(model, row.iloc[0], shares[0], rows).startswith("c = 95 (mostly ")


def test_far_rows_leave_the_range_and_mixed_rows_stay_in_it():
    rows = table(told_rows=False)
    problem = Problem.untold(rows, "anomaly")
    far = plant(rows, problem, "far", 60)
    away = np.abs(far[["a", "b", "c"]] - rows[["a", "b", "c"]].mean())
    assert (away / rows[["a", "b", "c"]].std()).max(axis=1).median() > 3.9
    mixed = plant(rows, problem, "mixed", 60)
    assert set(mixed["a"]) <= set(rows["a"])
    assert abs(np.corrcoef(mixed["a"], mixed["b"])[0, 1]) < 0.5


def judged(rows, valid=None, **options):
    cut = len(rows) * 2 // 3
    train = Schema.of(rows).attach(rows[:cut])
    held = Schema.of(rows).attach(rows[cut:]) if valid is None else valid
    detection = anomaly(train, ["ellipse"], repeats=2, **options)
    return alarms(detection.fit(train), detection, train, held, repeats=3)


def test_alarms_are_about_as_many_as_asked_for_and_find_the_known_rows():
    found = judged(table(600, odd=24), share=0.05)
    assert found.verdict.state == "passed"
    low, high = found.measured.intervals["alarms"]
    assert low <= 0.05 <= high
    assert found.metrics["recall"] > 0.8
    assert found.odd().rows[0][3].startswith("c = ")
    assert found.accepted.threshold == 0.95
    more = found.at(0.8)
    assert more.metrics["alarms"] > found.metrics["alarms"]
    assert more.accepted.threshold == 0.8
    again = Alarms.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again.to_dict() == found.to_dict()
    assert found.plot().axes


def test_new_rows_unlike_those_that_were_learnt_from_are_blocked():
    rows = table()
    moved = Schema.of(rows).attach(table(seed=1).assign(c=90.0))
    found = judged(rows, moved)
    assert found.verdict.state == "blocked"
    assert "times as many alarms" in found.verdict.blocking[0].bar
