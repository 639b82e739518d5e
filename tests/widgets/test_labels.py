from __future__ import annotations

import json
import os

import numpy as np
import pandas as pd
import pytest

import mlkit as mk
from mlkit.core import decisions
from mlkit.core.schema import Column, Schema
from mlkit.data.labels.queue import Queue
from mlkit.widgets import LabelEditor
from mlkit.widgets.labelling import Desk


@pytest.fixture(autouse=True)
def ann(monkeypatch):
    monkeypatch.setenv("MLKIT_USER", "ann")


def table_of(rows=40, known=10):
    frame = pd.DataFrame({"x": np.arange(float(rows))})
    words = ["low" if i < rows / 2 else "high" for i in range(rows)]
    order = np.random.default_rng(0).permutation(rows)
    frame["t"] = pd.array(
        [word if order[i] < known else None for i, word in enumerate(words)], "str"
    )
    frame.index = pd.Index([f"r{i}" for i in range(rows)], dtype="str", name="row")
    return Schema((Column("x"), Column("t", "category", ("target",)))).attach(frame)


class Page:
    """What a desk tells, kept in order."""

    def __init__(self, table, labels=None, think=False, save=None):
        self.told, self.saved = [], []
        self.queue = Queue(table, {} if labels is None else labels, "ann")
        self.desk = Desk(
            self.queue,
            save or self.saved.append,
            lambda message, buffers: self.told.append((message, buffers)),
            think=think,
        )

    def ask(self, what, **facts):
        before = len(self.told)
        self.desk.take(json.loads(json.dumps({"ask": what, **facts})))
        for message, _ in self.told:
            json.dumps(message, allow_nan=False)
        return [message for message, _ in self.told[before:]]


def test_a_page_begins_with_the_state_and_the_first_rows():
    state, first = Page(table_of()).ask("start")
    assert (state["tell"], state["done"], state["total"]) == ("state", 0, 30)
    assert [one["name"] for one in state["classes"]] == ["high", "low"]
    assert len(first["items"]) == 6
    item = first["items"][0]
    assert (item["source"], item["mine"]) == (None, {"said": False, "label": None})
    assert [cell["name"] for cell in item["cells"]] == ["x"]


def test_every_label_is_saved_before_it_is_confirmed():
    page = Page(table_of())
    row = page.ask("next", count=1, holding=[])[0]["items"][0]["row"]
    told = page.ask("label", row=row, label="low", seconds=2.34)
    assert [message["tell"] for message in told] == ["saved", "state"]
    assert page.saved[0].line["seconds"] == 2.3
    told = page.ask("undo")
    assert [message["tell"] for message in told] == ["state", "item"]
    assert page.saved[-1].undone
    assert told[1]["item"]["row"] == row
    assert page.ask("undo")[0]["text"] == "there is nothing to undo"


def test_a_label_that_cannot_be_saved_is_not_kept():
    def full(line):
        raise OSError(28, "No space left on device")

    page = Page(table_of(), save=full)
    row = page.ask("next", count=1, holding=[])[0]["items"][0]["row"]
    (told,) = page.ask("label", row=row, label="low")
    assert (told["tell"], told["row"]) == ("failed", row)
    assert "No space left" in told["why"]
    assert page.queue.labels == {}


@pytest.mark.parametrize(
    "message",
    [
        {"ask": "label", "row": "nobody", "label": "low"},
        {"ask": "label", "row": "r1"},
        {"ask": "open", "row": "nobody"},
        {"ask": "list", "token": 1, "state": "odd"},
        {"ask": "class", "name": " "},
        {"ask": "next", "count": "many", "holding": []},
    ],
)
def test_a_wrong_message_is_answered(message):
    page = Page(table_of())
    assert page.ask(message.pop("ask"), **message)[-1]["tell"] == "failed"
    assert not page.saved


@pytest.mark.parametrize("what", ["take", "tell", "queue", "__init__", "", None])
def test_only_what_is_listed_can_be_asked(what):
    assert Page(table_of()).ask(what) == []


def test_rows_are_prefetched_and_none_is_dealt_twice():
    page = Page(table_of())
    rows = []
    for _ in range(8):
        (told,) = page.ask("next", count=4, holding=rows)
        rows += [item["row"] for item in told["items"]]
    assert len(rows) == len(set(rows)) == 30


def test_the_order_is_thought_over_in_the_background():
    page = Page(table_of(60, known=0), think=True)
    page.ask("start")
    page.desk.thoughts.wait()
    assert all(message["tell"] != "ranked" for message, _ in page.told)
    for row in ("r0", "r59", "r1", "r58", "r2", "r57"):
        page.ask("label", row=row, label="low" if len(row) == 2 else "high")
    page.desk.thoughts.wait()
    assert any(message["tell"] == "ranked" for message, _ in page.told)
    (told,) = page.ask("next", count=4, holding=[], fresh=True)
    near = [int(item["row"][1:]) for item in told["items"]]
    assert told["fresh"]
    assert all(12 <= place <= 48 for place in near)


def test_doubtful_labels_are_told_and_shown_first():
    table = table_of(80, known=80)
    table.loc["r3", "t"] = "high"
    page = Page(table, think=True)
    page.ask("start")
    page.desk.thoughts.wait()
    assert page.told[-1][0]["doubts"] == 1
    (told,) = page.ask("list", token=7, state="suspicious", order="suspicious")
    assert (told["token"], told["total"]) == (7, 1)
    assert told["items"][0]["row"] == "r3"
    assert told["items"][0]["doubt"]["suggested"] == "low"


def test_a_thought_that_fails_is_said_and_blocks_nothing(monkeypatch):
    from mlkit.data.labels.ranking import Ranker

    def broken(self, labels):
        raise RuntimeError("no luck")

    monkeypatch.setattr(Ranker, "rank", broken)
    page = Page(table_of(), think=True)
    page.ask("start")
    page.desk.thoughts.wait()
    assert any("no luck" in m.get("text", "") for m, _ in page.told)
    assert page.ask("label", row="r0", label="low")[0]["tell"] == "saved"


def test_the_list_comes_in_pages():
    page = Page(table_of())
    (first,) = page.ask("list", token=1, start=0, count=25)
    (rest,) = page.ask("list", token=1, start=25, count=25)
    rows = [item["row"] for told in (first, rest) for item in told["items"]]
    assert rows == [f"r{i}" for i in range(40)]
    assert first["items"][0]["glimpse"] == "x 0"


def test_the_editor_passes_a_table_whose_rows_all_have_labels():
    editor = LabelEditor(table_of(known=40))
    assert editor.settled
    assert editor.value == {}
    assert repr(editor.picture({})) == "0 labels given by hand"
    assert "every row came with a label" in editor.picture({})._repr_html_()
    assert not LabelEditor(table_of()).settled


def test_the_picture_counts_labels_of_rows_that_are_here():
    table = table_of()
    bare = table.index[table["t"].isna()]
    value = {bare[0]: {"ann": "<b>", "bob": "<b>"}, "gone": {"ann": "x"}}
    picture = LabelEditor(table).picture(value)
    assert repr(picture) == "2 labels given by hand\n29 rows without a label"
    page = picture._repr_html_()
    assert "1 of the 30 rows" in page
    assert "2 labels by 2 people" in page
    assert "<b>" not in page


def test_no_target_is_said():
    table = Schema((Column("x"),)).attach(table_of()[["x"]])
    editor = LabelEditor(table)
    assert "no target" in repr(editor.picture({}))
    assert "no target" in repr(editor.widget({}, lambda *_: None))


def test_the_widget_is_whole_and_its_text_form_is_fixed():
    widget = LabelEditor(table_of()).widget({}, lambda *_: None)
    assert repr(widget) == "<LabelEditor>"
    assert "export default" in widget._esm
    assert ".mlkit-labels" in widget._css
    for text in (widget._esm, widget._css):
        assert "http" not in text
        assert "@import" not in text
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
    ):
        assert way not in widget._esm


def test_a_label_given_in_the_widget_is_a_line_and_is_seen_below(
    in_folder, monkeypatch
):
    monkeypatch.setenv("JPY_SESSION_NAME", "a person")
    shown = []
    monkeypatch.setattr("mlkit.core.cells.show", shown.append)
    table = table_of()
    labels = mk.decide("labels", LabelEditor(table))
    row = table.index[table["t"].isna()][0]
    widget = shown[0]
    widget._handle_custom_msg({"ask": "label", "row": row, "label": "low"}, [])
    assert labels == {row: {"ann": "low"}}
    again = decisions.read(in_folder / "decisions", "labels")
    assert again.value == labels
    assert mk.decide("labels", LabelEditor(table)) == labels
    assert sorted(os.listdir(in_folder / "decisions")) == ["labels.jsonl"]


def test_an_old_file_of_labels_goes_on(in_folder, monkeypatch):
    form = {"value": {"r0": "low"}, "by": "eve", "at": "", "why": "", "seen": ""}
    (in_folder / "decisions").mkdir()
    (in_folder / "decisions" / "labels.json").write_text(json.dumps(form))
    monkeypatch.setenv("JPY_SESSION_NAME", "a person")
    shown = []
    monkeypatch.setattr("mlkit.core.cells.show", shown.append)
    labels = mk.decide("labels", LabelEditor(table_of()))
    shown[0]._handle_custom_msg({"ask": "label", "row": "r1", "label": "low"}, [])
    assert labels["r1"] == {"ann": "low"}
    assert decisions.read(in_folder / "decisions", "labels").value == {
        "r0": {"eve": "low"},
        "r1": {"ann": "low"},
    }
