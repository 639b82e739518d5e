"""The commands that run, decide and care, on a small project."""

import json
from typing import NamedTuple

import pytest

from mlkit.core import decisions, ledger
from mlkit.core.store import Store


class Said(NamedTuple):
    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def shell(capfd):
    """Call a command as the shell does."""
    from mlkit.cli.group import command_line

    def call(*words):
        capfd.readouterr()
        code = command_line([str(word) for word in words])
        return Said(code, *capfd.readouterr())

    return call


def test_help_lists_every_command_and_every_command_has_help(shell):
    from mlkit.cli.group import GROUPS

    text = shell("--help").stdout
    for names in GROUPS.values():
        for name in names:
            assert f"  {name} " in text
            assert shell(name, "--help").exit_code == 0


def test_an_unknown_command_is_met_with_the_nearest(shell):
    done = shell("stauts")
    assert done.exit_code == 2
    assert "did you mean 'status'" in done.stderr


def test_a_command_exits_by_what_it_returns_whoever_calls(shell, mlkit, monkeypatch):
    monkeypatch.setattr("mlkit.cli.run_.run_project", lambda *_: 3)
    assert shell("run").exit_code == mlkit("run")[0] == 3


def test_outside_of_a_project_the_error_says_how_to_begin(shell, tmp_path):
    done = shell("run", tmp_path)
    assert done.exit_code == 2
    assert "mlkit new" in done.stderr
    assert "Traceback" not in done.stderr


def test_status_and_why_and_graph_tell_the_same(shell, ran):
    status = json.loads(shell("status", ran.root, "--json").stdout)
    assert {s["state"] for s in status["steps"].values()} == {"fresh"}
    assert status["steps"]["clean"]["loads"] == ["raw"]
    assert "is fresh" in shell("why", "clean", ran.root).stdout
    graph = json.loads(shell("graph", ran.root, "--json").stdout)
    assert graph["steps"]["total"]["parents"] == ["clean"]
    assert shell("why", "claen", ran.root).exit_code == 2


def test_verify_holds_and_shows_damage(shell, ran):
    assert shell("verify", ran.root).exit_code == 0
    identity = Store(ran.project.state).refs()["metrics"].identity
    payload = next(iter(Store(ran.project.state).files(identity)))
    payload.write_text("{}")
    damaged = shell("verify", ran.root)
    assert damaged.exit_code == 1
    assert "damaged" in damaged.stderr


@pytest.mark.slow
def test_gc_keeps_what_is_needed(shell, ran):
    text = (ran.root / "steps/02_clean.ipynb").read_text()
    for factor in "234":
        changed = text.replace("factor: int = 1", f"factor: int = {factor}")
        (ran.root / "steps/02_clean.ipynb").write_text(changed)
        ran.executed()
    before = set(Store(ran.project.state).objects())
    assert shell("gc", ran.root, "--runs", "1").exit_code == 0
    after = set(Store(ran.project.state).objects())
    assert after < before
    assert ran.executed() == []
    assert shell("verify", ran.root).exit_code == 0


def test_decisions_are_listed_set_frozen_and_undone(shell, chain):
    chain.step(
        "04_pick",
        "",
        "import mlkit as mk\nfrom editor import Editor",
        'depth = mk.decide("depth", Editor())',
        "mk.save(picked=depth)",
    )
    (chain.root / "steps" / "editor.py").write_text(
        "class Editor:\n    value = 3\n    seen = 'x'\n\n"
        "    def picture(self, value):\n        return value\n"
    )
    chain.executed()
    assert "default of pick" in shell("decide", "-C", chain.root).stdout
    assert shell("decide", "depth", "-C", chain.root).stdout.strip() == "3"
    assert shell("freeze", chain.root).stdout.strip() == "frozen: depth"
    assert shell("freeze", chain.root).stdout.strip() == "nothing to freeze"
    shell("decide", "depth", "5", "--why", "shallow is enough", "-C", chain.root)
    made = decisions.read(chain.root / "decisions", "depth")
    assert (made.value, made.why) == (5, "shallow is enough")
    assert chain.executed() == ["pick"]
    assert shell("decide", "depth", "--undo", "-C", chain.root).exit_code == 0
    assert chain.executed() == []
    wrong = shell("decide", "deth", "5", "-C", chain.root)
    assert (wrong.exit_code, "did you mean 'depth'" in wrong.stderr) == (2, True)


def test_run_prints_events_as_json_and_takes_parameters(shell, chain):
    done = shell("run", chain.root, "-p", "clean.factor=3", "--json", "--cold")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    last = events[-1]
    assert last["event"] == "run_finished"
    assert last["executed"] == ["collect", "clean", "total"]
    assert set(last) >= {"state", "kept", "blocked", "failed", "skipped", "run"}
    assert shell("run", chain.root, "-p", "factor").exit_code == 2


def test_export_and_predict_say_that_there_is_no_champion(shell, ran, tmp_path):
    export = shell("export", "--format", "onnx", "--to", tmp_path / "m.onnx", ran.root)
    assert export.exit_code == 2
    assert "no champion yet" in export.stderr
    wrong = shell("export", "--format", "onx", "--to", tmp_path / "m", ran.root)
    assert (wrong.exit_code, "did you mean 'onnx'" in wrong.stderr) == (2, True)


def test_stop_with_nothing_to_stop(shell, ran):
    assert "no run" in shell("stop", ran.root).stdout


def test_the_ledger_is_written_by_a_run(ran):
    assert ledger.verify(ran.root / "ledger.jsonl") == 1


def test_a_report_is_named_from_where_one_stands(shell, ran, monkeypatch):
    monkeypatch.chdir(ran.root.parent)
    run = ("run", ran.root.name, "--only", "collect", "--refresh")
    _, _, line = shell(*run).stdout.strip().rpartition("report: ")
    assert line.startswith(f"{ran.root.name}/runs/")
    assert (ran.root.parent / line).is_file()


@pytest.mark.parametrize("whole", [False, True])
def test_data_that_are_not_there_are_named_as_they_were_given(
    shell, tmp_path, monkeypatch, whole
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    data = str(tmp_path / "telko.csv") if whole else "../telko.csv"
    said = shell("new", "p", "--data", data, "--target", "y").stderr
    assert f"  where:    {data}\n" in said
    assert "check the path" in said
    assert "known:" not in said
    (tmp_path / "telco.csv").touch()
    assert "did you mean 'telco.csv'?" in shell("new", "p", "--data", data).stderr


def test_columns_without_names_are_shown_by_their_place(shell, tmp_path):
    (tmp_path / "a.csv").write_text("3,gas,13495\n2,,16500\n1,gas,13950\n" * 9)
    words = ("new", tmp_path / "p", "--data", tmp_path / "a.csv", "--target", "price")
    said = shell(*words).stderr
    assert "no header, and its first row is c1 3, c2 gas, c3 13495" in said
    assert "by its place" in said


def test_a_project_is_not_made_in_its_own_data(shell, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("x,y\n1,a\n2,b\n")
    said = shell("new", tmp_path / "data" / "p", "--data", tmp_path / "data")
    assert said.exit_code == 2
    assert "in its own data" in said.stderr
    assert not (tmp_path / "data" / "p").exists()
