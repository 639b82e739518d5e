"""A runner that is killed at any moment: the next run completes, and nobody is left."""

import os
import random
import signal
import subprocess
import sys
import time
import uuid

import psutil
import pytest

from mlkit.core.store import Store

STEPS = {
    "02_left": ("left", "raw", "mk.load('raw') + 1"),
    "03_right": ("right", "raw", "mk.load('raw') * 2"),
    "04_join": ("joined", "left", "mk.load('left') + mk.load('right')"),
}


@pytest.fixture
def diamond(maker):
    """Four steps, two of them side by side; each starts a child that lingers."""
    linger = "import subprocess\nsubprocess.Popen(['sleep', '120'])"
    maker.step(
        "01_raw",
        "rows: int = 1000",
        "import mlkit as mk\nimport pandas as pd",
        linger,
        "mk.save(raw=pd.DataFrame({'x': range(rows)}))",
    )
    for name, (saves, _, code) in STEPS.items():
        maker.step(
            name, "step: int = 1", "import mlkit as mk", f"mk.save({saves}={code})"
        )
    return maker


def start(maker, mark, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "mlkit", "run", str(maker.root), *options],
        env={**os.environ, "MLKIT_TEST_MARK": mark},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def left_of(mark):
    """Return the processes that a marked run left behind."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("MLKIT_TEST_MARK") == mark:
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return [p for p in found if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def assert_nobody_left(mark, seconds=5.0):
    deadline = time.monotonic() + seconds
    while (left := left_of(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left, [p.cmdline() for p in left]


def identities(maker):
    refs = Store(maker.project.state).refs()
    return {name: entry.identity for name, entry in refs.items()}


def fresh(maker):
    for name in (".mlkit", "runs"):
        subprocess.run(["rm", "-rf", str(maker.root / name)], check=True)


def completes(maker, *options):
    process = start(maker, "after", *options)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()


def kill_and_run_again(maker, wanted, delay, *options):
    fresh(maker)
    mark = uuid.uuid4().hex
    process = start(maker, mark, *options)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    completes(maker, *options)
    assert identities(maker) == wanted
    assert_nobody_left(mark)


def undisturbed(maker, *options):
    began = time.monotonic()
    completes(maker, *options)
    return identities(maker), time.monotonic() - began


@pytest.mark.slow
def test_a_killed_runner_leaves_nobody_and_the_next_run_completes(diamond):
    wanted, seconds = undisturbed(diamond)
    kill_and_run_again(diamond, wanted, seconds * 0.6)


KILLS = int(os.environ.get("MLKIT_KILLS", "20"))


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--cold",)], ids=["warm", "cold"])
def test_random_kills(diamond, options):
    wanted, seconds = undisturbed(diamond, *options)
    chance = random.Random(20261122)
    for _ in range(2 * KILLS // 5 if options else KILLS):
        kill_and_run_again(diamond, wanted, chance.uniform(0, seconds), *options)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_was_done(diamond, number):
    diamond.step(
        "05_long",
        "",
        "import mlkit as mk\nimport time",
        "time.sleep(600)",
        "mk.save(z=1)",
    )
    mark = uuid.uuid4().hex
    process = start(diamond, mark, "--json")
    deadline = time.monotonic() + 60
    while "joined" not in identities(diamond) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert_nobody_left(mark)
    latest = diamond.root / "runs" / "latest"
    assert '"interrupted"' in (latest / "manifest.json").read_text()
    assert "joined" in identities(diamond)


def test_stop_ends_a_run_and_a_second_run_is_told_who_holds_the_project(diamond):
    diamond.step(
        "05_long",
        "",
        "import mlkit as mk\nimport time",
        "time.sleep(600)",
        "mk.save(z=1)",
    )
    process = start(diamond, "stopped")
    command = [sys.executable, "-m", "mlkit"]
    deadline = time.monotonic() + 60
    while (
        not (diamond.root / ".mlkit" / "lock").exists() and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    second = subprocess.run(
        [*command, "run", diamond.root], capture_output=True, text=True, timeout=10
    )
    assert second.returncode == 4
    assert f"process {process.pid}" in second.stderr
    stop = subprocess.run(
        [*command, "stop", diamond.root], capture_output=True, text=True
    )
    assert stop.returncode == 0, stop.stdout
    process.communicate(timeout=30)
    assert process.returncode == 130
