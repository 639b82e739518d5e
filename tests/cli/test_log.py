"""From a reply back to its request, model, run, data and approver."""

from __future__ import annotations

import json
import time

import pandas as pd
import pytest

from mlkit.cli.group import command_line
from mlkit.core import ledger
from mlkit.core.files import write_json
from mlkit.core.store import Entry, Store
from mlkit.product.journal import forgetting
from mlkit.product.journal.filing import rotate
from mlkit.product.journal.tables import (
    Model,
    Record,
    Shadow,
    append,
    connect,
    make,
)
from mlkit.product.journal.truths import Feedback, Truth, enter_truths
from mlkit.product.retraining.returned import RETURNED

OUTPUT = {"target": "late", "classes": ["no", "yes"]}
ABOUT = {
    "project": "loans",
    "artifact": "folder-abc",
    "run": "20260101-000000-beef",
    "by": "ann",
    "schema": {"input": [{"name": "age", "type": "number"}], "output": OUTPUT},
}
MODEL = Model("f" * 64, ABOUT)


@pytest.fixture
def project(tmp_path):
    """A project that promoted one package, and its log with one request."""
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    facts = {"package": "folder-abc", "run": ABOUT["run"], "why": "it is better"}
    ledger.append(tmp_path / "ledger.jsonl", "promote", **facts)
    saves = {"raw": {"identity": "table-111"}, "receipt": {"identity": "json-222"}}
    steps = {"collect": {"saves": saves}, "split": {"saves": {}}}
    steps["split"]["saves"]["train"] = {"identity": "table-333"}
    steps["split"]["saves"]["aside"] = {"identity": "table-444"}
    graph = {
        "collect": {"parents": [], "loads": [], "saves": ["raw", "receipt"]},
        "split": {
            "parents": ["collect"],
            "loads": ["raw"],
            "saves": ["train", "aside"],
        },
        "package": {"parents": ["split"], "loads": ["train"], "saves": ["package"]},
    }
    manifest = {"steps": steps, "graph": graph}
    write_json(tmp_path / "runs" / ABOUT["run"] / "manifest.json", manifest)
    place = tmp_path / ".mlkit" / "requests.sqlite"
    make(place, MODEL, 0.0)
    said = {"label": "yes", "probabilities": {"yes": 0.75}, "flags": []}
    reply = json.dumps({"id": "a", "model": "f", "predictions": [said]})
    told = ('{"age": [40]}', reply)
    connection = connect(place)
    append(connection, Record("a", time.time() + 1, MODEL.identity, 1, 0.002, *told))
    append(connection, Shadow("a", "e" * 64, 0.5, '{"predictions": [{"label": "no"}]}'))
    for at, value in enumerate(["yes", "no"]):
        enter_truths(connection, Feedback([Truth("a", 0, value)], 86_400.0 + at))
    connection.close()
    return tmp_path


@pytest.mark.parametrize("filed", [False, True])
def test_a_reply_leads_to_all_that_made_it(project, capsys, filed):
    if filed:
        rotate(project / ".mlkit" / "requests.sqlite", now=time.time() + 9 * 86_400)
    assert command_line(["log", "--id", "a", str(project)]) == 0
    lines = [line.split(None, 1) for line in capsys.readouterr().out.splitlines()]
    told = [(first, rest) for first, rest in lines]
    for wanted in (
        ("request", "a"),
        ("model", "f" * 12),
        ("artifact", "folder-abc"),
        ("run", ABOUT["run"]),
        ("data", "raw table-111"),
        ("data", "train table-333"),
        ("asked", '{"age": 40}'),
        ("truth", "no, known at 1970-01-02T00:00:01.000+00:00"),
    ):
        assert wanted in told
    found = dict(told)
    assert found["approved"].endswith(": it is better")
    assert "would have said" in found["shadow"]


def test_the_same_as_json(project, capsys):
    assert command_line(["log", "--id", "a", "--json", str(project)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["data"] == {"raw": "table-111", "train": "table-333"}
    assert told["approved"]["why"] == "it is better"
    assert [truth["truth"] for truth in told["truths"]] == ["yes", "no"]
    assert told["shadows"][0]["reply"] == {"predictions": [{"label": "no"}]}


def test_what_was_dropped_is_told_of(project, capsys):
    place = project / ".mlkit" / "requests.sqlite"
    rotate(place, now=time.time() + 9 * 86_400)
    connection = connect(place)
    connection.execute("UPDATE days SET file = ''")
    connection.close()
    assert command_line(["log", str(project)]) == 0
    assert command_line(["log", "--id", "a", str(project)]) == 0
    assert "older than the log is kept" in capsys.readouterr().out


def test_the_policy_of_a_project_drops_old_days(project, capsys):
    with (project / "mlkit.toml").open("a") as file:
        file.write("[policies]\nlog_days = 1\n")
    place = project / ".mlkit" / "requests.sqlite"
    connection = connect(place)
    connection.execute("UPDATE requests SET at = 0")
    connection.close()
    assert command_line(["log", "--rotate", str(project)]) == 0
    assert "1 day filed, 1 requests; 1 dropped" in capsys.readouterr().out
    with (project / "mlkit.toml").open("a") as file:
        file.write('log_private = "shout"\n')
    assert command_line(["log", "--rotate", str(project)]) == 2


@pytest.mark.slow
def test_what_was_forgotten_is_in_the_ledger_though_a_reader_stopped_it(
    project, capsys, monkeypatch
):
    monkeypatch.setattr(forgetting, "PATIENCE", 0.1)
    returned = project / RETURNED
    returned.write_bytes(b"rows that came back")
    words = ["forget", "--id", "a", "--yes", str(project)]
    reader = connect(project / ".mlkit" / "requests.sqlite")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM requests").fetchone()
    assert command_line(words) == 4
    reader.execute("COMMIT")
    reader.close()
    assert command_line(words) == 0
    assert "0 rows of 0 requests erased" in capsys.readouterr().out
    lines = ledger.lines(project / "ledger.jsonl")
    assert [one["rows"] for one in lines if one["event"] == "forget"] == [1]
    assert not returned.exists()


def test_after_rows_were_forgotten_verify_still_tells_of_the_seals(project, capsys):
    assert command_line(["forget", "--id", "a", "--yes", str(project)]) == 0
    store = Store(project / ".mlkit")
    entry = store.put(pd.DataFrame({"x": [1, 2]}, index=["r1", "r2"]), "test")
    store.set_refs({"test": Entry(**entry.to_dict() | {"sealed": True})})
    facts = {"identity": entry.identity, "name": "test", "why": "acceptance"}
    path = project / "ledger.jsonl"
    ledger.append(path, "unseal", **facts, target=True, models=["m"], rows=2)
    assert command_line(["verify", str(project)]) == 0
    told = capsys.readouterr().out
    assert "'test' is sealed: opened for acceptance 1 time; has judged 1 model" in told
