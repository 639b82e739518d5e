"""The files under docs/: each is run, against a server or a stand-in for mlkit."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from types import ModuleType, SimpleNamespace

import click
import pandas as pd
import pytest

from mlkit.cli.group import cli

DOCS = Path(__file__).parents[3] / "docs"
COMMAND = re.compile(r"^\W*(?:run: )?mlkit ([a-z]+)([^|;>`\n]*)", re.MULTILINE)


@pytest.fixture
def stand_in(tmp_path):
    """Put a program before mlkit that ends with a code, and notes how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def made(code):
        program = folder / "mlkit"
        program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/called\nexit {code}\n')
        program.chmod(0o755)
        return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}

    made.called = folder / "called"
    return made


def pages():
    return [p for p in DOCS.rglob("*") if p.is_file() and p.suffix != ".ipynb"]


def test_commands_in_the_docs_are_commands():
    seen = 0
    for page in pages():
        for name, rest in COMMAND.findall(page.read_text()):
            command = cli.get_command(click.Context(cli), name)
            assert command, f"{page.name}: mlkit {name}"
            known = {o for p in command.params for o in p.opts}
            options = re.findall(r"--[a-z-]+", rest)
            assert set(options) <= known, f"{page.name}: mlkit {name}{rest}"
            seen += 1
    assert seen > 2


@pytest.mark.parametrize(("code", "says"), [(0, ""), (4, ""), (3, "ended with 3")])
def test_the_line_for_cron_speaks_only_where_somebody_should_look(
    tmp_path, stand_in, code, says
):
    project = tmp_path / "churn"
    (project / ".mlkit").mkdir(parents=True)
    *_, line = (DOCS / "schedules/crontab").read_text().strip().splitlines()
    when = line.split()[:5]
    assert all(re.fullmatch(r"\*|\d+", word) for word in when)
    script = line.split(maxsplit=5)[5]
    around = {**stand_in(code), "PROJECT": str(project)}
    done = subprocess.run(
        ["/bin/sh", "-c", script], env=around, capture_output=True, text=True
    )
    assert says in done.stdout
    assert bool(done.stdout) is bool(says)
    assert stand_in.called.read_text() == f"retrain --if-needed {project}\n"


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (4, 0), (3, 3), (1, 1)])
def test_the_workflow_fails_where_somebody_should_look(stand_in, code, ends):
    yaml = pytest.importorskip("yaml")
    form = yaml.safe_load((DOCS / "schedules/retrain.yml").read_text())
    first, second = form["jobs"]["retrain"]["steps"]
    words = ["bash", "-e", "-c", first["run"]]
    assert subprocess.run(words, env=stand_in(code), check=False).returncode == ends
    assert "retrain --if-needed ." in stand_in.called.read_text()
    assert "ledger.jsonl" in second["run"]


def test_the_dag_has_the_two_commands_in_order(monkeypatch):
    made, order = {}, []

    class Operator:
        def __init__(self, **facts):
            made[facts["task_id"]] = facts
            self.name = facts["task_id"]

        def __rshift__(self, other):
            order.append((self.name, other.name))

    class Dag:
        def __init__(self, **facts):
            made["dag"] = facts

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    names = ["airflow", "providers", "standard", "operators", "bash"]
    for k in range(len(names)):
        path = ".".join(names[: k + 1])
        monkeypatch.setitem(sys.modules, path, ModuleType(path))
    sys.modules["airflow.providers.standard.operators.bash"].BashOperator = Operator
    sdk = ModuleType("airflow.sdk")
    sdk.DAG = Dag
    monkeypatch.setitem(sys.modules, "airflow.sdk", sdk)
    source = (DOCS / "schedules/retrain_dag.py").read_text()
    exec(compile(source, "retrain_dag.py", "exec"), {})
    assert made["dag"]["max_active_runs"] == 1
    assert made["retrain"]["bash_command"].startswith("mlkit retrain --if-needed /")
    assert made["retrain"]["skip_on_exit_code"] == 3
    assert order == [("retrain", "verify")]


@pytest.mark.parametrize(("code", "fails"), [(0, False), (3, False), (1, True)])
def test_the_nightly_notebook_fails_only_where_the_job_did(monkeypatch, code, fails):
    form = json.loads((DOCS / "schedules/nightly.ipynb").read_text())
    cells = ["".join(c["source"]) for c in form["cells"] if c["cell_type"] == "code"]
    called = []

    def run(command):
        called.extend(command)
        return SimpleNamespace(returncode=code)

    monkeypatch.setattr(subprocess, "run", run)
    names = {}
    if fails:
        with pytest.raises(AssertionError, match="ended with 1"):
            exec("\n".join(cells), names)
    else:
        exec("\n".join(cells), names)
    assert called[1:] == [
        *("-m", "mlkit", "retrain", "--if-needed", "--promote", "ask", ".")
    ]


@pytest.fixture(scope="session")
def penguins(make):
    table = pd.read_csv(files("palmerpenguins") / "data" / "penguins.csv")
    return make(table, "species", "tree")


@pytest.mark.parametrize(("program", "kind"), [("curl", "sh"), ("node", "js")])
def test_a_picture_is_sent_as_the_page_says(
    running, pictures, drawn, tmp_path, program, kind
):
    if not shutil.which(program):
        pytest.skip(f"there is no {program} here")
    shutil.copy(drawn / "0.png", tmp_path / "photo.png")
    page = (DOCS / "clients/README.md").read_text()
    (code,) = re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)
    with running(pictures, "--log", "off") as server:
        code = code.replace("http://127.0.0.1:8000", str(server.base_url).rstrip("/"))
        words = ["sh", "-ec", code]
        if kind == "js":
            first = 'import { openAsBlob } from "node:fs";\n'
            first += 'const file = await openAsBlob("photo.png");\n'
            last = "\nconsole.log(await reply.text());"
            words = ["node", "--input-type=module", "--eval", first + code + last]
        told = {"capture_output": True, "text": True, "timeout": 60}
        done = subprocess.run(words, cwd=tmp_path, check=False, **told)
    assert '"label":"red"' in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl here")
def test_the_row_of_the_readme_is_answered(running, penguins):
    page = (DOCS.parent / "README.md").read_text()
    (code,) = re.findall(r"```bash\n(curl .*?)```", page, re.DOTALL)
    with running(penguins, "--log", "off") as server:
        code = code.replace("localhost:8000", str(server.base_url.netloc, "ascii"))
        told = {"capture_output": True, "text": True, "timeout": 60}
        done = subprocess.run(["sh", "-ec", code], check=False, **told)
    (said,) = json.loads(done.stdout)["predictions"]
    assert (said["label"], said["flags"]) == ("Gentoo", [])


@pytest.mark.parametrize(("program", "file"), [("sh", "ask.sh"), ("node", "ask.mjs")])
def test_the_clients_ask_a_server(running, penguins, program, file):
    if not shutil.which(program) or not shutil.which("curl"):
        pytest.skip(f"there is no {program} here")
    token = "correct-horse-battery-staple"
    told = {"MLKIT_TOKEN": token}
    for words, around in (((), {}), (("--token-env", "MLKIT_TOKEN"), told)):
        with running(penguins, "--log", "off", *words, **around) as server:
            done = subprocess.run(
                [program, DOCS / "clients" / file, str(server.base_url).rstrip("/")],
                capture_output=True,
                text=True,
                timeout=60,
                env={**os.environ, **around},
            )
        assert done.returncode == 0, done.stderr
        assert "Adelie" in done.stdout
