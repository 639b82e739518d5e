"""The conversation with a step's kernel: cells go in, outputs come out."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from typing import Any

import zmq
from nbclient.exceptions import CellExecutionComplete

from mlkit.engine.execution.judging import input_requested, is_run
from mlkit.engine.execution.live_output import LiveOutput
from mlkit.engine.execution.outputs import CappedClient, TooMuchOutput
from mlkit.engine.execution.worker import Failure, Job
from mlkit.engine.kernels.provisioner import Kernel

__all__ = ["StepClient", "Stopped"]

GRACE = 2.0  # seconds for an interrupted cell
START = 60.0  # seconds for a kernel to answer
NEVER = float("inf")
TICK = 1.0  # seconds between looks at the kernel


class Stopped(Exception):
    """The step cannot go on: because of a failure, or as it was told to stop."""

    def __init__(self, failure: Failure | None) -> None:
        super().__init__(failure)
        self.failure = failure


class StepClient(CappedClient):
    """Execute the cells of one notebook in turn, under one deadline.

    Parameters
    ----------
    manager
        papermill's record of the notebook under execution.
    job
        What to execute.
    kernel
        The kernel, not yet started.
    control
        The run's end of this speaks to us: a byte means stop, its end means that
        the run is gone.
    wake
        Speaks when a signal came.
    tell
        Is told of the events.
    """

    def __init__(
        self,
        manager: Any,
        job: Job,
        kernel: Kernel,
        control: socket.socket,
        wake: socket.socket,
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        super().__init__(manager.nb, record_timing=False)
        self.talk: Any = None
        self.output_limit, self.fail_limit = job.output_limit, job.fail_limit
        self.running: int | None = None
        self.refused: tuple[int, dict[str, Any]] | None = None
        self.polite = False  # whether the kernel can be asked to end
        self._manager = manager
        self._job = job
        self._kernel = kernel
        self._control = control
        self._wake = wake
        self._tell = tell
        self._live = LiveOutput(self._written)
        self._stop: Stopped | None = None
        self._timeout = NEVER  # when the whole step must have ended
        self._stop_by = NEVER  # when an answer must have come
        self._quiet_by = NEVER  # when an answer must have come if nothing else does

    def run(self) -> None:
        """Start the kernel, run the cells, and end the kernel.

        Raises
        ------
        Stopped
            If the step has to end before its last cell has.
        """
        self.reset_execution_trackers()
        try:
            self.kc = self.talk = self._kernel.start()
            self._timeout = time.monotonic() + (self._job.timeout or NEVER)
            self._listen()
            self._greet()
            for index, cell in enumerate(self.nb.cells):
                self._manager.cell_start(cell, index)
                good = self._run_cell(cell, index)
                self._manager.cell_complete(cell, index)
                if not good:
                    break
            self.polite = True
        finally:
            self.set_widgets_metadata()
            self._kernel.end(politely=self.polite)

    def _run_cell(self, cell: Any, index: int) -> bool:
        """Run one cell and say whether the next may run."""
        if not is_run(cell):
            return True
        self.begin_cell()
        self.running = index
        self._tell({"event": "cell_started", "index": index})
        started = time.monotonic()
        request = self.talk.execute(cell.source, store_history=True, stop_on_error=True)
        reply = self._converse(request, cell, index)
        seconds = time.monotonic() - started
        self._live.flush()
        self._tell({"event": "cell_finished", "index": index, "seconds": seconds})
        if cell.execution_count is None:
            cell.execution_count = reply.get("execution_count")
        if reply["status"] != "ok":
            self._manager.cell_exception(cell, index)
            self.refused = index, reply
            return False
        self.running = None
        return True

    def _listen(self) -> None:
        """Watch the kernel's sockets, the run, and our signals."""
        iopub = self.talk.iopub_channel.socket
        self._monitor = iopub.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._poller = zmq.Poller()
        for source in (iopub, self.talk.shell_channel.socket, self._monitor):
            self._poller.register(source, zmq.POLLIN)
        self._poller.register(self.talk.stdin_channel.socket, zmq.POLLIN)
        self._poller.register(self._control, zmq.POLLIN)
        self._poller.register(self._wake, zmq.POLLIN)

    def _greet(self) -> None:
        """Wait until the kernel answers and its outputs reach us."""
        self._stop_by = time.monotonic() + START
        info: dict[str, Any] | None = None
        heard = False
        asked: set[str] = set()
        while info is None or not heard:
            asked.add(self.talk.kernel_info())
            wait = 0.05 if info else TICK
            for channel, message in self._messages(wait):
                if message["parent_header"].get("msg_id") in asked:
                    heard = heard or channel == "iopub"
                    info = message["content"] if channel == "shell" else info
        self._stop_by = NEVER
        self.nb.metadata["language_info"] = info["language_info"]

    def _converse(self, request: str, cell: Any, index: int) -> dict[str, Any]:
        """Take in messages until the cell is done; return the kernel's reply."""
        reply: dict[str, Any] | None = None
        idle = False
        while reply is None or not idle:
            self._live.tell_when_due()
            for channel, message in self._messages(TICK):
                if message["parent_header"].get("msg_id") != request:
                    continue
                if channel == "shell":
                    reply = message["content"]
                    self._quiet_by = time.monotonic() + GRACE
                else:
                    idle = self._take(message, cell, index) or idle
        self._quiet_by = NEVER
        if self._stop is not None:
            self.polite = True
            raise self._stop
        return reply

    def _take(self, message: dict[str, Any], cell: Any, index: int) -> bool:
        """Take in one output, and say whether it says that the cell is done."""
        if message["msg_type"] == "stream":
            self._live.add(message["content"]["text"])
        try:
            self.process_message(message, cell, index)
        except CellExecutionComplete:
            return True
        return False

    def _written(self, text: str) -> None:
        """Tell what the running cell has written."""
        self._tell({"event": "output", "index": self.running, "text": text})

    def _messages(self, wait: float) -> list[tuple[str, dict[str, Any]]]:
        """Wait for messages of the kernel, and see to all else meanwhile."""
        now = time.monotonic()
        next_by = min(self._stop_by, self._quiet_by, self._timeout)
        left = max(0.0, min(wait, next_by - now))
        ready = dict(self._poller.poll(int(left * 1000) + 1))
        self._obey(ready)
        found = []
        for name in ("iopub", "shell"):
            socket_ = getattr(self.talk, name + "_channel").socket
            if socket_ in ready:
                found += [(name, message) for message in self._read(socket_)]
        if not found:
            self._look(ready)
        self._watch_time()
        return found

    def _read(self, source: Any) -> list[dict[str, Any]]:
        """Read what is there, counting before decoding."""
        messages = []
        try:
            for _ in range(100):
                frames = source.recv_multipart(zmq.NOBLOCK, copy=False)
                size = sum(len(frame) for frame in frames)
                self.account(size)
                parts = [frame.bytes for frame in frames]
                _, parts = self.talk.session.feed_identities(parts)
                message = self.talk.session.deserialize(parts)
                messages.append({**message, "size": size})
        except zmq.Again:
            pass
        except TooMuchOutput:
            raise Stopped(too_much(self.fail_limit)) from None
        return messages

    def _obey(self, ready: dict[Any, int]) -> None:
        """Do what the run, or a signal, asks."""
        signals = self._wake.recv(4096) if self._wake.fileno() in ready else b""
        if signal.SIGTERM in signals or signal.SIGINT in signals:
            raise Stopped(None)
        if self._control.fileno() in ready:
            if not self._asked() or self._stop is not None:
                raise Stopped(None)
            self._halt(None)
        if self.talk.stdin_channel.socket in ready:
            raise Stopped(input_requested(self.running))

    def _asked(self) -> bytes:
        """Read what the run asks for; nothing if it is gone."""
        try:
            return self._control.recv(4096)
        except OSError:
            return b""

    def _halt(self, failure: Failure | None) -> None:
        """Interrupt the running cell; it has a moment to end."""
        self._stop = Stopped(failure)
        if self.running is None:
            raise self._stop
        self._timeout = NEVER
        self._stop_by = time.monotonic() + GRACE
        self._kernel.interrupt()

    def _look(self, ready: dict[Any, int]) -> None:
        """See, when nothing comes, whether the kernel is gone."""
        cut_off = self._monitor in ready  # by its death, or by too large a message
        if self._kernel.ended(GRACE if cut_off else 0):
            died = kernel_died(self._kernel.exit_code(), self._kernel.last_words())
            raise self._stop or Stopped(died)
        if cut_off:
            raise Stopped(too_much(self.fail_limit))
        if time.monotonic() >= self._quiet_by:
            raise self._stop or Stopped(no_answer())

    def _watch_time(self) -> None:
        """See whether time is up."""
        now = time.monotonic()
        if now >= self._stop_by:
            raise self._stop or Stopped(no_answer())
        if now >= self._timeout:
            self._halt(timed_out(self._job.timeout))


def kernel_died(code: int | None, words: str) -> Failure:
    """Tell that the kernel ended in the midst of a cell, and what it said last."""
    how = "" if code is None else f" with exit code {code}"
    if code is not None and code < 0:
        how = f" of signal {-code} ({signal.Signals(-code).name})"
    return Failure(
        "KernelDied",
        f"the kernel died{how} before the step was done" + (words and f": {words}"),
        todo="if nobody killed it, see whether the machine ran out of memory",
    )


def no_answer() -> Failure:
    """Tell that the kernel does not answer."""
    return Failure(
        "KernelDied", "the kernel does not answer", todo="run the step again"
    )


def timed_out(seconds: float | None) -> Failure:
    """Tell that the step took longer than it may."""
    return Failure(
        "Timeout",
        f"the step was not done after {seconds:g} seconds",
        todo="give it more time: timeout under [steps.NAME] in mlkit.toml",
    )


def too_much(limit: int) -> Failure:
    """Tell that the step wrote more output than it may."""
    return Failure(
        "TooMuchOutput",
        f"the step wrote more than {limit / 2**20:.3g} MiB of output",
        todo="print less: a summary, or the first rows",
    )
