"""A server of a project, in a process where nothing heavy can be imported."""

from __future__ import annotations

import base64
import subprocess
import sys
import sysconfig
import time

import httpx
import pytest

from mlkit.cli.group import command_line
from mlkit.product.log import find
from mlkit.product.serving.served import Served

ALONE = """
import sys
from importlib.machinery import PathFinder

ALLOWED = {"mlkit", "numpy", "onnxruntime", "uvicorn", "msgspec", "h11",
           "httptools", "uvloop", "click",
           "typing_extensions", "google", "flatbuffers", "packaging"}

class Gate:
    @staticmethod
    def find_spec(name, path=None, target=None):
        top = name.partition(".")[0]
        if name.startswith(("mlkit.engine", "mlkit.data", "mlkit.widgets")):
            raise ImportError(f"{name} is not for servers")
        if top in ALLOWED or top in sys.stdlib_module_names:
            return None
        if PathFinder.find_spec(name, path) is not None and path is None:
            raise ImportError(f"{name} is heavy")
        return None

sys.meta_path.insert(0, Gate)
from mlkit.cli.group import command_line
sys.exit(command_line(["serve", *sys.argv[1:]]))
"""


def until(holds, seconds=20.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)


@pytest.fixture
def project(maker, loans):
    maker.step(
        "01_package",
        f"folder: str = {str(loans)!r}",
        "import mlkit as mk\nfrom pathlib import Path",
        "mk.save(package=Path(folder))",
    )
    assert maker.run().state == "passed"
    return maker


def test_it_follows_promotions_and_a_way_back(project, loans, later_loans, good):
    root = str(project.root)
    command = [sys.executable, "-W", "ignore", "-c", ALONE, root, "--port", "0"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, **streams)
    try:
        address = process.stdout.readline().partition(" answers at ")[2]
        base = address.partition("/v1/")[0]
        with httpx.Client(base_url=base, timeout=20) as client:
            versions = [Served(folder).version for folder in (loans, later_loans)]
            replies = []

            def answers(version):
                reply = client.post("/v1/predict", json={"rows": [good]})
                replies.append(reply)
                return reply.json()["model"] == version

            until(lambda: answers(versions[0]))
            assert client.get("/v2/models/project").status_code == 200
            notebook = project.root / "steps" / "01_package.ipynb"
            text = notebook.read_text().replace(str(loans), str(later_loans))
            notebook.write_text(text)
            assert project.run().state == "passed"
            assert answers(versions[0])
            assert command_line(["promote", "--why", "better", root]) == 0
            until(lambda: answers(versions[1]))
            assert command_line(["rollback", "--why", "worse", root]) == 0
            until(lambda: answers(versions[0]))
    finally:
        process.kill()
        told = process.communicate()[1]
    assert {reply.status_code for reply in replies} == {200}
    assert told.count("answers now, after") == 2
    log = project.project.state / "requests.sqlite"
    kept = [find(log, reply.json()["id"]) for reply in (replies[0], replies[-1])]
    assert [one.model[:12] for one in kept] == [versions[0]] * 2


SOUNDS = ("soundfile", "_soundfile", "_soundfile_data", "_cffi_backend", "scipy")
sysconfig.get_config_vars()
BUILT = [name for name in sys.modules if name.startswith("_sysconfigdata")]
"""How Python was built, which scipy asks for, and which has another name each time."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "name", "file", "more", "says"),
    [
        ("pictures", "photo", "0.png", ("PIL",), "red"),
        ("sounds", "clip", "0.wav", (*SOUNDS, *BUILT), "low"),
    ],
)
def test_images_and_sounds_need_what_reads_them_and_no_more(
    request, drawn, tmp_path, package, name, file, more, says
):
    allowed = ", ".join(f'"{name}"' for name in ("click", *more))
    code = ALONE.replace('"click"', allowed)
    folder = request.getfixturevalue(package)
    words = (str(folder), "--port", "0", "--log", "off")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code, *words],
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        text=True,
    )
    try:
        address = process.stdout.readline().partition(" answers at ")[2]
        cell = base64.b64encode((drawn / file).read_bytes()).decode()
        rows = [{name: cell, "size": 10, "town": None}]
        if package == "sounds":
            del rows[0]["town"]
        reply = httpx.post(address.partition(", log")[0], json={"rows": rows})
        assert reply.status_code == 200, reply.text
        assert reply.json()["predictions"][0]["label"] == says
    finally:
        process.kill()
        process.communicate()
    listed = (folder / "requirements.txt").read_text()
    assert {"PIL": "pillow=="}.get(more[0], "soundfile==") in listed


def test_a_package_lists_what_its_server_imports(loans):
    lines = (loans / "requirements.txt").read_text().splitlines()
    listed = {line.partition("==")[0] for line in lines if "==" in line}
    assert {"httptools", "msgspec", "onnxruntime", "uvicorn"} <= listed
