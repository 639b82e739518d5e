from __future__ import annotations

import json

import pytest

from mlkit.core import decisions
from mlkit.core.annotations import Annotation
from mlkit.core.errors import UsageError


@pytest.fixture(autouse=True)
def ann(monkeypatch):
    monkeypatch.setenv("MLKIT_USER", "ann")


def by(monkeypatch, name):
    monkeypatch.setenv("MLKIT_USER", name)


def test_a_plain_decision_is_one_json_file(tmp_path):
    made = decisions.record(tmp_path, "threshold", 0.3, why="cost", seen="abc")
    assert decisions.read(tmp_path, "threshold") == made
    form = json.loads((tmp_path / "threshold.json").read_text())
    assert sorted(form) == ["at", "by", "seen", "value", "why"]
    assert decisions.forget(tmp_path, "threshold")
    assert not decisions.forget(tmp_path, "threshold")


@pytest.mark.parametrize("text", ["{", "[]", '{"value": 1, "colour": 2}', "null"])
def test_a_decision_that_cannot_be_read_says_where(tmp_path, text):
    (tmp_path / "threshold.json").write_text(text)
    with pytest.raises(UsageError, match="cannot be read"):
        decisions.read(tmp_path, "threshold")
    assert decisions.forget(tmp_path, "threshold")


def test_labels_are_lines_and_all_people_are_kept(tmp_path, monkeypatch):
    decisions.annotate(tmp_path, "labels", [Annotation("r1", "cat", seconds=1.5)])
    by(monkeypatch, "bob")
    made = decisions.record(tmp_path, "labels", {"r1": "dog", "r2": None})
    assert made.value == {"r1": {"ann": "cat", "bob": "dog"}, "r2": {"bob": None}}
    assert (made.told, made.by) == ("3 labels by 2 people", "ann, bob")
    lines = (tmp_path / "labels.jsonl").read_text().splitlines()
    assert [json.loads(line)["row"] for line in lines] == ["r1", "r1", "r2"]
    assert not (tmp_path / "labels.json").exists()
    assert decisions.read_all(tmp_path) == {"labels": made}


def test_the_digest_follows_the_labels_and_not_their_times(tmp_path):
    digests = []
    for word, at in (("cat", "1"), ("cat", "2"), ("dog", "3")):
        decisions.annotate(tmp_path / at, "labels", [Annotation("r", word, at=at)])
        digests.append(decisions.read(tmp_path / at, "labels").digest)
    assert digests[0] == digests[1] != digests[2]


def test_an_old_file_of_labels_still_reads(tmp_path):
    form = {"value": {"r1": "cat", "r2": "dog"}, "by": "eve", "at": "then"}
    (tmp_path / "labels.json").write_text(json.dumps(form))
    assert decisions.read(tmp_path, "labels").value == {"r1": "cat", "r2": "dog"}
    made = decisions.record(tmp_path, "labels", {"r1": "owl"})
    assert made.value == {"r1": {"eve": "cat", "ann": "owl"}, "r2": {"eve": "dog"}}
    assert decisions.forget(tmp_path, "labels")
    assert decisions.read(tmp_path, "labels") is None


def test_labels_dropped_are_taken_back_by_a_line(tmp_path):
    decisions.record(tmp_path, "labels", {"r1": "cat"})
    assert decisions.forget(tmp_path, "labels")
    assert decisions.read(tmp_path, "labels") is None
    assert not decisions.forget(tmp_path, "labels")
    assert "cat" in (tmp_path / "labels.jsonl").read_text()
    made = decisions.record(tmp_path, "labels", {"r2": "dog"})
    assert made.value == {"r2": {"ann": "dog"}}


def test_no_labels_may_be_a_decision(tmp_path):
    assert decisions.record(tmp_path, "labels", {}).value == {}
    assert decisions.read(tmp_path, "labels").told == "0 labels by 0 people"


def test_labels_are_given_by_row(tmp_path):
    with pytest.raises(UsageError, match="given by row"):
        decisions.record(tmp_path, "labels", "cat")
    assert not (tmp_path / "labels.jsonl").exists()


def test_a_torn_line_is_marked(tmp_path):
    decisions.record(tmp_path, "labels", {"r1": "cat"})
    with (tmp_path / "labels.jsonl").open("a") as file:
        file.write('{"row": "r2", "lab')
    made = decisions.read(tmp_path, "labels")
    assert made.torn
    assert made.value == {"r1": {"ann": "cat"}}
    assert not decisions.record(tmp_path, "labels", {"r2": "dog"}).torn


def test_a_new_label_makes_the_step_that_uses_it_stale(maker):
    maker.step(
        "01_label",
        "a: int = 1  # times",
        "import mlkit as mk\n"
        "class Rows:\n"
        "    value, seen = {}, ''\n"
        "    def picture(self, value):\n"
        "        return len(value)\n",
        'labels = mk.decide("labels", Rows())',
        "mk.save(metrics={'rows': len(labels)})",
    )
    assert maker.executed() == ["label"]
    assert maker.executed() == []
    for row in ("r1", "r2"):
        decisions.record(maker.project.decisions, "labels", {row: "cat"})
        assert maker.executed() == ["label"]
        assert maker.executed() == []
    snapshot = maker.root / "runs" / "latest" / "snapshot" / "decisions"
    assert decisions.read(snapshot, "labels").told == "2 labels by 1 person"


def test_labels_are_listed_in_words(maker):
    from click.testing import CliRunner

    from mlkit.cli.decide import command

    decisions.record(maker.project.decisions, "labels", {"r1": "cat", "r2": "dog"})
    said = CliRunner().invoke(command, ["-C", str(maker.root)])
    assert "2 labels by 1 person  by ann" in said.output
    added = ["labels", '{"r3": "owl"}', "-C", str(maker.root)]
    assert CliRunner().invoke(command, added).exit_code == 0
    assert len(decisions.read(maker.project.decisions, "labels").value) == 3


def test_a_torn_line_is_said_when_the_labels_are_replayed(in_folder, capsys):
    from mlkit.core.session import session

    session().record("labels", Annotation("r1", "cat"), "", "")
    assert capsys.readouterr().out == ""
    with (in_folder / "decisions" / "labels.jsonl").open("a") as file:
        file.write('{"row": "r2", "lab')
    assert session().replay("labels").value == {"r1": {"ann": "cat"}}
    assert capsys.readouterr().out.count("torn by a crash") == 1
