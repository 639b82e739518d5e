"""Advice names what can help: repeats where an interval rests on them, not rows."""

import pytest

from mlkit.model.judging.advice import of_gap, of_metric


@pytest.mark.parametrize("name", ["stability", "replication"])
def test_what_rests_on_repeats_is_shown_by_more_of_them(name):
    told = of_metric(name, 100, 0.7, 0.6, 0.65, "cluster")
    assert told.endswith("about 4.0 times as many `repeats` would show it")
    assert "hold-out" not in told
    assert "no number of `repeats`" in of_metric(name, 9, 0.7, 0.5, 0.699, "cluster")
    assert "leave out columns" in of_metric(name, 100, 0.5, 0.4, 0.65, "cluster")


def test_what_rests_on_rows_is_shown_by_more_of_them():
    told = of_metric("silhouette", 100, 0.7, 0.6, 0.65, "cluster")
    assert "400 hold-out rows" in told
    assert "hold-out" in of_metric("alarms", 100, 0.01, 0.05, 0.03, "anomaly")


@pytest.mark.parametrize("name", ["planted", "alarms", "recall", "average_precision"])
def test_a_detector_is_helped_by_what_its_recipe_has(name):
    value, limit, bar = (0.2, 0.3, 0.1) if name == "alarms" else (0.5, 0.4, 0.8)
    told = of_metric(name, 100, value, limit, bar, "anomaly")
    assert "threshold in `alarms`" in told
    assert "tune" not in told


def test_no_hold_out_row_helps_where_rows_are_planted():
    assert "hold-out" not in of_metric("planted", 100, 0.55, 0.48, 0.5, "anomaly")


@pytest.mark.parametrize("kind", ["number", "count", "many_classes", "ordered"])
def test_only_a_mitigation_that_can_be_had_is_advised(kind):
    ends = 300, 0.5, 0.6, 0.1
    told = of_gap(*ends, "reweighing", "sex = f", kind)
    assert "reweighing is on and not enough" in told
    assert "mlkit decide" not in told
    assert "leave out columns" in told
    assert "sex = f" in told
    two = of_gap(*ends, "reweighing", "sex = f", "two_classes")
    assert "mlkit decide mitigation exponentiated_gradient" in two
