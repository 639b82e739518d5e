"""Logs merged and rows forgotten; and all that happens to a log against a dict."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from mlkit.cli.group import command_line
from mlkit.core import ledger
from mlkit.core.errors import InputError
from mlkit.product.journal.filing import rotate
from mlkit.product.journal.forgetting import Wanted, forget, sought
from mlkit.product.journal.merging import merge
from mlkit.product.journal.private import hashed
from mlkit.product.journal.tables import Model, Record, Shadow, append, connect, make
from mlkit.product.journal.truths import Feedback, Truth, enter_truths
from mlkit.product.log import last, read
from mlkit.product.retraining.returned import RETURNED

MANY = int(os.environ.get("MLKIT_FUZZ", "100000"))
DAY = 86_400.0
COLUMNS = [
    {"name": "who", "type": "id"},
    {"name": "age", "type": "number"},
    {"name": "name", "type": "text"},
]
OUTPUT = {"target": "late", "classes": ["no", "yes"]}
MODEL = Model("f" * 64, {"schema": {"input": COLUMNS, "output": OUTPUT}})


def record(name, at, people=("Ann",)):
    cells = {
        "who": [f"p-{person}" for person in people],
        "age": [40] * len(people),
        "name": list(people),
    }
    said = [{"label": "yes", "probabilities": {"yes": 0.75}, "flags": []}] * len(people)
    reply = {"id": name, "model": "f", "predictions": said}
    told = (json.dumps(cells), json.dumps(reply))
    return Record(name, at, MODEL.identity, len(people), 0.001, *told)


def log(place, *entries):
    place.parent.mkdir(exist_ok=True, parents=True)
    make(place, MODEL, 0.0)
    put(place, *entries)
    return place


def put(place, *entries):
    connection = connect(place, wait=10)
    connection.execute("BEGIN")
    for entry in entries:
        if isinstance(entry, Feedback):
            enter_truths(connection, entry)
        else:
            append(connection, entry)
    connection.execute("COMMIT")
    connection.close()


def state(place):
    """Return what a log says: of each row its person and its truth."""
    table = read(place)
    assert not table.duplicated(["request.id", "request.row"]).any()
    keys = zip(table["request.id"], table["request.row"], strict=True)
    if table.empty:
        return {}
    truths = [None if pd.isna(t) else t for t in table["truth"]]
    return dict(zip(keys, zip(table["input.name"], truths, strict=True), strict=True))


def bytes_of(place):
    """Return every byte of every file of a log."""
    return b"".join(p.read_bytes() for p in place.parent.rglob("*") if p.is_file())


@pytest.fixture
def logs(tmp_path):
    """Two logs of one model: the first has a filed day, both know one request."""
    same = record("same", 0.5 * DAY)
    one = log(tmp_path / "one" / "log.sqlite", record("a", 0.0, ("Ann", "Bo")), same)
    put(one, Feedback([Truth("a", 1, "no"), Truth("b", 0, "yes")], DAY))
    put(one, Shadow("a", "e" * 64, 0.5, '{"predictions": ["Bo"]}'))
    rotate(one, now=9 * DAY)
    two = log(tmp_path / "two" / "log.sqlite", record("b", DAY, ("Cy",)), same)
    put(two, record("same2", 2 * DAY), Feedback([Truth("a", 1, "yes")], 2 * DAY))
    return one, two


# merging


@pytest.mark.parametrize("filed", [False, True])
def test_a_merge_is_a_union_also_of_days_in_files(logs, filed):
    one, two = logs
    if filed:
        rotate(two, now=9 * DAY)
    told = merge(one, [two])
    assert (told.requests, told.repeated, told.truths) == (2, 1, 1)
    wanted = {
        ("a", 0): ("Ann", None),
        ("a", 1): ("Bo", "yes"),
        ("b", 0): ("Cy", "yes"),
        ("same", 0): ("Ann", None),
        ("same2", 0): ("Ann", None),
    }
    assert state(one) == wanted
    again = merge(one, [two])
    assert (again.requests, again.repeated, again.truths) == (0, 3, 0)
    merge(two, [one])
    assert state(two) == wanted
    rotate(one, now=9 * DAY)
    assert state(one) == wanted


def test_a_conflict_is_told_and_nothing_is_merged(logs, tmp_path, capsys):
    one, two = logs
    put(two, record("a", 3 * DAY, ("Dee", "Bo")))
    before = (state(one), state(two))
    with pytest.raises(InputError, match="1 ids stand for other requests"):
        merge(one, [two])
    third = log(tmp_path / "three" / "log.sqlite", record("b", 0.0, ("Eve",)))
    with pytest.raises(InputError, match="stand for other"):
        merge(log(tmp_path / "four" / "log.sqlite"), [two, third])
    assert (state(one), state(two)) == before
    assert command_line(["log", "--log", str(one), "--merge", str(two)]) == 2
    assert "got:      a" in capsys.readouterr().err


def test_the_command_merges(logs, capsys):
    one, two = logs
    assert command_line(["log", "--log", str(one), "--merge", str(two)]) == 0
    assert "2 requests taken in, 1 were here before" in capsys.readouterr().out


def test_days_that_were_dropped_stay_so(tmp_path, capsys):
    some = [record(f"r{day}", day * DAY + 1) for day in range(6)]
    one = log(tmp_path / "one" / "log.sqlite", *some[1:])
    two = log(tmp_path / "two" / "log.sqlite", *some, record("late", 3 * DAY))
    known = [Truth(f"r{day}", 0, "yes") for day in range(6)]
    put(two, Feedback([*known, Truth("early", 0, "no")], 5 * DAY))
    rotate(one, keep=2, now=5.5 * DAY)
    told = merge(one, [two])
    assert (told.requests, told.repeated, told.truths, told.dropped) == (1, 3, 4, 3)
    whole = {(f"r{day}", 0): ("Ann", "yes") for day in range(3, 6)}
    assert state(one) == {**whole, ("late", 0): ("Ann", None)}
    assert command_line(["log", "--log", str(one), "--merge", str(two)]) == 0
    assert "3 requests of days that were dropped here" in capsys.readouterr().out
    merge(two, [one])
    assert len(state(two)) == 7
    connection = connect(one, read=True)
    kept = connection.execute("SELECT request FROM truths").fetchall()
    connection.close()
    assert {name for (name,) in kept} == {"r3", "r4", "r5", "early"}


# forgetting


@pytest.mark.parametrize("filed", [False, True])
@pytest.mark.parametrize(
    ("wanted", "gone", "left"),
    [
        (Wanted(("a",)), [b"Ann Lee", b"Bo Li"], {"b", "c"}),
        (Wanted(cells={"name": "Ann Lee"}), [b"Ann Lee"], {"a", "b", "c"}),
        (Wanted(row="p-Cy Ng"), [b"Cy Ng"], {"a", "c"}),
        (Wanted(("b",), {"name": "Dee"}), [b"Cy Ng", b"Dee"], {"a"}),
    ],
)
def test_what_is_forgotten_is_in_no_file(tmp_path, filed, wanted, gone, left):
    people = {"a": ("Ann Lee", "Bo Li"), "b": ("Cy Ng",), "c": ("Dee",)}
    rows = [
        record(name, n * DAY / 4, some) for n, (name, some) in enumerate(people.items())
    ]
    place = log(tmp_path / "log" / "log.sqlite", *rows)
    put(place, Shadow("a", "e" * 64, 0.5, '{"predictions": ["Ann Lee", "Bo Li"]}'))
    put(place, Feedback([Truth("a", 0, "yes"), Truth("b", 0, "no")], DAY))
    if filed:
        rotate(place, now=9 * DAY)
    before = state(place)
    other = connect(place)  # a server at work has the log open
    done = forget(place, wanted)
    words = {word.decode() for word in gone}
    kept = {key: told for key, told in before.items() if told[0] not in words}
    assert state(place) == kept
    assert {request.id for request in last(place)} == left
    assert done.rows == len(before) - len(kept)
    whole = bytes_of(place)
    assert not [word for word in gone if word in whole]
    assert forget(place, Wanted(cells={"name": words.pop()})).rows == 0 or not kept
    other.close()


def test_what_was_forgotten_stays_so(logs):
    one, two = logs
    rotate(two, now=9 * DAY)
    forget(one, Wanted(("same",)))
    forget(one, Wanted(cells={"name": "Bo"}))
    told = merge(one, [two])
    assert (told.requests, told.forgotten) == (2, 1)
    assert ("same", 0) not in state(one)
    taken = [Truth("same", 0, "yes"), Truth("a", 1, "no"), Truth("a", 0, "no")]
    put(one, Feedback(taken, 9 * DAY))
    assert state(one)["a", 0] == ("Ann", "no")
    connection = connect(one, read=True)
    kept = connection.execute("SELECT request, row FROM truths").fetchall()
    connection.close()
    assert kept == [("a", 0), ("b", 0)]
    back = merge(two, [one])
    assert back.still == ["same"]
    assert forget(one, Wanted(("same",))).rows == 0


def test_a_hashed_cell_is_found_by_what_it_was(tmp_path):
    key = b"k" * 32
    one = record("a", 0.0, (hashed("name", "Ann", key), "Bo"))
    place = log(tmp_path / "log.sqlite", one)
    wanted = Wanted(cells={"name": "Ann"}, key=key)
    assert sought(place, wanted).rows == 1
    assert forget(place, wanted).rows == 1
    assert state(place) == {("a", 1): ("Bo", None)}


def test_numbers_are_found_however_they_are_written(tmp_path):
    place = log(tmp_path / "log.sqlite", record("a", 0.0), record("b", 1.0))
    for value in ("40", "40.0", "4e1"):
        assert sought(place, Wanted(cells={"age": value})).rows == 2
    with pytest.raises(InputError, match="no column 'nam'"):
        sought(place, Wanted(cells={"nam": "Ann"}))
    with pytest.raises(InputError, match="no request 'c'"):
        forget(place, Wanted(("c",)))


@pytest.mark.parametrize("filed", [False, True])
def test_a_number_is_forgotten_however_its_cells_are_written(tmp_path, filed):
    ages = ["40.0", " 40", "4e1", 40, 40.0, "+40", "400", "4_0", None, "", "x"]
    one = record("a", 0.0, [f"n{n}" for n in range(len(ages))])
    cells = {**json.loads(one.cells), "age": ages}
    cells["name"][-1] = "40.0"
    place = log(tmp_path / "log.sqlite", one._replace(cells=json.dumps(cells)))
    shown = read(place)["input.age"].tolist()
    assert shown.count(40.0) == 6
    if filed:
        rotate(place, now=9 * DAY)
    for value in ("40", " 40.0 ", "4e1"):
        assert sought(place, Wanted(cells={"age": value})).rows == 6
    assert sought(place, Wanted(cells={"name": "40"})).rows == 0
    assert forget(place, Wanted(cells={"age": "40"})).rows == 6
    assert 40.0 not in read(place)["input.age"].tolist()
    assert len(state(place)) == len(ages) - 6


def test_the_command_asks_and_the_ledger_has_no_row(tmp_path, monkeypatch, capsys):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    place = log(
        tmp_path / ".mlkit" / "requests.sqlite", record("a", 0.0), record("b", 1.0)
    )
    ledger.append(tmp_path / "ledger.jsonl", "note")
    (tmp_path / RETURNED).write_text("Ann")
    asked = ["forget", "--where", "name=Ann", "--id", "a", str(tmp_path)]
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert command_line(asked) == 130
    assert len(state(place)) == 2
    assert command_line([*asked, "--yes"]) == 0
    told = capsys.readouterr().out
    assert "2 rows of 2 requests erased" in told
    assert "copies elsewhere are not reached" in told
    assert state(place) == {}
    assert b'"Ann"' not in bytes_of(place)
    assert not (tmp_path / RETURNED).exists()
    assert ledger.verify(tmp_path / "ledger.jsonl") == 2
    text = (tmp_path / "ledger.jsonl").read_text()
    assert "Ann" not in text
    assert ledger.lines(tmp_path / "ledger.jsonl")[-1]["rows"] == 2
    assert command_line(["verify", str(tmp_path)]) == 0
    assert command_line(["forget", str(tmp_path)]) == 2
    assert command_line(["forget", "--where", "name", str(tmp_path)]) == 2


# everything at once

NAMES = st.sampled_from([f"r{i}" for i in range(8)])
PEOPLE = st.lists(st.sampled_from(["Ann", "Bo", "Cy"]), min_size=1, max_size=3)
MOMENTS = st.integers(0, 16).map(lambda n: n * DAY / 4)
WORDS = st.sampled_from(["no", "yes", "maybe"])


class Everything(RuleBasedStateMachine):
    """A log and a second one, beside what they should say."""

    def __init__(self):
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="log-machine-"))
        self.says = [{}, {}]
        self.truth = [{}, {}]
        self.gone = [set(), set()]
        self.now = 100 * DAY

    @initialize()
    def begin(self):
        for n in (0, 1):
            log(self.place(n))

    def place(self, n):
        return self.root / str(n) / "log.sqlite"

    def teardown(self):
        shutil.rmtree(self.root)

    @rule(n=st.integers(0, 1), name=NAMES, people=PEOPLE, at=MOMENTS)
    def append(self, n, name, people, at):
        name = f"{name}-{n}"
        if name in self.says[n] or (name, None) in self.gone[n]:
            return
        put(self.place(n), record(name, at, people))
        self.says[n][name] = dict(enumerate(people))

    @rule(name=NAMES, people=PEOPLE, at=MOMENTS)
    def append_to_both(self, name, people, at):
        for n in (0, 1):
            if name in self.says[n] or (name, None) in self.gone[n]:
                return
        for n in (0, 1):
            put(self.place(n), record(name, at, people))
            self.says[n][name] = dict(enumerate(people))

    @rule(n=st.integers(0, 1), name=NAMES, row=st.integers(0, 2), word=WORDS)
    def tell(self, n, name, row, word):
        self.now += 1
        known = self.says[n].get(name)
        if known is not None and row > max(known):
            return
        put(self.place(n), Feedback([Truth(name, row, word)], self.now))
        if not {(name, None), (name, row)} & self.gone[n]:
            _, before = self.truth[n].get((name, row), (0, None))
            if before != word:
                self.truth[n][name, row] = (self.now, word)

    @rule(n=st.integers(0, 1), day=st.integers(0, 6))
    def rotate(self, n, day):
        rotate(self.place(n), now=day * DAY)

    @rule(n=st.integers(0, 1), person=st.sampled_from(["Ann", "Bo", "Cy"]))
    def forget(self, n, person):
        wanted = Wanted(cells={"name": person})
        forget(self.place(n), wanted) if any(self.says[n].values()) else None
        for name, rows in list(self.says[n].items()):
            for row in [row for row, one in rows.items() if one == person]:
                del rows[row]
                self.gone[n].add((name, row))
                self.truth[n].pop((name, row), None)
            if not rows:
                del self.says[n][name]
                self.gone[n].add((name, None))
                for key in [key for key in self.truth[n] if key[0] == name]:
                    del self.truth[n][key]
        assert f'"{person}"'.encode() not in bytes_of(self.place(n))

    @rule(n=st.integers(0, 1))
    def merge(self, n):
        other = 1 - n
        merge(self.place(n), [self.place(other)])
        for name, rows in self.says[other].items():
            if not any(key == name for key, _ in self.gone[n]):
                self.says[n].setdefault(name, dict(rows))
        for (name, row), told in self.truth[other].items():
            if not {(name, None), (name, row)} & self.gone[n]:
                before = self.truth[n].get((name, row), (0, ""))
                self.truth[n][name, row] = max(before, told)

    @invariant()
    def is_as_it_should(self):
        for n in (0, 1):
            if not self.place(n).exists():
                continue
            told = {
                (name, row): (person, self.truth[n].get((name, row), (0, None))[1])
                for name, rows in self.says[n].items()
                for row, person in rows.items()
            }
            assert state(self.place(n)) == told


Everything.TestCase.settings = settings(
    max_examples=4,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestEverything = Everything.TestCase


@pytest.mark.slow
def test_everything_for_long():
    from hypothesis.stateful import run_state_machine_as_test

    how = settings(
        max_examples=max(20, MANY // 1000),
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Everything, settings=how)
