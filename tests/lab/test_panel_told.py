"""What the panel and its tabs say of metrics, verdicts and trials, in a browser."""

import pytest

pytestmark = pytest.mark.slow

MONITOR = """
import mlkit as mk


class Health(dict):
    headline = {"word": "retrain", "sentence": "the score fell", "tone": "bad"}


numbers = {"roc_auc": score, "rmse_train": 2.0}
mk.save(health=Health(a=1), scores={"metrics": numbers})
"""


def test_metrics_verdicts_and_trials_are_told_as_in_the_report(lab, write):
    root = lab.make()
    write(root / "steps/04_monitor.ipynb", "score: float = 0.8", MONITOR)
    lab.open()
    lab.click(".mlkit-Main")
    lab.ended("passed")
    lab.see(".mlkit-Row:has-text('monitor') .mlkit-Tag:text-is('retrain')")
    assert lab.page.locator(".mlkit-Graph .mlkit-Tag").count() == 1
    lab.click(".mlkit-Row-main:has-text('monitor')")
    lab.see(".mlkit-Step-said:text-is('the score fell')")
    lab.picture("verdict")
    lab.mlkit("run", "-p", "monitor.score=0.9", "--only", "monitor")
    lab.click("#mlkit-tab-runs")
    lab.see(".mlkit-Past-how:text-is('trial · retrain · ROC AUC 0.9')")
    for row in (0, 1):
        lab.click(f".mlkit-Past input >> nth={row}")
    lab.click("button:has-text('Compare the two')")
    lab.see(".mlkit-Compare td:has-text('ROC AUC')")
    lab.picture("compared")
    lab.click(".mlkit-Compare tr:has-text('scores') button >> nth=1")
    lab.see(".mlkit-Tab-title:text-is('scores')")
    lab.see(".mlkit-Tiles dt:text-is('ROC AUC')")
    lab.see(".mlkit-Help:has-text('in a trial')")
    lab.picture("of_a_trial")
