"""The run's side of its kernel server: start it, and borrow kernels from it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from mlkit.engine.execution import processes
from mlkit.engine.execution.worker import private_room
from mlkit.engine.kernels.preload import forkable

__all__ = ["BorrowedProcess", "KernelServer", "borrow"]

PATIENCE = 60.0  # seconds for a server that is still importing
TREE = 4.0  # seconds for a kernel's tree to be gone


class KernelServer:
    """A server of warm kernels that lives for one run (Linux).

    Its socket is there, and takes requests, before the server has imported anything;
    a kernel asked for early comes when it can.
    """

    def __init__(self, path: Path, pid: int, channel: socket.socket) -> None:
        self.path = path
        self._pid = pid
        self._channel = channel

    @classmethod
    def start(cls, modules: Iterable[str] = ()) -> Self:
        """Start a server that imports the forkable of `modules`; needs one thread."""
        room = private_room()
        path = room / "kernels"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(64)
            pid, channel = processes.guarded(
                lambda _: _become_server(listener, room, forkable(modules)),
                room,
                keep=[listener.fileno()],
            )
        return cls(path, pid, channel)

    def close(self) -> None:
        """End the server and all its kernels."""
        if self._pid:
            self._channel.close()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
            shutil.rmtree(self.path.parent, ignore_errors=True)
            self._pid = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _become_server(listener: socket.socket, room: Path, modules: list[str]) -> None:
    """Replace this process by a fresh one that serves."""
    log = os.open(room / "stderr", os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(log, 2)
    listener.set_inheritable(True)
    module = "mlkit.engine.kernels.forkserver"
    command = [sys.executable, "-m", module, str(listener.fileno()), *modules]
    os.execv(sys.executable, command)  # noqa: S606


def borrow(
    server: str, argv: Sequence[str], env: Mapping[str, str], cwd: str | None
) -> BorrowedProcess | None:
    """Borrow a kernel; None if the server is not there or has none such.

    Parameters
    ----------
    server
        Path of its socket.
    argv, env, cwd
        The command, environment and folder that a plain kernel would have.
    """
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(PATIENCE)
        connection.connect(server)
        request = {"argv": list(argv), "env": dict(env), "cwd": cwd}
        line = json.dumps(request).encode() + b"\n"
        sent = socket.send_fds(connection, [line], [1, 2])
        connection.sendall(line[sent:])
        process = BorrowedProcess(connection)
        if process.greet(PATIENCE):
            return process
    except OSError:
        pass
    connection.close()
    return None


class BorrowedProcess:
    """A kernel of the server's, in the shape of `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket) -> None:
        self.pid = 0
        self.returncode: int | None = None
        self._connection = connection
        self._pending = b""
        self._gone = False

    def fileno(self) -> int:
        """Return a descriptor that is readable when the server has something to say."""
        return self._connection.fileno()

    def greet(self, seconds: float) -> bool:
        """Wait for the server's answer, and say whether there is a kernel."""
        deadline = time.monotonic() + seconds
        while not self.pid and self.returncode is None:
            if not self._hear(deadline - time.monotonic()):
                return False
        return bool(self.pid)

    def poll(self) -> int | None:
        """Return the exit code if the kernel has ended."""
        while self.returncode is None and self._hear(0):
            pass
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the kernel's end, `timeout` seconds at most."""
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        while self.poll() is None and time.monotonic() < deadline:
            self._hear(1.0)
        if self.returncode is None:
            raise TimeoutError("the kernel has not ended")
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Send the kernel a signal; its id is kept while we are connected."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    def kill(self) -> None:
        """Kill the kernel."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def release(self) -> None:
        """Have the server kill all that is left of the kernel, and wait for it."""
        if self._connection.fileno() < 0:
            return
        with contextlib.suppress(OSError):
            self._connection.sendall(b"end")
            deadline = time.monotonic() + TREE
            while not self._gone and (left := deadline - time.monotonic()) > 0:
                if not self._hear(left) and self.returncode is not None:
                    break
        self._connection.close()

    def _hear(self, seconds: float) -> bool:
        """Take in what the server says within `seconds`; False if nothing."""
        if self._connection.fileno() < 0:
            return False
        ready, _, _ = select.select([self._connection], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            data = self._connection.recv(4096)
        except OSError:
            data = b""
        if not data:  # the server is gone, and its kernels with it
            if self.returncode is None:
                self.returncode = -signal.SIGKILL
            self._connection.close()
            return False
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            self._take(json.loads(line))
        return True

    def _take(self, words: Mapping[str, object]) -> None:
        if isinstance(pid := words.get("pid"), int):
            self.pid = pid
        if isinstance(code := words.get("exit"), int):
            self.returncode = code
        self._gone = self._gone or "gone" in words
        if "refused" in words:
            self.returncode = 0
