"""What a person decides in a notebook of JupyterLab, replayed by the next run."""

import json

import pytest

from tests.lab.page import churn

pytestmark = pytest.mark.slow


def decided(lab, name):
    """Return a decision as its file has it."""
    return json.loads((lab.root / "decisions" / f"{name}.json").read_text())


def replayed(lab, step, name):
    """Return what the last run took for a decision of a step."""
    manifest = (lab.root / "runs/latest/manifest.json").read_text()
    return json.loads(manifest)["steps"][step]["decided"][name]


def keep(lab, why):
    """Give the reason and press the button of the panel in front."""
    lab.page.fill("input[placeholder=why]", why)
    lab.page.press("input[placeholder=why]", "Tab")
    lab.page.keyboard.press("Enter")
    lab.see("text=kept: run the cells below")


def mend(lab, rule, least, severity):
    """Set a rule's upper bound and what it does, by keys."""
    line = lab.page.locator(f".widget-hbox:has(> .widget-checkbox:has-text('{rule}'))")
    line.locator("select").focus()
    lab.page.keyboard.type(severity)
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.type(least)
    lab.page.keyboard.press("Tab")
    return line


def test_too_strict_rule_blocks_until_it_is_mended_in_the_editor(lab):
    churn(lab.root / "data/churn.csv")
    lab.mlkit("new", ".", "--data", "data/churn.csv", "--target", "churn")
    lab.open()
    lab.enter("validate")
    lab.click(".mlkit-Step button:has-text('Run until here')")
    lab.ended("passed")
    lab.run_cells()
    line = mend(lab, "charge range", "60", "block")
    line.locator("text=of 300 rows fail").wait_for()
    lab.picture("contract-strict")
    keep(lab, "nobody pays more")
    (rule,) = [r for r in decided(lab, "contract")["value"] if r.get("max") == 60]
    assert (rule["rule"], rule["severity"]) == ("charge range", "block")
    lab.step("validate", "stale")
    lab.click(".mlkit-RunAsStep")
    lab.ended("blocked")
    lab.step("validate", "blocked")
    lab.see(".mlkit-Findings:has-text('charge range')")
    lab.leave("validate")
    lab.enter("validate")
    lab.picture("contract-blocked")
    lab.run_cells()
    line = mend(lab, "charge range", "150", "block")
    line.locator("text=kept").wait_for()
    lab.picture("contract-mended")
    keep(lab, "the dearest contract costs 120")
    assert decided(lab, "contract")["why"] == "the dearest contract costs 120"
    lab.click(".mlkit-RunAsStep")
    lab.ended("passed")
    lab.step("validate", "fresh")
    taken = replayed(lab, "validate", "contract")
    assert taken["value"] == decided(lab, "contract")["value"]
    assert not taken["default"]
    lab.picture("contract-passed")
