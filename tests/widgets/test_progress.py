"""A run that is watched from a notebook, by the events that it writes."""

import json
import os
import socket
import time

import pytest

from mlkit.core.errors import UsageError
from mlkit.core.project import Project
from mlkit.widgets import RunProgress

RUN = "20260101-000000-abcd"
EVIL = "<img src=x onerror=alert(1)>"
GRAPH = {"raw": {"parents": []}, "clean": {"parents": ["raw"]}, EVIL: {"parents": []}}


class Going:
    """A run that tells what a test has it tell, and holds its project."""

    def __init__(self, root, run=RUN):
        self.root, self.run = root, run
        self.path = root / "runs" / run / "events.jsonl"
        self.path.parent.mkdir(parents=True)
        self.hold(os.getpid())

    def hold(self, pid):
        facts = {"run": self.run, "pid": pid, "host": socket.gethostname()}
        (self.root / ".mlkit").mkdir(exist_ok=True)
        (self.root / ".mlkit/lock").write_text(json.dumps(facts))

    def tell(self, event, **facts):
        with self.path.open("a") as file:
            file.write(json.dumps({"event": event, "run": self.run, **facts}) + "\n")

    def start(self):
        self.tell("run_started", steps=["raw", "clean"], graph=GRAPH)

    def end(self, step, state, message="", seconds=1.25):
        error = {"message": message} if message else None
        facts = {"state": state, "seconds": seconds, "error": error}
        self.tell("step_finished", step=step, **facts)


@pytest.fixture
def going(tmp_path):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    return Going(Project.open(tmp_path).root)


def test_steps_move_on_as_the_events_come(going):
    shown = RunProgress(folder=going.root)
    assert repr(shown) == "no run yet"
    going.start()
    going.tell("step_started", step="raw")
    going.tell("cell_started", step="raw", number=2, cells=5, line="x = 1")
    assert shown.look()
    assert (shown.run, shown.state) == (RUN, "running")
    assert shown.stages["raw"].told(timed=True) == "cell 2 of 5: x = 1"
    assert shown.stages["clean"].state == "waiting"
    assert shown.stages[EVIL].state == ""
    assert not shown.look()
    going.end("raw", "passed")
    going.end("clean", "failed", "it broke\nwhere: here")
    going.tell("run_finished", state="failed")
    assert shown.look()
    assert shown.state == "failed"
    assert repr(shown).splitlines()[:3] == [
        "the run: failed",
        f"✓ raw{' ' * 27}passed",
        f"✗ clean{' ' * 25}failed: it broke",
    ]


def test_half_a_line_waits_for_its_end(going):
    going.start()
    with going.path.open("a") as file:
        file.write('{"event": "run_fin')
    shown = RunProgress(folder=going.root)
    assert shown.state == "running"
    with going.path.open("a") as file:
        file.write('ished", "state": "passed"}\n')
    assert shown.look()
    assert shown.state == "passed"


def test_a_run_whose_process_is_gone_was_interrupted(going):
    going.start()
    going.tell("step_started", step="raw")
    shown = RunProgress(folder=going.root)
    assert shown.stages["raw"].state == "running"
    going.hold(2**22 + 1)  # past the highest that Linux gives
    assert shown.state == "interrupted"
    assert shown.stages["raw"].state == "interrupted"


def test_the_newest_run_is_shown_and_one_that_is_named_stays(going):
    going.start()
    first, any_ = RunProgress(RUN, going.root), RunProgress(folder=going.root)
    newer = Going(going.root, "20260102-000000-abcd")
    newer.start()
    assert any_.look()
    assert any_.run == newer.run
    first.look()
    assert first.run == RUN
    with pytest.raises(UsageError, match="no such run"):
        RunProgress("20260103-000000-abcd", going.root)


def test_the_page_escapes_and_the_still_picture_has_no_times(going):
    going.start()
    going.end("raw", "passed")
    page = RunProgress(folder=going.root).picture()._repr_html_()
    assert EVIL not in page
    assert "&lt;img src=x onerror" in page
    assert "passed" in page
    assert "1.2 s" not in page


def test_the_widget_is_drawn_anew_until_the_run_has_ended(going, monkeypatch):
    monkeypatch.setattr("mlkit.widgets.progress.LOOK", 0.01)
    going.start()
    shown = RunProgress(RUN, going.root)
    box = shown.widget()
    assert repr(box) == "<RunProgress>"
    assert "0 of 2 steps" in box.value
    going.end("raw", "passed")
    going.end("clean", "kept")
    going.tell("run_finished", state="passed")
    deadline = time.monotonic() + 20
    while "2 of 2 steps" not in box.value and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "passed, 2 of 2 steps" in box.value
    assert "1.2 s" in box.value
    box.close()
