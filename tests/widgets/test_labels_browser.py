"""The labeller in a real browser, its page talking to a real desk."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.data.labels.queue import Queue
from mlkit.widgets import labels
from mlkit.widgets.labelling import Desk

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium")

OPTIONS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
HERE = Path(labels.__file__).parent
THEMES = {
    "light": {},
    "dark": {
        "--jp-layout-color1": "#111111",
        "--jp-layout-color2": "#212121",
        "--jp-ui-font-color1": "#ffffff",
        "--jp-ui-font-color2": "#b5b5b5",
        "--jp-border-color2": "#444444",
        "--jp-brand-color1": "#42a5f5",
    },
}
MODEL = """
window.heard = [];
window.keys = 0;
window.addEventListener("keydown", () => { window.keys += 1; }, true);
window.model = {
  send: (message) => {
    if (window.gone) throw new Error("Cannot send");
    window.heard.push(message);
  },
  on: (name, act) => { window[name === "msg:custom" ? "deliver" : "left"] = act; },
  off: () => { window.deliver = () => {}; },
};
window.bytes = (text) => {
  const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new DataView(raw.buffer);
};
"""


class Screen:
    """A page with the labeller, and the desk that answers it."""

    def __init__(self, page, queue, theme="light", think=False):
        self.page, self.saved, self.errors = page, [], []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.told = []
        self.desk = Desk(
            queue,
            self.saved.append,
            lambda message, buffers: self.told.append((message, buffers)),
            think=think,
        )
        style = "".join(f"{name}:{value};" for name, value in THEMES[theme].items())
        ground = THEMES[theme].get("--jp-layout-color1", "white")
        css = (HERE / "labels.css").read_text(encoding="utf-8")
        page.set_content(
            f"<style>{css}</style><body style='background:{ground};{style}'>"
            "<div id='here'></div></body>"
        )
        page.evaluate(MODEL)
        code = base64.b64encode((HERE / "labels.js").read_bytes()).decode()
        page.evaluate(
            "async (code) => { const it = await import('data:text/javascript;base64,'"
            " + code); window.close_ = it.default.render({model: window.model,"
            " el: document.getElementById('here')}); }",
            code,
        )
        self.pump()

    def pump(self):
        """Carry messages both ways until neither side has any."""
        while True:
            asked = self.page.evaluate("window.heard.splice(0)")
            for message in asked:
                self.desk.take(message)
            if self.desk.thoughts:
                self.desk.thoughts.wait()
            told, self.told[:] = list(self.told), []
            for message, buffers in told:
                packed = [base64.b64encode(one).decode() for one in buffers]
                self.page.evaluate(
                    "([text, packed]) => window.deliver(JSON.parse(text),"
                    " packed.map(window.bytes))",
                    [json.dumps(message), packed],
                )
            if not asked and not told:
                return

    def press(self, *keys):
        """Press keys, each when the page has taken the one before and its answers."""
        for key in keys:
            taken = self.page.evaluate("window.keys")
            self.page.keyboard.press(key)
            self.page.wait_for_function("n => window.keys > n", arg=taken, polling=20)
            self.pump()

    def focus(self):
        self.page.focus(".mlkit-labels")

    def says(self, selector, words):
        """Wait until a part of the page says something, carrying what is told."""
        for _ in range(200):
            if self.text(selector) == words:
                return
            self.page.wait_for_timeout(50)
            self.pump()
        assert self.text(selector) == words

    def text(self, selector):
        return self.page.inner_text(selector)

    def picture(self, name):
        folder = os.environ.get("MLKIT_SCREENS")
        if folder:
            self.page.wait_for_timeout(300)
            self.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1000, "height": 640})
    yield context.new_page()
    context.close()


def letters(rows=12, known=3):
    words = ["complaint", "praise", "question"]
    texts = [
        f"Letter {i}. " + ("The parcel came late and broken. " * (1 + i * 30))
        for i in range(rows)
    ]
    frame = pd.DataFrame(
        {
            "text": pd.array(texts, "str"),
            "city": pd.array(["Oslo", "Bergen", None] * (rows // 3), "str"),
            "age": np.arange(float(rows)),
            "topic": pd.array(
                [words[i % 3] if i < known else None for i in range(rows)], "str"
            ),
        },
        index=pd.Index([f"letter-{i}" for i in range(rows)], dtype="str", name="row"),
    )
    columns = (
        Column("text", "text"),
        Column("city", "category"),
        Column("age"),
        Column("topic", "category", ("target",)),
    )
    return Schema(columns).attach(frame)


def shown(screen):
    return screen.page.inner_text(".mlk-row span >> nth=0")


@pytest.mark.parametrize("theme", list(THEMES))
def test_labels_are_given_by_keys(page, theme):
    queue = Queue(letters(), {}, "ann")
    screen = Screen(page, queue, theme)
    screen.focus()
    assert screen.text(".mlk-progress-text") == "0 of 9, 3 classes"
    first = shown(screen)
    screen.picture(f"text-{theme}")
    screen.press("2")
    assert [(one.row, one.label) for one in screen.saved] == [(first, "praise")]
    assert screen.saved[0].seconds >= 0
    assert screen.text(".mlk-progress-text") == "1 of 9, 3 classes"
    assert screen.text(".mlk-saved") == "saved ✓"
    second = shown(screen)
    assert second != first
    screen.press(" ")
    assert shown(screen) not in (first, second)
    assert len(screen.saved) == 1
    screen.press("0")
    assert screen.saved[-1].label is None
    screen.press("9")
    assert "no class 9" in screen.text(".mlk-status")
    assert not screen.errors


def test_an_undone_label_is_taken_back_and_the_row_comes_back(page):
    queue = Queue(letters(), {}, "ann")
    screen = Screen(page, queue)
    screen.focus()
    first = shown(screen)
    screen.press("1", "u")
    assert shown(screen) == first
    assert [one.undone for one in screen.saved] == [False, True]
    assert queue.labels == {}
    screen.press("1", "2", "Backspace")
    assert list(queue.labels) == [first]
    screen.press("u", "u")
    assert "nothing to undo" in screen.text(".mlk-status")


def test_arrows_move_and_a_label_may_be_changed(page):
    queue = Queue(letters(), {}, "ann")
    screen = Screen(page, queue)
    screen.focus()
    first = shown(screen)
    screen.press("1", "ArrowRight", "ArrowLeft", "ArrowLeft")
    assert shown(screen) == first
    assert "you said complaint" in screen.text(".mlk-row")
    chosen = page.get_attribute(".mlk-class >> nth=0", "aria-pressed")
    assert chosen == "true"
    screen.press("3")
    assert queue.labels[first] == {"ann": "question"}


def test_a_class_is_added(page):
    queue = Queue(letters(), {}, "ann")
    screen = Screen(page, queue)
    screen.focus()
    screen.press("n")
    page.keyboard.type("refund 17")
    screen.press("Enter")
    assert screen.saved[-1].label == "refund 17"
    assert "4 classes" in screen.text(".mlk-progress-text")
    screen.press("4")
    assert screen.saved[-1].label == "refund 17"


def test_every_row_is_dealt_once_and_the_end_is_said(page):
    queue = Queue(letters(), {}, "ann")
    screen = Screen(page, queue)
    screen.focus()
    screen.press(*"121212121")
    assert len({one.row for one in screen.saved}) == 9
    assert "Every row has a label" in screen.text(".mlk-item")
    screen.press("1")
    assert len(screen.saved) == 9


def test_the_order_changes_under_way_and_no_row_is_lost(page):
    queue = Queue(letters(48, known=12), {}, "ann")
    screen = Screen(page, queue, think=True)
    screen.focus()
    screen.press(*"123" * 12)
    rows = [one.row for one in screen.saved]
    assert len(set(rows)) == len(rows) == 36
    assert "Every row has a label" in screen.text(".mlk-item")
    assert not screen.errors


def test_a_label_that_was_not_saved_is_said(page):
    queue = Queue(letters(), {}, "ann")
    screen = Screen(page, queue)
    screen.focus()
    first = shown(screen)

    def full(line):
        raise OSError(28, "No space left on device")

    screen.desk._save = full
    screen.press("1")
    assert screen.text(".mlk-saved") == "not saved"
    assert "No space left" in screen.text(".mlk-status")
    assert shown(screen) == first
    assert queue.labels == {}


@pytest.mark.parametrize("theme", list(THEMES))
def test_the_explorer_filters_and_opens(page, theme):
    queue = Queue(letters(), {"letter-5": {"bob": "praise"}}, "ann")
    screen = Screen(page, queue, theme)
    screen.focus()
    screen.press("/")
    assert screen.text(".mlk-tools .mlk-quiet") == "12 rows"
    assert screen.text(".mlk-progress-text") == "1 of 9, 3 classes"
    screen.picture(f"explore-{theme}")
    page.keyboard.type("letter 7.")
    screen.says(".mlk-tools .mlk-quiet", "1 row")
    page.fill("input[type=search]", "")
    screen.says(".mlk-tools .mlk-quiet", "12 rows")
    page.select_option("select >> nth=0", "by hand")
    screen.says(".mlk-tools .mlk-quiet", "1 row")
    page.click(".mlk-card")
    screen.pump()
    assert shown(screen) == "letter-5"
    screen.press("1")
    assert queue.labels["letter-5"] == {"bob": "praise", "ann": "complaint"}
    assert not screen.errors


def test_doubtful_labels_are_looked_at_one_after_the_other(page):
    x = np.r_[np.zeros(40), np.ones(40)] + np.arange(80) / 1000
    words = np.array(["low"] * 40 + ["high"] * 40, object)
    words[[3, 50]] = ["high", "low"]
    frame = pd.DataFrame({"x": x, "t": pd.array(words, "str")})
    frame.index = pd.Index([f"r{i}" for i in range(80)], dtype="str")
    schema = Schema((Column("x"), Column("t", "category", ("target",))))
    queue = Queue(schema.attach(frame), {}, "ann")
    screen = Screen(page, queue, think=True)
    screen.focus()
    page.click(".mlk-main")
    screen.pump()
    assert page.locator(".mlk-card").count() == 2
    screen.picture("doubtful")
    page.click(".mlk-card")
    screen.pump()
    screen.picture("doubt")
    assert "perhaps" in screen.text(".mlk-doubt")
    first = shown(screen)
    screen.press("1")
    assert shown(screen) != first
    assert {first, shown(screen)} == {"r3", "r50"}


def png(tone):
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (320, 240), tone).save(buffer, "PNG")
    return buffer.getvalue()


def wav(pitch):
    import soundfile

    buffer = io.BytesIO()
    times = np.arange(8000) / 8000
    sound = np.sin(2 * np.pi * pitch * times) * np.exp(-2 * times)
    soundfile.write(buffer, sound, 8000, format="WAV")
    return buffer.getvalue()


def media_table(kind, cells):
    from mlkit.core.media import media

    digests = [media().put(data) for data in cells]
    frame = pd.DataFrame({kind: pd.array(digests, "str")})
    frame["t"] = pd.array(["a", "b", *[None] * (len(cells) - 2)], "str")
    frame.index = pd.Index([f"r{i}" for i in range(len(cells))], dtype="str")
    target = Column("t", "category", ("target",))
    return Schema((Column(kind, kind), target)).attach(frame)


def test_images_are_seen(page, in_folder):
    table = media_table("image", [png((40 * i, 90, 160)) for i in range(6)])
    screen = Screen(page, Queue(table, {}, "ann"), "dark")
    screen.focus()
    page.wait_for_function("document.querySelector('.mlk-image').naturalWidth === 320")
    screen.picture("image")
    screen.press("1", "/")
    page.wait_for_function("document.querySelector('.mlk-card img').naturalWidth > 0")
    screen.picture("images")
    assert not screen.errors


def test_sounds_are_heard_and_drawn(page, in_folder):
    table = media_table("audio", [wav(200 + 50 * i) for i in range(5)])
    screen = Screen(page, Queue(table, {}, "ann"))
    screen.focus()
    page.wait_for_function("document.querySelector('audio').duration === 1")
    page.wait_for_function(
        "() => { const c = document.querySelector('.mlk-wave');"
        " return c.getContext('2d').getImageData(0, 0, c.width, c.height)"
        ".data.some((v) => v > 0); }"
    )
    screen.picture("audio")
    screen.press("p", "1")
    assert not screen.errors


def test_what_cannot_be_read_is_said(page, in_folder):
    table = media_table("image", [b"no image"] * 4)
    screen = Screen(page, Queue(table, {}, "ann"))
    assert "cannot be read" in screen.text(".mlk-item .mlk-bad")


def test_numbers_are_typed(page):
    frame = pd.DataFrame({"x": range(4), "t": [1.5, np.nan, np.nan, np.nan]})
    frame.index = pd.Index(list("abcd"), dtype="str")
    schema = Schema((Column("x"), Column("t", "number", ("target",))))
    queue = Queue(schema.attach(frame), {}, "ann")
    screen = Screen(page, queue)
    page.keyboard.type("-12.5")
    screen.press("Enter")
    assert screen.saved[-1].label == -12.5
    assert screen.text(".mlk-progress-text") == "1 of 3"
    screen.press("Escape", " ")
    assert len(screen.saved) == 1


def test_hostile_data_stays_text(page):
    evil = "<img src=x onerror='window.bad=1'><script>window.bad=1</script>"
    frame = pd.DataFrame(
        {
            evil: pd.array([evil * 3] * 3, "str"),
            "t": pd.array([evil, None, None], "str"),
        },
        index=pd.Index([evil, "b", "c"], dtype="str"),
    )
    columns = (Column(evil, "text"), Column("t", "category", ("target",)))
    screen = Screen(page, Queue(Schema(columns).attach(frame), {}, "<b>ann</b>"))
    screen.focus()
    screen.press("1", "/")
    page.wait_for_timeout(100)
    assert page.evaluate("window.bad") is None
    assert page.locator("img, script").count() == 0
    assert evil in screen.text(".mlk-grid")


def test_it_can_be_used_without_seeing_it(page):
    screen = Screen(page, Queue(letters(), {}, "ann"))
    root = page.locator(".mlkit-labels")
    assert root.get_attribute("role") == "application"
    assert root.get_attribute("aria-label") == "Labeller: topic"
    assert root.get_attribute("data-lm-suppress-shortcuts") == "true"
    bar = page.locator("[role=progressbar]")
    assert (bar.get_attribute("aria-valuenow"), bar.get_attribute("aria-valuemax")) == (
        "0",
        "9",
    )
    names = page.evaluate(
        "[...document.querySelectorAll('button, input, select')].map((n) =>"
        " n.getAttribute('aria-label') || n.textContent)"
    )
    assert all(names)
    screen.focus()
    screen.press("1")
    screen.says("[role=status] >> nth=-1", "given: complaint")


GONE = "the kernel was restarted or shut down; run this cell again"


def test_a_label_that_no_kernel_takes_is_told_and_the_row_stays(page):
    screen = Screen(page, Queue(letters(), {}, "ann"))
    screen.focus()
    screen.press("1")
    row = shown(screen)
    page.evaluate("window.gone = true")
    for key in ("2", "u", " "):
        screen.press(key)
        assert screen.text(".mlk-status.mlk-bad") == f"not kept: {GONE}"
    assert screen.text(".mlk-saved.mlk-bad") == "not kept"
    assert shown(screen) == row
    assert page.locator(".mlk-class[aria-pressed=true]").count() == 0
    assert len(screen.saved) == 1
    assert not screen.errors
    screen.picture("labels-gone")


@pytest.mark.parametrize(("given", "told"), [(0, GONE), (1, f"not kept: {GONE}")])
def test_a_restart_is_told_at_once(page, given, told):
    screen = Screen(page, Queue(letters(), {}, "ann"))
    screen.focus()
    for key in "12"[:given]:
        page.keyboard.press(key)
    page.evaluate("window.left()")
    assert screen.text(".mlk-status.mlk-bad") == told
    assert screen.text(".mlk-saved") == "not kept" * given
