"""What a person does in JupyterLab, done in a real browser."""

import html
import os
import random
import shutil
import subprocess
import sys

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="needs chromium"),
]
OPTIONS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
]
PATIENCE = 1000 * int(os.environ.get("MLKIT_PATIENCE", "120"))  # milliseconds


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        started.close()


class Lab:
    """JupyterLab in a page, looking at one folder below the server's root."""

    def __init__(self, server, page, name):
        self.server, self.page, self.name = server, page, name
        self.wrong = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("dialog", lambda box: (self.wrong.append(box.message), box.accept()))

    def open(self):
        told = self.server.told
        base = f"{self.server.origin}{told['base']}lab/tree/{self.name}"
        self.page.goto(f"{base}?token={told['token']}&reset")
        self.see(".jp-Launcher-content")
        self.click("li[data-id='mlkit-panel']")

    def see(self, selector, **how):
        return self.page.wait_for_selector(selector, **how)

    def click(self, selector, **how):
        self.page.click(selector, **how)

    def step(self, name, state):
        self.see(f".mlkit-Row.mlkit-mod-{state}:has-text('{name}')")

    def ended(self, state):
        self.see(f".mlkit-Progress-end:has-text('{state}')")

    def picture(self, name):
        folder = os.environ.get("MLKIT_SCREENS")
        for theme, width in [("Light", 1400), ("Dark", 1400), ("Dark", 1000)]:
            if folder:
                self.theme(f"JupyterLab {theme}")
                self.page.set_viewport_size({"width": width, "height": 900})
                self.page.wait_for_timeout(800)
                path = f"{folder}/{name}-{theme.lower()}-{width}.png"
                self.page.screenshot(path=path)
        if folder:
            self.theme("JupyterLab Light")
            self.page.set_viewport_size({"width": 1400, "height": 900})

    def theme(self, name):
        self.page.evaluate(
            "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})",
            name,
        )


@pytest.fixture
def lab(lab_server, browser, request, make_in_lab):
    """Open Lab over a folder of the test's own; stop what still runs at its end."""
    name = request.node.name[5:25]
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    lab = Lab(lab_server, context.new_page(), name)
    lab.root = lab_server.root / name
    lab.make = lambda **how: make_in_lab(name, **how)
    yield lab
    if folder := os.environ.get("MLKIT_SCREENS"):
        lab.page.screenshot(path=f"{folder}/end-of-{name}.png")
    context.close()
    for found in lab.root.rglob("mlkit.toml"):
        words = [sys.executable, "-m", "mlkit", "stop", found.parent]
        subprocess.run(words, check=False, capture_output=True)
    assert lab.wrong == []


def pause(root, seconds):
    path = root / "steps/02_clean.ipynb"
    text = path.read_text()
    old = text.partition("pause: float = ")[2].partition(" ")[0]
    path.write_text(text.replace(f"= {old}  # seconds", f"= {seconds}  # seconds"))


def churn(path, rows=300):
    """Write a table like a telephone company's."""
    chance = random.Random(0)
    lines = ["customer,months,charge,contract,churn"]
    for i in range(rows):
        months, charge = chance.randint(1, 72), round(chance.uniform(18, 120), 2)
        contract = chance.choice(["monthly", "yearly", "two years"])
        left = 0.7 - months / 100 - 0.25 * (contract != "monthly")
        gone = "yes" if chance.random() < left else "no"
        lines.append(f"C{i:04},{months},{charge},{contract},{gone}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def test_dialog_makes_a_project_of_a_table_and_its_run_is_watched(lab):
    churn(lab.root / "churn.csv")
    lab.open()
    lab.click(".jp-LauncherCard:has-text('ML workflow')")
    lab.click(".mlkit-Create button:has-text('Browse')")
    lab.click(".jp-Open-Dialog .jp-DirListing-item:has-text('churn.csv')")
    lab.picture("browse")
    lab.click(".jp-Dialog .jp-mod-accept")
    lab.see(".mlkit-Create option[value=churn]", state="attached")
    lab.page.select_option(".mlkit-Create select >> nth=0", "churn")
    lab.see(".mlkit-Create:has-text('Guessed, as the columns hold')")
    lab.picture("dialog")
    lab.click(".jp-Dialog button:has-text('Make the project')")
    lab.see(".mlkit-Head-name:has-text('churn_model')")
    lab.step("package", "never")
    lab.click(".mlkit-Row-main:has-text('validate')")
    lab.see(".jp-NotebookPanel .jp-Cell")
    lab.click(".mlkit-Step button:has-text('Run until here')")
    lab.step("validate", "running")
    lab.picture("running")
    lab.ended("passed")
    lab.step("validate", "fresh")
    lab.see(".Toastify__toast:has-text('the run passed')")
    lab.click("#mlkit-tab-artifacts")
    lab.click(".mlkit-List-main:has-text('raw')")
    lab.see(".mlkit-Table th:has-text('contract')")
    lab.picture("artifact")
    lab.click(".mlkit-Head button:has-text('Report')")
    lab.see(".mlkit-Page iframe")
    lab.picture("report")


def test_blocked_step_is_mended_in_its_form_and_passes(lab):
    lab.make(gate=99)
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
    lab.see(".jp-CodeCell:has-text('least: int = 1')")
    lab.click(".mlkit-RunAsStep")
    lab.ended("passed")
    lab.step("total", "fresh")
    lab.click("#mlkit-tab-runs")
    for row in (0, 1):
        lab.click(f".mlkit-Past input >> nth={row}")
    lab.click("button:has-text('Compare the two')")
    lab.see(".mlkit-Tab td:has-text('least')")
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
    lab.see(f".jp-RunningSessions-item:has-text('{lab.name}')")
    lab.picture("sessions")
    lab.click("li[data-id='mlkit-panel']")
    lab.click(".mlkit-Main:has-text('Stop')")
    lab.ended("interrupted")
    lab.see(".mlkit-Main:has-text('Resume')")
    lab.picture("stopped")


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
    path = root / "steps/03_total.ipynb"
    path.write_text(path.read_text().replace('load(\\"clean\\")', 'load(\\"klean\\")'))
    lab.see(".mlkit-Card:has-text(\"nobody saves 'klean'\")")
    lab.picture("fault")


def test_load_of_what_is_not_there_offers_the_run_that_makes_it(lab):
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
