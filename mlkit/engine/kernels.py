"""Kernels of a step: started over local sockets, stopped for certain."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec, NoSuchKernel
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from nbclient.util import run_sync

from mlkit.engine import processes
from mlkit.engine.worker import Job

__all__ = ["Kernel"]

LEAVE = "__import__('IPython').get_ipython().kernel.io_loop.stop()"
FAREWELL = 3.0  # seconds for a kernel's own clean-up


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
        )
        self.spec = self._spec()
        self._job = job
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
            manager.provisioner = LocalProvisioner(
                kernel_id="step", kernel_spec=spec, parent=manager
            )
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
        code = getattr(
            getattr(self.manager.provisioner, "process", None), "returncode", None
        )
        return code if isinstance(code, int) else None

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
        if politely and self.alive():
            self._ask_to_end()
            self.ended(FAREWELL)
        if self.manager.provisioner is not None and self.alive():
            run_sync(self.manager.provisioner.kill)()
            run_sync(self.manager.provisioner.wait)()
        self.context.destroy(linger=0)


def _bound_to(worker: int) -> Callable[[], None]:
    """Have the kernel killed when its worker dies."""
    return partial(processes.die_with, worker, signal.SIGKILL)
