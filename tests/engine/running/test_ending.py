"""However a run ends, it says so, and what it did stands."""

import json
import shutil
import signal
from pathlib import Path

import pytest

from mlkit.core import ledger
from mlkit.core.errors import StepError, StoreError
from mlkit.engine.planning.graph import build
from mlkit.engine.running.commit import read_report
from mlkit.engine.running.events import Events, read
from mlkit.engine.running.folder import Folder
from mlkit.engine.running.run import Options, run

IMPORT = "import mlkit as mk"


def test_a_run_that_breaks_off_still_says_that_it_ended(maker):
    maker.step("01_a", "", IMPORT, "mk.save(a=1)")
    maker.step("02_b", "", IMPORT, "mk.load('a')", BREAK, "mk.save(b=1)")
    maker.step("03_c", "", IMPORT, "mk.save(c=mk.load('b'))")
    with pytest.raises(OSError, match="ledger"):
        maker.run()
    finished = maker.events[-1]
    assert (finished["event"], finished["state"]) == ("run_finished", "failed")
    assert finished["executed"] == ["a", "b"]
    assert finished["skipped"] == ["c"]
    assert json.loads((maker.root / "runs/latest/manifest.json").read_text())


BREAK = """import pathlib
from mlkit.core.verdict import Finding, Verdict
pathlib.Path('../ledger.jsonl').mkdir()
from mlkit.core.session import session
session().report("unseal", identity="x", target=True, models=[])"""


def test_a_torn_report_breaks_the_run_off_and_a_torn_last_line_does_not(tmp_path):
    path = tmp_path / "a.jsonl"
    whole = '{"event": "keep", "name": "salt", "value": 3}\n'
    path.write_text(whole + '{"event": "keep", "na')
    assert read_report(path).kept == {"salt": 3}
    path.write_text('{"event": "ke' + whole)
    with pytest.raises(StepError, match="torn"):
        read_report(path)


@pytest.mark.parametrize("printed", ["\u2028", "\x85", "\x0b", "\x1c"])
def test_what_a_cell_prints_breaks_no_line_of_events(tmp_path, printed):
    events = Events("r", lambda event: None)
    events.write_to(tmp_path / "events.jsonl")
    events.emit("output", step="a", text=f"one{printed}two")
    (found,) = read(tmp_path / "events.jsonl")
    assert found["text"] == f"one{printed}two"


def test_a_notebook_copied_while_an_editor_writes_it_is_copied_again(
    chain, monkeypatch
):
    nb, copyfile, torn = build(chain.project)["clean"], shutil.copyfile, [True]

    def copied(source, target):
        if torn:
            torn.clear()
            text = Path(source).read_text()
            return Path(target).write_text(text[: len(text) // 2])
        return copyfile(source, target)

    monkeypatch.setattr(shutil, "copyfile", copied)
    assert Folder(chain.project, "r").snapshot(nb).saves == nb.saves
    assert not torn


def test_a_killed_worker_of_an_interrupted_run_did_not_fail(maker):
    maker.step("01_a", "", IMPORT, "import time\ntime.sleep(60)", "mk.save(a=1)")

    def interrupt_twice(event):
        if event["event"] == "cell_started":
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    result = run(maker.project, Options(warm=False), interrupt_twice)
    assert (result.exit_code, result.steps) == (130, {"a": "interrupted"})
    assert not (maker.root / ".mlkit/steps/a.json").exists()


def test_a_ledger_that_cannot_be_read_stops_a_run_before_it_starts(chain):
    for text in ("{}\n", "3\n", '{"event": "promote", "hash": "x"}\n', "\xff\n"):
        (chain.root / "ledger.jsonl").write_bytes(text.encode("latin-1"))
        with pytest.raises(StoreError, match="a line of the ledger"):
            chain.run()
        assert chain.events == []


def test_what_a_failed_step_unsealed_is_in_the_ledger(maker):
    maker.step("01_part", "", IMPORT, "mk.save(test=mk.sealed(1))")
    maker.step(
        "02_look",
        "",
        IMPORT,
        "mk.unseal('test', why='a look')",
        "1 / 0",
        "mk.save(x=1)",
    )
    assert maker.run().exit_code == 1
    lines = ledger.lines(maker.project.ledger)
    assert [(line["event"], line["step"]) for line in lines] == [("unseal", "look")]


def test_outputs_are_not_put_over_a_notebook_that_was_edited_meanwhile(maker):
    edit = "with open('01_a.ipynb', 'a') as file:\n    file.write(' ')"
    maker.step("01_a", "", IMPORT, edit, "mk.save(a=1)")
    path = maker.step("02_b", "", IMPORT, "mk.save(b=1)")
    maker.run(in_place=True)
    assert maker.events[-1]["executed"] == ["a", "b"]
    edited = (maker.root / "steps/01_a.ipynb").read_text()
    assert edited.endswith(" ")
    assert '"execution_count": 1' not in edited
    assert '"execution_count": 1' in path.read_text()
    why = {e["step"]: e["why"] for e in maker.events if e["event"] == "step_finished"}
    assert "edited meanwhile" in why["a"]


def test_a_notebook_edited_while_a_run_goes_on_is_run_as_it_was(maker):
    edit = "import pathlib\nnext_one = pathlib.Path('02_b.ipynb')\n"
    edit += (
        "next_one.write_text(next_one.read_text().replace('mk.save(b=', 'mk.save(c='))"
    )
    maker.step("01_a", "", IMPORT, edit, "mk.save(a=1)")
    maker.step("02_b", "", IMPORT, "mk.save(b=mk.load('a'))")
    assert maker.executed() == ["a", "b"]
    assert maker.executed() == ["b"]


def test_a_step_of_any_name_may_have_a_gate(maker):
    gate = "from mlkit.core.verdict import Verdict\nmk.gate(Verdict(()))"
    for number, name in enumerate(["my step", "a{b}c", "ünï", "a.b", "l" * 245]):
        maker.step(f"0{number}_{name}"[:249], "", IMPORT, f"mk.save(n{number}=1)", gate)
    assert len(maker.executed()) == 5
