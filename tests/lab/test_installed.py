"""What a plain install brings to Jupyter, with no Node and no further command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import mlkit.lab

BUILT = Path(sys.prefix) / "share/jupyter/labextensions/mlkit-lab"


def told(*words):
    done = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def line_of(text, name):
    return next(line for line in text.splitlines() if name in line)


@pytest.mark.slow
def test_the_server_has_the_routes():
    text = told("jupyter", "server", "extension", "list")
    assert "OK" in text.partition("Validating mlkit.lab")[2].partition("Validating")[0]


@pytest.mark.slow
def test_jupyterlab_has_the_extension():
    line = line_of(told("jupyter", "labextension", "list"), "mlkit-lab")
    assert "enabled" in line
    assert "OK" in line


def test_what_is_built_is_whole():
    built = json.loads((BUILT / "package.json").read_text())
    loaded = built["jupyterlab"]["_build"]["load"]
    assert (BUILT / loaded).is_file()
    assert mlkit.lab._jupyter_labextension_paths()[0]["dest"] == built["name"]


def test_no_address_of_a_machine_is_built_in():
    for path in BUILT.rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert "/home/" not in text
        assert "node_modules/" not in text
