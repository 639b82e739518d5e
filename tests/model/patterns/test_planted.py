"""Rows that are planted are odd, or it is said that none could be planted."""

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.model.alarms import Alarms, alarms
from mlkit.model.anomaly import Detection, anomaly
from mlkit.model.patterns.planted import plant
from mlkit.model.problem import Problem
from mlkit.widgets import AlarmPicker


def answers(*shares, rows=400, seed=0):
    """Three columns of words, each word with its share."""
    rng = np.random.default_rng(seed)
    words = list("pqrst")[: len(shares)]
    cells = {n: rng.choice(words, rows, p=shares) for n in "uvw"}
    table = pd.DataFrame(cells).astype("str")
    return Schema(tuple(Column(n, "category") for n in cells)).attach(table)


def far(table, rows=100):
    return plant(table, Problem.untold(table, "anomaly"), "far", rows)


def test_a_word_is_planted_where_it_is_rare_and_in_rows_that_lack_it():
    table = answers(0.5, 0.48, 0.02)
    table["w"] = table["w"].replace({"r": "p"})
    made = far(table)
    before = table.loc[made.index].reset_index(drop=True)
    changed = made.reset_index(drop=True) != before
    assert changed.any(axis=1).all()
    assert not changed["w"].any()
    assert (made[["u", "v"]].to_numpy()[changed[["u", "v"]].to_numpy()] == "r").all()


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.4, 0.3, 0.3), (1.0,)])
def test_common_words_are_not_planted_as_odd_ones(shares):
    assert far(answers(*shares)).empty


def test_of_many_words_that_are_all_as_rare_none_is_odd():
    table = answers(0.5, 0.5).assign(w=[f"w{k % 200}" for k in range(400)])
    assert far(table).empty


def test_a_number_that_never_varies_is_not_moved():
    table = pd.DataFrame({"a": [1.0] * 50, "b": np.arange(50.0)})
    made = far(table)
    assert (made["a"] == 1).all()
    assert (made["b"] - 24.5).abs().min() > 50
    assert far(table[["a"]]).empty


def test_where_nothing_is_planted_far_out_that_is_said_and_blocks_nothing():
    train, valid = answers(0.5, 0.5), answers(0.5, 0.5, rows=150, seed=1)
    detection = anomaly(train, ["ellipse", "nearest"], repeats=2)
    assert detection.notes[1].startswith("no row was planted far out")
    assert [row[1] for row in detection.table().rows] == ["–", "–"]
    assert Detection.from_dict(json.loads(json.dumps(detection.to_dict()))) == detection
    assert detection.plot().axes
    asked = detection.fit(train), detection, train, valid
    found = alarms(*asked, repeats=2)
    assert "planted" not in found.metrics
    (left,) = [f for f in found.verdict.findings if "planted" in f.bar]
    assert (left.state, left.blocks) == ("not_assessed", False)
    assert found.table().rows[1][0].startswith("share of planted rows found, usual")
    again = Alarms.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again.plot().axes
    assert "planted" not in AlarmPicker(again).words(0.9)
    insisted = alarms(*asked, repeats=2, bars={"planted": 0.5})
    assert [f.bar for f in insisted.verdict.blocking] == [left.bar]
