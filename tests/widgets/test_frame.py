"""What a notebook does to keys and presses, put right around widgets."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import ipywidgets as w
import pytest

from mlkit.widgets import frame
from mlkit.widgets.frame import beside, middle, named, stack

HERE = Path(frame.__file__).parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
GONE = "not kept: the kernel was restarted or shut down; run this cell again"
PAGE = """
<div id='outer'><div id='stack'>
  <div id='frame'></div>
  <select id='menu'><option>a</option><option>b</option></select>
  <div class='mlkit-beside'><input id='why'><button id='keep'>Keep</button></div>
</div><button id='other'>Other</button></div>
"""
RUN = """
async (code) => {
  const part = {_msg_buffer: null, _pending_msgs: 0, get: () => []};
  const around = {get: (name) => (name === 'children' ? [part] : null)};
  const manager = {get_model: async (id) => (id === 'the stack' ? around : null)};
  const model = {
    get: () => 'the stack',
    widget_manager: manager,
    send: () => { if (window.gone) throw new Error('Cannot send'); },
    on: (name, act) => { window[name] = act; },
    off: () => {},
  };
  window.part = part;
  window.pressed = [];
  window.commands = [];
  for (const id of ['keep', 'other'])
    document.getElementById(id).onclick = () => window.pressed.push(id);
  document.addEventListener('keydown', (event) => {
    if (!event.target.hasAttribute('data-lm-suppress-shortcuts'))
      window.commands.push(event.key);
  }, true);
  const it = await import('data:text/javascript;base64,' + code);
  window.close_ = it.default.render({model, el: document.getElementById('frame')});
}
"""


@pytest.fixture(scope="module")
def page():
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if not CHROMIUM:
        pytest.skip("needs chromium")
    with sync_api.sync_playwright() as playwright:
        how = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=how)
        page = browser.new_page()
        page.set_content(PAGE)
        code = base64.b64encode((HERE / "frame.js").read_bytes()).decode()
        page.evaluate(RUN, code)
        yield page
        browser.close()


def test_parts_are_stacked_above_a_frame_that_knows_them():
    field = w.Text()
    made = stack("Form", [beside([field, w.Button()])])
    line, around = made.children
    assert repr(made) == "<Form>"
    assert line.children[0] is field
    assert around.around == made.model_id
    assert around.layout.display == "none"


def test_long_names_wrap_and_only_endless_ones_are_cut():
    long = "a very long column name that goes on and on until "
    assert middle(f"{long} summer\n") == f"{long}summer"
    cut = middle(long * 4 + "winter")
    assert len(cut) == 91
    assert cut.startswith(long[:45])
    assert cut.endswith("until winter")
    assert "mlkit-name" in named(w.Label(cut))._dom_classes


@pytest.mark.slow
def test_plain_keys_are_the_widgets_and_others_the_notebooks(page):
    page.evaluate("window.commands.length = 0")
    page.focus("#menu")
    page.keyboard.press("b")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("window.commands") == []
    page.focus("#menu")
    page.keyboard.press("Control+s")
    page.keyboard.press("Shift+Enter")
    told = page.evaluate("window.commands.filter(k => k.length === 1 || k === 'Enter')")
    assert told == ["s", "Enter"]
    page.focus("#other")
    page.keyboard.press("d")
    assert page.evaluate("window.commands.at(-1)") == "d"


@pytest.mark.slow
def test_a_press_waits_for_what_was_set_before_it(page):
    page.evaluate("window.pressed.length = 0")
    page.evaluate("window.part._msg_buffer = {value: 3}")
    page.click("#keep")
    page.click("#keep")
    page.click("#other")
    page.wait_for_timeout(100)
    assert page.evaluate("window.pressed") == ["other"]
    page.evaluate("Object.assign(part, {_msg_buffer: null, _pending_msgs: 1})")
    page.wait_for_timeout(100)
    assert page.evaluate("window.pressed") == ["other"]
    page.evaluate("window.part._pending_msgs = 0")
    page.wait_for_function("window.pressed.length === 2")
    page.focus("#keep")
    page.keyboard.press("Enter")
    page.wait_for_function("window.pressed.length === 3")
    assert page.evaluate("window.pressed") == ["other", "keep", "keep"]


@pytest.mark.slow
def test_enter_in_a_field_presses_the_button_beside_it(page):
    page.evaluate("window.pressed.length = 0")
    page.focus("#why")
    page.keyboard.type("so")
    page.keyboard.press("Enter")
    page.wait_for_function("window.pressed.length === 1")
    assert page.evaluate("window.pressed") == ["keep"]


@pytest.mark.slow
def test_a_press_that_no_kernel_hears_is_told_beside_the_button(page):
    page.evaluate("window.pressed.length = 0")
    page.evaluate("window.part._msg_buffer = {value: 3}")
    page.click("#keep")
    page.evaluate("window.gone = true")
    for _ in range(2):
        page.click("#keep")
        page.wait_for_selector(f".mlkit-beside [role=alert]:text-is('{GONE}')")
    assert page.locator("[role=alert]").count() == 1
    page.evaluate("window.part._msg_buffer = null")
    page.wait_for_timeout(100)
    assert page.evaluate("window.pressed") == []


@pytest.mark.slow
def test_a_press_waits_for_no_kernel_that_was_restarted(page):
    page.evaluate("document.querySelector('[role=alert]').remove()")
    page.evaluate("window.gone = false")
    page.evaluate("window.part._pending_msgs = 1")
    page.click("#keep")
    page.evaluate("window.comm_live_update()")
    page.wait_for_selector("[role=alert]")
    assert page.evaluate("window.pressed") == []


@pytest.mark.slow
def test_a_frame_that_is_gone_listens_no_more(page):
    page.evaluate("window.close_()")
    page.evaluate("window.part._msg_buffer = {value: 3}")
    page.evaluate("window.pressed.length = 0")
    page.click("#keep")
    assert page.evaluate("window.pressed") == ["keep"]
