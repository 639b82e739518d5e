"""What a person decides with widgets in Notebook 7, where there is no panel."""

import json

import pytest

from tests.lab.page import Lab

pytest.importorskip("notebook", reason="needs the package notebook")
pytestmark = pytest.mark.slow

TABLE = """
import numpy as np
import pandas as pd
import mlkit as mk
from mlkit.core.schema import Column, Schema

x = np.linspace(-2, 2, 80)
words = np.where(x + np.sin(40 * x) > 0, "yes", "no")
frame = pd.DataFrame({"x": x.round(3), "y": pd.array(words, "str")})
frame.index = pd.Index([f"r{i}" for i in range(80)], dtype="str")
whole = Schema((Column("x"), Column("y", "category", ("target",)))).attach(frame)
"""
CONTRACT = """
from mlkit.data.contract import infer
from mlkit.widgets import ContractEditor

rules = mk.decide("contract", ContractEditor(infer(whole), whole))
"""
LABELS = """
from mlkit.widgets import LabelEditor

some = whole.assign(y=whole["y"].where(np.arange(80) < 60))
labels = mk.decide("labels", LabelEditor(Schema.of(whole).attach(some)))
"""
THRESHOLD = """
from mlkit.model.evaluate import evaluate
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from mlkit.widgets import ThresholdPicker

problem = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
judged = evaluate(fit("linear", {}, whole, problem), whole)
threshold = mk.decide("threshold", ThresholdPicker(judged))
"""
RESTART = """
jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => true)
"""
RUN = "void jupyterapp.commands.execute('notebook:run-all-cells')"


@pytest.fixture(scope="module")
def classic(run_server, tmp_path_factory):
    """A server that has Notebook 7."""
    with run_server(tmp_path_factory.mktemp("classic"), "notebook") as one:
        yield one


@pytest.fixture
def page(classic, window, write):
    """A notebook with three widgets, run in Notebook 7."""
    (classic.root / "mlkit.toml").write_text("format = 1\n")
    cells = (TABLE, CONTRACT, LABELS, THRESHOLD)
    write(classic.root / "steps/01_choose.ipynb", "a: int = 1", *cells)
    lab = Lab(classic, window.new_page(), "")
    told = classic.told
    path = f"{told['base']}notebooks/steps/01_choose.ipynb?token={told['token']}"
    lab.page.goto(classic.origin + path)
    lab.see(".jp-NotebookPanel .jp-Cell")
    lab.ready()
    lab.page.evaluate(RUN)
    lab.see(".jp-CodeCell:last-child .jp-InputPrompt:has-text('[5]:')")
    yield lab
    lab.page.close()
    classic.end_kernels()


def kept(lab, name):
    """Return a decision as its file has it."""
    return json.loads((lab.root / f"decisions/{name}.json").read_text())["value"]


def test_widgets_are_used_by_keys_in_notebook_7(page):
    lab, press = page, page.page.keyboard.press
    handle = lab.page.locator(".widget-slider:has-text('threshold') .noUi-handle")
    handle.focus()
    press("PageUp")
    shown = lab.page.inner_text(".widget-slider:has-text('threshold') .widget-readout")
    lab.picture("notebook7-threshold")
    whys = lab.page.locator("input[placeholder=why]")
    whys.last.focus()
    press("Enter")
    lab.see("text=kept: run the cells below")
    assert kept(lab, "threshold") == float(shown)
    line = lab.page.locator(".widget-hbox:has(> .widget-checkbox:has-text('x range'))")
    line.locator("select").focus()
    lab.page.keyboard.type("block")
    lab.picture("notebook7-contract")
    whys.first.focus()
    press("Enter")
    lab.page.wait_for_function(
        "[...document.querySelectorAll('.widget-html')].filter(one =>"
        " one.textContent.includes('kept: run the cells below')).length === 2"
    )
    assert "block" in [rule["severity"] for rule in kept(lab, "contract")]
    lab.page.focus(".mlkit-labels")
    press("1")
    lab.see(".mlk-progress-text:has-text('1 of 20')")
    lab.picture("notebook7-labels")
    lines = (lab.root / "decisions/labels.jsonl").read_text().splitlines()
    assert len(lines) == 1


def decisions(lab):
    """Return all that is decided, by file."""
    return {path.name: path.read_text() for path in lab.root.glob("decisions/*")}


GONE = "not kept: the kernel was restarted or shut down; run this cell again"


def test_after_a_restart_nothing_is_said_to_be_kept(page):
    lab = page
    lab.see(".mlkit-labels .mlk-class")
    lab.click("button:has-text('Keep this') >> nth=0")
    lab.see("text=kept: run the cells below")
    decided = decisions(lab)
    lab.page.evaluate(RESTART)
    lab.see(f".mlk-status.mlk-bad:text-is('{GONE.removeprefix('not kept: ')}')")
    for place in (0, 1):
        lab.click(f"button:has-text('Keep this') >> nth={place}")
        lab.see(f".mlkit-beside [role=alert]:text-is('{GONE}') >> nth={place}")
    assert not lab.page.is_visible("text=kept: run the cells below")
    lab.page.focus(".mlkit-labels")
    lab.page.keyboard.press("1")
    lab.see(f".mlk-status.mlk-bad:text-is('{GONE}')")
    lab.picture("notebook7-restarted")
    assert decisions(lab) == decided
