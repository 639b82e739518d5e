from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.widgets import CleaningEditor


def table_of():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": np.append(rng.normal(size=79), 1000.0),
            "c": pd.array([("?", "red", "blue", "red")[i % 4] for i in range(80)]),
            "<b>": pd.array(["Colombia"] * 60 + ["Peru"] * 18 + ["Colmbia"] * 2),
        },
        index=pd.Index([f"r{i}" for i in range(80)], dtype="str", name="row"),
    )
    words = Column("c", "category"), Column("<b>", "category")
    return Schema((Column("x"), *words)).attach(
        frame.astype({"c": "str", "<b>": "str"})
    )


def boxes(panel):
    """Return the boxes to tick by name."""
    groups = [part for part in panel.children[:-2] if hasattr(part, "children")]
    lines = [line for group in groups for line in group.children]
    return {line.children[0].description: line.children[0] for line in lines}


def kept(editor, value=None, **ticks):
    found = []
    start = editor.value if value is None else value
    panel = editor.widget(start, lambda made, _: found.append(made))
    for name, wanted in ticks.get("ticks", {}).items():
        boxes(panel)[name].value = wanted
    panel.children[-2].children[1].click()
    return json.loads(json.dumps(found[0]))


def test_nothing_is_decided_at_first():
    editor = CleaningEditor(clean(table_of()))
    assert kept(editor) == editor.value == {"refuse": [], "accept": [], "add": []}
    ticked = {n: b.value for n, b in boxes(editor.widget({}, print)).items()}
    assert ticked == {
        "missing c": True,
        "clip x": False,
        "respell <b>": False,
        "outliers x": False,
    }


def test_what_is_ticked_is_what_is_done():
    editor = CleaningEditor(clean(table_of()))
    choice = kept(editor, ticks={"missing c": False, "respell <b>": True})
    assert choice == {"refuse": ["missing c"], "accept": ["respell <b>"], "add": []}
    cleaned = clean(table_of(), decided=choice)
    assert list(cleaned.cleaning.touched) == ["respell <b>"]
    assert set(cleaned.table["<b>"]) == {"Colombia", "Peru"}
    back = kept(editor, choice, ticks={"missing c": True, "respell <b>": False})
    assert back == editor.value


def test_what_is_not_shown_stays_decided():
    editor = CleaningEditor(clean(table_of()))
    clip = {"op": "clip", "column": "x", "max": 3, "name": "clip x 2"}
    given = {"refuse": ["older"], "accept": ["newer"], "add": [clip]}
    assert kept(editor, given) == given
    assert kept(editor, given, ticks={"clip x 2": False})["add"] == []
    assert kept(editor, ["an older one"])["refuse"] == ["an older one"]


def test_the_picture_says_what_is_decided():
    editor = CleaningEditor(clean(table_of()))
    clip = {"op": "clip", "column": "x", "max": 3}
    value = {"refuse": ["missing c"], "accept": ["respell <b>"], "add": [clip]}
    picture = editor.picture(value)
    assert repr(picture) == (
        "<4 operations; asked: clip x; refused: missing c; offered: outliers x>"
    )
    html = picture._repr_html_()
    assert "&#x27;Colmbia&#x27; → &#x27;Colombia&#x27; (2)" in html
    assert "<b>" not in html
    assert "refused: missing c" in repr(editor.picture(["missing c"]))


def test_examples_stand_beside_each_box_and_are_escaped():
    panel = CleaningEditor(clean(table_of())).widget([], print)
    assert repr(panel) == "<CleaningEditor>"
    told = [
        line.children[1].value
        for part in panel.children[:-2]
        if hasattr(part, "children")
        for line in part.children
    ]
    assert "20 cells: &#x27;?&#x27; hides a missing value" in told[0]
    assert "&#x27;?&#x27; → missing (20)" in told[0]


@pytest.mark.parametrize("value", [[], {}, None])
def test_nothing_to_clean_is_said(value):
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    editor = CleaningEditor(clean(Schema((Column("x"),)).attach(table)))
    assert editor.settled
    assert "nothing to clean" in repr(editor.picture(value))
    assert "nothing to clean" in repr(editor.widget(value, lambda *_: None))
