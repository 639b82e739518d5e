from __future__ import annotations

import json

import pandas as pd
import pytest

from mlkit.core.errors import InputError
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
    panel.children[-2].children[1].click()
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


@pytest.fixture
def read(tmp_path, monkeypatch):
    from mlkit.data.collect import collect

    monkeypatch.chdir(tmp_path)
    lines = "".join(f"{i:03},{i % 7}.50,{i % 2},{'xy'[i % 2]}\n" for i in range(40))
    (tmp_path / "table.csv").write_text("no,pay,sex,t\n" + lines)
    return collect("table.csv", target="t", roles={"pay": "private"})


def test_a_decision_types_the_cells_as_they_stood(read):
    chosen = {"roles": {"sex": ["sensitive"]}, "types": {"pay": "category", "no": "id"}}
    made = read.with_columns(json.loads(json.dumps(chosen)))
    schema = Schema.of(made.table)
    assert (schema["pay"].type, schema["no"].type) == ("category", "id")
    assert made.table["pay"].iloc[1] == "1.50"
    assert schema["sex"].roles == ("sensitive",)
    assert schema["pay"].roles == ("private",)
    assert made.table.index[3] == "003"
    assert Schema.of(made.with_columns({"roles": {"pay": []}}).table)["pay"].roles == ()
    assert read.with_columns({}) is read


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"types": {"t": "colour"}}, "unknown column type"),
        ({"types": {"t": "number"}}, "cannot be read as a number"),
        ({"types": {"gone": "text"}}, "no column 'gone'"),
        ({"roles": {"pay": ["secret"]}}, "unknown column role"),
        ({"roles": {"pay": ["target"]}}, "named by the parameter target"),
        ({"kinds": {}}, "no decision about columns"),
        ({"roles": ["pay"]}, "no decision about columns"),
    ],
)
def test_a_decision_that_does_not_fit_is_one_clear_error(read, chosen, told):
    with pytest.raises(InputError, match=told):
        read.with_columns(chosen)


def test_a_table_read_elsewhere_cannot_be_typed_again(collected):
    with pytest.raises(InputError, match="not at hand"):
        collected.with_columns({"types": {"mail": "id"}})


@pytest.mark.parametrize(
    "chosen",
    [
        "ignored",
        "",
        3,
        ["pay"],
        None,
        {"kinds": {}},
        {"roles": ["pay"]},
        {"roles": {"pay": 3}},
        {"roles": {"pay": [3]}},
        {"types": {"pay": ["text"]}},
    ],
)
def test_what_is_no_decision_is_told_with_its_form_and_the_command(read, chosen):
    editor = ColumnEditor(read)
    for use in (read.with_columns, editor.picture, lambda c: editor.widget(c, print)):
        with pytest.raises(InputError, match="no decision about columns") as told:
            use(chosen)
        assert '{"roles": {column: [roles]}, "types"' in str(told.value)
        assert "mlkit decide columns --undo" in str(told.value)


def test_roles_may_be_decided_in_one_text(read):
    chosen = {"roles": {"no": "group, private"}}
    page = ColumnEditor(read).picture(chosen)._repr_html_()
    assert "group · private" in page
    made = read.with_columns(chosen)
    assert Schema.of(made.table)["no"].roles == ("group", "private")
