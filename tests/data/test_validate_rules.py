"""Rules in words, expressions and functions; what they find, and how it is shown."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core import rows
from mlkit.core.checks import columns_of
from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.contract import Contract, expectation, infer
from mlkit.data.contracts.shapes import shape_of
from mlkit.data.validate import KEPT, validate

N = 60
NAMES = ["age", "pay", "code", "day", "end", "shop", "net pay", "note", "t"]


def table_of(**more):
    columns = {
        "age": np.arange(N) % 40 + 20,
        "pay": [("1,200", "?", "35")[i % 3] for i in range(N)],
        "code": [f"AB-{i:04d}" for i in range(N)],
        "day": pd.date_range("2020-01-01", periods=N),
        "end": pd.date_range("2020-01-02", periods=N),
        "shop": [f"s{i // 2}" for i in range(N)],
        "net pay": [None if i % 6 == 0 else i / 2 for i in range(N)],
        "note": [f"some words {i}" for i in range(N)],
        "t": [("yes", "no")[i % 2] for i in range(N)],
        **more,
    }
    frame = pd.DataFrame(columns)
    for name in frame:
        if frame[name].dtype == object:
            frame[name] = frame[name].astype("str")
    frame.index = pd.Index([f"r{i}" for i in range(N)], dtype="str", name="row")
    schema = Schema.of(frame).change("code", type="id").change("pay", type="category")
    schema = schema.change("shop", type="category").change("t", type="category")
    return schema.change("t", roles=("target",)).attach(frame)


def proposed(table):
    return {rule["rule"]: rule for rule in infer(table).rules}


def failing(text, **more):
    return validate(table_of(**more), [], expect=[text]).failed


def test_what_is_proposed():
    rules = proposed(table_of())
    assert rules["code pattern"]["pattern"] == "[A-Z]{2}-[0-9]{4}"
    assert rules["age range"]["whole"] is True
    assert "whole" not in rules["net pay range"]
    assert rules["net pay missing"]["max"] == pytest.approx(0.33)
    assert rules["day date"]["min"].startswith("200")
    assert rules["day date"]["max"].startswith("2030")
    assert rules["day <= end"]["check"] == "expression"
    assert rules["columns and types"]["columns"]["day"] == "date"
    assert rules["rows enough"]["min"] == N // 2
    assert {rule["severity"] for rule in rules.values()} == {"warn"}
    assert {rule["why"] for rule in rules.values()} == {"proposed"}
    json.dumps(infer(table_of()).to_dict(), allow_nan=False)


@pytest.mark.parametrize("gap", ["?", "N/A", " "])
def test_a_word_that_hides_a_missing_value_is_no_legal_word(gap):
    table = table_of(shop=[(gap, "four", "two")[i % 3] for i in range(N)])
    rules = proposed(table)
    assert rules["shop values"]["values"] == ["four", "two"]
    assert "shop required" not in rules
    assert rules["shop missing"]["max"] == 0.67
    checked = validate(table)
    assert checked.failed == {}
    asked = json.loads(json.dumps(checked.contract.to_dict()))["rules"]
    found = rows.check(asked, {"shop": [gap, None, "four", "six"]})
    assert found["shop values"].tolist() == [False, False, False, True]
    gone = table_of(shop=[(gap, "four", gap)[i % 3] for i in range(N - 9)] + [gap] * 9)
    told = validate(gone, list(rules.values()))
    assert [*told.failed] == ["shop missing"]


def test_a_shape_is_proposed_of_the_words_that_hide_no_missing_value():
    words = [f"AB-{i:04d}" if i % 5 else "?" for i in range(N)]
    table = table_of(note=words)
    rules = proposed(table)
    assert rules["note pattern"]["pattern"] == "[A-Z]{2}-[0-9]{4}"
    assert validate(table).failed == {}


def test_an_order_that_does_not_hold_is_not_proposed():
    swapped = pd.Series(pd.date_range("2020-01-02", periods=N))
    swapped[3] = pd.Timestamp("2019-01-01")
    assert "day <= end" not in proposed(table_of(end=swapped))
    assert "`a min` <= `a max`" in proposed(
        table_of(**{"a min": np.arange(N), "a max": np.arange(N) + 1})
    )


def test_dates_at_the_ends_of_time_are_bounded_without_fuss():
    days = pd.Series(np.array(["0001-01-01", "9999-12-31"] * 30, dtype="M8[us]"))
    rules = proposed(table_of(day=days))
    assert {"min", "max"}.isdisjoint(rules["day date"])


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        (["AB-1234", "XY-0007"], "[A-Z]{2}-[0-9]{4}"),
        (["A1", "B12"], "[A-Z][0-9]{1,2}"),
        (["00712", "10001"], "[0-9]{5}"),
        (["007", "1001"], ""),
        (["a.b(1)", "c.d(2)"], r"[a-z]\.[a-z]\([0-9]\)"),
        (["red", "blue"], ""),
        (["AB-1", "AB1"], ""),
        (["12 a street 3"], ""),
        ([], ""),
        (["", "A1"], ""),
        (["é1", "é2"], "é[0-9]"),
    ],
)
def test_shapes(words, shape):
    assert shape_of(words) == shape


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("age whole", 0),
        ("net pay whole", 30),
        ("pay >= 100", 20),
        ("pay <= 1200", 0),
        ("40 <= age", 40),
        ("day >= 2020-01-11", 10),
        ("2020-01-05 <= day <= 2020-01-10", 54),
        ("code like [A-Z]{2}-[0-9]{4}", 0),
        ("code like [A-Z]{2}-000[0-9]", 50),
        ("note at most 12 characters", 50),
        ("shop unique", 60),
        ("shop, t unique", 0),
        ("shop, pay unique together", 0),
        ("net pay missing at most 20%", 0),
        ("net pay missing at most 5%", N),
        ("rows >= 60", 0),
        ("rows <= 59", N),
        ("100 <= rows <= 200", N),
        ("age is a number", 0),
        ("note is a date", 60),
        ("day is a date", 0),
        ("end >= day", 0),
        ("end - day > 1", 60),
        ("`net pay` < 10 or age > 30", 9),
        ("t in ['yes', 'no'] and age > 20", 2),
        ("pay > 100 or missing(pay)", 20),
        ("warn: age > 1e3", 60),
    ],
)
def test_rules_in_words_and_expressions(text, failed):
    assert sum(failing(text).values()) == failed


def test_a_severity_stands_before_a_rule():
    checked = validate(
        table_of(), [], expect=["warn: age > 50", "flag: age > 30", "age > 10"]
    )
    told = {rule["rule"]: rule["severity"] for rule in checked.contract.rules}
    assert told == {"age > 50": "warn", "age > 30": "flag", "age > 10": "block"}
    assert checked.verdict.state == "passed"
    assert (checked.table["dropped"] != "").sum() == checked.failed["age > 30"]
    assert validate(table_of(), [], expect=["age > 30"]).verdict.state == "blocked"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("agee >= 0", "did you mean 'age'"),
        ("shop, tt unique", "no column 'tt'"),
        ("age is fine", "cannot be read"),
        ("import os", "cannot be read"),
        ("open('x') == 1", "may not call open"),
        ("code like (", "no regular expression"),
        ("age", "neither true nor false"),
        ("end > 3", "compared with a date only"),
        ("", "cannot be read"),
        ("warn:", "cannot be read"),
        ("day >= 2021-13-40", "the min of a rule is no date"),
    ],
)
def test_rules_that_cannot_be_used(text, message):
    with pytest.raises(InputError, match=message):
        validate(table_of(), [], expect=[text])


@pytest.mark.parametrize("said", ["01.06.2021", "June 2021", "2021-02-30", "", "x"])
@pytest.mark.parametrize("end", ["min", "max"])
def test_an_end_that_is_no_day_is_refused(end, said):
    rule = {"column": "day", "check": "date", end: said, "severity": "block"}
    with pytest.raises(InputError, match=f"the {end} of a rule is no date") as error:
        validate(table_of(), [rule])
    assert error.value.got == repr(said)


def test_rules_of_one_name_are_told_apart():
    one = {"rule": "r", "column": "age", "check": "range", "min": 0}
    other = {"rule": "r", "column": "age", "check": "range", "min": 30}
    checked = validate(table_of(), [one, other, dict(one)])
    assert [rule["rule"] for rule in checked.contract.rules] == ["r", "r (2)"]
    assert list(checked.failed) == ["r (2)"]


def test_columns_that_go_or_change_are_told():
    rules = infer(table_of()).rules
    less = table_of(age=[f"w{i % 3}" for i in range(N)]).drop(columns="note")
    checked = validate(less, rules)
    told = checked.faults["columns and types"]
    assert told == "gone: note; age is text, not number"
    assert checked.faults["note length"] == "there is no column 'note'"
    assert "note" not in set(checked.violations["column"])
    assert checked.verdict.state == "passed"


def test_functions_are_rules():
    def grown(age):
        return age >= 25

    def paid(row):
        return row["net pay"] is None or not row["net pay"] < 1

    def whole(table):
        return len(table) > 1000

    functions = {"grown": grown, "warn: paid": paid, "flag: whole": whole}
    checked = validate(table_of(), [], checks=functions)
    assert checked.failed == {"grown": 10, "paid": 1, "whole": N}
    assert checked.verdict.state == "blocked"
    assert [f.bar for f in checked.verdict.blocking] == ["grown"]
    assert "whole table" in checked.faults["whole"]
    assert len(checked.table.columns) == len(NAMES)
    lines = checked.violations[checked.violations["rule"] == "grown"]
    assert lines["column"].unique().tolist() == ["age"]
    assert lines.index[0] == "r0"
    rule = checked.contract.rules[0]
    assert rule["function"] == f"{__name__}.grown"
    assert "only here" in checked.contract._repr_html_()
    assert checked.contract.request_rules == []
    assert rows.check(checked.contract.rules, {"age": [1]}) == {}
    json.dumps(checked.contract.to_dict())


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda table: table["nope"] > 1, "KeyError: 'nope'"),
        (lambda row: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda table: "yes", "a str, neither true nor false"),
        (lambda table: [True, False], "2 answers for 60 rows"),
        (lambda row: "yes", "a str, neither true nor false"),
        (lambda table: None, "a NoneType"),
        (lambda: True, "TypeError"),
        (lambda table: table, "a DataFrame"),
        (lambda row: (_ for _ in ()).throw(InputError("odd")), "odd"),
    ],
)
def test_a_function_that_breaks_is_one_finding(function, told):
    checked = validate(table_of(), [], checks={"mine": function})
    (finding,) = checked.verdict.blocking
    assert finding.bar == "mine"
    assert told in finding.got
    assert len(checked.violations) == 0
    assert told in repr(checked)
    soft = validate(table_of(), [], checks={"warn: mine": function})
    assert soft.verdict.state == "passed"
    states = {f.bar: f.state for f in soft.verdict.findings}
    assert states["mine"] == "not_assessed"


def test_a_function_cannot_change_the_table_and_may_sort_its_answer():
    def meddle(table):
        table["age"] = 0
        return (table["net pay"].fillna(0) >= 1).sort_values()

    table = table_of()
    checked = validate(table, [], checks={"warn: mine": meddle})
    pd.testing.assert_frame_equal(checked.table, table_of())
    told = (table["net pay"].fillna(0) < 1).sum()
    assert checked.failed == {"mine": told}
    assert checked.violations.index[0] == "r0"


def test_a_gap_in_an_answer_is_no_failure():
    checked = validate(
        table_of(),
        [],
        checks={"x": lambda table: table["net pay"].astype("Float64") > 3},
    )
    assert checked.failed == {"x": 5}


def test_no_function_is_refused():
    with pytest.raises(InputError, match="is no function"):
        validate(table_of(), checks={"x": True})


def test_a_function_of_an_older_contract_is_missed_and_not_guessed():
    rule = {"rule": "mine", "check": "function", "function": "f", "severity": "block"}
    checked = validate(table_of(), [rule])
    assert "hand it over in checks" in checked.faults["mine"]
    assert checked.verdict.state == "blocked"


def test_the_runtime_for_requests_agrees_with_the_table():
    texts = [
        "age whole",
        "pay >= 100",
        "day >= 2020-01-11",
        "code like [A-Z]{2}-000[0-9]",
        "shop, t unique",
        "shop, code unique",
        "end - day > 1",
        "`net pay` < 10 or age > 30",
        "pay > 100 or missing(pay)",
        "note at most 12 characters",
    ]
    table = table_of()
    checked = validate(table, [], expect=texts)
    cells = {
        name: [
            None if value is None or value != value else value
            for value in (
                table[name].astype("str") if name in ("day", "end") else table[name]
            ).tolist()
        ]
        for name in table
    }
    found = rows.check(
        json.loads(json.dumps(checked.contract.to_dict()))["rules"], cells
    )
    told = {name: int(mask.sum()) for name, mask in found.items() if mask.any()}
    assert told == checked.failed


def test_what_a_request_is_held_against():
    checked = validate(
        table_of(), expect=["shop, t unique", "rows >= 1", "t in yes, no", "end >= day"]
    )
    told = checked.contract.request_rules
    assert {"end >= day", "age range", "code pattern"} <= {r["rule"] for r in told}
    kinds = {rule["check"] for rule in told}
    assert kinds.isdisjoint({"together", "unique", "rows", "missing", "columns"})
    assert not any("t" in columns_of(rule) for rule in told)
    assert Contract.from_dict(checked.contract.to_dict()) == checked.contract


def test_the_report_is_escaped_and_says_what_fails():
    evil = "<script>alert(1)</script>"
    table = table_of(**{evil: [f"<img src=x>{i}" for i in range(N)]})
    table.index = pd.Index([f"<b>{i}" for i in range(N)], dtype="str", name="row")
    rules = [
        {"rule": evil, "column": evil, "check": "length", "max": 3},
        {"rule": "odd", "columns": [evil, "age"], "check": "together"},
        {"rule": "gone", "column": "<i>", "check": "required", "severity": "flag"},
        *infer(table_of()).rules,
    ]
    checked = validate(table, rules, expect=["age >= 30", "age <= 99"])
    page = checked._repr_html_()
    for raw in (evil, "<img", "<b>0", "<i>"):
        assert raw not in page
    assert "&lt;script&gt;" in page
    assert page.count("<details>") >= 3
    assert "first 5 of 20" in page
    assert "1 rule that must hold broken" in page
    assert "color:#22303c" not in page
    assert evil not in checked.contract._repr_html_()
    words = repr(checked)
    assert words.startswith("blocked: 1 rule")
    assert "age >= 30: 20 of 60 rows, such as row <b>0: 20" in words
    assert validate(table, rules, expect=["age >= 30"])._repr_html_() == (
        validate(table, rules, expect=["age >= 30"])._repr_html_()
    )


def test_a_kept_contract_and_none_say_so():
    assert repr(validate(table_of())).startswith("every rule is kept")
    assert repr(validate(table_of(), [])).startswith("no rule was asked")
    assert "kept by every row" in validate(table_of())._repr_html_()


def test_private_cells_are_not_shown():
    table = table_of(note=["secret word"] * N)
    table = Schema.of(table).change("note", roles=("private",)).attach(table)
    checked = validate(table, [], expect=["note at most 2 characters", "age > 99"])
    assert "secret" not in checked._repr_html_()
    assert "secret" not in repr(checked)


def test_violations_say_several_cells_and_are_capped():
    checked = validate(table_of(), [], expect=["end - age * 0 < day or age > 57"][:0])
    assert len(checked.violations) == 0
    checked = validate(table_of(), [], expect=["`net pay` > 1 and age < 30"])
    line = checked.violations.iloc[0]
    assert line["column"] == "net pay, age"
    assert line["value"] == "net pay 0.5, age 21"
    many = pd.DataFrame({"x": np.zeros(KEPT + 7), "t": ["a", "b"] * 5000 + ["a"] * 7})
    many = Schema((Column("x"), Column("t", "category", ("target",)))).attach(many)
    checked = validate(many, [], expect=["x > 1"])
    assert len(checked.violations) == KEPT
    assert checked.failed["x > 1"] == KEPT + 7
    assert "7 more failing rows are counted" in checked._repr_html_()


def test_a_second_flag_joins_the_first():
    table = validate(table_of(), [], expect=["flag: age > 20"]).table
    again = validate(table, [], expect=["flag: age > 21"]).table
    assert list(again.columns).count("dropped") == 1
    reasons = again["dropped"].value_counts()
    assert reasons["breaks the rule age > 20"] == 2
    assert reasons["breaks the rule age > 21"] == 2


def test_an_expectation_reads_numbers_and_dates_as_cleaning_will():
    rule = expectation(
        "pay >= 100", NAMES, lambda _: {"type": "number", "thousands": ","}
    )
    assert rule["thousands"] == ","
    days = [f"{i % 28 + 1:02d}/{i % 12 + 1:02d}/2020" for i in range(N)]
    checked = validate(
        table_of(day=days), [], expect=["warn: day >= 2020-07-01", "warn: day <= end"]
    )
    assert 0 < checked.failed["day >= 2020-07-01"] < N
    assert 0 < checked.failed["day <= end"] < N


@pytest.mark.slow
def test_freeze_writes_the_proposed_rules_down(maker):
    from click.testing import CliRunner

    from mlkit.cli.freeze import command

    lines = "".join(f"{i % 50},{'ab'[i % 2]}\n" for i in range(60))
    (maker.root / "data" / "x.csv").write_text("age,t\n" + lines)
    maker.step(
        "01_collect",
        'data: str = "data/x.csv"',
        "import mlkit as mk\nfrom mlkit.data.collect import collect",
        'mk.save(raw=collect(data, target="t").table)',
    )
    maker.step(
        "02_validate",
        "expect: list[str] = []",
        "import mlkit as mk\nfrom mlkit.data.contract import infer\n"
        "from mlkit.data.validate import validate\n"
        "from mlkit.widgets import ContractEditor\nfrom helper import grown",
        'raw = mk.load("raw")\n'
        'rules = mk.decide("contract", ContractEditor(infer(raw), raw))',
        'checked = validate(raw, rules, expect=expect, checks={"warn: old": grown})',
        "mk.save(checked=checked.table, contract=checked.contract)\n"
        "mk.gate(checked.verdict)",
    )
    helper = maker.root / "steps" / "helper.py"
    helper.write_text("def grown(age):\n    return age < 49\n")
    assert maker.executed() == ["collect", "validate"]
    done = CliRunner().invoke(command, [str(maker.root)])
    assert "frozen: contract" in done.output
    frozen = json.loads((maker.root / "decisions" / "contract.json").read_bytes())
    told = {rule["rule"]: rule for rule in frozen["value"]}
    assert told["age range"]["max"] > 60
    assert maker.executed() == []
    (maker.root / "data" / "x.csv").write_text("age,t\n" + lines + "900,a\n")
    assert maker.executed() == ["collect", "validate"]
    again = json.loads((maker.root / "decisions" / "contract.json").read_bytes())
    assert again == frozen
    helper.write_text("def grown(age):\n    return age < 40\n")
    assert maker.executed() == ["validate"]


def pictures(*sizes):
    from PIL import Image

    from mlkit.core.pictures import written

    return [written(Image.new("L", size, 99)) for size in sizes]


def sounds(*lengths):
    from mlkit.core.sounds import written

    return [written(np.zeros((n, 1), np.float32), 8000) for n in lengths]


def media_table():
    from mlkit.core.media import media

    seen = media().put_all([*pictures((40, 30), (80, 60)), b"torn"])
    heard = media().put_all(sounds(4000, 16_000, 8000))
    table = table_of(
        photo=[seen[0], seen[1]] * 29 + [seen[2], None],
        voice=[heard[i % 3] for i in range(N)],
    )
    schema = Schema.of(table).change("photo", type="image")
    return schema.change("voice", type="audio").attach(table)


def test_images_and_sounds_are_held_to_their_size(in_folder):
    table = media_table()
    rules = proposed(table)
    photo, voice = rules["photo image"], rules["voice audio"]
    assert (photo["min"], photo["max"]) == (15, 160)
    assert (voice["min"], voice["max"]) == (0.25, 4)
    assert validate(table, [photo, voice]).failed == {"photo image": 1}
    texts = ["photo at least 50 pixels", "photo at most 100 pixels"]
    texts += ["voice at least 0.6 seconds", "voice at most 1.5 seconds"]
    checked = validate(table, [], expect=texts)
    assert list(checked.failed.values()) == [30, 1, 20, 20]
    assert "an image, from 15 to 160 pixels" in (
        validate(table, [photo]).contract._repr_html_()
    )
    cells = {"photo": [*pictures((4, 4), (50, 20)), b"", None]}
    assert rows.check([photo], cells)["photo image"].tolist() == [
        True,
        False,
        True,
        False,
    ]
    cells = {"voice": sounds(400, 16_000)}
    assert rows.check([voice], cells)["voice audio"].tolist() == [True, False]
