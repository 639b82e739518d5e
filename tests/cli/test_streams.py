"""The command line where the world around it is odd."""

import os
import subprocess
import sys

import pytest

MLKIT = [sys.executable, "-m", "mlkit"]


def bash(line, **options):
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "MLKIT": " ".join(MLKIT)},
        **options,
    )


@pytest.fixture
def one(maker):
    maker.step("01_one", "", "import mlkit as mk", "mk.save(one=1)")
    return maker


@pytest.mark.slow
def test_closed_streams_and_a_reader_that_leaves_change_nothing(one):
    for line in (
        "$MLKIT run . <&- >&-",
        "$MLKIT run . 2>&-",
        "$MLKIT run --refresh --json . | head -n 1 >/dev/null",
        "$MLKIT run . --refresh 2>&1 | true",
        "$MLKIT run . | true",
        "TERM=dumb $MLKIT run ./steps/../. --refresh",
    ):
        done = bash(line, cwd=one.root)
        assert (done.returncode, done.stderr) == (0, ""), line


def test_what_the_system_refuses_is_told_without_a_traceback(one):
    (one.root / "runs").write_text("no folder")
    done = bash(f"$MLKIT run {one.root}")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "where:" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in bash(f"$MLKIT --debug run {one.root}").stderr


def test_jobs_are_not_negative(one):
    done = bash(f"$MLKIT run {one.root} --jobs -1")
    assert done.returncode == 2
    assert "--jobs" in done.stderr
