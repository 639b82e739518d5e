"""One step's worker, as the run sees it: start it, hear it, stop it.

The worker is a forked process on Linux, and a fresh one elsewhere. It tells what
it does in JSON lines; its last word is the step's outcome.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from mlkit.engine.execution import processes

__all__ = ["Failure", "Job", "Outcome", "State", "Worker", "prepare", "private_room"]

State = Literal["passed", "blocked", "failed", "interrupted"]
MIB = 2**20


@dataclass(frozen=True)
class Job:
    """One step to execute.

    Parameters
    ----------
    step
        The step's name.
    notebook, output
        The notebook to read, and where to write its executed copy.
    cwd
        The kernel's folder.
    parameters
        The values that differ from those in the parameters cell, already typed.
    kernel
        The name of the kernelspec.
    warm
        Ask `server` for a kernel, and start a plain one only if it has none.
    server
        The socket of the run's kernel server.
    timeout
        Seconds for the whole step, from the launch of its kernel on; None: no limit.
    env
        What the kernel's environment has beyond ours.
    output_limit, fail_limit
        Bytes of output kept of a cell; bytes of a step past which it fails.
    """

    step: str
    notebook: Path
    output: Path
    cwd: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    kernel: str = "python3"
    warm: bool = False
    server: Path | None = None
    timeout: float | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    output_limit: int = MIB
    fail_limit: int = 64 * MIB


@dataclass(frozen=True)
class Failure:
    """Why a step did not pass.

    Parameters
    ----------
    type
        The name of the exception, or one of KernelDied, Timeout, TooMuchOutput,
        NotExecuted, InputRequested, WorkerDied.
    message
        What happened.
    cell
        Index of the cell in the step's own notebook, if it was in one.
    todo
        What the reader can do about it.
    """

    type: str
    message: str
    cell: int | None = None
    todo: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a step ended, and after how many seconds.

    Examples
    --------
    >>> Outcome("passed", None, 1.5).record()["state"]
    'passed'
    """

    state: State
    failure: Failure | None
    seconds: float

    def record(self) -> dict[str, Any]:
        """Return the outcome as plain JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Outcome:
        """Read back what `record` gave."""
        failure = record["failure"]
        return cls(
            record["state"], Failure(**failure) if failure else None, record["seconds"]
        )


def private_room() -> Path:
    """Make a folder of our own whose path is short enough for sockets."""
    base = tempfile.gettempdir()
    return Path(
        tempfile.mkdtemp(prefix="mlkit-", dir=base if len(base) < 60 else "/tmp")  # noqa: S108
    )


def prepare() -> ModuleType:
    """Import papermill and build its validators, once, before workers are forked."""
    if (loaded := sys.modules.get("mlkit.engine.execution.execute")) is not None:
        return loaded
    # jsonschema tries this slow import for a format that notebooks do not use
    hide = "rfc3987_syntax" not in sys.modules
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if hide:
            sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
        try:
            execute = import_module("mlkit.engine.execution.execute")
        finally:
            if hide:
                del sys.modules["rfc3987_syntax"]
        execute.warm_up()
    return execute


class Worker:
    """A step that is being executed in a process of its own."""

    def __init__(
        self,
        job: Job,
        channel: socket.socket,
        room: Path,
        pid: int,
        process: subprocess.Popen[bytes] | None = None,
    ) -> None:
        channel.setblocking(False)
        self.job = job
        self.pid = pid
        self._channel = channel
        self._room = room
        self._process = process
        self._started = time.monotonic()
        self._pending = b""
        self._events: list[dict[str, Any]] = []
        self._outcome: Outcome | None = None
        self._said: Outcome | None = None

    @classmethod
    def start(cls, job: Job, *, forked: bool = sys.platform == "linux") -> Worker:
        """Start a worker for `job`; `forked` needs Linux and the only thread."""
        room = private_room()
        if not forked:
            return cls._spawn(job, room)
        execute = prepare()
        pid, channel = processes.guarded(lambda end: execute.main(job, end, room), room)
        return cls(job, channel, room, pid)

    @classmethod
    def _spawn(cls, job: Job, room: Path) -> Worker:
        ours, theirs = socket.socketpair()
        (room / "job").write_bytes(pickle.dumps(job))
        command = [sys.executable, "-m", "mlkit.engine.execution.execute", str(room)]
        with theirs:
            process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return cls(job, ours, room, process.pid, process)

    def fileno(self) -> int:
        """Return a descriptor that is readable when there is something to hear."""
        return self._channel.fileno()

    def events(self) -> list[dict[str, Any]]:
        """Return what the worker told since the last call, without waiting."""
        self._listen()
        told, self._events = self._events, []
        return told

    def outcome(self) -> Outcome | None:
        """Return how the step ended, once nothing of it is alive any more."""
        self._listen()
        return self._outcome

    def wait(self, timeout: float | None = None) -> Outcome:
        """Wait for the outcome, `timeout` seconds at most.

        Raises
        ------
        TimeoutError
            If the step has not ended by then.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (outcome := self.outcome()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError(f"{self.job.step} has not ended")
            select.select([self], [], [], left)
        return outcome

    def interrupt(self) -> None:
        """Ask the worker to stop its kernel and to save what was done."""
        if self._outcome is None:
            with contextlib.suppress(OSError):
                self._channel.send(b"i")

    def kill(self) -> None:
        """Kill the worker and all below it, without saving."""
        if self._outcome is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL if self._process else signal.SIGQUIT)

    def _listen(self) -> None:
        while self._outcome is None:
            try:
                data = self._channel.recv(65536)
            except BlockingIOError:
                return
            except ConnectionResetError:
                data = b""
            if not data:
                self._end()
            *lines, self._pending = (self._pending + data).split(b"\n")
            for line in lines:
                self._hear(json.loads(line))

    def _hear(self, event: dict[str, Any]) -> None:
        if event["event"] == "outcome":
            self._said = Outcome.of(event)
        else:
            self._events.append(event)

    def _end(self) -> None:
        """Reap the worker and settle its outcome."""
        if self._process is not None:
            self._process.wait()
        else:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
        self._channel.close()
        shutil.rmtree(self._room, ignore_errors=True)  # where the guard could not
        seconds = time.monotonic() - self._started
        died = Failure(
            "WorkerDied",
            "the process that ran this step was killed",
            todo="if nobody killed it, see whether the machine ran out of memory",
        )
        self._outcome = self._said or Outcome("failed", died, seconds)
