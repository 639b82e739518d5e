from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core import decisions
from mlkit.core.schema import Column, Schema
from mlkit.core.session import session
from mlkit.data.labels.queue import Queue
from mlkit.model.errors import Errors
from mlkit.model.problem import Problem
from mlkit.widgets import ErrorExplorer
from mlkit.widgets.labelling import Desk
from mlkit.widgets.labels import sent_back

PROBLEM = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))


def mistakes(numeric=False):
    table = pd.DataFrame(
        {
            "given": [1.5, 9.0] if numeric else ["<no>", "yes"],
            "predicted": [20.0, 1.0] if numeric else ["yes", "<no>"],
            "surprise": [0.9, 0.2],
            "why": pd.array(["x = <3>", ""], "str"),
        },
        index=pd.Index(["r1", "r2"], dtype="str", name="row"),
    )
    cells = pd.DataFrame({"x": ["<b>", "c"]}, index=table.index)
    problem = Problem("number", "y", "rmse") if numeric else PROBLEM
    return Errors(table, problem, 50, 2, cells)


def walk(widget):
    for one in getattr(widget, "children", ()):
        yield one
        yield from walk(one)


def by_name(widget):
    found = {}
    for one in walk(widget):
        key = getattr(one, "description", "") or type(one).__name__
        found.setdefault(key, one)
    return found


def test_nothing_is_sent_unless_a_person_sends_it():
    editor = ErrorExplorer(mistakes())
    assert (editor.value, editor.seen, editor.settled) == ({}, "", True)
    assert repr(editor.picture({})) == "0 rows sent back to be labelled again"
    assert "open this notebook" in editor.picture({})._repr_html_()


def test_a_person_looks_at_rows_and_sends_them():
    kept = []
    editor = ErrorExplorer(mistakes())
    panel = editor.widget({}, lambda value, why: kept.append((value, why)))
    assert repr(panel) == "<ErrorExplorer>"
    parts = by_name(panel)
    rows = parts["SelectMultiple"]
    rows.value = ("r1",)
    page = next(
        w for w in walk(panel) if getattr(w, "value", "") and "given" in str(w.value)
    )
    assert "&lt;b&gt;" in page.value
    assert "x = &lt;3&gt;" in page.value
    assert "<b>" not in page.value
    parts["Send to labelling"].click()
    rows.value = ("r2",)
    parts["Send to labelling"].click()
    assert [line[:2] for line, _ in rows.options] == ["✓ ", "✓ "]
    assert rows.value == ("r2",)
    parts["Do not send"].click()
    assert [line[:2] for line, _ in rows.options] == ["✓ ", "r2"]
    parts["Text"].value = "it looks like a slip"
    parts["Keep this"].click()
    assert kept == [({"r1": "yes"}, "it looks like a slip")]
    json.dumps(kept)


def test_one_kind_of_mistake_is_listed():
    editor = ErrorExplorer(mistakes())
    kinds = list(editor.kinds())
    assert kinds == ["all mistakes", "<no> taken for yes (1)", "yes taken for <no> (1)"]
    assert [row for _, row in editor.listed(kinds[1])] == ["r1"]
    panel = editor.widget({}, print)
    parts = by_name(panel)
    parts["which"].value = kinds[2]
    assert [row for _, row in parts["SelectMultiple"].options] == ["r2"]


def test_numbers_are_sent_too():
    editor = ErrorExplorer(mistakes(numeric=True))
    assert list(editor.kinds()) == ["all mistakes"]
    assert editor.said("r1") == 20.0
    page = editor.picture({"r1": 20.0, "gone": 2.0})._repr_html_()
    assert "20" in page
    assert "gone" in page


def test_where_there_is_no_mistake_there_is_nothing_to_choose():
    found = mistakes()
    none = Errors(found.table.head(0), PROBLEM, 50, 0, found.cells.head(0))
    assert "0 rows sent" in repr(ErrorExplorer(none).widget({}, print))


def table():
    frame = pd.DataFrame(
        {"x": np.arange(6.0), "y": ["no", "yes", "no", "yes", "no", None]},
        index=pd.Index([f"r{i}" for i in range(6)], dtype="str", name="row"),
    ).astype({"y": "str"})
    return Schema((Column("x"), Column("y", "category", ("target",)))).attach(frame)


def test_rows_that_were_sent_back_are_dealt_first():
    queue = Queue(
        table(), {"r2": {"ann": "no"}}, "ann", {"r4": "yes", "r2": "yes", "gone": 1}
    )
    assert queue.deal(3) == [4, 5]
    told = []
    Desk(queue, print, lambda message, _: told.append(message), think=False).take(
        {"ask": "next", "count": 1, "holding": []}
    )
    doubt = told[0]["items"][0]["doubt"]
    assert (doubt["given"], doubt["suggested"]) == ("no", "yes")
    queue.give("r4", "no")
    assert queue.deal(3) == [5]


def test_a_labeller_reads_what_was_sent_and_no_step_depends_on_it(
    tmp_path, monkeypatch
):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlkit.core.session._SESSION", None)
    assert sent_back() == {}
    decisions.record(session().here.decisions, "to_label", {"r4": "yes"})
    assert sent_back() == {"r4": "yes"}
    assert "to_label" not in session().used_decisions


@pytest.mark.parametrize("value", [["r1"], "r1", 3])
def test_what_was_written_by_hand_and_is_no_such_thing_is_passed_over(
    tmp_path, monkeypatch, value
):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlkit.core.session._SESSION", None)
    decisions.record(session().here.decisions, "to_label", value)
    assert sent_back() == {}
