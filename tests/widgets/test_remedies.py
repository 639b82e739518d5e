from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from mlkit.core import decisions, session
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.contract import infer
from mlkit.data.profile import profile
from mlkit.data.validate import validate
from mlkit.widgets import RemedyPanel

ROWS = 120


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "_SESSION", None)
    yield tmp_path
    session._SESSION = None


@pytest.fixture(scope="module")
def raw():
    rng = np.random.default_rng(0)
    numbers = [str(i % 50) for i in range(ROWS)]
    frame = pd.DataFrame(
        {
            "pay": pd.array([" ", *numbers[1:]], "str"),
            "<b>mail": pd.array([f"p{i}@example.org" for i in range(ROWS)], "str"),
            "no": rng.permutation(ROWS * 9)[:ROWS] + 10**6,
            "t": pd.array([None, *(("a", "b")[i % 2] for i in range(1, ROWS))], "str"),
        }
    )
    kinds = {"pay": "category", "<b>mail": "text", "no": "number"}
    columns = [Column(name, kind) for name, kind in kinds.items()]
    target = Column("t", "category", ("target",), ("a", "b"))
    return Schema((*columns, target)).attach(frame)


@pytest.fixture(scope="module")
def found(raw):
    return profile(raw)


def panel_of(found, raw):
    panel = RemedyPanel(found, raw)
    return panel, {(alert.kind, alert.column): alert for alert in panel.alerts}


def read(project, name):
    made = decisions.read(project / "decisions", name)
    return made and made.value


def test_clicks_add_up_and_are_idempotent(project, found, raw):
    panel, alerts = panel_of(found, raw)
    said = panel.settle(alerts["hidden missing", "pay"], "we know")
    assert "clean and what follows" in said
    panel.settle(alerts["numbers as text", "pay"])
    again = panel.settle(alerts["numbers as text", "pay"])
    assert again == "it is settled already"
    wanted = {"accept": ["missing pay", "number pay"]}
    assert read(project, "cleaning") == wanted
    made = decisions.read(project / "decisions", "cleaning")
    assert (made.by, made.why[:15]) == (decisions.person(), "numbers as text")
    assert clean(raw, decided=wanted).table["pay"].isna().sum() == 1


def test_a_rule_keeps_the_proposed_ones(project, found, raw):
    panel, alerts = panel_of(found, raw)
    alert = alerts["missing target", "t"]
    panel.settle(alert)
    rules, proposed = read(project, "contract"), infer(raw).rules
    assert len(rules) == len(proposed) + 1
    assert validate(raw, rules, min_rows=10).contract.rules[-1]["rule"] == "t is known"
    panel.undo(alert)
    assert read(project, "contract") is None


def test_roles_and_types_are_joined(project, found, raw):
    panel, alerts = panel_of(found, raw)
    panel.settle(alerts["private", "<b>mail"])
    panel.settle(alerts["id-like", "no"])
    whole = {"roles": {"<b>mail": ["private"]}, "types": {"no": "id"}}
    assert read(project, "columns") == whole
    panel.undo(alerts["private", "<b>mail"])
    assert read(project, "columns") == {"types": {"no": "id"}}
    panel.undo(alerts["id-like", "no"])
    assert read(project, "columns") is None
    assert panel.undo(alerts["id-like", "no"]) == "nothing is decided"


def test_an_older_refusal_gives_way(project, found, raw):
    decisions.record(project / "decisions", "cleaning", ["missing pay", "trim pay"])
    panel, alerts = panel_of(found, raw)
    panel.settle(alerts["hidden missing", "pay"])
    wanted = {"refuse": ["trim pay"], "accept": ["missing pay"]}
    assert read(project, "cleaning") == wanted


def test_the_button_does_it_and_takes_it_back(project, found, raw):
    panel, _ = panel_of(found, raw)
    widget = panel.widget()
    assert repr(widget) == "<RemedyPanel>"
    lines = widget.children[1].children
    assert len(lines) == len(panel.alerts)
    place = [alert.decision for alert in panel.alerts].index("columns")
    told, effect, button, said = lines[place].children
    assert "<b>mail" not in told.value + effect.value
    widget.children[0].value = "asked the clinic"
    assert button.description == "do it"
    button.click()
    assert (button.description, "collect" in said.value) == ("undo", True)
    made = decisions.read(project / "decisions", "columns")
    assert made.why == "asked the clinic"
    again = RemedyPanel(found, raw).widget().children[1].children[place]
    assert again.children[2].description == "undo"
    button.click()
    assert button.description == "do it"
    assert read(project, "columns") is None


def test_the_steps_that_used_a_decision_are_named(project, found, raw):
    steps = project / ".mlkit" / "steps"
    steps.mkdir(parents=True)
    text = '[{"depfile": {"decisions": {"columns": null}}}]'
    (steps / "gather.json").write_text(text)
    panel, alerts = panel_of(found, raw)
    assert panel.settle(alerts["id-like", "no"]).startswith("kept: gather and what")


def test_a_run_shows_a_still_note(project, found, raw, monkeypatch):
    panel, _ = panel_of(found, raw)
    shown = []
    monkeypatch.setattr(sys.modules["mlkit.widgets.remedies"], "show", shown.append)
    panel._ipython_display_()
    assert f"{len(panel.alerts)} alerts can be settled" in repr(shown[0])
    monkeypatch.setenv("JPY_SESSION_NAME", "x.ipynb")
    panel._ipython_display_()
    assert repr(shown[1]) == "<RemedyPanel>"
    assert read(project, "columns") is None


def test_nothing_to_settle_is_said(project):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=50), "y": rng.normal(size=50)})
    panel = RemedyPanel(profile(table), table)
    assert "nothing that a click" in repr(panel.widget())
