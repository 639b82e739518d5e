"""A real server over a small project, asked as a browser asks it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from mlkit.core.project import Project
from mlkit.engine.running.lock import holder
from tests.lab.page import CHROMIUM, OPTIONS, Lab

SERVE = Path(__file__).with_name("serve.py")
SECRET = "the-secret-nobody-may-read"
CELL = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}

SPEC = {"name": "python3", "display_name": "Python 3", "language": "python"}
KERNEL = {"kernelspec": SPEC, "language_info": {"name": "python"}}


class Server:
    """A running server: its address, its routes, and a client that has the token."""

    def __init__(self, told, root):
        self.root, self.told = root, told
        self.origin = f"http://127.0.0.1:{told['port']}"
        self.base = f"{self.origin}{told['base']}mlkit/"
        headers = {"Authorization": f"token {told['token']}"}
        self.client = httpx.Client(base_url=self.base, headers=headers, timeout=60)

    def get(self, path, status=200, /, **params):
        reply = self.client.get(path, params=params)
        assert reply.status_code == status, (reply.status_code, reply.text)
        return reply.json()

    def send(self, verb, path, form=None, status=200, /, **params):
        reply = self.client.request(verb, path, params=params, json=form or {})
        assert reply.status_code == status, (reply.status_code, reply.text)
        return reply.json()

    def end_kernels(self):
        """End all kernels that people have left behind.

        While one of them starts, the server's list of kernels is a 500.
        """
        api = f"{self.origin}{self.told['base']}api/kernels"
        deadline = time.monotonic() + 60
        while (listed := self.client.get(api)).is_error or listed.json():
            assert time.monotonic() < deadline, listed.text
            for kernel in [] if listed.is_error else listed.json():
                self.client.delete(f"{api}/{kernel['id']}")
            time.sleep(0.1)

    def ended(self, project, run):
        """Follow a run's events to their end and return them."""
        path = f"runs/{run}/events"
        with self.client.stream("GET", path, params={"project": project}) as reply:
            assert reply.status_code == 200
            return [json.loads(line) for line in reply.iter_lines() if line]


@contextmanager
def serving(root, *more, base="/user/x/"):
    """Run a server over a folder."""
    wrong = Path(tempfile.mkdtemp()) / "said"
    with wrong.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, SERVE, root, base, *more],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env={**os.environ, "JUPYTER_PLATFORM_DIRS": "1"},
        )
    line = process.stdout.readline()
    assert line, wrong.read_text()
    server = Server(json.loads(line), Path(root))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if server.client.get("projects", params={"path": ""}).status_code == 200:
                break
        except httpx.TransportError:
            time.sleep(0.05)
    try:
        yield server
    finally:
        server.client.close()
        process.send_signal(signal.SIGKILL)
        process.communicate()


def notebook(path, *cells):
    """Write a notebook whose first cell holds the parameters."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = [{**CELL, "id": f"c{i}", "source": source} for i, source in enumerate(cells)]
    made[0] = {**made[0], "metadata": {"tags": ["parameters"]}}
    form = {"cells": made, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(form))
    return path


def small(root, gate=0):
    """Make a project of three steps; the last has a gate."""
    (root / "data").mkdir(parents=True)
    (root / "mlkit.toml").write_text('format = 1\n[goal]\nquestion = "How many?"\n')
    (root / "data" / "x.csv").write_text("a,b\n1,<script>alert(1)</script>\n3,x\n")
    read = "mk.save(raw=pd.read_csv(reads(data)))"
    uses = (
        "import mlkit as mk\nimport pandas as pd\nfrom mlkit.core.cells import reads\n"
    )
    notebook(root / "steps/01_collect.ipynb", 'data: str = "data/x.csv"', uses + read)
    notebook(
        root / "steps/02_clean.ipynb",
        "factor: int = 1  # times\npause: float = 0.0  # seconds",
        "import mlkit as mk\nimport time\n\ntime.sleep(pause)",
        'clean = mk.load("raw")\nmk.save(clean=clean.assign(a=clean["a"] * factor))',
    )
    notebook(
        root / "steps/03_total.ipynb",
        f"least: int = {gate}",
        "import mlkit as mk\nfrom mlkit.core.verdict import Finding, Verdict\n"
        'total = int(mk.load("clean")["a"].sum())\n'
        'state = "passed" if total >= least else "missed"\n'
        'mk.save(metrics={"total": total})\n'
        'mk.gate(Verdict((Finding(f"total at least {least}", state),)))',
    )
    return root


@pytest.fixture(scope="session")
def room(tmp_path_factory):
    """A root with a project in it, and secrets all around it."""
    room = tmp_path_factory.mktemp("room")
    ws = room / "ws"
    for place in (room / "ws-secret", room / "outside", ws / ".hidden", ws / "plain"):
        place.mkdir(parents=True)
        (place / "secret.csv").write_text(f"a,b\n{SECRET},1\n")
    for place in (room / "ws-secret", room / "outside", ws / ".hidden"):
        small(place / "p")
    small(ws / "work" / "p")
    (ws / "link").symlink_to(room / "outside")
    (ws / "file.csv").symlink_to(room / "outside" / "secret.csv")
    (ws / "round").symlink_to(ws / "round")
    (ws / "work" / "bent").mkdir()
    (ws / "work" / "bent" / "mlkit.toml").write_text("format = 1\n")
    (ws / "work" / "bent" / "runs").symlink_to(room / "outside")
    return room


@pytest.fixture(scope="session")
def server(room):
    with serving(room / "ws") as one:
        yield one


@pytest.fixture
def make(server):
    """Make a small project below the server's root."""
    return lambda name, **how: small(server.root / name, **how)


@pytest.fixture(scope="session")
def make_small():
    """Make a small project in a folder."""
    return small


@pytest.fixture
def write():
    """Write a notebook."""
    return notebook


@pytest.fixture(scope="session")
def run_server():
    """Run a server over a folder, with an application of Jupyter."""
    return serving


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory):
    """A server that also has JupyterLab with the extension."""
    with serving(tmp_path_factory.mktemp("lab"), "lab") as one:
        yield one


@pytest.fixture
def make_in_lab(lab_server):
    """Make a small project below the root of the server that has JupyterLab."""
    return lambda name, **how: small(lab_server.root / name, **how)


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if not CHROMIUM:
        pytest.skip("needs chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def window(browser):
    """A window in which Lab is loaded once, and then kept; its colours are Lab's."""
    size = {"width": 1400, "height": 900}
    context = browser.new_context(viewport=size, color_scheme="null")
    yield context
    context.close()


@pytest.fixture
def opened(lab_server, window):
    """Open pages of Lab that look at a folder; end all of it with the test."""
    labs = []

    def one(name):
        labs.append(Lab(lab_server, window.new_page(), name))
        labs[-1].root.mkdir(exist_ok=True)
        return labs[-1]

    yield one
    for lab in labs:
        if folder := os.environ.get("MLKIT_SCREENS"):
            lab.page.screenshot(path=f"{folder}/end-of-{lab.name}.png")
        lab.page.close()
        end_runs(lab.root)
    lab_server.end_kernels()
    assert [lab.wrong for lab in labs] == [[] for _ in labs]


def end_runs(folder):
    """Stop what still runs in the projects below a folder."""
    for found in folder.rglob("mlkit.toml"):
        if holder(Project.open(found.parent)):
            words = [sys.executable, "-m", "mlkit", "stop", found.parent]
            subprocess.run(words, check=False, capture_output=True)


@pytest.fixture
def lab(opened, request, make_in_lab):
    """Lab over a folder of the test's own."""
    name = request.node.name[5:25]
    lab = opened(name)
    lab.make = lambda **how: make_in_lab(name, **how)
    return lab
