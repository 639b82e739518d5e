from __future__ import annotations

import json

import numpy as np
import pandas as pd

from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.contract import infer
from mlkit.data.validate import validate
from mlkit.widgets import CleaningEditor, ContractEditor


def table_of():
    frame = pd.DataFrame(
        {
            "x": np.arange(40.0),
            "c": pd.array(
                [("?", "red", "blue", "red")[i % 4] for i in range(40)], "str"
            ),
            "t": pd.array([None, *(("a", "b", "a")[i % 3] for i in range(39))], "str"),
        },
        index=pd.Index([f"r{i}" for i in range(40)], dtype="str", name="row"),
    )
    target = Column("t", "category", ("target",), ("a", "b"))
    return Schema((Column("x"), Column("c", "category"), target)).attach(frame)


def press(panel):
    """Press the button of a panel, its last line's second part."""
    panel.children[-2].children[1].click()


def kept(editor, change=lambda panel: None, value=None):
    found = []
    start = editor.value if value is None else value
    panel = editor.widget(start, lambda made, why: found.append(made))
    change(panel)
    press(panel)
    return json.loads(json.dumps(found[0]))


def test_a_contract_is_kept_as_it_is_or_edited():
    editor = ContractEditor(infer(table_of()))
    assert kept(editor) == editor.value
    assert repr(editor.picture(editor.value)).startswith("<Contract")

    def stricter(panel):
        line = panel.children[0].children[0]
        line.children[1].value = "block"
        line.children[2].value = 5.0
        panel.children[0].children[1].children[0].value = False

    rules = kept(editor, stricter)
    assert len(rules) == len(editor.value) - 1
    assert (rules[0]["severity"], rules[0]["min"], rules[0]["why"]) == (
        "block",
        5.0,
        "accepted",
    )
    assert validate(table_of(), rules, min_rows=10).verdict.state == "blocked"


def test_the_fingerprint_follows_the_proposals():
    one, two = ContractEditor(infer(table_of())), ContractEditor(infer(table_of()))
    assert one.seen == two.seen
    assert one.seen != ContractEditor(infer(table_of().iloc[:9])).seen


def test_the_text_form_is_always_the_same():
    editor = CleaningEditor(clean(table_of()))
    assert repr(editor.widget([], lambda *_: None)) == "<CleaningEditor>"
