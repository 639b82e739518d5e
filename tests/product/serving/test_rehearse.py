"""The rehearsal of serving: started, asked, compared, and ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import httpx
import pandas as pd
import psutil
import pytest

from mlkit.core.errors import StepError
from mlkit.core.files import canonical
from mlkit.product import rehearse as module
from mlkit.product.rehearse import Serving, rehearse, start


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.05)
    monkeypatch.setattr(module, "WARM", 1)


@pytest.fixture
def rows():
    """Validation rows, cleaned: numbers as numbers, days as days."""
    return pd.DataFrame(
        {
            "age": [40.0, None, 61.0] * 20,
            "pay": [2100.5, 900.0, None] * 20,
            "town": ["Ghent", "Turin", None] * 20,
            "day": pd.to_datetime(["2024-03-01", None, "2024-05-05"] * 20),
            "late": ["yes", "no", "no"] * 20,
        }
    )


def test_rows_are_replayed_compared_and_measured(quick, loans, rows, monkeypatch):
    server = start(loans)
    try:
        assert httpx.get(f"{server.url}/health/ready").json()["ready"]
        assert server.url not in server._repr_html_() + repr(server)
        monkeypatch.setenv("JPY_SESSION_NAME", "serve.ipynb")
        monkeypatch.delenv("MLKIT_JOB", raising=False)
        assert server.url in server._repr_html_()
        assert server.leave().runs
        monkeypatch.delenv("JPY_SESSION_NAME")
        found = rehearse(server, rows, rows=50)
    finally:
        server.leave()
    assert not server.runs
    assert "has ended" in server._repr_html_()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/health/live")
    assert (found.rows, found.different, found.verdict.state) == (50, 0, "passed")
    assert found.furthest == 0
    assert [int(size) for size in found.milliseconds] == [1, 10, 100, 1000]
    assert " µs" in repr(found.table())
    assert repr(found.plot()).startswith("<Picture")
    again = Serving.from_dict(json.loads(canonical(found.to_dict())))
    assert again == found


def test_a_number_is_compared_by_its_size(quick, owed, rows):
    server = start(owed)
    try:
        found = rehearse(server, rows.drop(columns="late"))
    finally:
        server.end()
    assert found.verdict.state == "passed"


def test_other_answers_shut_the_gate(quick, loans, later_loans, rows):
    server = start(loans)
    server.package = later_loans
    try:
        found = rehearse(server, rows)
    finally:
        server.end()
    assert found.verdict.state == "blocked"
    assert found.different
    assert repr(found.plot()).startswith("<Picture")


@pytest.mark.parametrize(
    "took",
    [
        {"1": [6.0, 7.0], "10": [12.2], "100": [48.0], "1000": [450.0]},
        {"1": [6.0, 7.0], "10": [55.0], "100": [520.0]},
        {"1": [0.1], "10000": [1.0]},
    ],
)
def test_rows_a_second_are_told_in_plain_numbers(took):
    picture = Serving("m", 9, 0, 0.0, took).plot()
    picture.draw_without_rendering()
    axes = picture.axes[1]
    for axis, ends in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        told = [tick.get_text() for tick in axis.get_ticklabels(which="both")]
        plain = [float(one.replace(",", "")) for one in told if one]
        assert sum(ends[0] <= one <= ends[1] for one in plain) >= 2


def test_a_server_that_does_not_start_says_why(tmp_path):
    with pytest.raises(StepError, match="not an mlkit project"):
        start(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
@pytest.mark.slow
def test_a_server_ends_with_the_kernel_that_started_it(loans):
    code = "import sys, time\nfrom mlkit.product.rehearse import start\n"
    code += "server = start(sys.argv[1])\nprint(server._process.pid, flush=True)\n"
    words = (sys.executable, "-c", f"{code}time.sleep(60)", str(loans))
    kernel = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    child = int(kernel.stdout.readline())
    os.kill(kernel.pid, signal.SIGKILL)
    kernel.communicate()
    end = time.monotonic() + 30
    while psutil.pid_exists(child):
        gone = psutil.Process(child).status() == psutil.STATUS_ZOMBIE
        if gone:
            break
        assert time.monotonic() < end, "it goes on"
        time.sleep(0.05)
