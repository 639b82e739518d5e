"""The forms of the panel in a real browser: the goal, a step's parameters, a table."""

import tomllib

import pandas as pd
import pytest

from mlkit.core.project import Project
from mlkit.core.schema import Column, Schema
from mlkit.core.store import Store

pytestmark = pytest.mark.slow

DOTS = """\
format = 1
[goal]
question = "Which release?"
[goal.costs."1"]
"1.1" = 2.0  # agreed in May
[goal.costs."1.1"]
"1" = 9.0
"""
WRITE = ".jp-Dialog button:has-text('Write to mlkit.toml')"
FOCUS = ".mlkit-Goal textarea:focus"
WROTE = "**/mlkit/goal?*"
ADD = "[aria-label='Add a cost…']"
QUERY = 'query: str = "SELECT a\\nFROM b"  # what is asked'

SAVE = 'import mlkit as mk\n\nmk.save(rows={"query": query})'


def test_costs_of_many_classes_are_stated_in_the_dialog(lab):
    root = lab.make()
    (root / "mlkit.toml").write_text(DOTS)
    kinds = ("1", "1.1", "2")
    target = Column("y", "category", ("target",), categories=kinds)
    rows = Schema((target,)).attach(pd.DataFrame({"y": pd.array(kinds)}))
    store = Store(Project.open(root).state)
    store.set_refs({"train": store.put(rows, "train")})
    lab.open()
    lab.click("[aria-label='Edit the goal…']")
    lab.see(FOCUS)
    offered = lab.page.locator(f"{ADD} option").all_inner_texts()
    assert offered[1:] == [
        "1 taken for 2",
        "1.1 taken for 2",
        "2 taken for 1",
        "2 taken for 1.1",
    ]
    lab.page.fill(".mlkit-Goal textarea >> nth=0", "Which release next?")
    lab.page.select_option(ADD, label="2 taken for 1.1")
    number = lab.page.locator(".mlkit-Number:has-text('2 taken for 1.1') input")
    for typed in ("", "1,000", "0x10", "1.000,5"):
        number.fill(typed)
        lab.click(WRITE)
        words = f"2 taken for 1.1 cannot be {typed}" if typed else "needs a number"
        lab.see(f".jp-Dialog .mlkit-Card:has-text('{words}')")
        lab.page.wait_for_timeout(1000)  # Lab moves the focus once more
        assert number.evaluate("one => one === document.activeElement"), typed
    lab.picture("goal-refused")
    number.fill("1,5")
    lab.click(WRITE)
    lab.see(".mlkit-Head-question:has-text('Which release next?')")
    text = (root / "mlkit.toml").read_text()
    assert tomllib.loads(text)["goal"] == {
        "question": "Which release next?",
        "costs": {"1": {"1.1": 2.0}, "1.1": {"1": 9.0}, "2": {"1.1": 1.5}},
    }
    assert "# agreed in May" in text
    lab.click("[aria-label='Edit the goal…']")
    lab.click("[aria-label='Remove 1 taken for 1.1']")
    with lab.page.expect_response(WROTE):
        lab.click(WRITE)
    goal = tomllib.loads((root / "mlkit.toml").read_text())["goal"]
    assert goal["costs"] == {"1": {}, "1.1": {"1": 9.0}, "2": {"1.1": 1.5}}


def test_a_parameter_of_several_lines_keeps_them(lab, write):
    path = write(lab.make() / "steps/04_ask.ipynb", QUERY, SAVE)
    lab.open()
    lab.click(".mlkit-Row-main:has-text('ask')")
    field = lab.page.locator("textarea#mlkit-field-query")
    assert field.input_value() == "SELECT a\nFROM b"
    field.press("End")
    lab.page.keyboard.press("Control+End")
    lab.page.keyboard.press("Enter")
    lab.page.keyboard.type("WHERE c")
    lab.see("button:has-text('Write to the notebook')")
    lab.picture("lines")
    field.press("Control+Enter")
    lab.see("button:has-text('Write to the notebook')", state="detached")
    assert "SELECT a\\\\nFROM b\\\\nWHERE c" in path.read_text()
    told = "() => document.activeElement.value === 'SELECT a\\nFROM b\\nWHERE c'"
    lab.page.wait_for_function(told)


def test_a_table_is_shown_with_its_numbers_whole(lab):
    root = lab.make()
    (root / "data/x.csv").write_text(
        "a,b\n" + "".join(f"{1234567890 + k},{k / 7 + 1e6}\n" for k in range(3))
    )
    lab.open()
    lab.click(".mlkit-Row-main:has-text('collect')")
    lab.click(".mlkit-Step button:has-text('Run until here')")
    lab.ended("passed")
    lab.click("#mlkit-tab-artifacts")
    lab.click(".mlkit-List-main:has-text('raw')")
    lab.see(".mlkit-Tab td:has-text('1234567890')")
    cells = lab.page.locator(".mlkit-Tab td")
    assert cells.all_inner_texts() == [
        "1234567890",
        "1000000",
        "1234567891",
        "1000000.143",
        "1234567892",
        "1000000.286",
    ]
    right = "all => all.every(one => getComputedStyle(one).textAlign === 'right')"
    assert cells.evaluate_all(right)
    lab.picture("table")
