"""A small project with two past runs, made by hand: no kernel is started."""

import os

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.figure import Figure

from mlkit.core.files import write_json
from mlkit.core.project import Project
from mlkit.core.schema import Column, Schema
from mlkit.core.store import Entry, Store

OLD, NEW = "20260101-030405-aaaa", "20260102-030405-bbbb"


def table():
    """A table with every role and with what is missing."""
    values = {
        "age": [20.0, None, 31.25],
        "plan": ["a", None, "\x1b[31mc"],
        "left": ["no", "yes", "no"],
    }
    found = pd.DataFrame(values, index=pd.Index(["r1", "r2", "r3"], name="row"))
    found["plan"] = found["plan"].astype("str")
    columns = Column("age"), Column("plan", "category", ("sensitive",))
    return Schema((*columns, Column("left", "category", ("target",)))).attach(found)


def facts(run, saves=None, **changes):
    found = {
        "state": "passed",
        "why": "",
        "seconds": 2.0,
        "run": run,
        "notebook": f"runs/{run}/01_collect.ipynb",
        "parameters": {"trials": "12", "token": "'a'"},
        "decided": {},
        "verdict": None,
        "overruled": False,
        "error": None,
        "saves": saves or {},
        "distributions": {"numpy": "2.4.6"},
        "python": "3.11.7",
    }
    return found | changes


def leave(project, run, steps, **changes):
    graph = {
        s: {"parents": [], "loads": [], "saves": [], "notebook": ""} for s in steps
    }
    manifest = {
        "run": run,
        "state": "passed",
        "variant": "main",
        "began": 1767322445.0,
        "seconds": 75.5,
        "given": {},
        "graph": graph,
        "steps": steps,
    }
    write_json(project.runs / run / "manifest.json", manifest | changes)
    (project.runs / run / "01_collect.ipynb").write_text('{"cells": []}')


@pytest.fixture
def house(tmp_path):
    """A project: raw, sealed test, evaluation, a figure and a package; two runs."""
    project = Project(tmp_path / "house")
    project.root.mkdir()
    (project.root / "mlkit.toml").write_text('format = 1\n[goal]\nmetric = "roc_auc"\n')
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "model_card.md").write_text("# Card")
    with mpl.rc_context({"backend": "agg"}):
        values = {
            "raw": table(),
            "test": table(),
            "evaluation": {"metrics": {"accuracy": 0.9, "roc_auc": 0.84}},
            "curve": Figure(figsize=(1, 1)),
            "package": folder,
        }
        store = Store(project.state)
        entries = {name: store.put(value, name) for name, value in values.items()}
    refs = {
        name: Entry(**entry.to_dict() | {"step": "collect", "run": NEW, "at": 1.7e9})
        for name, entry in entries.items()
    }
    refs["test"] = Entry(**refs["test"].to_dict() | {"sealed": True})
    store.set_refs(refs)
    saves = {name: entry.to_dict() for name, entry in refs.items()}
    worse = saves["evaluation"] | {"identity": "json-" + "0" * 64}
    worse["metrics"] = {"accuracy": 0.9, "roc_auc": 0.8}
    before = facts(
        OLD,
        saves | {"evaluation": worse},
        parameters={"trials": "24", "token": "'b'"},
        decided={"threshold": {"value": 0.5}},
        distributions={"numpy": "2.4.5"},
    )
    leave(project, OLD, {"collect": before, "accept": facts(OLD, state="blocked")})
    now = facts(NEW, saves, decided={"threshold": {"value": 0.4}})
    leave(project, NEW, {"collect": now, "accept": facts(OLD, state="kept")})
    return project


@pytest.fixture(autouse=True)
def no_display(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    assert "DISPLAY" not in os.environ


@pytest.fixture
def mlkit():
    """Call a command as the shell does; return the code, and what it printed."""
    from click.testing import CliRunner

    from mlkit.cli.group import cli
    from mlkit.core.errors import MlkitError

    def call(*words):
        result = CliRunner().invoke(cli, [str(word) for word in words])
        if isinstance(result.exception, MlkitError):
            return result.exception.exit_code, str(result.exception)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return call
