"""Closed days in files: nothing lost, nothing doubled, whenever it is killed."""

from __future__ import annotations

import errno
import json
import os
import queue
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import duckdb
import pandas as pd
import pytest

from mlkit.cli.group import command_line
from mlkit.core.errors import Busy, InputError
from mlkit.product import log as log_module
from mlkit.product.journal import care as care_module
from mlkit.product.journal import filing
from mlkit.product.journal import parts as parts_module
from mlkit.product.journal.care import care
from mlkit.product.journal.filing import refile, rotate
from mlkit.product.journal.parts import folder_of
from mlkit.product.journal.tables import Model, Record, Shadow, connect, make
from mlkit.product.journal.truths import Feedback, Truth
from mlkit.product.journal.writer import Writer
from mlkit.product.log import find, last, read

DAY, HOUR = 86_400.0, 3600.0
COLUMNS = [{"name": "age", "type": "number"}, {"name": "at", "type": "category"}]
OUTPUT = {"target": "late", "classes": ["no", "yes"]}
MODEL = Model("f" * 64, {"schema": {"input": COLUMNS, "output": OUTPUT}})
OTHER = [{"name": "age", "type": "category"}, {"name": "new", "type": "number"}]
NEXT = Model("e" * 64, {"schema": {"input": OTHER, "output": OUTPUT}})
SAID = {"label": "yes", "probabilities": {"no": 0.25, "yes": 0.75}, "flags": []}


def record(name, at, ages=(40,), **cells):
    cells = {"age": list(ages), "at": ["here"] * len(ages), **cells}
    reply = {"id": name, "model": "f", "predictions": [SAID] * len(ages)}
    told = (json.dumps(cells), json.dumps(reply))
    return Record(name, at, MODEL.identity, len(ages), 0.001, *told)


def put(path, *entries):
    settled = queue.SimpleQueue()
    writer = Writer(path, settled.put, 10)
    for entry in entries:
        writer.put(None, entry)
    writer.stop()
    kept = []
    while not settled.empty():
        kept += settled.get()
    return kept


@pytest.fixture
def path(tmp_path):
    """Three days of requests, with truths, a shadow, and a row of text for a number."""
    path = tmp_path / "log.sqlite"
    make(path, MODEL, 0.0)
    named = [(f"r{i}", i * DAY / 4) for i in range(12)]
    put(path, *(record(name, at, (i, "much")) for i, (name, at) in enumerate(named)))
    put(path, Feedback([Truth("r1", 0, "no"), Truth("r9", 1, "yes")], 5 * DAY))
    put(path, Shadow("r2", "e" * 64, 0.5, '{"predictions": [1.50]}'))
    return path


def files(path):
    folder = folder_of(path)
    return sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []


def left(path):
    """Return how many requests the database still has whole."""
    connection = connect(path, read=True)
    (count,) = connection.execute(
        "SELECT count(*) FROM requests WHERE cells != ''"
    ).fetchone()
    connection.close()
    return count


def test_closed_days_move_and_the_table_stays_the_same(path):
    before = read(path)
    told = rotate(path, now=2 * DAY + 2 * HOUR)
    assert [(day.requests, day.rows) for day in told.filed] == [(4, 8), (4, 8)]
    assert files(path) == ["1970-01-01.parquet", "1970-01-02.parquet"]
    assert left(path) == 4
    pd.testing.assert_frame_equal(read(path), before)
    assert rotate(path, now=2 * DAY + 2 * HOUR).filed == ()


def test_a_day_is_not_closed_within_its_last_hour(path):
    assert len(rotate(path, now=2 * DAY + HOUR / 2).filed) == 1
    assert len(rotate(path, now=2 * DAY + HOUR).filed) == 1


def test_a_window_reads_only_its_rows(path):
    since, until = (datetime.fromtimestamp(d * DAY, UTC) for d in (0.25, 2))
    before = read(path, since=since, until=until)
    rotate(path, now=9 * DAY)
    pd.testing.assert_frame_equal(read(path, since=since, until=until), before)
    assert before["request.id"].tolist()[::2] == [f"r{i}" for i in range(1, 8)]


def test_a_filed_request_is_found_whole(path):
    before = [find(path, "r2"), *last(path, 12)]
    rotate(path, now=9 * DAY)
    assert [find(path, "r2"), *last(path, 12)] == before


def test_a_filed_request_is_not_answered_again(path):
    rotate(path, now=9 * DAY)
    kept = put(path, record("r2", 9 * DAY), record("new", 9 * DAY))
    assert [one.state for one in kept] == ["differs", "written"]
    assert "closed day" in kept[0].why
    assert len(last(path, 100)) == 13


def test_truth_still_finds_a_filed_request(path):
    rotate(path, now=9 * DAY)
    kept = put(path, Feedback([Truth("r5", 2, "no")], 9 * DAY))
    assert kept[0].state == "unfit"
    put(path, Feedback([Truth("r5", 1, "no")], 9 * DAY))
    table = read(path).set_index(["request.id", "request.row"])
    assert table.loc[("r5", 1), "truth"] == "no"


def test_what_comes_late_for_a_filed_day_is_filed_with_it(path):
    rotate(path, now=9 * DAY)
    put(path, record("late", DAY / 8))
    before = read(path)
    assert before["request.id"].tolist()[:3] == ["r0", "r0", "late"]
    told = rotate(path, now=9 * DAY)
    assert [(day.day, day.requests) for day in told.filed] == [(0, 5)]
    pd.testing.assert_frame_equal(read(path), before)
    assert files(path)[0] == "1970-01-01.2.parquet"
    assert len(files(path)) == 3


def test_days_with_other_columns_are_one_table(path):
    rotate(path, now=9 * DAY)
    connection = connect(path)
    about = json.dumps(NEXT.about)
    connection.execute("INSERT INTO models VALUES (?, 0, ?)", (NEXT.identity, about))
    connection.close()
    one = record("x", DAY / 16, ["old"], new=[7])
    put(path, Record(one.id, one.at, NEXT.identity, *_rest(one)))
    for _ in range(2):
        table = read(path)
        assert table["input.age"].dtype == "str"
        assert table["input.age"].iloc[:3].tolist()[::2] == ["0", "old"]
        assert table["input.new"].sum() == 7
        rotate(path, now=9 * DAY)


def _rest(record):
    return record.rows, record.seconds, record.cells, record.reply


def test_a_database_engine_reads_the_files(path):
    rotate(path, now=9 * DAY)
    asked = f"""
        SELECT "output.label", count(*), max("input.age"),
        FROM '{folder_of(path)}/*.parquet'
        WHERE "request.at" >= '1970-01-02' GROUP BY ALL
    """
    assert duckdb.sql(asked).fetchall() == [("yes", 16, 11.0)]
    requests = read(path)
    told = """SELECT count(*), count("truth") FROM requests"""
    assert duckdb.sql(told).fetchall() == [(len(requests), 2)]


def test_what_a_shadow_said_is_filed_with_its_request(path):
    rotate(path, now=9 * DAY)
    (row,) = parts_module.rows_of(folder_of(path) / files(path)[0], {"r2"})
    told = [{"model": "e" * 64, "seconds": 0.5, "reply": {"predictions": [1.5]}}]
    assert json.loads(row.shadows) == told


def test_old_days_are_dropped_and_their_counts_stay(path):
    put(path, Feedback([Truth("unknown", 0, "no")], DAY), record("now", 5 * DAY))
    told = rotate(path, keep=3, now=5 * DAY + 2 * HOUR)
    assert [day.day for day in told.dropped] == [0, 1]
    assert files(path) == ["1970-01-03.parquet"]
    assert set(read(path)["request.id"]) == {"r8", "r9", "r10", "r11", "now"}
    connection = connect(path, read=True)
    counts = connection.execute("SELECT requests, rows FROM days").fetchall()
    truths = connection.execute("SELECT request FROM truths").fetchall()
    connection.close()
    assert counts == [(4, 8)] * 3
    assert truths == [("r9",)]


def test_a_day_that_is_filed_anew_meanwhile_is_read_again(path, monkeypatch):
    rotate(path, now=9 * DAY)
    before, whole = read(path), log_module.read_part
    put(path, record("late", DAY / 8))

    def late(file):
        rotate(path, now=9 * DAY)
        return whole(file)

    monkeypatch.setattr(log_module, "read_part", late)
    assert len(read(path)) == len(before) + 1
    (folder_of(path) / "1970-01-02.parquet").unlink()
    with pytest.raises(InputError, match="a filed day is not there"):
        read(path)


def test_only_one_command_at_a_time(path):
    with care(path), pytest.raises(Busy), care(path):
        pass
    rotate(path)


def test_the_server_writes_on_meanwhile(path, monkeypatch):
    states = []

    def between(pause):
        states.extend(k.state for k in put(path, record(f"w{len(states)}", 9 * DAY)))

    monkeypatch.setattr(care_module, "FEW", 1)
    monkeypatch.setattr(care_module.time, "sleep", between)
    rotate(path, now=9 * DAY)
    assert len(states) == 9
    assert set(states) == {"written"}
    assert read(path)["request.id"].nunique() == 12 + 9


def test_what_comes_while_a_day_is_written_is_not_lost(path, monkeypatch):
    whole = filing.write_part

    def slow(*given):
        whole(*given)
        name = given[0].name
        put(path, record(f"late-{name}", {"1": 0.0, "2": DAY}.get(name[9], 2 * DAY)))

    monkeypatch.setattr(filing, "write_part", slow)
    rotate(path, now=9 * DAY)
    monkeypatch.undo()
    for _ in range(2):
        table = read(path)
        assert table["request.id"].nunique() == 15
        assert not table.duplicated(["request.id", "request.row"]).any()
        rotate(path, now=9 * DAY)


def test_a_file_is_on_the_disk_before_the_database_says_so(path, monkeypatch):
    order = []
    sync, replace = os.fsync, type(path).replace

    def synced(handle):
        order.append("sync " + os.readlink(f"/proc/self/fd/{handle}").split("/")[-1])
        sync(handle)

    def renamed(self, target):
        order.append(f"rename {target.name}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(type(path), "replace", renamed)
    with care(path) as connection:
        connection.set_trace_callback(
            lambda told: order.append("days") if "REPLACE INTO days" in told else None
        )
        refile(connection, path, 0)
    name = "1970-01-01.parquet"
    folder = folder_of(path).name
    wanted = [f"sync .writing-{name}", f"rename {name}", f"sync {folder}", "days"]
    assert [step for step in order if step in wanted] == wanted


def test_a_full_disk_is_told_and_nothing_is_lost(path, monkeypatch, capsys):
    before, sync = read(path), os.fsync

    def full(handle):
        if "writing" in os.readlink(f"/proc/self/fd/{handle}"):
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    monkeypatch.setattr(os, "fsync", full)
    assert command_line(["log", "--log", str(path), "--rotate"]) == 1
    assert "No space left" in capsys.readouterr().err
    monkeypatch.undo()
    pd.testing.assert_frame_equal(read(path), before)
    assert len(rotate(path).filed) == 3
    assert len(files(path)) == 3
    pd.testing.assert_frame_equal(read(path), before)


@contextmanager
def dying(at):
    """End the process, as a kill does, at the n-th line that the days' modules run."""
    passed = 0
    names = {m.__file__ for m in (care_module, filing, parts_module)}

    def local(frame, event, arg):
        nonlocal passed
        if event == "line":
            passed += 1
            if passed == at:
                os._exit(9)
        return local

    def trace(frame, event, arg):
        return local if frame.f_code.co_filename in names else None

    sys.settrace(trace)
    try:
        yield lambda: passed
    finally:
        sys.settrace(None)


def died(path, at, **how):
    """Rotate in a process of its own that dies at a line; tell whether it did."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if not child:
        try:
            with dying(at):
                rotate(path, **how)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 9)
    return os.waitstatus_to_exitcode(status) == 9


@pytest.mark.slow
@pytest.mark.parametrize("keep", [None, 2])
def test_a_kill_at_many_lines_loses_and_doubles_nothing(path, tmp_path, keep):
    kills(path, tmp_path, keep, 7)


def test_a_kill_at_some_lines_loses_and_doubles_nothing(path, tmp_path):
    kills(path, tmp_path, 2, 67)


def kills(path, tmp_path, keep, step):
    import shutil

    how = {"keep": keep, "now": 3 * DAY + 2 * HOUR}
    before = read(path)
    whole = before
    if keep is not None:
        after = before["request.at"] >= pd.Timestamp(
            (3 - keep) * DAY, unit="s", tz="UTC"
        )
        whole = before[after].reset_index(drop=True)
    at, killed = 1, 0
    while True:
        place = tmp_path / f"copy{at}"
        shutil.copytree(path.parent, place, ignore=shutil.ignore_patterns("copy*"))
        log = place / path.name
        ended = not died(log, at, **how)
        if keep is None:
            pd.testing.assert_frame_equal(read(log), before)
        else:
            rest = read(log)
            assert not rest.duplicated(["request.id", "request.row"]).any()
            assert set(whole["request.id"]) <= set(rest["request.id"])
        rotate(log, **how)
        pd.testing.assert_frame_equal(read(log), whole)
        assert len(files(log)) == (3 if keep is None else keep)
        assert left(log) == 0
        shutil.rmtree(place)
        if ended:
            break
        at, killed = at + step, killed + 1
    assert killed > 200 // step


def test_the_command_rotates(path, capsys):
    assert command_line(["log", "--log", str(path), "--rotate"]) == 0
    assert "3 days filed, 12 requests" in capsys.readouterr().out
    assert len(files(path)) == 3
    assert time.time() > 9 * DAY


def test_a_log_named_by_its_path_is_not_dropped_by_the_project_one_stands_in(
    path, tmp_path, monkeypatch
):
    project = tmp_path / "other"
    project.mkdir()
    (project / "mlkit.toml").write_text("format = 1\n[policies]\nlog_days = 1\n")
    monkeypatch.chdir(project)
    before = len(read(path))
    assert command_line(["log", "--log", str(path), "--rotate"]) == 0
    assert len(read(path)) == before
    told = ["log", "--log", str(path), "--rotate", "--keep-days", "1"]
    assert command_line(told) == 0
    assert len(read(path)) == 0
