from __future__ import annotations

import base64
import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.schema import Column, Schema
from mlkit.widgets import DataExplorer
from mlkit.widgets.explorer import HERE, PAGE, Query

HOSTILE = [
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    '"><svg onload=window.hit=1>',
    "{{constructor.constructor('window.hit=1')()}}",
    "javascript:window.hit=1",
]


def table(count=45):
    rng = np.random.default_rng(0)
    words = [HOSTILE[k] if k < len(HOSTILE) else f"word {k % 7}" for k in range(count)]
    frame = pd.DataFrame(
        {
            "x": np.where(np.arange(count) % 9 == 4, np.nan, rng.normal(0, 2, count)),
            HOSTILE[1]: pd.array(words, "str"),
            "when": pd.date_range("2026-01-01", periods=count),
            "card": pd.array([f"secret {k}" for k in range(count)], "str"),
            "y": pd.array(rng.choice(["no", "yes"], count), "str"),
        },
        index=pd.Index([f"r{k}" for k in range(count)], dtype="str", name="row"),
    )
    columns = (
        Column("x"),
        Column(HOSTILE[1], "category"),
        Column("when", "date"),
        Column("card", "text", ("private",)),
        Column("y", "category", ("target",)),
    )
    return Schema(columns).attach(frame)


def ids(view):
    return [row[0] for row in view.rows]


def test_the_rows_are_paged():
    one = DataExplorer(table())
    pages = [one.view(Query(page=k)) for k in range(3)]
    assert [len(page.rows) for page in pages] == [PAGE, PAGE, 5]
    assert [row for one in pages for row in ids(one)] == [f"r{k}" for k in range(45)]
    assert {(p.total, p.pages) for p in pages} == {(45, 3)}
    assert one.view(Query(page=99)) == pages[2]
    assert one.view(Query(page=-3)) == pages[0]


def test_private_columns_stay_out_and_missing_cells_are_told_apart():
    one = DataExplorer(table())
    assert [c.name for c in one.columns] == ["x", HOSTILE[1], "when", "y"]
    assert one.view(Query()).rows[4][1] is None
    assert one.view(Query()).rows[0][3] == "2026-01-01"
    assert one.view(Query(text="secret")).total == 0
    assert "secret" not in repr(one)


TEXTS = st.text(st.characters(exclude_characters="<>="), max_size=2)


@given(st.integers(0, 3), st.booleans(), TEXTS, st.integers(-1, 3))
@settings(max_examples=60, deadline=None)
def test_rows_are_sorted_the_missing_last_and_only_those_that_fit(
    sort, down, text, column
):
    frame = table()
    one = DataExplorer(frame)
    query = Query(sort=sort, down=down, column=column, text=text)
    pages = [one.view(replace(query, page=k)) for k in range(3)]
    found = [row for page in pages for row in ids(page)]
    total = one.view(query).total
    found = list(dict.fromkeys(found))
    assert len(found) == total
    cells = frame.loc[found, one.columns[sort].name]
    known = cells.dropna()
    assert known.is_monotonic_decreasing if down else known.is_monotonic_increasing
    assert cells.isna().to_numpy().tolist() == sorted(cells.isna())
    wanted = text.strip().casefold()
    if wanted:
        asked = [column] if column >= 0 else range(4)
        rows = {row[0]: row for k in range(3) for row in one.view(Query(page=k)).rows}
        plain = {r: [(rows[r][1 + k] or "").casefold() for k in asked] for r in rows}
        assert set(found) == {r for r in rows if any(wanted in c for c in plain[r])}


def test_numbers_are_compared():
    frame = table()
    one = DataExplorer(frame)
    for text, wanted in (
        ("> 1", frame["x"] > 1),
        ("<=-0.5", frame["x"] <= -0.5),
        ("= 12", frame["x"] == 12),
    ):
        assert one.view(Query(column=0, text=text)).total == int(wanted.sum())
    assert one.view(Query(column=0, text="> many")).total == 0
    assert one.view(Query(column=1, text="<SVG")).total == 1


@pytest.mark.parametrize("kind", ["int64", "uint64", "Int64", "object"])
def test_whole_numbers_are_compared_to_the_last_digit(kind):
    cells = pd.array([2**53, 2**53 + 1, 3, 3], kind)
    one = DataExplorer(pd.DataFrame({"n": cells}))
    for text, wanted in (
        (f"= {2**53}", 1),
        (f"= {2**53}.0", 1),
        (f"> {2**53}", 1),
        ("<= 3.5", 2),
        ("< 1e3", 2),
        ("> -1", 4),
        (f"< {2**64}", 4),
        (f"> {-(10**30)}", 4),
        ("< inf", 4),
        ("= nan", 0),
    ):
        found = one.view(Query(column=0, text=text)).total
        assert found == wanted * (kind != "object"), text


NAMES = {
    "numbers": [0, 1, 2],
    "twice": ["a", "a", "b"],
    "levels": pd.MultiIndex.from_tuples([("a", "b"), ("a", "c"), ("d", "")]),
    "odd": [None, 1.5, ("a",)],
    "alike": [1, "1", "b"],
}


@pytest.mark.parametrize("name", NAMES)
def test_columns_of_any_name_are_shown_by_their_place(name):
    frame = pd.DataFrame([[3, 1, "x"], [2, 5, "y"]])
    frame.columns = pd.Index(NAMES[name])
    one = DataExplorer(frame)
    assert [c.type for c in one.columns] == ["number", "number", "text"]
    assert one.view(Query()).rows == [["0", "3", "1", "x"], ["1", "2", "5", "y"]]
    assert ids(one.view(Query(sort=0))) == ["1", "0"]
    assert ids(one.view(Query(sort=1))) == ["0", "1"]
    assert ids(one.view(Query(column=1, text="> 3"))) == ["1"]
    assert ids(one.view(Query(text="x"))) == ["0"]
    assert one.picture(1)._repr_png_()[0] != one.picture(2)._repr_png_()[0]
    assert repr(one.widget()) == "<DataExplorer>"
    assert "3" in repr(one)
    assert list(frame.columns) == list(pd.Index(NAMES[name]))


def test_a_private_column_stays_out_though_its_name_is_there_twice():
    twice = pd.concat([table(), table()], axis=1)
    twice.attrs["schema"] = Schema.of(table())
    assert "card" not in [c.name for c in DataExplorer(twice).columns]
    assert len(DataExplorer(twice).columns) == 8
    known = Schema((Column("0", roles=("private",)), Column("1")))
    plain = pd.DataFrame([[1, 2]])
    plain.attrs["schema"] = known
    assert DataExplorer(plain).view(Query()).rows == [["0", "2"]]


@pytest.mark.parametrize(
    "form",
    [None, [], {"page": "1"}, {"page": 1.5, "sort": True}, {"text": 3, "more": 1}],
)
def test_what_a_page_sends_that_is_no_question_is_passed_over(form):
    assert Query.of(form) == Query()


ODD = {
    "mixed": [1, "a", None, 2.5],
    "bools": [True, False, True, True],
    "gone": [None] * 4,
    "zones": pd.to_datetime(["2026-01-01", None, "2026-03-01", "2026-01-02"], utc=True),
    "classes": pd.Categorical(["a", "b", None, "a"]),
    "ends": [np.inf, -np.inf, np.nan, 1.0],
    "whole": pd.array([1, None, 3, 4], "Int64"),
    "lists": [[1], [2], None, [1]],
}


@pytest.mark.parametrize("name", ODD)
def test_any_column_is_shown_sorted_filtered_and_drawn(name):
    one = DataExplorer(pd.DataFrame({name: ODD[name]}))
    for query in (Query(), Query(sort=0), Query(sort=0, down=True), Query(text="a")):
        json.dumps(vars(one.view(query)), allow_nan=False)
    assert one.view(Query(sort=0)).total == 4
    one.picture(0)._repr_png_()


def test_a_table_without_rows_or_columns_is_shown():
    for frame in (table().head(0), pd.DataFrame(index=["a"]), pd.DataFrame()):
        one = DataExplorer(frame)
        assert one.view(Query(sort=2, text="x")).total == 0
        assert repr(one.widget()) == "<DataExplorer>"


def test_a_wide_table_says_what_is_left_out():
    one = DataExplorer(
        pd.DataFrame(np.zeros((2, 70)), columns=[f"c{k}" for k in range(70)])
    )
    assert (len(one.columns), one.more) == (60, 10)
    assert repr(one).endswith("2 rows × 70 columns")


def test_the_page_is_answered_trait_by_trait():
    page = DataExplorer(table()).widget()
    assert repr(page) == "<DataExplorer>"
    assert page.columns[0] == {"name": "x", "type": "number"}
    assert (page.more, page.view["page"], page.view["total"]) == (0, 0, 45)
    first = page.image
    assert first[:4] == b"\x89PNG"
    page.query = {**page.query, "page": 2}
    assert page.view["page"] == 2
    assert page.image is first
    page.query = {**page.query, "column": 0, "text": "> 1", "page": 0}
    assert page.image != first
    kept = page.view
    page.query = {"column": 10**9, "sort": -7, "page": 0, "text": "> 1"}
    assert page.view["pages"] >= 1
    assert kept["total"] > 0


def test_a_run_shows_the_first_rows_and_the_target(monkeypatch):
    shown = []
    monkeypatch.setattr("mlkit.widgets.explorer.show", shown.append)
    one = DataExplorer(table())
    one._ipython_display_()
    assert [type(part).__name__ for part in shown] == ["Grid", "Picture"]
    assert repr(one) == repr(shown[0])
    page = shown[0]._repr_html_()
    assert "<img" not in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    monkeypatch.setattr("mlkit.widgets.explorer.is_person", lambda: True)
    one._ipython_display_()
    assert repr(shown[-1]) == "<DataExplorer>"


MODEL = """
window.acts = {};
window.model = {
  get: (name) => window.traits[name],
  set: (name, value) => { window.traits[name] = value; },
  send: () => { if (window.gone) throw new Error("Cannot send"); },
  save_changes: () => { window.asked = JSON.stringify(window.traits.query); },
  on: (name, act) => { window.acts[name] = act; },
  off: (name) => { delete window.acts[name]; },
};
window.put = (name, value) => {
  window.traits[name] = name !== "image" ? value
    : new DataView(Uint8Array.from(atob(value), (c) => c.charCodeAt(0)).buffer);
  if (window.acts[`change:${name}`]) window.acts[`change:${name}`]();
};
window.traits = {};
"""
DARK = "--jp-layout-color1:#111;--jp-layout-color2:#212121;--jp-ui-font-color1:#fff;"


class Screen:
    """The page in a browser, answered by the widget."""

    def __init__(self, page, frame, style=""):
        self.page, self.errors = page, []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.widget = DataExplorer(frame).widget()
        css = (HERE / "explorer.css").read_text(encoding="utf-8")
        page.set_content(f"<style>{css}</style><div style='{style}' id='here'></div>")
        page.evaluate(MODEL)
        for name in ("columns", "more", "query", "view", "image"):
            self.put(name)
        code = base64.b64encode((HERE / "explorer.js").read_bytes()).decode()
        page.evaluate(
            "async (code) => { const it = await import('data:text/javascript;base64,'"
            " + code); window.close_ = it.default.render({model: window.model,"
            " el: document.getElementById('here')}); }",
            code,
        )

    def put(self, name):
        value = getattr(self.widget, name)
        value = base64.b64encode(value).decode() if name == "image" else value
        self.page.evaluate("([name, value]) => window.put(name, value)", [name, value])

    def answer(self):
        self.page.wait_for_function("window.asked")
        self.widget.query = json.loads(self.page.evaluate("window.asked"))
        self.page.evaluate("window.asked = null")
        self.put("view")
        self.put("image")

    def rows(self):
        return self.page.eval_on_selector_all(
            "tbody tr", "rows => rows.map(r => [...r.children].map(c => c.textContent))"
        )

    def status(self):
        return self.page.inner_text("[role=status]")


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.skip("needs chromium")
    options = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=options)
        yield started
        started.close()


@pytest.mark.parametrize("style", ["", DARK], ids=["light", "dark"])
def test_a_person_pages_sorts_and_filters_by_keyboard(browser, style):
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    screen = Screen(page, table(), style)
    assert screen.rows()[0][2] == HOSTILE[0]
    assert screen.rows()[4][1] == "–"
    assert screen.status() == "45 rows · page 1 of 3"
    page.focus(".mlx-rows")
    page.keyboard.press("PageDown")
    screen.answer()
    assert screen.status() == "45 rows · page 2 of 3"
    page.focus("thead th:nth-child(2) button")
    page.keyboard.press("Enter")
    screen.answer()
    numbers = [float(row[1]) for row in screen.rows()]
    assert numbers == sorted(numbers)
    assert page.get_attribute("thead th:nth-child(2)", "aria-sort") == "ascending"
    page.keyboard.press("Enter")
    screen.answer()
    numbers = [float(row[1]) for row in screen.rows()]
    assert numbers == sorted(numbers, reverse=True)
    page.select_option("select", "1")
    screen.answer()
    page.focus("input")
    page.keyboard.type("<script")
    screen.answer()
    assert [row[0] for row in screen.rows()] == ["r0"]
    assert screen.status() == "1 row · page 1 of 1"
    page.wait_for_function("document.querySelector('.mlkit-explorer img').complete")
    assert (
        page.evaluate("document.querySelectorAll('#here img, #here script').length")
        == 1
    )
    assert page.evaluate("window.hit") is None
    tones = [
        page.eval_on_selector(place, "node => getComputedStyle(node).color")
        for place in (".mlkit-explorer", "td")
    ]
    assert len(set(tones)) == 1
    if folder := os.environ.get("MLKIT_SCREENS"):
        page.fill("input", "")
        screen.answer()
        page.wait_for_timeout(300)
        page.screenshot(path=f"{folder}/explorer{len(style)}.png")
    page.evaluate("window.close_()")
    assert page.evaluate("Object.keys(window.acts).length") == 0
    assert screen.errors == []
    page.close()


GONE = "the kernel was restarted or shut down; run this cell again"


@pytest.mark.parametrize("end", ["window.acts.comm_live_update()", "window.gone = 1"])
def test_once_the_kernel_is_gone_the_page_says_so_and_asks_for_nothing(browser, end):
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    screen = Screen(page, table())
    page.evaluate(end)
    page.click("[aria-label='the next page']")
    assert screen.status() == GONE
    assert page.evaluate("window.asked || null") is None
    assert page.evaluate("window.traits.query.page") == 0
    if folder := os.environ.get("MLKIT_SCREENS"):
        page.screenshot(path=f"{folder}/explorer-gone.png")
    page.evaluate("window.close_()")
    assert page.evaluate("Object.keys(window.acts).length") == 0
    assert screen.errors == []
    page.close()
