"""Requests without an answer: counted in the log by the minute, seen by the monitor."""

from __future__ import annotations

import json
import sqlite3
import warnings
from datetime import timedelta

import pandas as pd
import pytest

from mlkit.cli.group import command_line
from mlkit.product.journal.filing import rotate
from mlkit.product.journal.merging import merge
from mlkit.product.journal.refusals import refusals_of
from mlkit.product.log import last, refused
from mlkit.product.monitor import follow, monitor
from mlkit.product.serving import app as module
from mlkit.product.serving.app import application
from mlkit.product.serving.served import Served
from mlkit.product.serving.settings import Settings
from mlkit.product.serving.tally import KINDS, Tally
from mlkit.product.watching.signs import Limits, of_refusals
from mlkit.product.watching.traffic import Traffic, traffic

with warnings.catch_warnings():  # it would rather have httpx2
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

GOOD = {"pay": 2000, "age": 40, "town": "Ghent", "sex": "f"}
PREDICT = "/v1/predict"


@pytest.fixture
def log(tmp_path):
    return tmp_path / "requests.sqlite"


def served(package_of, log, **how):
    app = application(Served(package_of().folder), Settings(log=log, **how))
    return TestClient(app, "http://localhost", raise_server_exceptions=False)


def counts(log):
    table = refused(log).groupby(["path", "status", "reason"])["count"].sum()
    return table.to_dict()


def test_what_is_refused_or_fails_is_in_the_log_as_counts(package_of, log, monkeypatch):
    with served(package_of, log, token="correct-horse-battery") as client:
        client.post(PREDICT, json={"rows": [GOOD]})
        client.headers["authorization"] = "Bearer correct-horse-battery"
        for row in ({**GOOD, "age": "old"}, {**GOOD, "age": []}, {**GOOD, "x" * 99: 1}):
            assert client.post(PREDICT, json={"rows": [row]}).status_code == 422
        client.get("/etc/passwd")
        assert client.post(PREDICT, json={"rows": [GOOD]}).status_code == 200
        monkeypatch.setattr(Served, "answers", lambda *_: 1 / 0)
        assert client.post(PREDICT, json={"rows": [GOOD]}).status_code == 500
    assert counts(log) == {
        ("/v1/predict", 401, "a token is needed: Authorization: Bearer ..."): 1,
        ("/v1/predict", 422, "field age"): 2,
        ("/v1/predict", 422, "the body"): 1,
        ("/v1/predict", 500, "the model failed on these rows"): 1,
        ("other", 404, "there is nothing here"): 1,
    }
    assert len(last(log)) == 1


def test_while_the_server_runs_they_come_to_the_log(package_of, log, monkeypatch):
    monkeypatch.setattr(module, "EVERY", 0.01)
    with served(package_of, log) as client:
        client.post(PREDICT, json={})
        for _ in range(500):
            client.get("/health/live")
            if len(refused(log)):
                break
        assert counts(log) == {(PREDICT, 422, "the body"): 1}


def test_what_the_log_cannot_keep_now_it_gets_later(package_of, log, monkeypatch):
    monkeypatch.setattr(module, "EVERY", 0.01)
    with served(package_of, log) as client:
        other = sqlite3.connect(log, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            assert client.post(PREDICT, json={"rows": [GOOD]}).status_code == 503
        finally:
            other.execute("ROLLBACK")
            other.close()
    assert counts(log)[PREDICT, 503, "the request log cannot be written"] == 1


def test_a_stranger_fills_neither_the_disk_nor_the_memory():
    tally = Tally()
    for n in range(100_000):
        tally.count(PREDICT, 422, f"field {n}", now=60.0)
    taken = tally.taken()
    assert len(taken.counts) == KINDS + 1
    assert sum(taken.counts.values()) == 100_000


def test_logs_are_merged_once_and_old_days_leave(package_of, log, tmp_path):
    other = tmp_path / "other.sqlite"
    for place in (log, other):
        with served(package_of, place) as client:
            client.post(PREDICT, json={})
    with sqlite3.connect(log) as connection:  # a log of an earlier version
        connection.execute("DROP TABLE refusals")
    assert len(refused(log)) == 0
    for _ in range(2):
        merge(log, [other])
        assert counts(log) == {(PREDICT, 422, "the body"): 1}
    later = refused(log)["at"].iloc[0].timestamp() + 5 * 86_400
    rotate(log, keep=9, now=later)
    assert len(refused(log)) == 1
    rotate(log, keep=3, now=later)
    with sqlite3.connect(log) as connection:
        assert refusals_of(connection) == []


def test_the_command_counts_them_by_the_hour(package_of, log, capsys):
    with served(package_of, log) as client:
        for _ in range(3):
            client.post(PREDICT, json={})
    capsys.readouterr()
    assert command_line(["log", "--refused", "--log", str(log)]) == 0
    assert "422  /v1/predict  3  the body" in capsys.readouterr().out
    command_line(["log", "--refused", "--json", "--log", str(log)])
    assert json.loads(capsys.readouterr().out)["count"] == 3


def told(*lines):
    names = ["at", "path", "status", "reason", "count"]
    table = pd.DataFrame(lines, columns=names)
    return table.assign(at=pd.to_datetime(table["at"], utc=True))


def test_failures_are_told_from_bad_requests_and_strangers_left_out():
    away = told(
        ("2026-03-01 10:00", PREDICT, 422, "field age", 6),
        ("2026-03-01 10:00", "/v2/models/{model}/infer", 503, "too many wait", 3),
        ("2026-03-01 10:00", PREDICT, 401, "a token is needed", 999),
        ("2026-03-01 10:00", "/metrics", 503, "", 999),
    )
    seen = traffic(pd.DataFrame(), away)
    assert (seen.refused, seen.failed) == (6, 3)
    assert seen.turned == (("422 field age", 6), ("503 too many wait", 3))
    failed, wrong = of_refusals(seen, Limits())
    assert (failed.level, wrong.level) == ("watch", "watch")
    assert "503 too many wait (3)" in failed.what
    assert "422 field age (6)" in wrong.what
    assert list(of_refusals(Traffic(10, 10), Limits())) == []


def test_the_monitor_tells_rates_by_window(package_of, make_loans, log):
    loans = package_of()
    rows, _ = make_loans(900)
    loans.log(log, *((rows.iloc[300 * n : 300 * n + 300], n) for n in range(3)))
    start = pd.Timestamp("2026-03-01", tz="UTC")
    with sqlite3.connect(log) as connection:
        for day, status in ((0.2, 422), (2.2, 503)):
            minute = int((start + timedelta(days=day)).timestamp() // 60)
            line = ("s", minute, PREDICT, status, "why", 10)
            connection.execute("INSERT INTO refusals VALUES (?, ?, ?, ?, ?, ?)", line)
    health = monitor(follow(loans.folder, log), limits=Limits(least=100))
    shares = [(w.traffic.refused, w.traffic.failed) for w in health.windows]
    assert shares == [(10, 0), (0, 0), (0, 10)]
    failed = [one for one in health.signs if "failed" in one.what]
    assert failed[0].what == "10 of 40 requests failed: 503 why (10)"
    assert health.state == "watch"
    assert type(health).from_dict(json.loads(json.dumps(health.to_dict()))) == health


def test_a_server_that_only_fails_is_seen(package_of, log):
    loans = package_of()
    loans.log(log)
    with sqlite3.connect(log) as connection:
        line = ("s", 1, PREDICT, 503, "too many requests wait", 7)
        connection.execute("INSERT INTO refusals VALUES (?, ?, ?, ?, ?, ?)", line)
    health = monitor(follow(loans.folder, log))
    assert "7 of 7 requests failed" in str(health)


def test_what_another_model_refused_is_not_held_against_a_new_one(
    package_of, make_loans, log
):
    loans = package_of()
    rows, _ = make_loans(600)
    loans.log(log, *((rows.iloc[300 * n : 300 * n + 300], n) for n in range(2)))
    start = pd.Timestamp("2026-03-01", tz="UTC")
    with sqlite3.connect(log) as connection:
        for day in (0.1, 0.9, 1.0, 1.2):
            minute = int((start + timedelta(days=day)).timestamp() // 60)
            line = ("s", minute, PREDICT, 503, "why", 10)
            connection.execute("INSERT INTO refusals VALUES (?, ?, ?, ?, ?, ?)", line)
        connection.execute("UPDATE requests SET model = 'old' WHERE id LIKE 'd0-%'")
    seen = follow(loans.folder, log)
    assert len(seen) == 300
    assert seen.refused["count"].sum() == 20
    health = monitor(seen, limits=Limits(least=100))
    assert [w.traffic.failed for w in health.windows] == [20]
    with sqlite3.connect(log) as connection:
        connection.execute("UPDATE requests SET model = 'old'")
    assert len(follow(loans.folder, log).refused) == 0
