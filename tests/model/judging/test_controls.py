from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlkit.core.schema import Schema
from mlkit.model.fitted import fit
from mlkit.model.judging.bars import read
from mlkit.model.judging.controls import of_controls
from mlkit.model.problem import Problem
from mlkit.model.review import review

BAR = {"shuffled_input": 0.1}


def found(make, *, cheats=False, count=400):
    """Review an honest model, or one that knows its rows by their order."""
    table = make("two_classes", count)
    half = count // 2
    train, valid = table.iloc[:half], table.iloc[half:]
    model = fit("linear", {}, train, Problem.of(train))
    if cheats:
        model.predicted = lambda rows: np.eye(2)[model.problem.truth(rows)]
    return review(model, train, valid, repeats=2, refits=0)


def states(review, bars):
    return [(f.state, f.blocks) for f in of_controls(review, bars)]


def test_an_honest_model_passes_with_a_bar_and_without(make):
    honest = found(make)
    assert states(honest, {}) == [("passed", False)]
    assert states(honest, {"shuffled_input": 0.3}) == [("passed", False)]
    assert read(honest.problem, BAR) == BAR
    (one,) = of_controls(honest, {})
    assert one.got.startswith("on validation rows ")


def test_a_model_that_knows_the_answer_from_elsewhere_is_found(make):
    cheat = found(make, cheats=True)
    assert cheat.robustness.controls[0].suspicious
    assert states(cheat, {}) == [("not_assessed", False)]
    (one,) = of_controls(cheat, {})
    assert "shuffled_input" in one.help
    assert "order of the rows" in one.help
    assert states(cheat, BAR) == [("missed", True)]


def test_a_bar_is_met_by_the_limit(make):
    (one,) = of_controls(found(make), {"shuffled_input": 0.0})
    assert one.state == "missed"
    assert "too few rows" in one.help


@pytest.mark.parametrize("bars", [{}, BAR])
def test_what_was_not_tried_is_no_pass(make, bars):
    few = replace(found(make), robustness=None)
    assert states(few, bars) == [("not_assessed", bool(bars))]
    tiny = found(make, count=40)
    assert states(tiny, bars) == [("not_assessed", bool(bars))]


@pytest.mark.parametrize("bars", [{}, BAR])
def test_what_cannot_be_measured_is_no_pass(make, bars):
    table = make("two_classes")
    model = fit("linear", {}, table, Problem.of(table))
    alone = Schema.of(table).attach(table[table["answer"] == "no"])
    looked = review(model, table, alone, repeats=2, refits=0)
    assert looked.robustness.controls == ()
    (one,) = of_controls(looked, bars)
    assert (one.state, one.blocks) == ("not_assessed", bool(bars))
    assert "in which ROC AUC is defined" in one.got


def test_too_few_rows_are_said_to_be_too_few(make):
    (one,) = of_controls(found(make, count=40), {})
    assert "thirty validation rows" in one.got
