"""What a panel says of the choice that was kept."""

import ipywidgets as w
import pytest

from mlkit.widgets.panel import panel
from tests.clicking import keep


@pytest.fixture
def made():
    """A panel over a box with a field, and what it kept."""
    kept = []
    return panel("Choice", [w.VBox([w.Text()])], kept.append), kept


def said(one):
    return one.children[-2].children[-1].value


def test_a_choice_that_was_kept_is_told_until_another_is_made(made):
    one, kept = made
    box, line, _ = one.children
    keep(one)
    assert said(one) == "kept: run the cells below, this one first"
    box.children[0].value = "other"
    assert said(one) == ""
    keep(one)
    line.children[0].value = "because"
    assert said(one) == ""
    keep(one)
    assert kept == ["", "", "because"]


def test_a_line_that_was_added_is_a_choice_too(made):
    one, _ = made
    box = one.children[0]
    keep(one)
    box.children = [*box.children, w.Checkbox()]
    assert said(one) == ""
    keep(one)
    box.children[1].value = True
    assert said(one) == ""
