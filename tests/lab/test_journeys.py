"""What a person decides in a notebook of JupyterLab, replayed by the next run."""

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tests.lab.page import churn

pytestmark = pytest.mark.slow


def decided(lab, name):
    """Return a decision as its file has it."""
    return json.loads((lab.root / "decisions" / f"{name}.json").read_text())


def replayed(lab, step, name, project="."):
    """Return what the last run took for a decision of a step."""
    manifest = (lab.root / project / "runs/latest/manifest.json").read_text()
    return json.loads(manifest)["steps"][step]["decided"][name]


def keep(lab, why):
    """Give the reason, and with Enter keep the choice."""
    lab.page.focus("input[placeholder=why]")
    lab.page.keyboard.type(why)
    lab.page.keyboard.press("Enter")
    lab.see("text=kept: run the cells below")


def mend(lab, rule, most, severity):
    """Set a rule's upper bound and what it does, by keys."""
    line = lab.page.locator(f".widget-hbox:has(> .widget-checkbox:has-text('{rule}'))")
    line.locator("select").focus()
    lab.page.keyboard.type(severity)
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.type(most)
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


def digits(folder, known=20, bare=5):
    """Write handwritten noughts, ones and twos: some named by their folder."""
    images, numbers = load_digits(return_X_y=True)
    chosen = []
    for digit in range(3):
        for k, at in enumerate(np.flatnonzero(numbers == digit)[: known + bare]):
            place = folder / str(digit) if k < known else folder
            place.mkdir(parents=True, exist_ok=True)
            grey = 255 - images[at].reshape(8, 8) * 15
            picture = Image.fromarray(grey.astype("uint8")).resize((160, 160))
            picture.save(place / f"{at:04}.png")
            chosen += [(f"{at:04}.png", str(digit))] * (k >= known)
    return dict(chosen)


def test_ten_images_are_labelled_by_keys(lab):
    truth = digits(lab.root / "digits")
    how = ("--data", "digits", "--target", "label", "-p", "clean.duplicates=false")
    lab.mlkit("new", "project", *how)
    lab.mlkit("run", "project", "--until", "clean")
    lab.open("project")
    lab.enter("label")
    lab.run_cells()
    lab.see(".mlkit-labels .mlk-image")
    lab.page.focus(".mlkit-labels")
    given = {}
    for count in range(1, 11):
        file = lab.page.inner_text(".mlk-row span >> nth=0")
        lab.page.wait_for_function(
            "document.querySelector('.mlk-image').naturalWidth > 0"
        )
        if count == 5:
            lab.picture("labels")
            lab.page.focus(".mlkit-labels")
        given[file] = truth[file]
        lab.page.keyboard.press(str(int(truth[file]) + 1))
        lab.see(f".mlk-progress-text:has-text('{count} of 15')")
    lines = (lab.root / "project/decisions/labels.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in lines]
    assert {one["row"]: one["label"] for one in told} == given
    assert len(told) == len(given) == 10
    lab.picture("labelled")
    lab.click(".mlkit-RunAsStep")
    lab.ended("passed")
    lab.step("label", "fresh")
    lab.click("#mlkit-tab-decisions")
    lab.see("text=10 labels by 1 person")
    lab.picture("labels-replayed")
    taken = replayed(lab, "label", "labels", "project")
    assert {row: list(said.values()) for row, said in taken["value"].items()} == {
        row: [label] for row, label in given.items()
    }


def test_picked_threshold_is_replayed(lab):
    churn(lab.root / "data/churn.csv", rows=600)
    quick = ("-p", 'choose.families=["linear"]', "-p", "tune.trials=0")
    how = ("--data", "data/churn.csv", "--target", "churn", *quick)
    lab.mlkit("new", ".", *how)
    lab.mlkit("run", ".", "--until", "evaluate")
    before = replayed(lab, "evaluate", "threshold")
    assert before["default"]
    lab.open()
    lab.enter("evaluate")
    lab.run_cells()
    handle = lab.page.locator(".widget-slider:has-text('threshold') .noUi-handle")
    handle.focus()
    for _ in range(5):
        lab.page.keyboard.press("PageUp")
    lab.page.keyboard.press("ArrowLeft")
    shown = lab.page.inner_text(".widget-slider:has-text('threshold') .widget-readout")
    keep(lab, "a call costs little")
    lab.picture("threshold")
    made = decided(lab, "threshold")
    assert made["value"] == float(shown) != round(before["value"], 3)
    lab.step("evaluate", "stale")
    lab.mlkit("run", ".", "--until", "evaluate")
    taken = replayed(lab, "evaluate", "threshold")
    assert (taken["value"], taken["default"]) == (made["value"], False)
    lab.see(".Toastify__toast:has-text('the run passed')")
    lab.step("evaluate", "fresh")
    lab.click("#mlkit-tab-decisions")
    lab.see("text=a call costs little")
    lab.click(".mlkit-Head button:has-text('Report')")
    frame = lab.page.frame_locator(".mlkit-Page iframe")
    told = frame.locator("details:has-text('a call costs little')").last
    told.locator("summary").click()
    told.locator(f"text={shown}").first.wait_for()
    lab.picture("threshold-reported")
