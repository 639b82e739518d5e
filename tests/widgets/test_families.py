from __future__ import annotations

import ipywidgets as w
import pytest

from mlkit.core.errors import InputError
from mlkit.model.problem import Problem
from mlkit.model.shortlist import Candidate, Shortlist
from mlkit.model.tune import tune
from mlkit.widgets import FamilyPicker

PROBLEM = Problem("two_classes", "<b>y</b>", "roc_auc", ("no", "yes"), ("x",))


def candidate(name, score, problem=""):
    formats = ("onnx", "pmml", "pfa")
    return Candidate(
        name, name.title(), score, 0.01, (score,), False, False, formats, 9, problem
    )


@pytest.fixture
def shortlist():
    listed = (
        candidate("boosting", 0.9),
        candidate("forest", 0.88),
        candidate("linear", 0.85),
        candidate("dummy", 0.5),
    )
    return Shortlist(PROBLEM, listed, "boosting", "boosting", 0.0, 100, 5)


def test_by_default_nothing_changes(shortlist):
    editor = FamilyPicker(shortlist)
    assert editor.settled
    found = shortlist.decided(editor.value)
    assert found == shortlist
    assert repr(editor.picture(editor.value)) == (
        "no family is crossed out or insisted on"
    )


def test_what_is_crossed_out_is_not_chosen_and_the_price_is_told(shortlist):
    found = shortlist.decided({"out": ["boosting"]})
    assert found.chosen == "forest"
    assert found.crossed_out == ("boosting",)
    assert found.gap == pytest.approx(0.02)
    assert "crossed out by hand: boosting" in found.notes
    assert Shortlist.from_dict(found.to_dict()) == found
    assert repr(found.plot()).startswith("<Picture")


def test_one_may_be_insisted_on_at_a_price_that_is_told(shortlist):
    found = shortlist.decided({"out": ["linear"], "insist": "linear"})
    assert found.chosen == found.insisted == "linear"
    assert found.crossed_out == ()
    assert "Linear is insisted on; Boosting scored better by 0.05" in found.notes


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"insist": "neural"}, "was insisted on, but not compared"),
        (
            {"out": ["boosting", "forest", "linear", "dummy"]},
            "all families are crossed",
        ),
    ],
)
def test_a_choice_that_cannot_be_is_said_so(shortlist, choice, words):
    with pytest.raises(InputError, match=words):
        shortlist.decided(choice)


def test_a_person_unticks_picks_and_keeps(shortlist):
    kept = []
    editor = FamilyPicker(shortlist)
    panel = editor.widget(editor.value, lambda value, why: kept.append((value, why)))
    boxes = [one for one in panel.children if isinstance(one, w.Checkbox)]
    assert [box.value for box in boxes] == [True, True, True]
    assert "&lt;b&gt;y&lt;/b&gt;" in panel.children[0].value
    boxes[1].value = False
    menu = next(one for one in panel.children if isinstance(one, w.Dropdown))
    menu.value = "linear"
    why, button, _ = panel.children[-2].children
    why.value = "it has to be explained"
    button.click()
    assert kept == [({"out": ["forest"], "insist": "linear"}, "it has to be explained")]
    assert repr(panel) == "<FamilyPicker>"
    told = repr(editor.picture(kept[0][0]))
    assert told == "Linear is insisted on\ncrossed out: Forest"


def test_the_search_tries_only_what_was_insisted_on(shortlist):
    import numpy as np
    import pandas as pd

    from mlkit.core.schema import Column, Schema

    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, 80)
    answer = np.where(x + rng.normal(0, 1, 80) > 0, "yes", "no")
    table = pd.DataFrame({"x": x, "<b>y</b>": answer})
    table.index = pd.Index([f"r{at}" for at in table.index], dtype="str")
    columns = (Column("x"), Column("<b>y</b>", "category", ("target",)))
    Schema(columns).attach(table)
    picked = shortlist.decided({"insist": "linear"})
    for seconds in (0.0, 600.0):
        found = tune(table, picked, 0, seconds=seconds)
        assert {one.family for one in found.attempts} == {"linear"}
    crossed = shortlist.decided({"out": ["boosting", "forest"]})
    found = tune(table, crossed, 0)
    assert {one.family for one in found.attempts} == {"linear"}
