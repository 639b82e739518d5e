from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core import rows
from mlkit.core.checks import columns_of
from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.core.store import Store
from mlkit.data.clean import clean
from mlkit.data.collect import collect
from mlkit.data.contract import Contract, expectation, infer
from mlkit.data.validate import validate

N = 60


def table_of(**more):
    rng = np.random.default_rng(0)
    columns = {
        "age": rng.integers(20, 60, N),
        "share": rng.random(N),
        "change": rng.normal(size=N),
        "gap": [None if i % 5 == 0 else float(i) for i in range(N)],
        "port": [("C", "Q", "S ")[i % 3] for i in range(N)],
        "pay": [("1,200", "?", "35")[i % 3] for i in range(N)],
        "word": [f"some words {i}" for i in range(N)],
        "key": [f"K{i}" for i in range(N)],
        "day": pd.date_range("2026-01-01", periods=N),
        "t": [("yes", "no")[i % 2] for i in range(N)],
        **more,
    }
    frame = pd.DataFrame(columns)
    for name in frame:
        if frame[name].dtype == object:
            frame[name] = frame[name].astype("str")
    frame.index = pd.Index([f"r{i}" for i in range(N)], dtype="str", name="row")
    given = {"word": "text", "key": "id", "port": "category", "pay": "category"}
    schema = Schema.of(frame)
    for name, kind in {**given, "t": "category"}.items():
        schema = schema.change(name, type=kind)
    return schema.change("t", roles=("target",)).attach(frame)


def test_the_proposed_rules():
    rules = {rule["rule"]: rule for rule in infer(table_of()).rules}
    assert rules["age range"]["min"] == 10.0
    assert rules["age range"]["max"] == 69.0
    assert (rules["share range"]["min"], rules["share range"]["max"]) == (0.0, 1.0)
    assert rules["change range"]["min"] < -2
    assert rules["port values"]["values"] == ["C", "Q", "S"]
    assert rules["pay range"]["thousands"] == ","
    assert rules["pay range"]["missing"] == ["?"]
    assert rules["word length"]["max"] >= 20
    assert rules["key unique"]["severity"] == "warn"
    assert "day date" in rules
    assert "age required" in rules
    assert "gap required" not in rules
    assert "pay required" not in rules
    assert {rule["severity"] for rule in rules.values()} == {"warn"}


def test_a_table_keeps_its_own_contract():
    checked = validate(table_of())
    assert checked.failed == {}
    assert checked.verdict.state == "passed"
    assert len(checked.violations) == 0
    pd.testing.assert_frame_equal(checked.table, table_of())


def test_proposed_rules_warn_and_never_block():
    rules = infer(table_of()).rules
    worse = table_of(age=[-100] * 3 + [30] * (N - 3), port=["X"] + ["C"] * (N - 1))
    checked = validate(worse, rules)
    assert checked.failed == {"age range": 3, "port values": 1}
    assert checked.verdict.state == "passed"
    assert checked.violations["severity"].unique().tolist() == ["warn"]
    assert checked.violations.index.tolist() == ["r0", "r1", "r2", "r0"]
    assert checked.violations["value"].tolist() == ["-100", "-100", "-100", "X"]


def test_accepted_rules_block_or_flag():
    rules = [dict(rule) for rule in infer(table_of()).rules]
    by_name = {rule["rule"]: rule for rule in rules}
    by_name["age range"]["severity"] = "block"
    by_name["port values"]["severity"] = "flag"
    worse = table_of(age=[-100] + [30] * (N - 1), port=["C", "X"] + ["C"] * (N - 2))
    checked = validate(worse, rules)
    assert checked.verdict.state == "blocked"
    assert [finding.bar for finding in checked.verdict.blocking] == ["age range"]
    assert checked.table["dropped"].tolist()[:3] == [
        "",
        "breaks the rule port values",
        "",
    ]
    assert clean(checked.table).dropped == {"breaks the rule port values": 1}


@pytest.mark.parametrize(
    ("text", "column", "broken"),
    [
        ("age >= 25", "age", True),
        ("0 <= age <= 120", "age", False),
        ("share <= 1", "share", False),
        ("port in C, Q, S", "port", False),
        ("port in C, Q", "port", True),
        ("gap not missing", "gap", True),
        ("key unique", "key", False),
        ("t unique", "t", True),
    ],
)
def test_rules_in_words(text, column, broken):
    checked = validate(table_of(), [], expect=[text])
    assert expectation(text, list(table_of()))["column"] == column
    assert (checked.verdict.state == "blocked") is broken


def test_rules_that_cannot_be_used():
    with pytest.raises(InputError, match="did you mean 'age'"):
        validate(table_of(), expect=["agee >= 0"])
    with pytest.raises(InputError, match="cannot be read"):
        validate(table_of(), expect=["age is fine"])
    with pytest.raises(InputError, match="unknown check 'rnage'"):
        validate(table_of(), [{"rule": "r", "column": "age", "check": "rnage"}])
    with pytest.raises(InputError, match="unknown severity"):
        bad = {"rule": "r", "column": "age", "check": "range", "severity": "stop"}
        validate(table_of(), [bad])
    with pytest.raises(InputError, match="names no column"):
        validate(table_of(), [{"rule": "r", "check": "range"}])


def test_a_column_that_is_gone_breaks_its_rules():
    rules = [{**rule, "severity": "block"} for rule in infer(table_of()).rules]
    less = table_of().drop(columns="share")
    checked = validate(less, [r for r in rules if r.get("column") == "share"])
    assert checked.failed["share range"] == N
    assert checked.verdict.state == "blocked"


@pytest.mark.parametrize(
    ("change", "bar"),
    [
        ({"t": ["yes"] * N}, "at least two classes"),
        ({"t": ["yes"] * (N - 2) + ["no"] * 2}, "at least two classes"),
        ({"t": [None] * 20 + ["yes", "no"] * 20}, "enough rows have a target"),
    ],
)
def test_the_gate_asks_for_a_table_to_learn_from(change, bar):
    checked = validate(table_of(**change))
    assert bar in [finding.bar for finding in checked.verdict.blocking]


def test_the_gate_asks_for_a_target_and_features():
    frame = table_of()
    without = Schema.of(frame).change("t", roles=()).attach(frame.copy())
    bars = [f.bar for f in validate(without).verdict.blocking]
    assert bars == ["a target is named"]
    only = Schema.of(frame).only(["key", "t"]).attach(frame[["key", "t"]].copy())
    bars = [f.bar for f in validate(only).verdict.blocking]
    assert bars == ["at least one feature says something"]


def test_a_number_must_vary():
    frame = table_of(t=[3.0] * N)
    frame = Schema.of(frame).put(Column("t", "number", ("target",))).attach(frame)
    assert "the target varies" in [f.bar for f in validate(frame).verdict.blocking]


def test_pandera_and_the_row_runtime_agree():
    rules = [dict(rule) for rule in infer(table_of()).rules]
    worse = table_of(
        age=np.arange(N) * 5 - 50,
        port=[("C", "x", None)[i % 3] for i in range(N)],
        pay=[("1,200", "9,999,999", "odd")[i % 3] for i in range(N)],
        key=[f"K{i // 2}" for i in range(N)],
    )
    checked = validate(worse, rules)
    cells = {
        name: [None if v != v or v is None else v for v in worse[name].tolist()]
        for name in worse
    }
    found = rows.check(rules, cells)
    told = {name: int(mask.sum()) for name, mask in found.items() if mask.any()}
    assert told == checked.failed
    assert len(told) >= 4


def test_the_record_and_what_a_request_can_keep():
    contract = validate(table_of()).contract
    form = json.loads(json.dumps(contract.to_dict(), allow_nan=False))
    assert Contract.from_dict(form) == contract
    columns = {name for rule in contract.request_rules for name in columns_of(rule)}
    assert "t" not in columns
    assert "unique" not in {rule["check"] for rule in contract.request_rules}


def test_infinite_numbers_do_not_reach_the_record():
    contract = validate(table_of(change=[np.inf] + [0.5] * (N - 1))).contract
    json.dumps(contract.to_dict(), allow_nan=False)


def test_the_views():
    worse = table_of(age=[-100] + [30] * (N - 1))
    checked = validate(worse, infer(table_of()).rules)
    assert "row r0: -100" in repr(checked)
    for picture in (checked.plot(), checked.contract.plot(), Contract().plot()):
        assert picture._repr_png_()[0].startswith(b"\x89PNG")


def test_violations_can_be_kept(tmp_path):
    store = Store(tmp_path)
    for expect in ([], ["age >= 99"]):
        table = validate(table_of(), [], expect=expect).violations
        entry = store.put(table, "violations")
        pd.testing.assert_frame_equal(store.get(entry), table)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("auto_imports", "c26"),
        ("horse-colic", "c23"),
        ("ionosphere", "c35"),
        ("telco_churn", "Churn"),
        ("titanic", "Survived"),
        ("winequality-white", "c12"),
        ("daily-min-temperatures", "Temp"),
    ],
)
def test_real_tables(real, name, target):
    checked = validate(collect(real(name), target=target).table)
    assert checked.failed == {}
    assert checked.verdict.state == "passed"
