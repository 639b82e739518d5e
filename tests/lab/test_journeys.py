"""What a person decides in a notebook of JupyterLab, replayed by the next run."""

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tests.lab.page import churn

pytestmark = pytest.mark.slow
WATCHED = ("collect", "validate", "clean", "label", "split", "choose", "tune", "train")
WATCHED += ("evaluate",)


def decided(lab, name):
    """Return a decision as its file has it."""
    return json.loads((lab.project / "decisions" / f"{name}.json").read_text())


def latest(lab):
    """Return what the last run tells of itself."""
    return json.loads((lab.project / "runs/latest/manifest.json").read_text())


def replayed(lab, step, name):
    """Return what the last run took for a decision of a step."""
    return latest(lab)["steps"][step]["decided"][name]


def keep(lab, why):
    """Give the reason, and with Enter keep the choice."""
    lab.page.focus("input[placeholder=why]")
    lab.page.keyboard.type(why)
    lab.page.keyboard.press("Enter")
    lab.see("text=kept: run the cells below")


def launch(lab):
    """Make a project of a table in the dialog that a card of the launcher opens."""
    lab.click(".jp-LauncherCard:has-text('ML workflow')")
    lab.click(".mlkit-Create button:has-text('Browse')")
    lab.click(".jp-Open-Dialog .jp-DirListing-item:has-text('churn.csv')")
    lab.picture("browse")
    lab.click(".jp-Dialog .jp-mod-accept")
    lab.see(".mlkit-Create option[value=churn]", state="attached")
    lab.page.select_option(".mlkit-Create select >> nth=0", "churn")
    lab.see(".mlkit-Create:has-text('Guessed')")
    lab.picture("dialog")
    lab.click(".jp-Dialog button:has-text('Make the project')")
    lab.see(".mlkit-Head-name:has-text('churn_model')")
    lab.step("package", "never")
    lab.project = lab.root / "churn_model"


def watch(lab):
    """Run all that a model needs, and see it go through in the panel."""
    lab.click(".mlkit-Step button:has-text('Run until here')")
    lab.step("collect", "running")
    lab.see(".mlkit-Status-button:has-text('collect')")
    lab.picture("running")
    for step in WATCHED:
        lab.done(step)
    lab.ended("passed")
    lab.notified("the run passed")
    lab.click("#mlkit-tab-artifacts")
    lab.click(".mlkit-List-main:has-text('raw')")
    lab.see(".mlkit-Table th:has-text('contract')")
    lab.picture("artifact")
    lab.click(".mlkit-Head button:has-text('Report')")
    lab.see(".mlkit-Page iframe")
    lab.picture("report")
    lab.click("#mlkit-tab-steps")
    lab.click(".lm-TabBar-tab:has-text('_evaluate')")


def limit(lab, rule, most, said):
    """Let a rule of the contract block above a bound: by keys, and see what it does."""
    line = lab.page.locator(f".widget-hbox:has(> .widget-checkbox:has-text('{rule}'))")
    line.locator("select").focus()
    lab.page.keyboard.type("block")
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.type(most)
    lab.page.keyboard.press("Tab")
    line.locator(f"text={said}").wait_for()


def pick(lab):
    """Set the model's threshold by keys; a run that nobody looks at takes it."""
    before = replayed(lab, "evaluate", "threshold")
    assert before["default"]
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
    lab.leave("evaluate")
    lab.mlkit("run", "churn_model", "--until", "evaluate")
    taken = replayed(lab, "evaluate", "threshold")
    assert (taken["value"], taken["default"]) == (made["value"], False)
    lab.step("evaluate", "fresh")
    lab.click("#mlkit-tab-decisions")
    lab.see(".mlkit-Decision:has-text('a call costs little')")
    lab.click("#mlkit-tab-runs")
    lab.see(f".mlkit-Past-main[title='{latest(lab)['run']}']")
    lab.click(".mlkit-Head button:has-text('Report')")
    frame = lab.page.frame_locator(".mlkit-Page iframe >> visible=true")
    told = frame.locator("details:has-text('a call costs little')").last
    told.locator("summary").click()
    told.locator(f"text={shown}").first.wait_for()
    lab.picture("threshold-reported")
    lab.click("#mlkit-tab-steps")


def tighten(lab):
    """Accept a rule that is too strict, and see the step blocked."""
    lab.enter("validate")
    lab.run_cells()
    limit(lab, "charge range", "60", "of 300 rows fail")
    lab.picture("contract-strict")
    keep(lab, "nobody pays more")
    (rule,) = [r for r in decided(lab, "contract")["value"] if r.get("max") == 60]
    assert (rule["rule"], rule["severity"]) == ("charge range", "block")
    lab.step("validate", "stale")
    lab.click(".mlkit-RunAsStep >> visible=true")
    lab.ended("blocked")
    lab.step("validate", "blocked")
    lab.see(".mlkit-Findings:has-text('charge range')")
    lab.notified("blocked at validate")
    lab.leave("validate")


def widen(lab):
    """Open the notebook that is blocked, mend the rule, and see the step pass."""
    lab.enter("validate")
    lab.picture("contract-blocked")
    lab.run_cells()
    limit(lab, "charge range", "150", "kept")
    lab.picture("contract-mended")
    keep(lab, "the dearest contract costs 120")
    assert decided(lab, "contract")["why"] == "the dearest contract costs 120"
    lab.click(".mlkit-RunAsStep >> visible=true")
    lab.ended("passed")
    lab.step("validate", "fresh")
    assert not lab.page.locator(".mlkit-Step .mlkit-mod-blocked").count()
    taken = replayed(lab, "validate", "contract")
    assert taken["value"] == decided(lab, "contract")["value"]
    assert not taken["default"]
    lab.picture("contract-passed")


def test_person_launches_a_project_and_what_she_decides_is_replayed(lab):
    churn(lab.root / "churn.csv")
    lab.open()
    launch(lab)
    lab.enter("evaluate")
    watch(lab)
    pick(lab)
    tighten(lab)
    widen(lab)


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
    lab.project = lab.root / "project"
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
    lines = (lab.project / "decisions/labels.jsonl").read_text().splitlines()
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
    taken = replayed(lab, "label", "labels")
    assert {row: list(said.values()) for row, said in taken["value"].items()} == {
        row: [label] for row, label in given.items()
    }
