"""One run at a time in a project, and who it is that holds it."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlkit.core.decisions import person
from mlkit.core.errors import Busy
from mlkit.core.project import Project

__all__ = ["holder", "lock"]

TRIES, PAUSE = 10, 0.05  # to take it, and the seconds between two
NOBODY = {"run": "starting", "pid": 0, "by": "", "host": "", "since": 0.0}


@contextmanager
def lock(project: Project, run: str, name: str = "lock") -> Iterator[None]:
    """Hold the project while the block runs.

    Parameters
    ----------
    project
        The project.
    run
        What holds it, as others are told.
    name
        The lock's file: one of its own for what consists of several runs.

    Raises
    ------
    Busy
        Within half a second, where another run holds it; says who.
    """
    project.state.mkdir(parents=True, exist_ok=True)
    handle = os.open(project.state / name, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        tries = TRIES
        while not _try(handle):
            tries -= 1
            if not tries:
                raise _busy(project, name)
            time.sleep(PAUSE)  # somebody may only look who holds it
        facts = {
            "run": run,
            "pid": os.getpid(),
            "by": person(),
            "host": socket.gethostname(),
            "since": time.time(),
        }
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(facts).encode(), 0)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def holder(project: Project) -> dict[str, Any] | None:
    """Return who holds the project now: run, pid, by, host, since; None if nobody."""
    path = project.state / "lock"
    if not path.exists():
        return None
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        return None if _try(handle, look=True) else _facts(project, "lock")
    finally:
        os.close(handle)


def _try(handle: int, look: bool = False) -> bool:
    """Take the lock if it is free; the system gives it back when the holder ends.

    Those who only look do not stand in each other's way.
    """
    try:
        if os.name == "posix":
            import fcntl

            how = fcntl.LOCK_SH if look else fcntl.LOCK_EX
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        else:  # pragma: no cover - Windows
            import msvcrt

            os.lseek(handle, 1 << 20, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True


def _facts(project: Project, name: str) -> dict[str, Any]:
    try:
        return NOBODY | dict(json.loads((project.state / name).read_bytes()))
    except (ValueError, TypeError):
        return dict(NOBODY)


def _busy(project: Project, name: str) -> Busy:
    facts = _facts(project, name)
    minutes = (time.time() - facts["since"]) / 60 if facts["since"] else 0
    return Busy(
        "another run holds this project",
        where=str(project.root),
        got=f"run {facts['run']} of {facts['by']} on {facts['host']}, "
        f"process {facts['pid']}, for {minutes:.0f} minutes",
        todo="wait for it, or end it with `mlkit stop`",
    )
