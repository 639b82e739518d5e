from __future__ import annotations

import base64
import json

import pytest

from mlkit.core.project import Project
from mlkit.engine.reporting.pairs import pairs

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def project(tmp_path):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    return Project.open(tmp_path)


def ran(project, run, **pictures):
    """Write executed notebooks; a step without a picture shows a word."""
    steps = {}
    for step, content in pictures.items():
        coded = base64.b64encode(PNG + content).decode() if content else None
        data = {"image/png": coded} if coded else {"text/plain": "a word"}
        shown = {"output_type": "display_data", "data": data, "metadata": {}}
        cells = [
            {"cell_type": "markdown", "source": "## The curve"},
            {"cell_type": "code", "source": "plot()", "outputs": [shown]},
        ]
        path = project.root / "runs" / run / f"{step}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"cells": cells, "nbformat": 4, "metadata": {}}))
        steps[step] = {"notebook": f"runs/{run}/{step}.ipynb"}
    return {"steps": steps}


def test_only_pictures_that_differ_are_paired(project):
    old = ran(project, "a", same=b"1", other=b"1", gone=b"1", words=b"")
    new = ran(project, "b", same=b"1", other=b"2", gone=b"", words=b"")
    other, gone = pairs(project, old, new)
    assert (other.step, gone.step) == ("other", "gone")
    assert other.old.source != other.new.source
    assert other.new.source.endswith(base64.b64encode(PNG + b"2").decode())
    assert (other.old.alt, gone.new) == ("The curve", None)


def test_a_step_that_was_kept_shows_the_same_and_is_not_paired(project):
    old = ran(project, "a", kept=b"1", alone=b"1")
    new = {"steps": {"kept": old["steps"]["kept"], "young": {"notebook": ""}}}
    assert pairs(project, old, new) == []


def test_a_notebook_from_elsewhere_is_not_looked_at(project):
    old, new = ran(project, "a", step=b"1"), ran(project, "b", step=b"2")
    outside = project.root.parent / "outside.ipynb"
    outside.write_bytes((project.root / "runs/b/step.ipynb").read_bytes())
    new["steps"]["step"]["notebook"] = "../outside.ipynb"
    (pair,) = pairs(project, old, new)
    assert pair.new is None
