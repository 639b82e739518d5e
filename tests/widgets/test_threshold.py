from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlkit.model.evaluate import evaluate
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.widgets import LeakPicker, ThresholdPicker


@pytest.fixture(scope="module")
def evaluation():
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    y = np.where(x + rng.normal(0, 0.7, 300) > 0, "yes", "no").astype(str)
    table = pd.DataFrame({"x": x, "y": y})
    problem = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
    return evaluate(fit("linear", {}, table, problem), table)


def children(widget):
    return {type(one).__name__: one for one in _walk(widget)}


def parts_of(widget):
    return {getattr(one, "description", ""): one for one in _walk(widget)}


def _walk(widget):
    for one in getattr(widget, "children", ()):
        yield one
        yield from _walk(one)


def test_the_default_is_what_costs_say(evaluation):
    picker = ThresholdPicker(evaluation)
    assert picker.value == evaluation.threshold
    assert picker.seen == ThresholdPicker(evaluation).seen
    other = replace(evaluation, costs={"false_alarm": 1.0, "miss": 9.0})
    assert picker.seen != ThresholdPicker(other).seen
    assert repr(picker.picture(0.3)).startswith("<Picture")


def test_a_person_moves_the_slider_and_keeps_it_with_a_reason(evaluation):
    kept = []
    picker = ThresholdPicker(evaluation)
    panel = picker.widget(0.5, lambda value, why: kept.append((value, why)))
    assert repr(panel) == "<ThresholdPicker>"
    parts = children(panel)
    before = parts["Image"].value
    parts["FloatSlider"].value = 0.25
    assert parts["Image"].value != before
    assert bytes(before).startswith(b"\x89PNG")
    parts["Text"].value = "misses are dear"
    parts_of(panel)["Keep this"].click()
    assert kept == [(0.25, "misses are dear")]


def test_only_so_many_may_be_flagged(evaluation):
    picker = ThresholdPicker(evaluation)
    at = picker.within(0.1)
    flagged, _, missed = picker.words(at).split(" · ")[1].split(", ")
    assert int(flagged.split()[0]) <= 30
    assert int(missed.split()[0]) > 0
    panel = picker.widget(0.5, print)
    parts = {getattr(w, "description", ""): w for w in _walk(panel)}
    parts["flag at most %"].value = 10
    parts["cheapest such"].click()
    assert parts["threshold"].value == at


def test_that_no_threshold_flags_so_few_is_said_once(evaluation):
    thresholds = dict(evaluation.curves["thresholds"])
    thresholds["hits"] = [thresholds["positive"]] * 1001
    made = {**evaluation.curves, "thresholds": thresholds}
    panel = ThresholdPicker(replace(evaluation, curves=made)).widget(0.5, print)
    parts = {getattr(w, "description", ""): w for w in _walk(panel)}
    (line,) = (w for w in _walk(panel) if "cost a" in str(getattr(w, "value", "")))
    parts["flag at most %"].value = 1
    for _ in range(2):
        parts["cheapest such"].click()
        assert line.value.count("<br>no threshold flags at most 1% of rows: ") == 1
    parts["flag at most %"].value = 100
    parts["cheapest such"].click()
    assert "<br>" not in line.value


def test_groups_are_told_at_the_threshold(evaluation):
    counts = evaluation.curves["thresholds"]
    grouped = replace(evaluation, groups={"sex = f": counts, "sex = <m>": counts})
    picture = ThresholdPicker(grouped).picture(0.4)
    plain = ThresholdPicker(evaluation).picture(0.4)
    assert picture.get_figheight() > plain.get_figheight()
    words = [t.get_text() for ax in _axes(picture) for t in ax.get_yticklabels()]
    assert "sex = f  (300)" in words


def _axes(picture):
    return picture.get_axes() + [a for f in picture.subfigs for a in f.get_axes()]


def test_there_may_be_nothing_to_set(evaluation):
    picker = ThresholdPicker(replace(evaluation, threshold=None))
    assert picker.value is None
    assert "no threshold to set" in repr(picker.picture(None))
    assert "no threshold" in picker.widget(None, print)._repr_html_()


def test_leaks_are_ticked(evaluation):
    review = Review(evaluation.problem, 1, 0.0, 0.0, (), leaks={"<x>": 0.999, "z": 1.0})
    picker = LeakPicker(review)
    assert picker.value == []
    assert "&lt;x&gt; alone scores 0.999" in picker.picture([])._repr_html_()
    kept = []
    panel = picker.widget(["z"], lambda value, why: kept.append((value, why)))
    boxes = [one for one in _walk(panel) if type(one).__name__ == "Checkbox"]
    assert [box.value for box in boxes] == [False, True]
    boxes[0].value = True
    children(panel)["Button"].click()
    assert kept == [(["<x>", "z"], "")]


def test_no_leaks_are_said(evaluation):
    picker = LeakPicker(Review(evaluation.problem, 1, 0.0, 0.0, ()))
    assert repr(picker.picture([])) == "no feature alone gives y away"
