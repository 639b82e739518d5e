"""What widgets say in JupyterLab once the kernel that they came from is gone."""

import pytest

pytestmark = pytest.mark.slow

ASKS = """
import mlkit as mk
import numpy as np
import pandas as pd
from mlkit.core.schema import Column, Schema
from mlkit.widgets import LabelEditor, OptionPicker

ways = {"up": "the long one", "down": "the near one"}
way = mk.decide("way", OptionPicker(ways, "up"))
"""
LABELS = """
words = pd.array(["no", "yes"] * 4 + [None] * 4, "str")
frame = pd.DataFrame({"x": np.arange(12.0), "y": words})
frame.index = pd.Index([f"r{i}" for i in range(12)], dtype="str")
some = Schema((Column("x"), Column("y", "category", ("target",)))).attach(frame)
labels = mk.decide("labels", LabelEditor(some))
"""
LISTED = {"up": "up: the long one", "down": "down: the near one"}
SESSION = "jupyterapp.shell.currentWidget.sessionContext"
RESTART = f"{SESSION}.session.kernel.restart().then(() => true)"
SHUT_DOWN = f"{SESSION}.shutdown().then(() => true)"
GONE = "the kernel was restarted or shut down; run this cell again"


def decisions(root):
    """Return all that is decided, by file."""
    return {path.name: path.read_text() for path in root.glob("decisions/*")}


def test_a_kernel_that_is_gone_is_told_until_the_cell_runs_again(lab, write):
    root = lab.make()
    path = f"{lab.name}/steps/04_pick.ipynb"
    write(root / "steps/04_pick.ipynb", "a: int = 1", ASKS, LABELS)
    lab.open()
    opens = "path => void jupyterapp.commands.execute('docmanager:open', {path})"
    lab.page.evaluate(opens, path)
    menu = ".mlkit-frame select"
    for end, first, second in ((RESTART, "down", "up"), (SHUT_DOWN, "up", "down")):
        lab.run_cells()
        lab.see(".mlkit-labels .mlk-class")
        lab.page.select_option(menu, label=LISTED[first])
        lab.click("button:has-text('Keep this')")
        lab.see("text=kept: run the cells below")
        decided = decisions(root)
        assert f'"{first}"' in decided["way.json"]
        lab.page.evaluate(end)
        lab.page.select_option(menu, label=LISTED[second])
        for _ in range(2):
            lab.click("button:has-text('Keep this')")
            lab.see(f".mlkit-beside [role=alert]:text-is('not kept: {GONE}')")
        assert not lab.page.is_visible("text=kept: run the cells below")
        lab.page.focus(".mlkit-labels")
        for key in "2310":
            lab.page.keyboard.press(key)
        lab.see(f".mlk-status.mlk-bad:text-is('not kept: {GONE}')")
        assert lab.page.inner_text(".mlk-saved.mlk-bad") == "not kept"
        lab.picture(f"gone-{first}")
        assert decisions(root) == decided
    assert lab.wrong == []
