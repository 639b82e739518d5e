"""The quick ways of cells and answers say what the plain ones say, row for row."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.core import rows
from mlkit.model.promise import Promise
from mlkit.model.runtime import Predictions
from mlkit.product.beside import beside
from mlkit.product.serving.answers import Pattern
from mlkit.product.serving.fields import fields_of
from mlkit.product.serving.intake import Flag, Intake

CLEANING = {
    "operations": [
        {"op": "number", "column": "age"},
        {"op": "number", "column": "size"},
        {"op": "fill", "column": "size", "value": 1.5},
        {"op": "trim", "column": "pay"},
        {"op": "missing", "column": "pay", "values": ["?", "none"]},
        {
            "op": "number",
            "column": "pay",
            "thousands": ",",
            "strip": "$",
            "decimal": None,
        },
        {"op": "text", "column": "town"},
        {"op": "trim", "column": "town"},
        {"op": "missing", "column": "town", "values": ["", "?"]},
        {"op": "recode", "column": "town", "mapping": {"Gent": "Ghent"}},
        {"op": "fill", "column": "town", "value": rows.MISSING},
        {"op": "number", "column": "code"},
        {"op": "missing", "column": "code", "values": [-9]},
        {"op": "date", "column": "day"},
        {"op": "date_parts", "column": "day", "parts": ["year"]},
    ],
    "outputs": {"columns": [{"name": "town", "categories": ["Ghent", "Turin"]}]},
}
KINDS = {
    "age": "number",
    "size": "number",
    "pay": "text",
    "town": "category",
    "code": "number",
    "day": "date",
}
SCHEMA = {
    "input": [
        {"name": name, "type": kind, "used": True, "required": False}
        for name, kind in KINDS.items()
    ]
}
SCHEMA["input"][0]["missing"] = ["", "-999", "NA"]
RULES = [
    {"rule": "ages", "check": "range", "column": "age", "min": 0, "whole": True},
    {"rule": "sizes", "check": "range", "column": "size", "max": 100},
    {"rule": "codes", "check": "range", "column": "code", "min": -9, "max": 9},
    {"rule": "towns", "check": "length", "column": "town", "max": 6},
    {
        "rule": "fair",
        "check": "expression",
        "expression": "size < age",
        "columns": ["size", "age"],
        "reads": {"size": {"type": "number"}, "age": {"type": "number"}},
    },
]
NUMBER = st.one_of(
    st.none(),
    st.integers(-5, 120),
    st.floats(-1e6, 1e6),
    st.sampled_from([-0.0, -999, -999.0, -9, 0.5, 2**60, 1e300, -(2**53), 2**53 - 1]),
)
SPELT = st.sampled_from(["7", " 8.5 ", "?", "", "1,200.5", "much", "-999", "NA", "$3"])
TOWN = st.one_of(
    st.none(),
    st.sampled_from(["Ghent", "Gent", " Turin", "?", "", "Mars", "NA", "x" * 90]),
    st.sampled_from([1, 1.0, True, -999]),
)
DAY = st.sampled_from([None, "2024-02-29", "", "soon", "2024-03-01 "])
USUAL = {
    "age": NUMBER,
    "size": NUMBER,
    "pay": NUMBER,
    "town": TOWN,
    "code": NUMBER,
    "day": DAY,
}
ODD = {**USUAL, **dict.fromkeys(("age", "size", "pay", "code"), NUMBER | SPELT)}
TABLES = st.sampled_from([USUAL, ODD]).flatmap(
    lambda cells: st.lists(st.tuples(*cells.values()), min_size=1, max_size=6)
)
QUICK = Intake(fields_of(SCHEMA, CLEANING), CLEANING["operations"], RULES)


def plainly(cells, count):
    """Return what cells become where no way is quick."""
    slow = Intake(fields_of(SCHEMA, CLEANING), CLEANING["operations"], RULES)
    slow._others, slow._words, slow._numbers.columns = slow._columns.values(), [], []
    slow._numbers.names = []
    return slow.take(cells, count)


@given(table=TABLES)
def test_quick_ways_end_where_the_plain_one_does(table):
    cells = dict(zip(KINDS, map(list, zip(*table, strict=True)), strict=True))
    cleaned, flags = QUICK.take(cells, len(table))
    wanted, told = plainly(cells, len(table))
    assert flags == told
    assert cleaned.keys() == wanted.keys()
    for name, column in wanted.items():
        if column.dtype == np.float64:
            with np.errstate(over="ignore"):
                ours = np.asarray(cleaned[name], np.float32)
                np.testing.assert_array_equal(ours, column.astype(np.float32))
                assert not np.signbit(ours[column == 0]).any()
        else:
            assert cleaned[name].tolist() == column.tolist()


def test_numbers_and_words_go_the_quick_way():
    still = [column.field.name for column in QUICK._numbers.columns]
    assert still == ["age", "size", "pay"]
    assert [words.column.field.name for words in QUICK._words] == ["town"]


def test_many_words_are_not_remembered_for_ever():
    none = dict.fromkeys(KINDS, [None] * 1000)
    for turn in range(8):
        towns = [f"town {turn * 1000 + place}" for place in range(1000)]
        _, flags = QUICK.take({**none, "town": towns}, 1000)
        said = [flag.told["flag"] for flag in flags if flag.told["field"] == "town"]
        assert said.count("unseen") == 1000
    assert len(QUICK._words[0]._known[0]) <= 2048


NAMES = st.lists(st.text(max_size=5), min_size=2, max_size=4, unique=True)
FLAGS = st.lists(
    st.builds(
        Flag, st.integers(0, 2), st.just(0), st.fixed_dictionaries({"flag": st.text()})
    ),
    max_size=4,
).map(lambda some: sorted(some, key=lambda flag: flag.row))


def said_plainly(said, promise, flags, kind):
    """Return answers as they would be put together by hand."""
    told = [{"label": label} for label in said.prediction.tolist()]
    if said.probabilities is None:
        told = [{"value": value} for value in said.prediction.tolist()]
    else:
        chances = said.probabilities.astype(np.float64).round(9).tolist()
        for one, row in zip(told, chances, strict=True):
            by_name = {"probabilities": dict(zip(said.classes, row, strict=True))}
            one |= {"rank": row[-1]} if kind == "anomaly" else by_name
    for name, values in beside(said, promise).items():
        for one, value in zip(told, values, strict=True):
            one[name] = value
    for row, one in enumerate(told):
        one["flags"] = [flag.told for flag in flags if flag.row == row]
    return _as_json(told)


def _as_json(told):
    if isinstance(told, dict):
        return {name: _as_json(one) for name, one in told.items()}
    if isinstance(told, list):
        return [_as_json(one) for one in told]
    return None if isinstance(told, float) and not math.isfinite(told) else told


@given(names=NAMES, flags=FLAGS, seed=st.integers(0, 99), promised=st.booleans())
@pytest.mark.parametrize("kind", ["classes", "anomaly", "number"])
def test_what_is_written_is_what_was_said(kind, names, flags, seed, promised):
    rng = np.random.default_rng(seed)
    classes = () if kind == "number" else tuple(names)
    promise = Promise("least", 0.9, 0.6) if promised and kind != "anomaly" else None
    if classes:
        chances = rng.dirichlet(np.ones(len(names)), 3).astype(np.float32)
        labels = np.array(names, object)[chances.argmax(axis=1)]
        said = Predictions(labels, chances, classes)
    else:
        promise = Promise("absolute", 0.9, None) if promised and seed % 2 else promise
        said = Predictions(rng.normal(size=3), None, ())
    output = {
        "kind": kind,
        "classes": classes,
        **({"coverage": 0.9} if promise else {}),
    }
    answers = Pattern("v", output, promise).write(said, flags)
    wanted = said_plainly(said, promise, flags, kind)
    assert answers.plain() == wanted
    assert [list(one) for one in answers.plain()] == [list(one) for one in wanted]
    whole = json.loads(answers.reply("a", 1, 3))
    assert whole["predictions"] == wanted[1:]
    assert whole.get("coverage") == output.get("coverage")
    for start, stop in ((0, 3), (1, 2), (2, 3)):
        some = [flag.told["flag"] for flag in flags if start <= flag.row < stop]
        assert answers.flags(start, stop) == some
