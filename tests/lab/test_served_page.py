"""A project's champion, served from JupyterLab and asked on its page there."""

import json
import os
import time
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest

from mlkit.core.champion import move
from mlkit.core.project import Project
from mlkit.core.schema import Column, Schema
from mlkit.core.store import Store
from mlkit.data.clean import clean
from mlkit.data.contract import infer
from mlkit.data.split import split
from mlkit.model.accept import accept
from mlkit.model.evaluate import evaluate
from mlkit.model.fitted import fit
from mlkit.model.package import package
from mlkit.model.problem import Problem
from mlkit.model.review import Review

pytestmark = pytest.mark.slow
P = "crowned"
FOCUS = ".jp-Dialog :focus"  # given a moment after a dialog opens: it would take keys
EVIL = "<img src=x onerror=parent.hurt=1>"


def packed(count=600, family="linear"):
    """Package a model of made rows; a class is called like a script."""
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, count)).round(3)
    truth = np.where(x + rng.logistic(0, 0.2, count) > 0, "yes", EVIL)
    rows = pd.DataFrame({"x": x, "z": z, "y": pd.array(truth, "str")})
    rows.index = pd.Index([f"r{i}" for i in range(count)], dtype="str")
    columns = (Column("x"), Column("z"), Column("y", "category", ("target",)))
    schema = Schema(columns)
    raw = schema.attach(rows)
    cleaned = clean(raw)
    parts = split(cleaned.table, raw)
    model = fit(family, {}, parts.train, Problem.of(parts.train))
    nothing = Review(model.problem, 1, 0.0, 0.0, ())
    evaluation = evaluate(model, parts.valid)
    accepted = accept(model, cleaned.cleaning, evaluation, nothing, parts.test)
    hidden = schema.without("y").attach(parts.test.drop(columns="y"))
    given = (model, accepted, cleaned.cleaning, infer(raw), parts.valid, hidden)
    return package(*given).folder


@pytest.fixture(scope="module")
def crowned(lab_server, tmp_path_factory):
    """A project below the server's root that has a champion."""
    root = lab_server.root / P
    root.mkdir()
    (root / "mlkit.toml").write_text("format = 1\n")
    project = Project.open(root)
    entry = Store(project.state).put(packed(), "package")
    move(project.ledger, "promote", entry, "by hand")
    return lab_server


def listening(pid):
    """Return the ports that the model servers among a process's children listen on."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = set()
    for child in children:
        if b"\0serve\0" not in Path(f"/proc/{child}/cmdline").read_bytes():
            continue  # a kernel, which listens too
        links = {os.readlink(one) for one in Path(f"/proc/{child}/fd").iterdir()}
        for line in Path(f"/proc/{child}/net/tcp").read_text().splitlines()[1:]:
            _, own, _, state, *rest = line.split()
            if state == "0A" and f"socket:[{rest[5]}]" in links:
                found.add(int(own.split(":")[1], 16))
    return sorted(found)


def test_it_answers_known_people_alone_and_ends_when_it_is_stopped(crowned):
    server = crowned
    told = server.get("model", project=P)
    assert told["is_champion"]
    assert told["champion"]["why"] == "by hand"
    assert told["card"].startswith("---\n")
    one = server.send("POST", "served", {}, 201, project=P)
    assert told["package"].partition("-")[2].startswith(one["version"])
    assert server.send("POST", "served", {}, 201, project=P) == one
    assert server.get("pulse", project=P)["served"] == [one]
    fields = server.get("served/schema", project=P)["fields"]
    assert [field["name"] for field in fields] == ["x", "z"]
    asked = {"rows": [{"x": 3.0, "z": 0.0}]}
    said = server.send("POST", "served/predict", asked, project=P)
    assert said["predictions"][0]["label"] == "yes"
    no = server.send("POST", "served/predict", {"rows": [{}]}, 422, project=P)
    assert no["error"]["field"] == "x"
    page = server.client.get("served/page", params={"project": P})
    assert page.headers["content-type"].startswith("text/plain")
    assert page.headers["content-security-policy"].startswith("sandbox")
    (port,) = listening(server.told["pid"])
    bare = httpx.get(f"http://127.0.0.1:{port}/v1/schema")
    assert bare.status_code == 401  # without the token, which no browser is told
    server.send("DELETE", "served", {}, project=P)
    assert server.get("served") == []
    assert listening(server.told["pid"]) == []
    server.get("served/schema", 404, project=P)


def test_a_server_that_has_died_is_no_longer_told_of(crowned):
    server = crowned
    server.send("POST", "served", {}, 201, project=P)
    children = Path(f"/proc/{server.told['pid']}/task/{server.told['pid']}/children")
    for pid in children.read_text().split():
        if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            os.kill(int(pid), 9)
    deadline = time.monotonic() + 20
    while server.get("served") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert server.get("served") == []
    assert "not served" in server.get("served/schema", 404, project=P)["message"]


def test_once_another_champion_answers_its_version_is_told(crowned):
    server, project = crowned, Project.open(crowned.root / P)
    first = server.send("POST", "served", {}, 201, project=P)["version"]
    entry = Store(project.state).put(packed(family="tree"), "package")
    move(project.ledger, "promote", entry, "it is better")
    deadline = time.monotonic() + 60
    while server.get("served")[0]["version"] == first and time.monotonic() < deadline:
        time.sleep(0.2)
    (one,) = server.get("served")
    assert entry.identity.partition("-")[2].startswith(one["version"])
    assert one["version"] != first
    server.send("DELETE", "served", {}, project=P)


@pytest.fixture
def page(crowned, opened):
    """JupyterLab in a page, at the project's folder, with the panel open."""
    lab = opened(P)
    lab.open()
    yield lab.page
    crowned.client.request("DELETE", "served", params={"project": P}, json={})


def test_its_page_answers_inside_lab_and_after_a_reload(page):
    page.click(".mlkit-Head button:has-text('Model')")
    page.wait_for_selector(".mlkit-Markdown h1")
    page.click("button:has-text('Serve and try it')")
    frame = page.frame_locator(".mlkit-Frame")
    frame.locator("#f0").fill("-3")
    frame.locator("#ask").click()
    frame.locator(f".answer:text-is('{EVIL}')").wait_for()
    page.evaluate(
        "jupyterapp.commands.execute('apputils:change-theme', "
        "{theme: 'JupyterLab Dark'})"
    )
    inner = next(f for f in page.frames if f.parent_frame)
    seen, by = "getComputedStyle(document.body).backgroundColor", time.monotonic() + 20
    while inner.evaluate(seen) != "rgb(18, 22, 27)" and time.monotonic() < by:
        page.wait_for_timeout(100)
    assert inner.evaluate(seen) == "rgb(18, 22, 27)"
    assert frame.locator("#f0").input_value() == "-3"
    assert inner.evaluate("origin") == "null"
    assert page.evaluate("window.hurt") is None
    page.wait_for_timeout(2000)  # Lab saves its layout a moment later
    page.reload()
    frame.locator("#f0").fill("3")
    frame.locator("#f0").press("Enter")
    frame.locator(".answer:text-is('yes')").wait_for()
    page.click("li[data-id='jp-running-sessions']")
    page.wait_for_selector(f".jp-RunningSessions-item:has-text('{P}, served')")
    page.click("li[data-id='mlkit-panel']")
    page.click(".mlkit-Served button:has-text('Stop')")
    page.wait_for_selector(".mlkit-Serving:has-text('not served')")
    page.click(".mlkit-Serving button:has-text('Serve it')")
    frame.locator("#f0").wait_for()


def test_the_frame_reaches_nothing_but_the_model(page):
    page.evaluate("jupyterapp.commands.execute('mlkit:serve-model')")
    page.frame_locator(".mlkit-Frame").locator("#f0").wait_for()
    inner = next(f for f in page.frames if f.parent_frame)
    ask = "path => fetch(path, {body: '{}'}).then(r => r.status, e => e.message)"
    for path in ("/v1/feedback", "/metrics", "../../../api/contents", ""):
        assert inner.evaluate(ask, path) == "no answer"
    outside = """() => new Promise(done => {
      const one = new XMLHttpRequest();
      one.onload = () => done('loaded');
      one.onerror = () => done('refused');
      one.open('GET', '%s');
      one.send();
    })"""
    assert inner.evaluate(outside % page.url) == "refused"
    shut = "() => { try { return parent.document.title } catch { return 'shut' } }"
    assert inner.evaluate(shut) == "shut"


def test_the_goal_is_stated_in_a_dialog(page, crowned):
    page.click("[aria-label='Edit the goal…']")
    page.wait_for_selector(FOCUS)
    page.fill(".mlkit-Goal textarea >> nth=0", "Who says yes?")
    page.select_option("[aria-label='Add a cost…']", "miss")
    page.click(".jp-Dialog button:has-text('Write to mlkit.toml')")
    page.wait_for_selector(".jp-Dialog .mlkit-Card:has-text('needs a number')")
    page.wait_for_selector(FOCUS)
    page.fill("#mlkit-number-miss", "5")
    page.click(".jp-Dialog button:has-text('Write to mlkit.toml')")
    page.wait_for_selector(".mlkit-Head-question:has-text('Who says yes?')")
    text = (crowned.root / P / "mlkit.toml").read_text()
    assert "miss = 5" in text
    assert json.dumps("Who says yes?") in text


def test_a_decision_made_elsewhere_offers_the_cells_below(
    page, crowned, make_in_lab, write
):
    root = make_in_lab("chosen")
    uses = "import mlkit as mk\nfrom mlkit.widgets import OptionPicker\n"
    options = '{"up": "the long one", "down": "the near one"}'
    picks = f'way = mk.decide("way", OptionPicker({options}, "up"))'
    write(
        root / "steps/04_pick.ipynb",
        "a: int = 1",
        uses + picks,
        "mk.save(way={'way': way})",
        "f'it goes {way}'",
    )
    page.evaluate("jupyterapp.commands.execute('mlkit:open', {path: 'chosen'})")
    page.wait_for_selector(".mlkit-Row:has-text('pick')")
    page.click("#mlkit-tab-decisions")
    page.wait_for_selector(".mlkit-Decision:has-text('default of pick')")
    form = {"value": "down", "why": "it is nearer"}
    crowned.send("PUT", "decisions/way", form, project="chosen")
    page.click(
        ".Toastify__toast:has-text('way: decided') button:has-text('cells below')"
    )
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell:has-text('mk.decide')")
    page.wait_for_selector("text=it goes down")
