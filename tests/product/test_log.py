"""The request log by itself: written in groups, read back, told on the command line."""

from __future__ import annotations

import json
import queue
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.cli.group import command_line
from mlkit.core.errors import InputError
from mlkit.product.journal.tables import Model, Move, Record, Shadow, connect, make
from mlkit.product.journal.writer import Writer
from mlkit.product.log import find, last, read

COLUMNS = [{"name": "age", "type": "number"}, {"name": "at", "type": "category"}]
MODEL = Model("f" * 64, {"made": "2026-01-02", "schema": {"input": COLUMNS}})
SAID = {"label": "yes", "probabilities": {"no": 0.25, "yes": 0.75}, "flags": []}


def record(name, at=0.0, age=(40,), word="here"):
    cells = {"age": list(age), "at": [word] * len(age)}
    reply = {"id": name, "model": "f", "predictions": [SAID] * len(age)}
    told = (json.dumps(cells), json.dumps(reply))
    return Record(name, at, MODEL.identity, len(age), 0.001, *told)


@pytest.fixture
def path(tmp_path):
    make(tmp_path / "a folder?" / "log #1.sqlite", MODEL, 0.0)
    return tmp_path / "a folder?" / "log #1.sqlite"


def write(path, *records, wait=1.0):
    """Hand records in at once, and return what became of them, in order."""
    settled = queue.SimpleQueue()
    writer = Writer(path, settled.put, wait)
    writer.put_all([*enumerate(records)])
    writer.stop()
    kept = []
    while not settled.empty():
        kept += settled.get()
    assert [one.ticket for one in kept] == list(range(len(records)))
    return kept


def test_what_is_written_is_read(path):
    kept = write(path, *(record(f"r{i}", at=float(i)) for i in range(1200)))
    assert {one.state for one in kept} == {"written"}
    assert [request.id for request in last(path, 3)] == ["r1199", "r1198", "r1197"]
    found = find(path, "r7")
    assert found.reply == json.loads(kept[7].reply)
    assert found.at == datetime.fromtimestamp(7, UTC)
    assert found.about["made"] == "2026-01-02"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_repeated_id_gives_the_recorded_reply_also_within_a_group(path):
    first, other = record("a"), record("a", age=(41,))
    later = Record("a", 9.0, MODEL.identity, 1, 0.5, first.cells, '{"else": 1}')
    kept = write(path, first, later, other, record("b"))
    states = ["written", "repeated", "differs", "written"]
    assert [one.state for one in kept] == states
    assert kept[1].reply == first.reply
    assert write(path, later)[0].reply == first.reply
    assert len(last(path)) == 2


def test_a_column_that_came_in_between_makes_no_other_rows_of_a_repeated_id(path):
    first, void = record("a"), record("b")._replace(cells='{"age": [null]}')
    cells = {"town": [None], **json.loads(first.cells)}
    wider = first._replace(cells=json.dumps(cells))
    fuller = first._replace(cells=json.dumps({**cells, "town": ["Ghent"]}))
    longer = void._replace(cells='{"age": [null, null]}')
    states = [one.state for one in write(path, first, void, wider, fuller, longer)]
    assert states == ["written", "written", "repeated", "differs", "differs"]


def test_somebody_elses_lock_fails_the_group_and_no_more(path):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    kept = write(path, record("a"), record("b"), wait=0.05)
    assert [(one.state, one.reply) for one in kept] == [("failed", "")] * 2
    assert "locked" in kept[0].why
    other.execute("ROLLBACK")
    other.close()
    assert write(path, record("a"))[0].state == "written"


def test_a_log_that_goes_away_fails_and_is_not_made_again(path):
    for file in path.parent.iterdir():
        file.unlink()
    assert write(path, record("a"))[0].state == "failed"
    assert not path.exists()


def test_a_log_that_is_taken_away_while_it_is_written_fails(path):
    settled = queue.SimpleQueue()
    writer = Writer(path, settled.put)
    states = []
    for name in ("a", "b", "c"):
        writer.put(name, record(name))
        states.append(settled.get(timeout=10)[0].state)
        if name == "a":
            path.rename(path.with_suffix(".moved"))
    make(path, MODEL, 0.0)
    writer.put("d", record("d"))
    states.append(settled.get(timeout=10)[0].state)
    writer.stop()
    assert states == ["written", "failed", "failed", "written"]
    assert [request.id for request in last(path)] == ["d"]


def test_two_writers_share_a_log(path):
    settled = [queue.SimpleQueue(), queue.SimpleQueue()]
    writers = [Writer(path, one.put, 10) for one in settled]
    for i in range(200):
        for name, writer in zip("ab", writers, strict=True):
            writer.put(i, record(f"{name}{i}"))
    for writer in writers:
        writer.stop()
    assert len(last(path, 1000)) == 400


def test_every_commit_waits_for_the_disk(path):
    connection = connect(path)
    asked = ("journal_mode", "synchronous")
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    connection.close()
    assert found == ["wal", 2]


def test_the_table_is_typed_and_has_a_row_for_each_row(path):
    write(path, record("a", 10.0, (40, "41.5", None)), record("b", 20.0, word=None))
    table = read(path)
    assert table["request.id"].tolist() == ["a", "a", "a", "b"]
    assert table["request.row"].tolist() == [0, 1, 2, 0]
    assert table["input.age"].fillna(-1).tolist() == [40.0, 41.5, -1.0, 40.0]
    assert table["input.at"].isna().tolist() == [False, False, False, True]
    assert table["output.probability_yes"].tolist() == [0.75] * 4
    some = read(path, since=datetime.fromtimestamp(10.5, UTC))
    assert some["request.id"].tolist() == ["b"]
    none = read(path, until=datetime(1970, 1, 1))
    assert none.empty
    assert "request.id" in none


@settings(max_examples=25, deadline=None)
@given(
    word=st.text(st.characters(codec="utf-8")),
    age=st.floats(allow_nan=False, allow_infinity=False),
)
def test_cells_come_back_as_they_were(tmp_path_factory, word, age):
    path = tmp_path_factory.mktemp("log") / "log.sqlite"
    make(path, MODEL, 0.0)
    write(path, record("a", age=(age,), word=word))
    assert find(path, "a").cells == {"age": [age], "at": [word]}
    assert read(path)["input.at"].tolist() == [word]


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_what_is_no_log_is_not_read(tmp_path, content):
    path = tmp_path / "log.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="log"):
        last(path)


def test_a_database_of_somebody_else_is_left_alone(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(InputError, match="request log"):
        make(path, MODEL, 0.0)
    assert path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="request log"):
        make(tmp_path / "file" / "log.sqlite", MODEL, 0.0)


def test_the_command_lists_requests_and_shows_one(path, capsys):
    write(path, record("first"), record("second", age=(1, 2)))
    assert command_line(["log", "--log", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["second", "first"]
    assert lines[0].endswith("2 rows: yes, yes")
    assert command_line(["log", "--log", str(path), "--id", "first"]) == 0
    told = capsys.readouterr().out
    assert MODEL.identity in told
    assert "2026-01-02" in told
    assert command_line(["log", "--log", str(path), "--id", "first", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cells"]["age"] == [40]
    assert command_line(["log", "--log", str(path), "--id", "third"]) == 2


def test_shadows_and_moves_have_their_own_places(path):
    shadow = Shadow("r", "e" * 64, 0.002, "{}")
    kept = write(path, record("r"), shadow, shadow, Move(1.0, "e" * 64, "shadows"))
    assert [one.state for one in kept] == ["written"] * 4
    assert [request.id for request in last(path)] == ["r"]
    connection = connect(path, read=True)
    names = ("shadows", "moves")
    told = [connection.execute(f"SELECT * FROM {t}").fetchall() for t in names]
    connection.close()
    assert told == [[("r", "e" * 64, 0.002, "{}")], [(1.0, "e" * 64, "shadows", "")]]


def test_what_the_server_imports_of_it_is_light():
    heavy = ("pandas", "pyarrow", "duckdb", "scipy", "sklearn")
    asked = f"""
import importlib, pkgutil, sys
import mlkit.product.journal as journal
for found in pkgutil.iter_modules(journal.__path__):
    importlib.import_module("mlkit.product.journal." + found.name)
print([name for name in {heavy} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
