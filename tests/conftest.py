"""Small projects, made of notebooks that are written cell by cell."""

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from mlkit.core.project import Project
from mlkit.engine.running.options import Options
from mlkit.engine.running.run import run

# The same examples in every run, so that what turns red is what was changed; to look
# for new ones: HYPOTHESIS_PROFILE=explore pytest ...
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def write_notebook(path, parameters, *cells):
    """Write a notebook with a parameters cell and code cells."""
    sources = [(parameters, ["parameters"]), *((cell, []) for cell in cells)]
    form = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{i}",
                "metadata": {"tags": tags} if tags else {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for i, (source, tags) in enumerate(sources)
            if source is not None
        ],
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(form, indent=1) + "\n", encoding="utf-8")
    return path


class Maker:
    """A project under construction, and runs of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "steps").mkdir(parents=True)
        (root / "data").mkdir()
        self.settings("")

    @property
    def project(self) -> Project:
        return Project.open(self.root)

    def settings(self, text: str) -> None:
        (self.root / "mlkit.toml").write_text("format = 1\n" + text)

    def step(self, name, parameters, *cells):
        return write_notebook(self.root / "steps" / f"{name}.ipynb", parameters, *cells)

    def run(self, *, warm=False, **options):
        self.events = []
        options.setdefault("jobs", 2)
        return run(
            self.project,
            Options(warm=warm, **options),
            lambda e: e["event"] != "tick" and self.events.append(e),
        )

    def executed(self, **options):
        result = self.run(**options)
        finished = self.events[-1]
        assert result.state == "passed", [
            e["error"] for e in self.events if e.get("error")
        ]
        return finished["executed"]


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path / "project")


@pytest.fixture
def chain(maker):
    """Three steps: numbers read from a file, scaled, and summed."""
    return chained(maker)


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """The folder of such a project that was run, to be copied."""
    maker = chained(Maker(tmp_path_factory.mktemp("once") / "project"))
    maker.executed()
    return maker.root


@pytest.fixture
def ran(once, tmp_path):
    """Such a project that was run already."""
    made = object.__new__(Maker)
    made.root = shutil.copytree(once, tmp_path / "project", symlinks=True)
    return made


def chained(maker):
    """Write the three steps into a project."""
    (maker.root / "data" / "x.csv").write_text("a,b\n1,2\n3,4\n")
    (maker.root / "steps" / "helper.py").write_text(
        "def scale(table, by):\n    return table * by\n"
    )
    maker.step(
        "01_collect",
        'data: str = "data/x.csv"',
        "import mlkit as mk\nimport pandas as pd\nfrom mlkit.core.cells import reads",
        "mk.save(raw=pd.read_csv(reads(data)))",
    )
    maker.step(
        "02_clean",
        "factor: int = 1  # times",
        "import mlkit as mk\nfrom helper import scale",
        'mk.save(clean=scale(mk.load("raw"), factor))',
    )
    maker.step(
        "03_total",
        "least: int = 0",
        "import mlkit as mk\nfrom mlkit.core.verdict import Finding, Verdict",
        'total = int(mk.load("clean").to_numpy().sum())\n'
        'state = "passed" if total >= least else "missed"',
        'mk.save(metrics={"total": total})',
        "mk.gate(Verdict((Finding(f'total at least {least}', state),)))",
    )
    return maker


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    """A fresh session in a project's folder, as a person's kernel has it."""
    from mlkit.core import session

    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "_SESSION", None)
    for name in ("MLKIT_JOB", "JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MPLBACKEND", "agg")
    return tmp_path
