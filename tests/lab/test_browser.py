"""What a person does with the panel in JupyterLab, done in a real browser."""

import json
import os
import signal
import subprocess
import sys

import pytest

from mlkit.core.project import Project
from mlkit.engine.running.lock import holder
from tests.lab.page import churn

pytestmark = pytest.mark.slow


DRAWN = """
import mlkit as mk
from matplotlib.figure import Figure

drawing = Figure(figsize=(4, 2))
drawing.subplots().barh(["least"], [least])
mk.save(drawing=drawing)
"""


def draw(path):
    """Let the step with the gate also save a picture, and one more number."""
    form = json.loads(path.read_text())
    *head, last = form["cells"]
    more = last["source"].replace('"total": total', '"over": total - least')
    drawn = {**last, "id": "drawn", "source": DRAWN}
    form["cells"] = [*head, drawn, {**last, "source": more}]
    path.write_text(json.dumps(form))


def pause(root, seconds):
    path = root / "steps/02_clean.ipynb"
    text = path.read_text()
    old = text.partition("pause: float = ")[2].partition(" ")[0]
    path.write_text(text.replace(f"= {old}  # seconds", f"= {seconds}  # seconds"))


def test_project_is_made_and_run_by_keys_alone(lab):
    churn(lab.root / "churn.csv", rows=60)
    lab.open()
    press, write = lab.page.keyboard.press, lab.page.keyboard.type
    lab.command("New ML workflow")
    lab.see("#mlkit-create-data:focus")
    write(f"{lab.name}/churn.csv")
    press("Tab")
    lab.see(".mlkit-Create option[value=churn]", state="attached")
    lab.tab_to(".mlkit-Create select")
    write("churn")
    for _ in ("recipe", "folder", "question"):
        press("Tab")
    write("Who leaves?")
    press("Enter")
    lab.see(".mlkit-Head-question:has-text('Who leaves?')")
    lab.step("package", "never")
    lab.tab_to("#mlkit-tab-steps")
    press("ArrowLeft")
    lab.see("#mlkit-tab-decisions:focus[aria-selected=true]")
    press("ArrowRight")
    lab.see("#mlkit-tab-steps:focus[aria-selected=true]")
    lab.tab_to("[aria-label='Run collect alone']")
    press("Enter")
    lab.ended("passed")
    lab.command("Show the ML workflow")
    lab.tab_to("[aria-label^='Open the executed copy of collect']")
    press("Enter")
    lab.see(".mlkit-Banner:has-text('Executed copy')")


def test_blocked_step_is_mended_in_its_form_and_two_runs_are_compared(lab):
    draw(lab.make(gate=99) / "steps/03_total.ipynb")
    lab.open()
    lab.click(".mlkit-Main")
    lab.ended("blocked")
    lab.step("total", "blocked")
    lab.click(".mlkit-Row-main:has-text('total')")
    lab.see(".mlkit-Findings:has-text('total at least 99')")
    lab.see(".jp-NotebookPanel .jp-Cell")
    lab.picture("blocked")
    lab.page.fill("#mlkit-field-least", "many")
    lab.click("button:has-text('Write to the notebook')")
    lab.see(".mlkit-Card:has-text('cannot take this value')")
    lab.page.fill("#mlkit-field-least", "1")
    lab.click("button:has-text('Write to the notebook')")
    lab.step("total", "stale")
    lab.see(".mlkit-Row[title*='least']:has-text('total')")
    lab.see(".jp-CodeCell:has-text('least: int = 1')")
    lab.click(".mlkit-RunAsStep")
    lab.ended("passed")
    lab.step("total", "fresh")
    lab.click("#mlkit-tab-runs")
    for row in (0, 1):
        lab.click(f".mlkit-Past input >> nth={row}")
    lab.click("button:has-text('Compare the two')")
    for name in ("least", "over", "drawing"):
        lab.see(f".mlkit-Tab td:has-text('{name}')")
    pictures = "document.querySelectorAll('.mlkit-Tab .mlkit-Picture').length === 2"
    lab.page.wait_for_function(pictures)
    lab.picture("compare")
    lab.click("#mlkit-tab-steps")
    lab.click(".mlkit-Row:has-text('collect') .mlkit-Tool >> nth=0")
    lab.see(".mlkit-Banner:has-text('Executed copy')")
    lab.picture("copy")
    lab.click(".mlkit-Banner button")
    lab.see(".lm-TabBar-tab.lm-mod-current:has-text('01_collect')")


def test_run_is_found_again_after_a_reload_and_stopped(lab):
    pause(lab.make(), 600.0)
    lab.open()
    lab.click(".mlkit-Main")
    lab.step("clean", "running")
    lab.page.reload()
    lab.step("clean", "running")
    lab.see(".mlkit-Status-button:has-text('clean')")
    lab.click("#mlkit-tab-runs")
    lab.see(".mlkit-Log:has-text('collect: passed')")
    lab.picture("log")
    lab.click("li[data-id='jp-running-sessions']")
    one = f".jp-RunningSessions-item:has-text('{lab.name}')"
    lab.page.hover(one)
    lab.picture("sessions")
    lab.click(f"{one} .jp-RunningSessions-itemShutdown")
    lab.see(one, state="detached")
    lab.notified("the run was stopped")
    lab.click("li[data-id='mlkit-panel']")
    lab.ended("interrupted")
    lab.picture("stopped")
    lab.click("#mlkit-tab-steps")
    lab.click(".mlkit-Main:has-text('Resume')")
    lab.step("clean", "running")
    lab.click(".mlkit-Main:has-text('Stop')")
    lab.ended("interrupted")


def test_run_that_was_killed_is_not_shown_as_going_on(lab):
    pause(lab.make(), 600.0)
    lab.open()
    lab.click(".mlkit-Main")
    lab.step("clean", "running")
    os.kill(holder(Project.open(lab.root))["pid"], signal.SIGKILL)
    lab.step("clean", "never")
    lab.see(".mlkit-Main:has-text('Run')")


def test_settings_that_cannot_be_read_are_told_until_they_are_mended(lab):
    settings = lab.make() / "mlkit.toml"
    lab.open()
    lab.step("collect", "never")
    right = settings.read_text()
    settings.write_text("[goal\n" + right)
    lab.see(".mlkit-Card:has-text('mlkit.toml')")
    lab.picture("settings")
    settings.write_text(right)
    lab.see(".mlkit-Card:has-text('mlkit.toml')", state="detached")


def test_report_leads_to_notebooks_and_is_there_after_a_reload(lab):
    lab.make()
    lab.open()
    lab.click(".mlkit-Main")
    lab.ended("passed")
    lab.click(".mlkit-Head button:has-text('Report')")
    frame = lab.page.frame_locator(".mlkit-Page iframe")
    frame.locator("text=Every step is done").wait_for()
    frame.locator("a:has-text('Executed notebook')").first.click()
    frame.locator("text=mk.save(raw=").wait_for()
    lab.click("#mlkit-tab-artifacts")
    lab.click(".mlkit-List-main:has-text('metrics')")
    lab.see(".mlkit-Text:has-text('total')")
    lab.page.wait_for_timeout(2000)  # Lab saves its layout a moment later
    lab.page.reload()
    lab.see(".mlkit-Text:has-text('total')")
    lab.click(".lm-TabBar-tab:has-text('Report')")
    frame.locator("text=Every step is done").wait_for()


def test_change_made_elsewhere_is_seen(lab):
    root = lab.make()
    lab.open()
    lab.step("total", "never")
    words = [sys.executable, "-m", "mlkit", "run", root]
    subprocess.run(words, check=True, capture_output=True)
    lab.step("total", "fresh")
    lab.notified("the run passed")
    path = root / "steps/03_total.ipynb"
    path.write_text(path.read_text().replace('load(\\"clean\\")', 'load(\\"klean\\")'))
    lab.see(".mlkit-Card:has-text(\"nobody saves 'klean'\")")
    lab.picture("fault")


def test_a_late_answer_does_not_undo_a_newer_one(lab, write):
    root = lab.make()
    lab.open()
    lab.step("total", "never")
    late = []

    def answer(route):
        if late:
            route.continue_()
        else:  # what the server says now comes later
            late.append((route, route.fetch()))

    lab.page.route("**/mlkit/graph?*", answer)
    lab.click("[aria-label='Look again']")
    while not late:
        lab.page.wait_for_timeout(50)
    adds = 'import mlkit as mk\nmk.save(more=mk.load("clean"))'
    write(root / "steps/04_more.ipynb", "much: int = 1", adds)
    lab.click("[aria-label='Look again']")
    lab.step("more", "never")
    for _ in range(2):  # what was written is noticed, and asked for
        lab.page.wait_for_event("response", lambda reply: "mlkit/pulse?" in reply.url)
    lab.page.wait_for_timeout(500)
    route, reply = late[0]
    with lab.page.expect_response("**/mlkit/graph?*"):
        route.fulfill(response=reply)
    lab.page.wait_for_timeout(500)
    assert lab.page.is_visible(".mlkit-Row:has-text('more')")


def test_load_of_what_is_missing_offers_a_run_and_what_is_saved_is_a_draft(lab):
    lab.make()
    lab.open()
    lab.click(".mlkit-Row-main:has-text('clean')")
    lab.see(".jp-CodeCell:has-text('mk.load')")
    lab.see("text=Python 3 (ipykernel) | Idle")
    lab.click(".lm-MenuBar-item:has-text('Run')")
    lab.click(".lm-Menu-item:has-text('Run All Cells') >> nth=0")
    lab.picture("missing")
    lab.click(".Toastify__toast button:has-text('Run until collect')")
    lab.ended("passed")
    lab.step("collect", "fresh")
    draft = ".mlkit-Row:has-text('clean') .mlkit-Tag:has-text('draft')"
    lab.run_cells()
    lab.see(draft)
    lab.picture("draft")
    lab.click(".mlkit-RunAsStep")
    lab.step("clean", "fresh")
    lab.see(draft, state="detached")


GATE = """
import mlkit as mk
from mlkit.core.verdict import Finding, Verdict

mk.save(extra={"rows": len(mk.load("clean"))})
mk.gate(Verdict((Finding("more rows", "missed"),)))
"""
OTHER = "src => ![null, src].includes(document.querySelector('.mlkit-Tab img')?.src)"


def test_what_was_typed_or_marked_stays_where_it_belongs(lab, write, make_in_lab):
    root, other = lab.make(gate=99), make_in_lab("elsewhere")
    write(root / "steps/04_more.ipynb", "least: int = 1", GATE)
    words = [sys.executable, "-m", "mlkit", "run", root]
    for factor in (1, 2):
        subprocess.run([*words, f"-pclean.factor={factor}"], capture_output=True)
    lab.open()
    for name in ("total", "more"):
        lab.click(f".mlkit-Row-main:has-text('{name}')")
        reason = lab.see(f"[aria-label='Reason to overrule the gate of {name}']")
        assert reason.input_value() == ""
        reason.fill("it is known")
    lab.click("#mlkit-tab-runs")
    for row in (0, 1):
        lab.click(f".mlkit-Past input >> nth={row}")
    lab.see("button:has-text('Compare the two')")
    lab.go(other.name)
    lab.see(".mlkit-Empty:has-text('There are no runs yet')")
    lab.see("button:has-text('Compare the two')", state="detached", timeout=5000)


def test_a_picture_that_is_open_is_that_of_the_last_run(lab):
    path = lab.make(gate=1) / "steps/03_total.ipynb"
    draw(path)
    lab.open()
    lab.click(".mlkit-Main")
    lab.ended("passed")
    lab.click("#mlkit-tab-artifacts")
    lab.click(".mlkit-List-main:has-text('drawing')")
    old = lab.see(".mlkit-Tab img").get_attribute("src")
    path.write_text(path.read_text().replace("least: int = 1", "least: int = 2"))
    lab.mlkit("run")
    lab.page.wait_for_function(OTHER, arg=old, timeout=15000)


def test_enter_takes_a_data_file_and_what_is_none_has_no_columns(lab):
    churn(lab.root / "churn.csv", rows=60)
    lab.open()
    lab.command("New ML workflow")
    lab.see("#mlkit-create-data:focus")
    lab.page.keyboard.press("Enter")
    lab.see(".mlkit-Create .mlkit-Card:has-text('Choose a data file first')")
    column = ".mlkit-Create option[value=churn]"
    for name, state in (("churn.csv", "attached"), ("churn.pdf", "detached")):
        lab.page.fill("#mlkit-create-data", f"/{lab.name}/{name}")
        lab.page.keyboard.press("Enter")
        lab.see(column, state=state)
        file = lab.page.input_value("#mlkit-create-data")
        assert file == f"{lab.name}/{name}"
    assert lab.page.locator(".mlkit-Create select >> nth=0").is_disabled()
    lab.see(".mlkit-Create .mlkit-Card", state="detached")
    lab.click(".jp-Dialog button:has-text('Cancel')")


def test_menus_of_files_and_folders_lead_to_projects(lab):
    root = lab.make()
    (root / "mlkit.toml").unlink()
    churn(root / "churn.csv", rows=30)
    lab.open()
    lab.click("li[data-id='filebrowser']")
    lab.click(".jp-DirListing-item:has-text('churn.csv')", button="right")
    lab.picture("menu")
    lab.click(".lm-Menu-item:has-text('Start an ML Workflow')")
    lab.see(".mlkit-Create option[value=churn]", state="attached")
    lab.click(".jp-Dialog button:has-text('Cancel')")
    lab.click(".jp-BreadCrumbs-home")
    lab.click(f".jp-DirListing-item:has-text('{lab.name}')", button="right")
    lab.click(".lm-Menu-item:has-text('Open as mlkit Project')")
    lab.step("total", "never")
    assert (root / "mlkit.toml").read_text() == "format = 1\n"


OPEN = """
async ([path, count]) => {
  performance.clearResourceTimings();
  const start = performance.now();
  await jupyterapp.commands.execute('mlkit:open', {path});
  const frame = () => new Promise(done => requestAnimationFrame(done));
  while (document.querySelectorAll('.mlkit-Row').length !== count) await frame();
  await frame();
  const all = performance.now() - start;
  const asked = performance.getEntriesByType('resource');
  const graph = asked.filter(one => one.name.includes('/mlkit/'));
  return [all, graph.reduce((sum, one) => sum + one.duration, 0)];
}
"""


def test_hundred_steps_are_painted(lab, write, make_in_lab, capsys):
    root, few = lab.make(), make_in_lab("few")
    for i in range(97):
        load = 'mk.load("clean")' if i % 7 == 0 else f'mk.load("s{i - 1}")'
        cell = f"import mlkit as mk\n\nmk.save(s{i}={load})"
        write(root / f"steps/{i + 4:03}_s{i}.ipynb", "a: int = 1", cell)
    for path in sorted(few.glob("steps/*"))[1:]:
        path.unlink()
    lab.open()
    lab.see(".mlkit-Row >> nth=99")
    lab.picture("hundred")
    for told in ("cold", "warm"):
        one = lab.page.evaluate(OPEN, ["few", 1])
        many = lab.page.evaluate(OPEN, [lab.name, 100])
        with capsys.disabled():
            for name, (whole, asked) in {"one step": one, "a hundred": many}.items():
                took = f"{whole:.0f} ms, of which the server {asked:.0f}"
                print(f"\n{told}, {name} painted after {took}")  # noqa: T201
    assert lab.page.locator(".mlkit-Row").count() == 100
