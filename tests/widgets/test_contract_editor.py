"""The editor of a contract: counts that live, rules that are added, still pictures."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from mlkit.core.schema import Column, Schema
from mlkit.data.contract import infer
from mlkit.data.validate import validate
from mlkit.widgets import ContractEditor
from mlkit.widgets.contract import LISTED, read, shown


def table_of(more=0):
    count = 40
    columns = {
        "age": np.arange(count),
        "pay": [float(i) if i % 4 else np.nan for i in range(count)],
        "code": [f"A-{i:03d}" for i in range(count)],
        "port": [("C", "Q", "S")[i % 3] for i in range(count)],
        "day": pd.date_range("2020-01-01", periods=count),
        **{f"x{i}": np.arange(count) for i in range(more)},
        "t": [("a", "b")[i % 2] for i in range(count)],
    }
    frame = pd.DataFrame(columns)
    frame = frame.astype(dict.fromkeys(("code", "port", "t"), "str"))
    schema = Schema.of(frame).change("code", type="id").change("port", type="category")
    schema = schema.put(Column("t", "category", ("target",), ("a", "b")))
    frame.index = pd.Index([f"r{i}" for i in range(count)], dtype="str", name="row")
    return schema.attach(frame)


def opened(table=None, value=None):
    table = table_of() if table is None else table
    editor, found = ContractEditor(infer(table), table), []
    value = editor.value if value is None else value
    panel = editor.widget(value, lambda made, why: found.append((made, why)))
    return editor, panel, found


def lines_of(panel):
    return {line.children[0].tooltip: line for line in panel.children[0].children}


def press(panel, found, why="because"):
    last = panel.children[-2]
    last.children[0].value = why
    last.children[1].click()
    return json.loads(json.dumps(found[-1][0]))


def add(panel, text):
    field, button, said = panel.children[-3].children
    field.value = text
    button.click()
    return said.value


def test_counts_follow_the_bounds():
    _, panel, found = opened()
    keep, severity, low, high, failing = lines_of(panel)["age range"].children
    assert "kept" in failing.value
    high.value = 29.0
    assert "10 of 40 rows fail" in failing.value
    low.value = 5.0
    assert "15 of 40 rows fail" in failing.value
    severity.value = "flag"
    rules = {rule["rule"]: rule for rule in press(panel, found)}
    told = rules["age range"]
    assert (told["min"], told["max"], told["severity"]) == (5.0, 29.0, "flag")
    assert told["why"] == "accepted"
    assert rules["pay range"]["why"] == "proposed"
    assert found[-1][1] == "because"
    checked = validate(table_of(), list(rules.values()), min_rows=10)
    assert checked.failed == {"age range": 15}
    assert keep.value


def test_every_kind_of_bound_is_edited():
    _, panel, found = opened()
    lines = lines_of(panel)
    lines["code pattern"].children[2].value = "A-00[0-9]"
    assert "30 of 40 rows fail" in lines["code pattern"].children[-1].value
    lines["code pattern"].children[2].value = "("
    assert "no regular expression" in lines["code pattern"].children[-1].value
    lines["code pattern"].children[2].value = "A-[0-9]+"
    lines["port values"].children[2].value = "C, Q"
    assert "13 of 40 rows fail" in lines["port values"].children[-1].value
    lines["pay missing"].children[2].value = 0.1
    assert "25% are missing" in lines["pay missing"].children[-1].value
    lines["day date"].children[3].value = "2020-01-10"
    assert "30 of 40 rows fail" in lines["day date"].children[-1].value
    lines["rows enough"].children[2].value = 50
    assert "there are 40 rows" in lines["rows enough"].children[-1].value
    rules = {rule["rule"]: rule for rule in press(panel, found)}
    assert rules["port values"]["values"] == ["C", "Q"]
    assert rules["pay missing"]["max"] == 0.1
    assert rules["code pattern"]["pattern"] == "A-[0-9]+"


def test_a_value_that_holds_a_comma_stays_whole():
    cities = ["Oslo", "Paris", "Washington, DC"]
    rule = {"rule": "in", "column": "port", "check": "values", "values": cities}
    _, panel, found = opened(value=[{**rule, "severity": "warn"}])
    field = lines_of(panel)["in"].children[2]
    assert field.value == 'Oslo, Paris, "Washington, DC"'
    field.value += ", Rome"
    assert press(panel, found)[0]["values"] == [*cities, "Rome"]


HARD = st.text(st.sampled_from("a ,\"'\\n\n\r\t;")) | st.text()


@given(st.lists(HARD | st.integers() | st.floats(allow_nan=False), unique_by=str))
def test_the_values_that_are_shown_read_back_from_one_line(values):
    text = shown(values)
    assert "\n" not in text
    assert "\r" not in text
    assert read(text, values) == values
    assert read(f"{text}, more" if values else "more", values) == [*values, "more"]


def test_values_are_read_as_a_person_types_them():
    assert read(" C ,Q,, ' S', \"\"", ["C"]) == ["C", "Q", "' S'", ""]
    assert read('12" vinyl, "open, C', []) == ['12" vinyl', '"open', "C"]
    assert read(r"C:\new", ["C"]) == [r"C:\new"]
    assert read('"say ""hi"""', []) == ['say "hi"']


def test_a_rule_is_added_in_words_and_dropped():
    _, panel, found = opened()
    assert "did you mean" in add(panel, "agee > 3")
    assert "cannot be read" in add(panel, "not a rule")
    assert add(panel, "flag: age > 3 or port == 'C'") == ""
    line = lines_of(panel)["age > 3 or port == 'C'"]
    assert "2 of 40 rows fail" in line.children[-1].value
    lines_of(panel)["age range"].children[0].value = False
    rules = {rule["rule"]: rule for rule in press(panel, found)}
    assert "age range" not in rules
    added = rules["age > 3 or port == 'C'"]
    assert (added["severity"], added["why"]) == ("flag", "asked for")
    checked = validate(table_of(), list(rules.values()), min_rows=10)
    assert checked.failed == {"age > 3 or port == 'C'": 2}


def test_many_rules_are_kept_though_few_are_shown():
    table = table_of(more=150)
    editor, panel, found = opened(table)
    assert len(lines_of(panel)) == LISTED
    assert press(panel, found) == json.loads(json.dumps(editor.value))


def test_without_a_table_nothing_is_counted():
    editor, found = ContractEditor(infer(table_of())), []
    panel = editor.widget(editor.value, lambda made, why: found.append((made, why)))
    assert lines_of(panel)["age range"].children[-1].value == ""
    assert add(panel, "age > 3") == ""
    assert press(panel, found)[-1]["rule"] == "age > 3"


def test_a_rule_whose_column_is_gone_says_so():
    rule = {"rule": "<b>", "column": "nope", "check": "required", "severity": "warn"}
    _, panel, _ = opened(value=[rule])
    said = lines_of(panel)["<b>"].children[-1].value
    assert "there is no column" in said
    assert "<b>" not in said


def test_the_text_form_is_always_the_same():
    editor, panel, _ = opened()
    assert repr(panel) == "<ContractEditor>"
    assert repr(editor.picture(editor.value)).startswith("<Contract ")
    assert "age range" in editor.picture(editor.value)._repr_html_()
