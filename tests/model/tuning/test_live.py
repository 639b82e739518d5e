from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from mlkit.model.tuning import live
from mlkit.model.tuning.live import Board, leaders

LINES = [
    ("linear", {}, (0.7, 0.8)),
    ("tree", {"depth": 3}, (0.6, 0.7)),
    ("linear", {"strength": 2.0}, (0.75, 0.85)),
    ("linear", {"strength": 3.0}, (0.74, 0.84)),
    ("boosting", {}, (0.5,)),
]


class Screen:
    def __init__(self):
        self.shown, self.handles = [], 0

    def display(self, value, display_id=None):
        self.shown.append(value)
        if not display_id:
            return None
        self.handles += 1
        return SimpleNamespace(update=self.shown.append)


@pytest.fixture
def screen(monkeypatch):
    made = Screen()
    monkeypatch.setattr("IPython.display.display", made.display)
    monkeypatch.setattr(live, "_notebook", lambda: True)
    return made


def test_the_best_two_of_each_family_lead():
    told = str(leaders("roc_auc", 2, LINES, "a note"))
    lines = told.splitlines()
    assert [line.split()[1] for line in lines[1:4]] == ["linear", "linear", "one"]
    assert "strength 2.0" in lines[1]
    assert "strength 3.0" in lines[2]
    assert lines[-2:] == ["5 tried, 4 of them on all 2 folds", "a note"]


def test_it_is_renewed_at_most_twice_a_second(screen, monkeypatch):
    monkeypatch.setattr(live, "is_person", lambda: True)
    now = [0.0]
    board = Board("roc_auc", 2, clock=lambda: now[0])
    for _ in range(100):
        board.show(LINES)
        now[0] += 0.05
    assert len(screen.shown) == 10
    assert screen.handles == 1
    assert "<polyline" in screen.shown[-1]._repr_html_()
    board.done(LINES, "done")
    assert screen.handles == 1


def test_a_headless_run_gets_the_last_state_alone_and_a_person_ends_with_the_same(
    screen, monkeypatch
):
    ends = []
    for person in (True, False):
        monkeypatch.setattr(live, "is_person", lambda person=person: person)
        board = Board("roc_auc", 2)
        board.show(LINES[:2])
        board.show(LINES)
        before = len(screen.shown)
        board.done(LINES)
        ends.append((repr(screen.shown[-1]), screen.shown[-1]._repr_html_()))
        assert len(screen.shown) == before + 1
    assert ends[0] == ends[1]
    assert len(screen.shown) == 3


def test_without_a_notebook_there_is_nothing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "IPython", None)
    board = Board("roc_auc", 2)
    board.show(LINES)
    board.done(LINES)
    assert capsys.readouterr().out == ""


def test_names_from_data_cannot_break_the_page():
    told = leaders("roc_auc", 2, [("tree", {"depth": "<script>"}, (0.1, 0.2))])
    assert "<script>" not in told._repr_html_()
