"""What is told of a run with nothing to do is never a lie."""

import json
import os
import shutil
import sys

import pytest

from mlkit.engine.running import witness


def recalls(root):
    return witness.recall(root, lambda _: None)


@pytest.fixture
def settled(maker):
    """A step that ran, and ran long enough ago to be recalled."""
    (maker.root / "steps" / "inner").mkdir()
    (maker.root / "steps" / "inner" / "mlkit.toml").write_text("format = 1\n")
    (maker.root / "data" / "x.txt").write_text("one")
    maker.project.ledger.touch()
    maker.step(
        "01_one",
        "",
        "import mlkit as mk\nimport statistics\nfrom mlkit.core.cells import reads",
        'mk.save(one=reads("data/x.txt").read_text())',
    )
    maker.executed()
    maker.executed()
    assert recalls(maker.root)
    return maker


def same_size_and_time(root):
    path = root / "data" / "x.txt"
    stat = path.stat()
    path.write_text("two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


CHANGES = {
    "data of the same size and time": same_size_and_time,
    "new folder": lambda root: (root / "more").mkdir(),
    "decision": lambda root: (root / "decisions").mkdir(),
    "helper": lambda root: (root / "steps" / "statistics.py").write_text("mean = 1"),
    "setting": lambda root: (root / "mlkit.toml").write_text("format = 1\n#"),
    "removed": lambda root: (root / "data" / "x.txt").unlink(),
    "ledger": lambda root: (root / "ledger.jsonl").write_text("\n"),
    "project inside": lambda root: (root / "steps/inner/mlkit.toml").unlink(),
    "object": lambda root: shutil.rmtree(root / ".mlkit" / "objects"),
    "record": lambda root: (root / ".mlkit" / "steps" / "one.json").write_text("["),
}


def test_a_change_ends_it(settled):
    kept = settled.root.parent / "kept"
    shutil.copytree(settled.root, kept)
    for name, change in CHANGES.items():
        shutil.rmtree(settled.root)
        shutil.copytree(kept, settled.root)
        settled.run()
        settled.run()
        assert recalls(settled.root), name
        change(settled.root)
        assert not recalls(settled.root), name


def test_a_copy_and_a_moved_project_begin_anew(settled):
    copy, moved = settled.root.parent / "copy", settled.root.parent / "moved"
    shutil.copytree(settled.root, copy, symlinks=True)
    assert not recalls(copy)
    link = settled.root.parent / "link"
    link.symlink_to(settled.root)
    assert recalls(link)
    settled.root.rename(moved)
    assert not recalls(moved)


def test_another_environment_begins_anew(settled, monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/elsewhere")
    assert not recalls(settled.root)
    monkeypatch.undo()
    monkeypatch.setattr(sys, "path", [*sys.path, "/elsewhere/site-packages"])
    assert not recalls(settled.root)


@pytest.mark.parametrize("text", ["", "null", "[3]", "{}", '{"where": 1, "marks": 3}'])
def test_a_damaged_one_is_no_witness(text, settled):
    (settled.root / ".mlkit" / witness.FILE).write_text(text)
    assert not recalls(settled.root)
    assert settled.executed() == []


def test_a_step_that_runs_ends_it_at_once(settled):
    settled.step("02_two", "", "import mlkit as mk", "mk.save(two=1)")
    settled.run(only="two")
    assert not (settled.root / ".mlkit" / witness.FILE).exists()


def test_its_events_are_those_of_a_run(settled):
    events = []
    witness.recall(settled.root, events.append)
    assert [e["event"] for e in events] == [
        "run_started",
        "step_finished",
        "run_finished",
    ]
    assert json.dumps(events[-1])
    assert events[-1]["kept"] == ["one"]
