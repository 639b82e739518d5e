"""Alarms are as many as were asked for, or it is said that they are not."""

import json

import pandas as pd
import pytest

from mlkit.core.errors import InputError, UsageError
from mlkit.core.schema import Schema
from mlkit.model.alarms import Alarms, alarms
from mlkit.model.anomaly import anomaly


def judged(rows, valid=None, **options):
    cut = len(rows) * 2 // 3
    train = Schema.of(rows).attach(rows[:cut])
    held = Schema.of(rows).attach(rows[cut:]) if valid is None else valid
    detection = anomaly(train, ["ellipse"], repeats=2, **options)
    return alarms(detection.fit(train), detection, train, held, repeats=3)


def test_alarms_are_about_as_many_as_asked_for_and_find_the_known_rows(spotted):
    found = judged(spotted(600, odd=24), share=0.05)
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


def test_of_rows_that_are_the_same_one_is_shown(spotted):
    rows = spotted(600, odd=12, told_rows=False)
    held = rows[400:]
    thrice = Schema.of(rows).attach(pd.concat([held, held, held]))
    thrice.index = pd.Index(
        [f"{r} {k // len(held)}" for k, r in enumerate(thrice.index)]
    )
    shown = [row[0].split()[0] for row in judged(rows, thrice).odd().rows]
    assert shown == [row[0] for row in judged(rows, held).odd().rows]


def halves(rows):
    schema = Schema.of(rows)
    return [schema.attach(part) for part in (rows[:200].copy(), rows[200:].copy())]


def test_alarms_are_judged_by_the_word_that_the_detector_was_chosen_by(spotted):
    train, valid = halves(spotted(odd=30))
    train.loc[train.index[train["kind"] == "fraud"][:6], "kind"] = "theft"
    detection = anomaly(train, ["ellipse"], repeats=2)
    assert detection.odd == "theft"
    asked = detection.fit(train), detection, train, valid
    for found in (alarms(*asked, repeats=2), alarms(*asked, repeats=2, odd="theft")):
        assert "recall" not in found.metrics
        (known,) = [f for f in found.verdict.findings if f.state == "not_assessed"]
        assert known.got == "no validation row has kind = theft"
    assert "recall" in alarms(*asked, repeats=2, odd="fraud").metrics
    with pytest.raises(InputError, match="no row of 'kind' is 'thefts'"):
        alarms(*asked, repeats=2, odd="thefts")


def test_a_bar_on_known_rows_is_not_passed_where_none_is_known(spotted):
    train, valid = halves(spotted(odd=30))
    valid["kind"] = "ok"
    detection = anomaly(train, ["ellipse"], repeats=2)
    asked = detection.fit(train), detection, train, valid
    found = alarms(*asked, repeats=2, bars={"recall": 0.5})
    assert [f.bar for f in found.verdict.blocking] == ["recall at least 0.5"]
    with pytest.raises(UsageError, match="parity_gap is no gap of rows unlike"):
        alarms(*asked, repeats=2, bars={"parity_gap": 0.1})
    train["kind"] = "ok"
    detection = anomaly(train, ["ellipse"], repeats=2)
    found = alarms(detection.fit(train), *(detection, train, valid), repeats=2)
    assert found.verdict.findings[-1].got == "kind says one thing of all rows"


def test_alarms_are_not_judged_by_a_column_that_was_learnt_from(spotted):
    train, valid = halves(spotted(told_rows=False))
    detection = anomaly(train, ["ellipse"], repeats=2)
    asked = detection.fit(train), detection, train, valid
    with pytest.raises(InputError, match="learnt from 'w'"):
        alarms(*asked, truth="w")
    detection = anomaly(train, ["ellipse"], repeats=2, truth="w", odd="x")
    found = alarms(detection.fit(train), detection, train, valid, repeats=2)
    assert (found.truth, found.word) == ("w", "x")


def test_new_rows_unlike_those_that_were_learnt_from_are_blocked(spotted):
    rows = spotted()
    moved = Schema.of(rows).attach(spotted(seed=1).assign(c=90.0))
    found = judged(rows, moved)
    assert found.verdict.state == "blocked"
    assert "times as many alarms" in found.verdict.blocking[0].bar
