"""Process trees that leave nobody behind.

A step's processes hang below a *guard*: a small process of its own session that
starts one child, adopts every orphan of the tree (Linux's child subreaper), and
kills what is left of the tree when the child ends, when it is told to stop, or
when the process that asked for it is gone. Nothing of a tree outlives its guard;
a guard that is killed takes its child with it, which cleans up in its stead.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import select
import shutil
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NoReturn

__all__ = [
    "adopt_orphans",
    "children",
    "descendants",
    "die_with",
    "end_descendants",
    "fork",
    "guarded",
    "isolate",
    "wakeup",
]

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
GRACE = 4.0  # seconds a child has for an orderly end
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def adopt_orphans() -> None:
    """Make this process the parent of every orphan below it (Linux)."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with(parent: int, signum: int) -> None:
    """Have the system send this process `signum` when its `parent` dies (Linux)."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os.kill(os.getpid(), signum)


def fork() -> int:
    """Fork, without the warning about the threads of numerical libraries."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def children(parent: int) -> set[int]:
    """List the processes that `parent` is the parent of (Linux)."""
    try:
        tasks = list(Path(f"/proc/{parent}/task").iterdir())
        return {int(p) for t in tasks for p in (t / "children").read_text().split()}
    except OSError:  # not every kernel lists them, and it may be gone
        return set(_families().get(parent, ()))


def _families() -> dict[int, list[int]]:
    """Map every process that has children to them."""
    families: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            stat = (folder / "stat").read_bytes()
            parent = int(stat[stat.rindex(b")") + 4 :].split(b" ", 1)[0])
            families.setdefault(parent, []).append(int(folder.name))
    return families


def descendants(root: int) -> list[int]:
    """List the processes below `root`, children before grandchildren.

    Examples
    --------
    >>> import os
    >>> os.getpid() in descendants(os.getppid())
    True
    """
    if sys.platform != "linux":
        import psutil

        return [child.pid for child in psutil.Process(root).children(recursive=True)]
    families = _families()
    found = list(families.get(root, ()))
    for pid in found:
        found.extend(families.get(pid, ()))
    return found


def end_descendants(seconds: float = GRACE, known: Collection[int] = ()) -> bool:
    """Kill and reap every process below this one; say whether all are gone.

    `known` are more to kill: where orphans are not adopted, those seen before.
    """
    for pid in known:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + seconds
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return True
        for pid in descendants(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)


def isolate(keep: Collection[int]) -> None:
    """Point every inherited descriptor but `keep` and stderr at nothing.

    They are replaced, not closed: an object of the parent that is collected here
    then closes nothing that this process opened since. Its locks and pipes are let
    go, so that a file lock ends with the parent and a reader sees its end of file.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
        if fd not in keep and fd not in (2, nothing):
            with contextlib.suppress(OSError):
                os.fstat(fd)
                os.dup2(nothing, fd, inheritable=fd < 2)


def wakeup(*signals: int) -> socket.socket:
    """Turn signals into bytes, one a signal, on the socket that is returned."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    for signum in signals:
        signal.signal(signum, _noted)
    signal.set_wakeup_fd(writer.detach(), warn_on_full_buffer=False)
    return reader


def _noted(signum: int, frame: object) -> None:
    """Let the wake-up socket speak for the signal."""


def guarded(
    body: Callable[[socket.socket], None], room: Path, keep: Collection[int] = ()
) -> tuple[int, socket.socket]:
    """Run `body` in a child of a guard, and return the guard.

    Parameters
    ----------
    body
        What the child does; it is given its end of the channel to us.
    room
        A folder of the child's own, which the guard deletes at the end.
    keep
        Descriptors that the child needs.

    Returns
    -------
    tuple of int and socket
        The guard's process id and our end of the channel. The channel ends when
        the child has ended and all below it is dead. Closing our end, SIGTERM to
        the guard, or our death stops the child in good order; SIGQUIT, at once.
    """
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    pid = fork()
    if pid == 0:
        _leave(lambda: _guard(parent, theirs, body, room, keep))
    theirs.close()
    return pid, ours


def _leave(act: Callable[[], None]) -> NoReturn:
    """Act and end the process, whatever happens, without the parent's clean-up."""
    code = 1
    try:
        act()
        code = 0
    except BaseException:  # nothing of the parent's stack may run on
        traceback.print_exc()
    finally:
        os._exit(code)


def _guard(
    parent: int,
    channel: socket.socket,
    body: Callable[[socket.socket], None],
    room: Path,
    keep: Collection[int],
) -> None:
    """Start the child, and see to the end of everything below."""
    gc.disable()
    os.setsid()
    adopt_orphans()
    isolate([channel.fileno(), *keep])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    wake = wakeup(signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD)
    guard = os.getpid()
    child = fork()
    if child == 0:
        _leave(lambda: _child(guard, channel, body, wake))
    die_with(parent, signal.SIGTERM)
    _watch(child, channel, wake)
    end_descendants()
    shutil.rmtree(room, ignore_errors=True)


def _child(
    guard: int,
    channel: socket.socket,
    body: Callable[[socket.socket], None],
    wake: socket.socket,
) -> None:
    """Run the body with the signals as a fresh process has them."""
    os.close(signal.set_wakeup_fd(-1))
    wake.close()
    for signum in (signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    die_with(guard, signal.SIGTERM)
    adopt_orphans()
    gc.enable()
    body(channel)


def _watch(child: int, channel: socket.socket, wake: socket.socket) -> None:
    """Wait for the child's end, or for a reason to end it."""
    poll = select.poll()
    poll.register(channel, 0)  # hang-ups only
    poll.register(wake, select.POLLIN)
    deadline: float | None = None
    while not _ended(child):
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if left == 0:
            return
        ready = dict(poll.poll(None if left is None else left * 1000 + 1))
        signals = wake.recv(4096) if wake.fileno() in ready else b""
        if signal.SIGQUIT in signals:
            return
        if channel.fileno() in ready:
            poll.unregister(channel)
        if channel.fileno() in ready or signal.SIGTERM in signals:
            deadline = deadline or time.monotonic() + GRACE
            os.kill(child, signal.SIGTERM)


def _ended(child: int) -> bool:
    """Reap what has ended, and say whether the child is among it."""
    while True:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid in (0, child):
            return pid == child
