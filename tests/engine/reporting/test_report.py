"""The report of a run: all there, all escaped, under a strict policy."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from mlkit.core import decisions
from mlkit.core.errors import UsageError
from mlkit.core.files import write_json
from mlkit.core.project import Project
from mlkit.engine.reporting.look import look
from mlkit.engine.reporting.report import write

PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01"
).decode()
RUN, OLD = "20260102-030405-abcd", "20260101-030405-abcd"
HOSTILE = [
    "<script>alert(1)</script>",
    "</style><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "' onmouseover='alert(4)",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(5)",
    "https://example.org/x.js",
    "</title></svg><iframe src=//example.org>",
    "--><b>",
    "]]>",
    "\x1b[31mred\x07 \u202eturned \ud800",
]


def verdict(state, text=str):
    finding = {
        "bar": text("ROC AUC at least 0.8"),
        "state": state,
        "got": text("0.78"),
        "need": text("0.8"),
        "help": text("more rows"),
        "required": False,
    }
    return {"title": text("May it leave?"), "state": "", "findings": [finding]}


def facts(state="passed", **changes):
    found = {
        "state": state,
        "why": "split is stale: parameter test_size changed from 0.2 to 0.3",
        "seconds": 1.25,
        "run": RUN,
        "notebook": f"runs/{RUN}/06_split.ipynb",
        "parameters": {"test_size": "0.3", "api_key": "'s3cr3t'"},
        "decided": {"threshold": {"value": 0.4, "default": True, "seen": ""}},
        "verdict": None,
        "overruled": False,
        "error": None,
        "saves": {
            "test": {
                "identity": "table-" + "0" * 64,
                "summary": "69 rows × 8 columns",
                "sealed": True,
                "metrics": {"roc_auc": 0.8391},
            }
        },
        "distributions": {"numpy": "2.4.6", "import foo": None},
        "python": "3.11.7",
    }
    return found | changes


def notebook(path, picture=True, text=str):
    shown = {"image/png": PNG, "text/html": text("<b>raw</b>")}
    words = {"output_type": "stream", "name": "stdout", "text": text("last words")}
    plot = {"output_type": "display_data", "data": shown, "metadata": {}}
    cells = [
        {
            "cell_type": "markdown",
            "source": f"# {text('Parts')}\n\n{text('Set aside.')}",
        },
        {"cell_type": "code", "source": "x", "outputs": [plot] if picture else [words]},
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells}))


class Fake:
    """A project whose last run is written by hand."""

    def __init__(self, root):
        self.root, self.folder = root, root / "runs" / RUN
        (self.folder / "snapshot" / "decisions").mkdir(parents=True)
        (root / "mlkit.toml").write_text("format = 1\n")
        self.goal(question="Who will leave?", metric="roc_auc")

    def goal(self, bars="", **texts):
        lines = [f"{key} = {json.dumps(text)}" for key, text in texts.items()]
        path = self.folder / "snapshot" / "mlkit.toml"
        path.write_text("\n".join(["format = 1", "[goal]", *lines, bars]))

    def write(self, steps, state="passed", graph=None, **changes):
        names = list(steps)
        graph = graph or {
            name: {
                "parents": names[max(0, at - 1) : at],
                "loads": [],
                "saves": [],
                "notebook": f"steps/{name}.ipynb",
            }
            for at, name in enumerate(names)
        }
        manifest = {
            "run": RUN,
            "state": state,
            "variant": "main",
            "began": 1767322445.0,
            "seconds": 75.5,
            "given": {},
            "graph": graph,
            "steps": steps,
        }
        write_json(self.folder / "manifest.json", manifest | changes)
        path = write(Project.open(self.root), self.folder)
        return path.read_text(encoding="utf-8")


@pytest.fixture
def fake(tmp_path):
    return Fake(tmp_path / "house")


class Strict(HTMLParser):
    """Notes tags, attributes and text; tags must close in order."""

    VOID = frozenset({"meta", "img", "circle", "path", "rect"})

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.open, self.text = set(), [], [], []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text.append(data)

    def values(self, name):
        return [value for key, value in self.attributes if key == name]


ALLOWED = """
html head meta title style body a header main nav footer section article
h1 h2 p div span b em small time code pre dl dt dd ul li
table caption thead tbody tr th td details summary figure figcaption img
svg g path circle rect text
"""


def check(page):
    """Hold a page against what any report must keep."""
    found = Strict(page)
    assert found.tags <= set(ALLOWED.split())
    assert not [key for key, _ in found.attributes if key.startswith("on")]
    assert not found.values("style")
    for target in found.values("href"):
        assert re.fullmatch(r"#[\w-]+|[\w./%~-]+", target), target
    assert all(s.startswith("data:image/png;base64,") for s in found.values("src"))
    assert not found.values("xlink:href")
    return found


def test_the_policy_forbids_all_but_the_pages_own_style_and_pictures(fake):
    page = fake.write({"split": facts()})
    style = re.search(r"<style>(.*?)</style>", page, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(v for v in check(page).values("content") if "default-src" in v)
    assert policy.split("; ") == [
        "default-src 'none'",
        "img-src data:",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert page.index("Content-Security-Policy") < page.index("<style>")
    assert "@import" not in style
    assert "url(" not in style


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_every_field_stays_text(fake, text):
    def say(_):
        return text

    notebook(fake.folder / "06_split.ipynb", text=say)
    error = {"type": text, "message": text, "cell": 1, "todo": text}
    told = {"word": text, "sentence": text, "tone": text}
    saves = {text: {"identity": "json-x", "summary": text, "metrics": {text: 0.5}}}
    saves[text]["headline"] = told
    step = facts(
        "failed",
        why=text,
        error=error,
        verdict=verdict("missed", say),
        overruled=True,
        saves=saves,
        parameters={text: text},
        decided={"threshold": {"value": text, "default": False, "seen": "a"}},
        distributions={text: text},
        python=text,
        notebook=f"runs/{RUN}/06_split.ipynb",
    )
    made = decisions.Decision("x", text, text, text, text, "b")
    form = {k: getattr(made, k) for k in ("value", "by", "at", "why", "seen")}
    for name in ("threshold", "overrule_split"):
        path = fake.folder / "snapshot" / "decisions" / f"{name}.json"
        path.write_text(json.dumps(form))
    safe = (
        text.encode("utf-8", "replace").decode().replace("\x1b", "").replace("\x07", "")
    )
    safe = json.dumps(safe, ensure_ascii=False).replace("\\u", "")
    fake.goal(f"[goal.bars]\n{safe} = 1")
    graph = {
        text: {"parents": [], "loads": [], "saves": [], "notebook": text},
        "b": {"parents": [text], "loads": [], "saves": [], "notebook": ""},
    }
    steps = {text: step, "b": facts("skipped", why=text)}
    steps = json.loads(json.dumps(steps).replace("\\ud800", "?"))
    graph = json.loads(json.dumps(graph).replace("\\ud800", "?"))
    page = fake.write(steps, "failed", graph, given={text.replace("\ud800", "?"): {}})
    found = check(page)
    words = "".join(found.text)
    assert "49" not in words
    assert "\x1b" not in page
    assert "\u202e" not in page
    if text.isprintable():
        assert text in words


def test_pictures_are_embedded_with_words_for_who_cannot_see(fake):
    notebook(fake.folder / "06_split.ipynb")
    found = check(fake.write({"split": facts()}))
    assert found.values("src") == [f"data:image/png;base64,{PNG}"]
    assert found.values("alt") == ["Set aside. (picture of the step split)"]
    assert "<b>raw</b>" not in "".join(found.text)


def test_what_claims_to_be_a_picture_and_is_none_is_left_out(fake):
    path = fake.folder / "06_split.ipynb"
    notebook(path)
    fakes = base64.b64encode(b"<svg onload=alert(1)>").decode()
    path.write_text(path.read_text().replace(PNG, fakes))
    assert not check(fake.write({"split": facts()})).values("src")


def test_without_a_picture_the_last_words_stand(fake):
    notebook(fake.folder / "06_split.ipynb", picture=False)
    assert "last words" in "".join(check(fake.write({"split": facts()})).text)


def cell(tags, *outputs, text="", **metadata):
    """Return a text, and below it a cell that shows pictures (bytes) and words."""
    made = []
    for shown in outputs:
        png = base64.b64encode(base64.b64decode(PNG) + shown).decode()
        data = {"image/png": png, "text/plain": "<Picture>"}
        if shown.startswith(b"card"):
            data = {"text/html": "<b>card</b>", "text/plain": shown.decode()}
        about = {"image/png": metadata} if metadata else {}
        made.append({"output_type": "display_data", "data": data, "metadata": about})
    code = {"cell_type": "code", "source": "x", "outputs": made}
    code["metadata"] = {"tags": tags}
    return [{"cell_type": "markdown", "source": text}, code]


def looked(path, *pairs):
    """Look at a notebook; return what was added to its picture, and the words."""
    path.write_text(json.dumps({"cells": [c for pair in pairs for c in pair]}))
    seen = look(path)
    if seen.picture is None:
        return None, seen.words
    png = base64.b64decode(seen.picture.source.partition(",")[2])
    return png.removeprefix(base64.b64decode(PNG)), seen.words


def test_the_key_cell_is_shown_else_the_last_picture_that_is_not_empty(tmp_path):
    path = tmp_path / "a.ipynb"
    first, last = cell([], b"first"), cell([], b"last")
    key, empty = cell(["key"], b"key"), cell([], b"none", empty=True)
    assert looked(path, first, last, empty) == (b"last", "")
    assert looked(path, first, key, last) == (b"key", "")
    said = cell(["key"], b"card: retrain\n  why")
    assert looked(path, first, said, key, last) == (b"key", "card: retrain\n  why")
    assert looked(path, first, said) == (None, "card: retrain\n  why")
    nothing = cell(["key"], b"none", empty=True)
    assert looked(path, first, nothing, last) == (b"last", "")
    assert looked(path, nothing, empty) == (None, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("## Bars\n\nA bar each: green ones. More.", "A bar each: green ones."),
        (
            "## Bars\nA line that\ngoes on, e.g. so. More.",
            "A line that goes on, e.g. so.",
        ),
        ("## Bars", "Bars"),
        ("The **files**:", "The files"),
        ("", ""),
    ],
)
def test_a_caption_is_a_whole_sentence(tmp_path, text, said):
    path = tmp_path / "a.ipynb"
    looked(path, cell([], b"x", text=text))
    assert look(path).picture.alt == said


def test_what_a_step_comes_to_is_said_before_that_it_passed(fake):
    said = {"word": "retrain", "sentence": "ROC AUC fell to 0.6.", "tone": "bad"}
    saves = {"health": {"identity": "record-x", "summary": "", "headline": said}}
    page = fake.write({"monitor": facts(saves=saves)})
    text = [" ".join(t.split()) for t in check(page).text if t.strip()]
    word = text.index("Retrain", 1)
    assert text[word : word + 2] == ["Retrain", "ROC AUC fell to 0.6."]
    assert text[word + 2] == "So says monitor. Every step is done."
    assert '<section class="verdict bad"' in page
    assert "Passed" not in text
    assert text.count("Retrain") == 2
    failed = facts("failed", error={"type": "X", "message": "no", "cell": None})
    page = fake.write({"monitor": facts(saves=saves), "retrain": failed}, "failed")
    assert '<section class="verdict failed"' in page


@pytest.mark.parametrize(
    ("variant", "says"),
    [
        ("main", "A model is packaged and ready to use."),
        ("challenger", "A model is packaged and ready to use."),
        ("v0123456789ab", "a trial’s cannot be champion: to use it, write the trial’s"),
    ],
)
def test_a_package_is_ready_to_use_where_it_may_be_champion(fake, variant, says):
    saves = {"package": {"identity": "folder-x", "summary": ""}}
    page = fake.write({"package": facts(saves=saves)}, variant=variant)
    words = " ".join("".join(check(page).text).split())
    assert says in words
    assert ("ready to use" in words) == ("ready to use" in says)


@pytest.mark.parametrize(
    "content", [None, "", "{", "[]", '{"cells": 3}', '{"cells": [1]}']
)
def test_a_notebook_that_is_gone_or_torn_leaves_a_report(fake, content):
    if content is not None:
        (fake.folder / "06_split.ipynb").write_text(content)
    assert "split" in fake.write({"split": facts()})


def test_links_are_relative_and_stay_inside_the_project(fake):
    notebook(fake.root / "runs" / OLD / "0 a#b?.ipynb")
    (fake.root.parent / "secret.ipynb").write_text("{}")
    kept = facts("kept", notebook=f"runs/{OLD}/0 a#b?.ipynb")
    out = facts(notebook="../secret.ipynb")
    found = check(fake.write({"split": kept, "tune": out}))
    links = [href for href in found.values("href") if not href.startswith("#")]
    assert links == [f"../{OLD}/0%20a%23b%3F.ipynb"]


@pytest.mark.parametrize(
    ("state", "step", "says"),
    [
        ("passed", facts(), ["Passed", "Every step is done."]),
        (
            "blocked",
            facts("blocked", verdict=verdict("missed")),
            ["Blocked at split", "Not reached: ROC AUC at least 0.8.", "more rows"],
        ),
        (
            "failed",
            facts(
                "failed",
                error={"type": "ValueError", "message": "a\nb", "cell": 1, "todo": "c"},
            ),
            ["Failed at split", "ValueError: a", "What to do", "steps/split.ipynb"],
        ),
        ("interrupted", facts("interrupted"), ["Interrupted", "Run again"]),
    ],
)
def test_the_verdict_is_told_in_words(fake, state, step, says):
    words = "".join(check(fake.write({"split": step}, state)).text)
    for said in says:
        assert said in words


def test_an_error_is_placed_in_the_executed_notebook(fake):
    notebook(fake.folder / "06_split.ipynb")
    error = {"type": "ValueError", "message": "no", "cell": 1, "todo": ""}
    page = fake.write({"split": facts("failed", error=error)}, "failed")
    assert "steps/split.ipynb, cell 1 of 1" in page


def test_parameters_tell_what_changed_and_keep_secrets(fake):
    before = {"run": OLD, "steps": {"split": facts(parameters={"test_size": "0.2"})}}
    write_json(fake.root / "runs" / OLD / "manifest.json", before)
    words = "".join(
        check(fake.write({"split": facts()}, given={"split": {"test_size": 0.3}})).text
    )
    assert "set for this run, was 0.2" in words
    assert "s3cr3t" not in words
    assert "••••" in words


def test_decisions_say_who_made_them(fake):
    words = "".join(check(fake.write({"split": facts()})).text)
    assert "default" in words
    form = {"value": 0.4, "by": "ada", "at": "2026-01-02T00:00:00", "why": "costs"}
    path = fake.folder / "snapshot" / "decisions" / "threshold.json"
    path.write_text(json.dumps(form | {"seen": ""}))
    used = {"threshold": {"value": 0.4, "default": False, "seen": "x"}}
    words = "".join(check(fake.write({"split": facts(decided=used)})).text)
    assert "ada, 2026-01-02: costs" in words


def test_the_goals_metric_leads_and_its_bar_stands_where_a_gate_judged(fake):
    fake.goal("[goal.bars]\nroc_auc = 0.8", metric="roc_auc")
    several = facts()
    several["saves"]["test"]["metrics"] = {"accuracy": 0.9, "roc_auc": 0.8391}
    words = " ".join(check(fake.write({"split": several})).text)
    assert words.index("ROC AUC") < words.index("accuracy")
    assert "bar 0.8" not in words
    judged = facts(verdict=verdict("passed"))
    assert "bar 0.8" in " ".join(check(fake.write({"split": judged})).text)


def test_states_are_told_by_word_and_sign_not_by_colour_alone(fake):
    states = ("passed", "kept", "blocked", "failed", "skipped", "interrupted")
    page = fake.write({s: facts(s) for s in states}, "failed")
    signs = re.findall(r'class="icon (\w+)".*?</svg>', page, re.S)
    drawn = {
        m[0].replace(s, "")
        for s in states
        for m in [re.search(rf'<svg class="icon {s}".*?</svg>', page, re.S)]
    }
    assert set(signs) == set(states)
    assert len(drawn) == len(states)
    words = [" ".join(t.split()) for t in check(page).text]
    assert set(states) <= set(words)


def test_steps_that_were_not_asked_for_are_on_the_map(fake):
    graph = {
        name: {"parents": [], "loads": [], "saves": [], "notebook": ""}
        for name in ("split", "train")
    }
    words = " ".join(check(fake.write({"split": facts()}, graph=graph)).text)
    assert "not asked" in words
    assert "1 not asked for" in words


def test_the_model_card_is_linked(fake):
    identity = "folder-" + "a" * 64
    folder = fake.root / ".mlkit" / "objects" / identity / "folder"
    folder.mkdir(parents=True)
    (folder / "model_card.md").write_text("# Card")
    saves = {"package": {"identity": identity, "summary": "", "metrics": {}}}
    found = check(fake.write({"package": facts(saves=saves)}))
    card = f"../../.mlkit/objects/{identity}/folder/model_card.md"
    assert card in found.values("href")
    assert (fake.folder / card).is_file()


def test_a_run_that_left_nothing_has_no_report(fake):
    with pytest.raises(UsageError, match="no manifest"):
        write(Project.open(fake.root), fake.folder)


def test_two_writes_of_one_run_are_equal(fake):
    notebook(fake.folder / "06_split.ipynb")
    assert fake.write({"split": facts()}) == fake.write({"split": facts()})
