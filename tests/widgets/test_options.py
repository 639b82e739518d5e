"""Menus of what was tried, and the slider of alarms, record what a person takes."""

import pytest

from mlkit.model.alarms import Alarms
from mlkit.model.problem import Problem
from mlkit.widgets import AlarmPicker, OptionPicker


def press(panel):
    panel.children[-2].children[1].click()


def test_a_menu_records_the_name_that_is_taken():
    kept = []
    picker = OptionPicker({"kmeans 2": "two", "kmeans 3": "three"}, "kmeans 2")
    assert picker.value == ""
    assert "kmeans 2 is taken" in repr(picker.picture(""))
    assert "kmeans 3 is insisted on" in repr(picker.picture("kmeans 3"))
    made = picker.widget("", lambda value, why: kept.append((value, why)))
    made.children[0].value = "kmeans 3"
    press(made)
    assert kept == [("kmeans 3", "")]


def test_the_slider_of_alarms_records_a_rank():
    ranks = tuple(k / 100 for k in range(100))
    planted = {"far": (0.99,) * 10, "mixed": (0.5,) * 10}
    problem = Problem("anomaly", "anomaly", "average_precision", ("usual", "odd"))
    found = Alarms(problem, "x", 100, 0.02, 0.98, ranks, planted)
    kept = []
    picker = AlarmPicker(found, 5000)
    assert picker.value == 0.98
    assert "about 100 alarms a day" in repr(picker.picture(0.98))
    made = picker.widget(0.98, lambda value, why: kept.append(value))
    made.children[0].value = 5.0
    assert "5 alarms in 100 rows" in made.children[1].value
    press(made)
    assert kept == [pytest.approx(0.95)]
