"""Alarms are as many as were asked for, or it is said that they are not."""

import json

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


def test_new_rows_unlike_those_that_were_learnt_from_are_blocked(spotted):
    rows = spotted()
    moved = Schema.of(rows).attach(spotted(seed=1).assign(c=90.0))
    found = judged(rows, moved)
    assert found.verdict.state == "blocked"
    assert "times as many alarms" in found.verdict.blocking[0].bar
