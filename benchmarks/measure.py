"""CPU seconds of a command and all of its children."""

import ctypes
import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def adopt_orphans():
    """Become the parent of orphans, so that their time is counted here."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def cpu(command, **options):
    """Run a command; return its CPU seconds, children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    reap()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def reap():
    """Wait for adopted orphans."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def tell(what, ours, theirs, goal, unit="CPU-s"):
    """Print the ratio of two lists of seconds, or of another unit, taken in turn."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    ratio = statistics.median(ratios)
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(
        f"{what}: {ratio:.3f} (goal {goal}; {min(ratios):.3f} to {max(ratios):.3f}; "
        f"{mine:.2f} against {other:.2f} {unit})",
        flush=True,
    )
    return ratio


def notebook(path: Path, *cells: str):
    """Write a notebook; the first cell is its parameters."""
    form = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {} if number else {"tags": ["parameters"]},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(form))
