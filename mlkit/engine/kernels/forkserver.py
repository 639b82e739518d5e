"""The kernel server of one run: it has imported the heavy libraries and forks kernels.

A client connects, sends one line of JSON, {"argv", "cwd", "env"}, with two file
descriptors for the kernel's stdout and stderr, and reads lines of JSON: {"pid"} or
{"refused"}, {"exit"} when the kernel has ended, and {"gone"}, which answers "end",
when nothing of it is left. A kernel lives no longer than its connection.

Run as `python -m mlkit.engine.kernels.forkserver DESCRIPTOR MODULE...`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib.util
import io
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol

from mlkit.engine.execution import processes

__all__: list[str] = []

# what the libraries read when they are imported: a kernel that sets one differently
# is not forked from here
READ_AT_IMPORT = (
    *("ARROW_", "BLIS_", "JOBLIB_", "KMP_", "LANG", "LC_", "LD_", "MKL_", "MPL"),
    *("NPY_", "NUMEXPR_", "NUMPY_", "OMP_", "OPENBLAS_", "PANDAS_", "PYTHON"),
    *("SCIPY_", "SKLEARN_"),
)
# what a kernel imports while it starts and shows a first value
KERNEL = (
    *("ipykernel.kernelapp", "ipykernel.debugger", "IPython.core.completerlib"),
    *("IPython.core.oinspect", "IPython.extensions.storemagic", "IPython.core.logger"),
    *("IPython.core.debugger", "pdb", "tornado.platform.asyncio", "tornado.gen"),
    *("xmlrpc.client", "http.client", "encodings.idna", "encodings.latin_1"),
)
# what a library imports only when it is used
LATER = {
    "matplotlib": (
        *("matplotlib.backends.backend_agg", "IPython.core.pylabtools"),
        *("PIL.PngImagePlugin", "mpl_toolkits.mplot3d"),
    ),
    "pandas": ("pandas.io.formats.html", "pandas.io.formats.string"),
    "pyarrow": ("pyarrow.pandas_compat", "pyarrow.parquet"),
    "sklearn": ("narwhals._pandas_like.dataframe", "narwhals._pandas_like.utils"),
}
TREE = 3.0  # seconds for a kernel's tree to be gone


class Closable(Protocol):
    """Something to close."""

    def close(self) -> None:
        """Close it."""


@dataclass
class Forked:
    """A kernel, and the connection that it lives for."""

    pid: int
    connection: socket.socket
    code: int | None = None


class Server:
    """Fork kernels, tell of their end, and clear up after them."""

    def __init__(self, listener: socket.socket, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self._added = {k: v for k, v in os.environ.items() if k not in environ}
        self._kernels: dict[int, Forked] = {}
        self._wake = processes.wakeup(signal.SIGTERM, signal.SIGCHLD)
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)

    def serve(self) -> None:
        """Serve until SIGTERM; then end all kernels."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._welcome()
                elif key.fileobj is not self._wake:
                    self._hear(key.data)
                elif signal.SIGTERM in self._wake.recv(4096):
                    processes.end_descendants(TREE)
                    return
            self._note_ends()

    def _welcome(self) -> None:
        """Take one request, and fork the kernel it asks for."""
        connection, _ = self._listener.accept()
        try:
            connection.settimeout(2)
            request, outputs = receive(connection)
        except (OSError, ValueError):
            connection.close()
            return
        why = self._refusal(request)
        if why:
            say(connection, refused=why)
            connection.close()
        else:
            self._fork(connection, request, outputs)
        for descriptor in outputs:
            os.close(descriptor)

    def _refusal(self, request: Mapping[str, Any]) -> str:
        """Say why a kernel cannot be forked from here, if it cannot."""
        here, there = Path(sys.executable), Path(request["argv"][0])
        if here.parent != there.parent or not here.samefile(there):
            return "the kernel runs on another Python"
        words = [word for word in request["argv"][1:] if not word.startswith("-X")]
        if words[:3] != ["-m", "ipykernel_launcher", "-f"]:
            return "it is not a plain ipykernel"
        theirs = request["env"]
        for name in sorted({*self._environ, *theirs}):
            same = self._environ.get(name) == theirs.get(name)
            if name.startswith(READ_AT_IMPORT) and not same:
                return f"its environment has another {name}"
        return ""

    def _fork(
        self, connection: socket.socket, request: dict[str, Any], outputs: list[int]
    ) -> None:
        server = os.getpid()
        pid = processes.fork()
        if pid == 0:
            request["env"] = {**self._added, **request["env"]}
            become_kernel(server, request, outputs, [*self._ours(), connection])
        kernel = Forked(pid, connection)
        self._kernels[pid] = kernel
        self._selector.register(connection, selectors.EVENT_READ, kernel)
        say(connection, pid=pid)

    def _ours(self) -> list[Closable]:
        """List what a kernel has to close."""
        connections = [kernel.connection for kernel in self._kernels.values()]
        return [self._selector, self._wake, self._listener, *connections]

    def _hear(self, kernel: Forked) -> None:
        """End a kernel when its client says so, or is gone."""
        try:
            word = kernel.connection.recv(64)
        except OSError:
            word = b""
        self._end(kernel)
        if word:
            say(kernel.connection, gone=True)
        self._selector.unregister(kernel.connection)
        kernel.connection.close()

    def _end(self, kernel: Forked) -> None:
        """Kill a kernel and all that came of it."""
        os.kill(kernel.pid, signal.SIGKILL)
        os.waitpid(kernel.pid, 0)
        del self._kernels[kernel.pid]
        deadline = time.monotonic() + TREE
        while self._sweep() and time.monotonic() < deadline:
            time.sleep(0.002)

    def _sweep(self) -> bool:
        """Kill the orphans that fell to us; say whether there were any."""
        orphans = processes.children(os.getpid()) - self._kernels.keys()
        for orphan in orphans:
            for pid in [orphan, *processes.descendants(orphan)]:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            os.waitpid(orphan, os.WNOHANG)
        return bool(orphans)

    def _note_ends(self) -> None:
        """Tell clients of kernels that have ended; their process ids stay taken."""
        for kernel in self._kernels.values():
            how = os.WEXITED | os.WNOHANG | os.WNOWAIT
            if kernel.code is None and (end := os.waitid(os.P_PID, kernel.pid, how)):
                exited = end.si_code == os.CLD_EXITED
                kernel.code = end.si_status if exited else -end.si_status
                say(kernel.connection, exit=kernel.code)
                self._sweep()


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Read a request: a line of JSON, and two descriptors with it."""
    data, descriptors, _, _ = socket.recv_fds(connection, 65536, 2)
    while data and not data.endswith(b"\n"):
        data += connection.recv(65536)
    try:
        return json.loads(data), descriptors
    except ValueError:
        for descriptor in descriptors:
            os.close(descriptor)
        raise


def say(connection: socket.socket, **words: object) -> None:
    """Send a line of JSON, if somebody is there to read it."""
    with contextlib.suppress(OSError):
        connection.sendall(json.dumps(words).encode() + b"\n")


def become_kernel(
    server: int,
    request: Mapping[str, Any],
    outputs: Sequence[int],
    close: Iterable[Closable],
) -> NoReturn:
    """Be the kernel that was asked for, in a process just forked; never return."""
    code = 1
    try:
        os.close(signal.set_wakeup_fd(-1))
        for thing in close:
            thing.close()
        os.setsid()
        processes.die_with(server, signal.SIGKILL)
        processes.adopt_orphans()
        for signum in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
            signal.signal(signum, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for target, descriptor in zip((1, 2), outputs, strict=True):
            os.dup2(descriptor, target)
            os.close(descriptor)
        _settle(request, server)
        _run_kernel(request["argv"])
        code = 0
    except BaseException:  # nothing of the server's stack may run on
        traceback.print_exc()
    finally:
        os._exit(code)


def _settle(request: Mapping[str, Any], server: int) -> None:
    """Have the environment, the folder and the randomness of a fresh process."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.environ["JPY_PARENT_PID"] = str(server)
    if hasattr(time, "tzset"):
        time.tzset()
    if request["cwd"]:
        os.chdir(request["cwd"])
    for name in [n for n in sys.modules if n.split(".", 1)[0] == "mlkit"]:
        del sys.modules[name]
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()


def _run_kernel(argv: Sequence[str]) -> None:
    """Run IPython's kernel, and end as an interpreter ends, but at once."""
    from ipykernel.kernelapp import IPKernelApp

    launcher = importlib.util.find_spec("ipykernel_launcher")
    options = argv[argv.index("ipykernel_launcher") + 1 :]
    sys.argv = [str(launcher and launcher.origin), *options]
    gc.enable()
    app = IPKernelApp.instance(parent_handle=1)  # no watch on the parent
    app.initialize(list(options))
    app.start()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit.unregister(app.close)
    atexit._run_exitfuncs()
    flush_files()


def flush_files() -> None:
    """Flush the files that were left open, which a full shutdown would close."""
    for value in gc.get_objects():
        if isinstance(value, io.TextIOWrapper | io.BufferedWriter):
            with contextlib.suppress(Exception):
                value.flush()


def preload(modules: Sequence[str]) -> None:
    """Import what kernels will need, as far as it is there."""
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    tops = sorted({name.split(".", 1)[0] for name in modules})
    later = [name for top in tops for name in LATER.get(top, ())]
    for name in (*KERNEL, *modules, *later):
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def main(descriptor: int, modules: Sequence[str]) -> None:
    """Preload, then serve on the listening socket `descriptor`."""
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder we were started in, which is no kernel's
    environ = dict(os.environ)
    gc.disable()
    preload(modules)
    gc.collect()
    gc.freeze()
    Server(socket.socket(fileno=descriptor), environ).serve()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
