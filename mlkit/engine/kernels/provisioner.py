"""Kernels of a step: started over local sockets, stopped for certain."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.paths import jupyter_path
from nbclient.util import run_sync
from traitlets import Unicode

from mlkit.engine.execution import processes
from mlkit.engine.execution.worker import Job
from mlkit.engine.kernels.warm import BorrowedProcess, borrow

__all__ = ["Kernel", "WarmProvisioner"]

LEAVE = "__import__('IPython').get_ipython().kernel.io_loop.stop()"
FAREWELL = 3.0  # seconds for a kernel's own clean-up


class WarmProvisioner(LocalProvisioner):
    """Borrow kernels from a running server; start plain ones where that cannot be.

    A kernelspec asks for it by `"metadata": {"kernel_provisioner":
    {"provisioner_name": "mlkit-warm"}}`; the server's socket is in the environment
    variable MLKIT_KERNELS.
    """

    _borrowed: BorrowedProcess | None = None
    server = Unicode(os.environ.get("MLKIT_KERNELS", ""))

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        """Launch a kernel with the command `cmd`."""
        env, cwd = options.get("env", os.environ), options.get("cwd")
        process = borrow(self.server, cmd, env, cwd) if self.server else None
        if process is None:
            return await super().launch_kernel(cmd, **options)
        self._borrowed = process
        self.process = cast(Any, process)
        self.pid = self.pgid = process.pid
        self.cwd = cwd or Path.cwd()
        return self.connection_info

    async def cleanup(self, restart: bool = False) -> None:
        """Leave nothing of the kernel behind."""
        if self._borrowed is not None:
            self._borrowed.release()
        await super().cleanup(restart=restart)


class Kernel:
    """One kernel over local sockets in a private folder."""

    def __init__(self, job: Job, room: Path) -> None:
        self.context = zmq.Context()
        self.context.setsockopt(zmq.RECONNECT_IVL, 10)
        self.context.setsockopt(zmq.MAXMSGSIZE, job.fail_limit)
        self.manager = KernelManager(
            kernel_name=job.kernel,
            transport="ipc",
            connection_file=str(room / "kernel.json"),
            context=self.context,
            # given, as to look for them would import IPython
            kernel_spec_manager=KernelSpecManager(kernel_dirs=jupyter_path("kernels")),
        )
        self.spec = self._spec()
        self.below: list[int] = []  # what was below us when the kernel had to end
        self._job = job
        self._room = room
        self._talk: BlockingKernelClient | None = None
        self._python = any("ipykernel" in word for word in self.spec.argv)

    def _spec(self) -> KernelSpec:
        spec = self.manager.kernel_spec
        if spec is None:
            raise NoSuchKernel(self.manager.kernel_name)
        return spec

    def start(self) -> BlockingKernelClient:
        """Launch the process and connect to it."""
        manager, spec = self.manager, self.spec
        extra = ["--HistoryManager.enabled=False"] if self._python else []
        if "kernel_provisioner" not in spec.metadata:
            manager.provisioner = self._provisioner()
        manager.start_kernel(
            cwd=str(self._job.cwd),
            env={**os.environ, **self._job.env},
            extra_arguments=extra,
            preexec_fn=_bound_to(os.getpid()),
        )
        client = manager.client(context=self.context)
        client.start_channels(hb=False, control=False)
        client.allow_stdin = False
        self._talk = client
        return client

    def _provisioner(self) -> LocalProvisioner:
        """Choose how the process is started, without a search of all entry points."""
        names = {"kernel_id": "step", "kernel_spec": self.spec, "parent": self.manager}
        if self._job.warm and self._job.server is not None:
            return WarmProvisioner(server=str(self._job.server), **names)
        return LocalProvisioner(**names)

    @property
    def warm(self) -> bool:
        """Whether the process was borrowed from a kernel server."""
        return getattr(self.manager.provisioner, "_borrowed", None) is not None

    def alive(self) -> bool:
        """Say whether the process runs."""
        return bool(self.manager.has_kernel and self.manager.is_alive())

    def ended(self, seconds: float) -> bool:
        """Say whether the process ends within `seconds`."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def exit_code(self) -> int | None:
        """Return the exit code, negative for a signal, if it has ended."""
        process = getattr(self.manager.provisioner, "process", None)
        code = getattr(process, "returncode", None)
        return code if isinstance(code, int) else None

    def last_words(self) -> str:
        """Return the last line that the process wrote to stderr itself."""
        text = (self._room / "stderr").read_bytes()[-2000:].decode(errors="replace")
        return (text.strip().splitlines() or [""])[-1]

    def interrupt(self) -> None:
        """Interrupt the running cell."""
        with contextlib.suppress(Exception):
            self.manager.interrupt_kernel()

    def _ask_to_end(self) -> None:
        """Ask for an orderly end.

        A shutdown request may leave ipykernel 7.4 waiting for ten seconds: its
        control thread flushes output to a thread that has stopped. The end of its
        own loop does not.
        """
        if self._talk is not None and self._python:
            self._talk.execute(LEAVE, silent=True, store_history=False)
        else:
            self.manager.request_shutdown()

    def end(self, *, politely: bool) -> None:
        """End the process: after its exit handlers have run, or at once."""
        if sys.platform != "linux":
            self.below = processes.descendants(os.getpid())
        if politely and self.alive():
            self._ask_to_end()
            self.ended(FAREWELL)
        if self.manager.provisioner is not None and self.alive():
            run_sync(self.manager.provisioner.kill)()
            run_sync(self.manager.provisioner.wait)()
        if self.manager.provisioner is not None:
            run_sync(self.manager.provisioner.cleanup)()
        self.context.destroy(linger=0)


def _bound_to(worker: int) -> Callable[[], None]:
    """Have the kernel killed when its worker dies."""
    return partial(processes.die_with, worker, signal.SIGKILL)
