from __future__ import annotations

import json

import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.data.reading.collected import Collected, Receipt
from mlkit.widgets import ColumnEditor


@pytest.fixture
def collected():
    frame = pd.DataFrame(
        {
            "<age>": [31.0, 42.0, 55.0],
            "mail": pd.array(
                ["a@example.org", "b@example.org", "c@example.org"], "str"
            ),
            "when": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"]),
            "t": pd.array(["x", "y", "x"], "str"),
        }
    )
    columns = (
        Column("<age>"),
        Column("mail", "text", ("sensitive",)),
        Column("when", "date"),
        Column("t", "category", ("target",), ("x", "y")),
    )
    receipt = Receipt("table.csv", 3, 4, 10, "00")
    return Collected(Schema(columns).attach(frame), receipt)


def kept(editor, change=lambda lines: None, value=None):
    found = []
    panel = editor.widget(value or editor.value, lambda made, why: found.append(made))
    assert repr(panel) == "<ColumnEditor>"
    change({line.children[0].value: line for line in panel.children[0].children})
    panel.children[-1].children[1].click()
    return json.loads(json.dumps(found[0]))


def test_the_default_changes_nothing(collected):
    editor = ColumnEditor(collected)
    assert editor.value == {} == kept(editor)
    assert editor.seen == ColumnEditor(collected).seen


def test_what_is_otherwise_is_kept(collected):
    def change(lines):
        assert list(lines) == ["<age>", "mail", "when", "t · target"]
        lines["<age>"].children[1].value = "category"
        lines["<age>"].children[2].value = ["sensitive"]
        lines["mail"].children[2].value = []
        assert "target" not in lines["t · target"].children[2].allowed_tags

    told = kept(ColumnEditor(collected), change)
    assert told == {
        "roles": {"<age>": ["sensitive"], "mail": []},
        "types": {"<age>": "category"},
    }
    assert kept(ColumnEditor(collected), value=told) == told


def test_a_choice_can_be_taken_back_and_one_on_a_lost_column_stays(collected):
    def change(lines):
        assert lines["when"].children[2].value == ["time"]
        lines["when"].children[2].value = []

    value = {"roles": {"when": ["time"], "gone": ["private"]}}
    assert kept(ColumnEditor(collected), change, value) == {
        "roles": {"gone": ["private"]}
    }


def test_the_picture_tells_what_and_why(collected):
    editor = ColumnEditor(collected)
    page = editor.picture({"roles": {"when": ["time"]}})._repr_html_()
    assert "&lt;age&gt;" in page
    assert "<age>" not in page
    assert "every cell is a whole number" in page
    assert "every cell is a moment" in page
    assert ">time<" in page
    assert repr(editor.picture({})) == "<4 columns>"


def test_guesses_hint_at_roles(collected):
    guesses = ColumnEditor(collected).guesses
    assert (guesses["<age>"].role, guesses["when"].role) == ("sensitive", "time")
    assert guesses["t"].role == ""
