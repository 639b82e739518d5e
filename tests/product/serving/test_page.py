"""The page of a server, in a real browser."""

from __future__ import annotations

import base64
import shutil
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mlkit.core.sounds import heard
from mlkit.product.log import last
from mlkit.product.serving.page import page as text_and_policy
from mlkit.product.serving.served import Served

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium")

OPTIONS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
TOKEN = "correct-horse-battery-staple"
EVIL = "<img src=x onerror=window.pwned=1>"
WORSE = '"></option></select><script>window.pwned=1</script>'


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 375, "height": 740})
    page.told = []
    page.on("pageerror", lambda error: page.told.append(str(error)))
    page.on("console", lambda message: page.told.append(message.text))
    yield page
    page.close()


def go(page, client):
    page.goto(f"{client.base_url}/")
    page.wait_for_selector("#form .field")


def ask(page):
    page.click("#ask")
    page.wait_for_selector("#answer:not([aria-busy])")
    return page.inner_text("#answer")


def shown(page, what):
    """Return what a preview says of itself, once it is there."""
    end = time.monotonic() + 10
    while not page.evaluate(what):
        assert time.monotonic() < end
        time.sleep(0.02)
    return page.evaluate(what)


@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (1200, "dark")])
def test_the_form_is_made_from_the_schema_and_asks(
    browser, running, loans, tmp_path, width, scheme
):
    view = {"width": width, "height": 800}
    page = browser.new_page(viewport=view, color_scheme=scheme)
    told = []
    page.on("console", lambda message: told.append(message.text))
    with running(loans, "--log", tmp_path / "log.sqlite") as client:
        go(page, client)
        assert page.inner_text("h1") == "Prediction of late"
        assert page.locator("label").all_inner_texts()[1:] == [
            *("age", "pay", "town", "day")
        ]
        assert page.locator("#f0-hint").inner_text() == "18 to 79 in training"
        options = page.locator("#f2 option").all_inner_texts()
        assert sorted(options[:3]) == ["Ghent", "Lviv", "Turin"]
        text = ask(page)
        told_by_log = last(tmp_path / "log.sqlite")[0]
        assert told_by_log.id in text
        said = told_by_log.reply["predictions"][0]
        assert said["flags"] == []
        assert page.inner_text(".answer") == said["label"]
        bars = page.locator(".bars li").all_inner_texts()
        assert bars[0].startswith(said["label"])
        chance = max(said["probabilities"].values())
        assert f"{chance * 100:.1f} %" in bars[0]
        assert Served(loans).version in text
        assert page.locator(".marks li").all_inner_texts() == said["set"]
        page.select_option("#f2", "")
        page.fill("#f0", "4000")
        flags = ask(page)
        assert "town is missing" in flags
        assert "age is outside of what the data contract allows" in flags
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide == width
    assert told == []
    page.close()


def test_a_wrong_cell_is_told_at_its_field(running, loans, page):
    with running(loans, "--log", "off") as client:
        go(page, client)
        page.fill("#f0", "old")
        assert "age: This is no number." in ask(page)
        assert page.get_attribute("#f0", "aria-invalid") == "true"
        assert page.evaluate("document.activeElement.id") == "f0"
        page.fill("#f0", "1e3")
        ask(page)
        assert page.get_attribute("#f0", "aria-invalid") is None
        page.click("#again")
        assert page.input_value("#f0") == "53"


def test_a_number_lies_in_an_interval(running, owed, page):
    with running(owed, "--log", "off") as client:
        go(page, client)
        assert "In 90 % of cases the truth is between" in ask(page)
        value = page.locator(".scale b").bounding_box()
        band = page.locator(".scale i").bounding_box()
        assert band["x"] <= value["x"] + 3
        assert value["x"] <= band["x"] + band["width"]
    assert page.told == []


def test_the_keyboard_is_enough(running, loans, page):
    with running(loans, "--log", "off") as client:
        go(page, client)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "f0"
        seen = []
        for _ in range(8):
            page.keyboard.press("Tab")
            seen.append(page.evaluate("document.activeElement.id"))
        assert list(dict.fromkeys(seen))[:3] == ["f1", "f2", "f3"]
        assert {"ask", "again"} <= set(seen)
        page.focus("#f0")
        page.keyboard.press("Enter")
        page.wait_for_selector(".answer")


def test_a_token_is_asked_for_and_kept_in_the_page_alone(running, loans, page):
    options = ("--token-env", "SECRET", "--log", "off")
    with running(loans, *options, SECRET=TOKEN) as client:
        page.goto(f"{client.base_url}/")
        page.wait_for_selector("#door:not([hidden])")
        assert page.locator("label").all_inner_texts() == ["Token"]
        page.fill("#token", "wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("#door-wrong:not(:empty)")
        assert page.is_hidden("#both")
        page.fill("#token", TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_selector("#form .field")
        assert "yes" in ask(page)
        stores = "[localStorage.length, sessionStorage.length, document.cookie]"
        assert page.evaluate(stores) == [0, 0, ""]
        assert all("401" in line for line in page.told)


@pytest.mark.parametrize("width", [390, pytest.param(1400, marks=pytest.mark.slow)])
def test_a_picture_is_picked_shown_and_asked_about(
    browser, running, pictures, drawn, tmp_path, width
):
    page = browser.new_page(viewport={"width": width, "height": 800})
    told = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    log = tmp_path / "log.sqlite"
    with running(pictures, "--log", log) as client:
        go(page, client)
        assert page.get_attribute("#f0", "accept") == "image/*"
        assert "photo is missing" in ask(page)
        page.set_input_files("#f0", drawn / "0.png")
        assert shown(page, "document.querySelector('.seen img').naturalWidth") == 32
        assert "red" in ask(page)
        cell = base64.b64encode((drawn / "0.png").read_bytes()).decode()
        assert last(log)[0].cells["photo"] == [cell]
        page.click("summary")
        assert "letters of base64" in page.inner_text("pre")
        assert cell not in page.inner_text("pre")
        page.click("#again")
        assert page.is_visible(".seen img")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide == width
        page.click("text=Remove")
        assert page.is_hidden(".seen")
        assert "photo is missing" in ask(page)
    assert told == []
    page.close()


@pytest.mark.slow
def test_a_picture_that_the_server_cannot_read_is_drawn_anew(
    running, pictures, drawn, page, tmp_path
):
    odd = tmp_path / "odd.avif"
    Image.open(drawn / "1.png").save(odd)
    notes = tmp_path / "notes.png"
    notes.write_text("no picture")
    log = tmp_path / "log.sqlite"
    with running(pictures, "--log", log) as client:
        go(page, client)
        page.set_input_files("#f0", odd)
        assert ask(page).startswith("blue")
        (cell,) = last(log)[0].cells["photo"]
        assert base64.b64decode(cell)[:3] == b"\xff\xd8\xff"
        page.set_input_files("#f0", notes)
        assert "photo: This image cannot be read" in ask(page)
        assert page.get_attribute("#f0", "aria-invalid") == "true"
        assert "No preview" in page.inner_text(".seen")
        page.set_input_files("#f0", odd)
        assert page.get_attribute("#f0", "aria-invalid") is None


@pytest.mark.slow
def test_a_sound_is_picked_and_played_anew_where_it_has_to_be(
    running, sounds, drawn, page, tmp_path
):
    strange = tmp_path / "recorded.m4a"
    strange.write_bytes((drawn / "0.wav").read_bytes())
    log = tmp_path / "log.sqlite"
    with running(sounds, "--log", log) as client:
        go(page, client)
        assert page.get_attribute("#f0", "accept") == "audio/*"
        page.set_input_files("#f0", drawn / "1.wav")
        seconds = shown(page, "document.querySelector('.seen audio').duration || 0")
        assert seconds == pytest.approx(0.2, abs=0.01)
        assert ask(page).startswith("high")
        page.set_input_files("#f0", strange)
        assert ask(page).startswith("low")
        (cell,) = last(log)[0].cells["clip"]
        samples, rate = heard(base64.b64decode(cell))
        assert rate == 24000
        assert len(samples) == pytest.approx(4800, abs=50)
        first, _ = heard((drawn / "0.wav").read_bytes())
        assert abs(samples).max() == pytest.approx(abs(first).max(), rel=0.1)
    assert page.told == []


def test_no_name_is_ever_a_script(running, make, page):
    rng = np.random.default_rng(0)
    words = rng.choice([EVIL, WORSE, "plain"], 200)
    x = rng.normal(size=200).round(3)
    y = x + (words == EVIL) + rng.normal(0, 0.2, 200) > 0.3
    columns = {EVIL: x, "__proto__": words, "constructor": rng.choice([*"abc"], 200)}
    table = pd.DataFrame(columns | {WORSE: np.where(y, EVIL, "no")})
    package = make(table, WORSE)
    with running(package, "--log", "off") as client:
        go(page, client)
        assert page.inner_text("h1") == f"Prediction of {WORSE}"
        page.select_option("#f1", EVIL)
        text = ask(page)
        assert EVIL in text
        assert "missing" not in text
        page.click("summary")
        assert '"__proto__"' in page.inner_text("pre")
        page.fill("#f0", EVIL)
        assert f"{EVIL}: This is no number." in ask(page)
        assert page.evaluate("window.pwned") is None
        assert page.locator("img, main script").count() == 0


def test_the_policy_lets_nothing_else_run(client_of, loans, running, page):
    text, policy = text_and_policy()
    assert "unsafe" not in policy
    assert "http" not in text
    with client_of(loans, token=TOKEN) as client:
        reply = client.get("/", headers={"authorization": ""})
        assert reply.headers["content-security-policy"] == policy
        assert reply.headers["x-content-type-options"] == "nosniff"
    with running(loans, "--log", "off") as client:
        go(page, client)
        page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'),"
            " {text: 'window.pwned = 1'}))"
        )
        assert page.evaluate("window.pwned") is None
        assert "violates" in page.told[-1]
