"""What data, names and files hold is text, whatever it looks like."""

import csv
import html
import json
import random
import re
from pathlib import Path

import pytest

from mlkit.widgets import PLACES
from tests.lab.page import PATIENCE

HERE = Path(__file__).parents[2]

pytestmark = pytest.mark.slow

HURT = "window.hurt=(window.hurt||0)+1"
SHAPES = (
    "<script>{0}</script>",
    "<img src=x onerror={0}>",
    "<svg onload={0}>",
    "<svg><script>{0}</script></svg>",
    "\"><img src=x onerror='{0}'>",
    "'><details open ontoggle={0}>x</details>",
    "<iframe srcdoc='<script>parent.{0}</script>'></iframe>",
    "<a href='javascript:{0}' autofocus onfocus={0}>x</a>",
    "<math><mtext><img src=x onerror={0}></mtext></math>",
    "</script><script>{0}</script>",
    "</textarea></title><body onload={0}>",
    "<input autofocus onfocus={0}>",
    "<video><source onerror={0}></video>",
    "<style>@import 'javascript:{0}'</style><img src onerror={0}>",
    "{{{{constructor.constructor('{0}')()}}}}",
    "${{{0}}}",
    "<object data='javascript:{0}'>",
    "<embed src='javascript:{0}'>",
    "[x](javascript:{0})",
    "![x](x onerror={0})",
)


def payloads():
    """Return two hundred texts that would run as script where nobody escapes."""
    plain = [shape.format(HURT) for shape in SHAPES]
    upper = [text.replace("script", "sCrIpT").replace("img", "IMG") for text in plain]
    slashed = [text.replace(" ", "/", 1) for text in plain]
    coded = [html.escape(text) for text in plain]
    tabbed = [text.replace("javascript:", "java\tscript:") for text in plain]
    more = [
        f"{a}{text}" for a in ("\u2028", "<!--", "]]>", "\\", "`") for text in plain
    ]
    return [*plain, *upper, *slashed, *coded, *tabbed, *more]


def test_text_in_data_names_and_files_never_runs(lab):
    texts = payloads()
    assert len(texts) == 200
    root = lab.make()
    quoted = ['"' + text.replace('"', '""') + '"' for text in texts]
    head = ",".join(["a", *quoted[:40]])
    body = "".join(f"{i},{','.join([text] * 40)}\n" for i, text in enumerate(quoted))
    (root / "data/x.csv").write_text(f"{head}\n{body}")
    settings = "format = 1\n[goal]\nquestion = '''" + texts[0] + "'''\n"
    (root / "mlkit.toml").write_text(settings)
    evil = "<img src=x onerror=hurt=1>"
    (root / f"data/{evil}.csv").write_text("a,b\n1,2\n")
    path = root / "steps/02_clean.ipynb"
    path.rename(path.with_name(f"02_clean{evil}.ipynb"))
    lab.open()
    lab.click(".mlkit-Main")
    lab.ended("passed")
    lab.click(f".mlkit-Row-main:has-text('{evil}')")
    lab.see(".jp-NotebookPanel .jp-Cell")
    lab.click("#mlkit-tab-artifacts")
    for name in ("raw", "clean"):
        lab.click(f".mlkit-List-main:has-text('{name}') >> nth=0")
        lab.see(".jp-MainAreaWidget:not(.lm-mod-hidden) .mlkit-Table")
    lab.click(".mlkit-Head button:has-text('Report')")
    lab.see(".mlkit-Page iframe")
    for tab in ("runs", "decisions", "steps"):
        lab.click(f"#mlkit-tab-{tab}")
    lab.page.wait_for_timeout(1000)
    hurt = [f.evaluate("window.hurt") for f in lab.page.frames if not f.is_detached()]
    assert not any(hurt)


def hostile(path, rows=200):
    """Write a table whose names, ids, cells and labels are all payloads."""
    texts, chance = payloads(), random.Random(0)
    numbers, words, prose, target = texts[:4], texts[4:14], texts[14], texts[15]
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["row", *numbers, *words, prose, target])
        for i in range(rows):
            x = [chance.gauss(0, 1) for _ in numbers]
            some = [texts[20 * k + chance.randrange(20)] for k in range(len(words))]
            some[0] = texts[chance.randrange(2)]  # groups that can be treated
            three = " ".join(chance.choices(texts, k=3))
            label = texts[20 + (x[0] - x[1] + chance.gauss(0, 0.5) > 0)]
            label = "" if i % 40 == 7 else label
            out.writerow([f"{texts[i % 200]} {i}", *x, *some, three, label])
    return target, words[0]


SHOWN = ("collect", "profile", "validate", "clean", "label", "split", "choose")
SHOWN += ("train", "evaluate", "review", "accept")
PASSED = re.compile(r"mk\.(save|gate)\(|[\w.]+\.plot\w*\(")
OTHERS = """
from dataclasses import replace
from mlkit.model.alarms import alarms
from mlkit.model.anomaly import anomaly
from mlkit.product.monitor import monitor
from mlkit.widgets import *
from tests.product.conftest import Loans

raw, train = mk.load("raw"), mk.load("train")
target = evaluation.problem.target
DataExplorer(raw)
---
GoalForm(evaluation.problem)
---
RunProgress()
---
LeakPicker(replace(found, leaks={name: 0.99 for name in raw})).widget([], print)
---
OptionPicker({name: name for name in raw}, target).widget("", print)
---
detection = anomaly(train, ["nearest"], repeats=1)
AlarmPicker(alarms(detection.fit(train), detection, train, valid, repeats=1)).widget(
    0.98, print
)
---
made = Loans(mk.load("package"), "two_classes")
known = raw[raw[target].notna()]
live = made.live(made.table(known.drop(columns=target), known[target]))
DriftExplorer(monitor(live), live)
"""


def shown(project):
    """Return the cells of a project's notebooks that show something to a person."""
    cells = ["import sys", f"sys.path.insert(0, {str(HERE)!r})"]
    for step in SHOWN:
        (path,) = project.glob(f"steps/*_{step}.ipynb")
        code = [
            c for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"
        ]
        sources = ["".join(cell["source"]) for cell in code]
        cells += [one for one in sources if not PASSED.match(one)]
    return [*cells, *OTHERS.split("---\n")]


ASKED = {"columns", "contract", "cleaning", "families", "mitigation", "threshold"}
ASKED |= {"limits", "to_label"}
KEYS = {
    "select": "End",
    "input[type=checkbox]": "Space",
    ".noUi-handle": "ArrowRight",
    "button": "Enter",
}


OPEN = """
path => jupyterapp.commands.execute('docmanager:open', {path}).then(() => true)
"""


def decided(root):
    """Return the names of what was decided."""
    return {path.stem for path in root.glob("decisions/*")}


def touch(page):
    """Use some controls of every widget by keys, with payloads as reasons."""
    widgets = page.locator(".mlkit-frame, .mlkit-labels, .mlkit-explorer").all()
    for widget, text in zip(widgets, payloads(), strict=False):
        for why in widget.locator("input[placeholder=why]").all():
            why.fill(text)
        for part, key in KEYS.items():
            for one in widget.locator(part).all()[-3:]:
                if one.is_visible() and one.is_enabled():
                    one.focus()
                    page.keyboard.press(key)


def test_text_in_what_widgets_show_never_runs(lab, write):
    lab.root.joinpath("data").mkdir()
    data = f"data/<img src=x onerror={HURT}>.csv"
    target, sensitive = hostile(lab.root / data)
    roles = json.dumps({sensitive: "sensitive"})
    quick = ('choose.families=["linear"]', "tune.trials=0", "review.refits=0")
    given = [("-p", one) for one in (*quick, f"collect.roles={roles}")]
    how = ("--data", data, "--target", target, *sum(given, ()))
    lab.mlkit("new", ".", *how)
    lab.mlkit("run", ".", "--until", "package")
    path = write(lab.root / "Untitled.ipynb", *shown(lab.root))
    lab.open()
    lab.page.evaluate(OPEN, f"{lab.name}/Untitled.ipynb")
    lab.idle()
    lab.run_cells()
    lab.save()
    outputs = [o for c in json.loads(path.read_text())["cells"] for o in c["outputs"]]
    assert [o["evalue"] for o in outputs if o["output_type"] == "error"] == []
    names = {"".join(o.get("data", {}).get("text/plain", "")) for o in outputs}
    assert {f"<{name}>" for name in PLACES} <= names
    cells = lab.page.locator(".jp-Cell").count()
    touch(lab.page)
    for _ in range(PATIENCE // 500):
        if decided(lab.root) >= ASKED:
            break
        lab.page.wait_for_timeout(500)
    assert decided(lab.root) >= ASKED
    lab.idle()
    assert lab.page.locator(".jp-Cell").count() == cells
    lab.click("#mlkit-tab-decisions")
    lab.see("#mlkit-panel >> text=threshold")
    report = lab.page.context.new_page()
    report.goto((lab.root / "runs/latest/report.html").as_uri())
    report.wait_for_load_state()
    for page in (lab.page, report):
        assert not any(frame.evaluate("window.hurt") for frame in page.frames)
    unescaped = "text => document.body.insertAdjacentHTML('beforeend', text)"
    lab.page.evaluate(unescaped, payloads()[1])
    lab.page.wait_for_function("window.hurt")  # the page would have let it run
