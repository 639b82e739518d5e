"""The worker of one step: papermill with an engine that can be trusted.

Whether a step passed is judged from its cells: every code cell has run and none
holds an error. What papermill returns or raises is not asked.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import pickle
import shutil
import signal
import socket
import sys
import time
import warnings
from contextvars import Context
from dataclasses import replace
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from nbformat.v4 import new_code_cell, new_notebook, new_output
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import remove_error_markers
from papermill.log import logger
from papermill.translators import papermill_translators

from mlkit.engine.execution import processes, writing
from mlkit.engine.execution.client import StepClient, Stopped
from mlkit.engine.execution.judging import is_run, judge
from mlkit.engine.execution.translate import Translator, injected, is_secret, json_of
from mlkit.engine.execution.worker import Failure, Job, Outcome, State
from mlkit.engine.kernels.provisioner import Kernel

__all__ = ["Execution", "main", "warm_up"]

INJECTED = "injected-parameters"


class Execution:
    """One execution of a step's notebook through papermill."""

    def __init__(
        self, job: Job, channel: socket.socket, wake: socket.socket, room: Path
    ) -> None:
        self.job = job
        self.cells: list[Any] = []
        self.notebook: Any = None
        self.state: State = "failed"
        self.failure: Failure | None = None
        self._channel = channel
        self._wake = wake
        self._room = room
        self._kernel: Kernel | None = None
        self._client: StepClient | None = None
        self._own = 0  # cells of the step's own notebook

    def run(self) -> None:
        """Execute the notebook, judge it, and write the executed copy."""
        started = time.monotonic()
        try:
            writing.discard(self.job.output)
            self.state, self.failure = self._execute()
        except Exception as error:
            self.state, self.failure = "failed", _failure(error)
        try:
            if self.notebook is not None:
                self._save()
        except Exception as error:
            if self.state != "failed":
                self.state, self.failure = "failed", _failure(error)
        if self.failure is not None and self.failure.cell is not None:
            self.failure = replace(self.failure, cell=self._index(self.failure.cell))
        processes.end_descendants(known=self._kernel.below if self._kernel else ())
        outcome = Outcome(self.state, self.failure, time.monotonic() - started)
        self._tell({"event": "outcome", **outcome.record()})

    def _execute(self) -> tuple[State, Failure | None]:
        kernel = self._kernel = Kernel(self.job, self._room)
        self._own = len(json.loads(self.job.notebook.read_bytes()).get("cells", ()))
        papermill_engines.register("mlkit", self._engine(kernel))
        papermill_translators.register("python", Translator)
        try:
            papermill.execute_notebook(
                str(self.job.notebook).replace("{", "{{").replace("}", "}}"),
                None,
                parameters=dict(self.job.parameters),
                engine_name="mlkit",
                kernel_name=self.job.kernel,
                language=kernel.spec.language,
                progress_bar=False,
                request_save_on_cell_execute=False,
            )
        except Stopped as stopped:
            return self._stopped(stopped.failure)
        except PapermillExecutionError:
            pass  # the cells say it better
        return judge(self.cells, self._client.refused if self._client else None)

    def _engine(self, kernel: Kernel) -> type[Any]:
        """Make the engine that papermill calls with the parameterized notebook."""
        execution = self

        class StepEngine(Engine):  # type: ignore[misc]
            @classmethod
            def execute_managed_notebook(cls, nb_man: Any, *_: Any, **__: Any) -> None:
                execution._converse(nb_man, kernel)

        return StepEngine

    def _converse(self, manager: Any, kernel: Kernel) -> None:
        self.notebook = manager.nb
        self.cells = list(manager.nb.cells)
        self.notebook.metadata.papermill["parameters"] = self._public()
        self._client = StepClient(
            manager, self.job, kernel, self._channel, self._wake, self._event
        )
        self._client.run()

    def _stopped(self, failure: Failure | None) -> tuple[State, Failure | None]:
        """Mark the cell that was running."""
        running = self._client.running if self._client else None
        state: State = "failed" if failure else "interrupted"
        if running is not None:
            cell = self.cells[running]
            cell.metadata["mlkit"] = {"state": state}
            cell.metadata.papermill.update(status="failed", exception=True)
            why = failure.message if failure else "the run was interrupted"
            note = f"… stopped here: {why}\n"
            cell.outputs.append(new_output("stream", name="stderr", text=note))
        return state, replace(failure, cell=running) if failure else None

    def _save(self) -> None:
        notebook = self.notebook
        notebook.cells = self.cells
        remove_error_markers(notebook)
        record = notebook.metadata.papermill
        record.update(
            input_path=self.job.notebook.name,
            output_path=self.job.output.name,
            exception=self.state in ("failed", "interrupted"),
        )
        notebook.metadata["mlkit"] = {
            "step": self.job.step,
            "state": self.state,
            "kernel": "warm" if self._kernel and self._kernel.warm else "plain",
        }
        for cell in self.cells:
            if is_run(cell) and cell.execution_count is None:
                cell.metadata.papermill["status"] = "pending"
            if INJECTED in cell.metadata.get("tags", []) and self.job.parameters:
                cell.source = injected(self.job.parameters, hide=True)
        writing.write(self.job.output, writing.text_of(notebook))
        writing.sign(notebook)

    def _public(self) -> dict[str, Any]:
        """Return the parameters as JSON has them, without the secrets."""
        given = self.job.parameters
        return {k: json_of(v) for k, v in given.items() if not is_secret(k)}

    def _index(self, index: int) -> int:
        """Turn an index of the executed notebook into one of the step's own."""
        if len(self.cells) == self._own:
            return index
        at = next(i for i, c in enumerate(self.cells) if INJECTED in c.metadata.tags)
        return index if index < at else max(0, index - 1)

    def _event(self, event: dict[str, Any]) -> None:
        """Tell of a cell, by its place in the step's own notebook."""
        index = event.pop("index")
        order = [i for i, cell in enumerate(self.cells) if is_run(cell)]
        event.update(
            cell=self._index(index), number=order.index(index) + 1, cells=len(order)
        )
        if event["event"] == "cell_started":
            event["line"] = first_line(self.cells[index].source)
        self._tell(event)

    def _tell(self, event: dict[str, Any]) -> None:
        """Say something to the run, if it is still there."""
        with contextlib.suppress(OSError):
            self._channel.setblocking(True)
            self._channel.sendall(json.dumps(event).encode() + b"\n")


def first_line(source: str) -> str:
    r"""Return the first line of a cell that says something.

    Examples
    --------
    >>> first_line("# the parts\n\nparts = split(table)\nparts.plot()")
    'parts = split(table)'
    """
    lines = [line.strip() for line in source.splitlines()]
    telling = (line for line in lines if line and not line.startswith("#"))
    return next(telling, lines[0] if lines else "")


def _failure(error: Exception) -> Failure:
    """Make a failure of what the worker itself ran into."""
    if isinstance(error, NoSuchKernel):
        return Failure(
            "NoSuchKernel",
            f"there is no kernel named {error.name!r}",
            todo="`jupyter kernelspec list` shows those that are installed",
        )
    return Failure(type(error).__name__, str(error) or type(error).__name__)


def warm_up() -> None:
    """Build, before workers are forked, what each of them would build anew."""
    import nbformat

    logger.setLevel("CRITICAL")
    KernelProvisionerFactory.instance()
    nbformat.validate(new_notebook(cells=[new_code_cell("1")]))
    gc.collect()
    gc.freeze()


def main(job: Job, channel: socket.socket, room: Path) -> None:
    """Be the worker of `job`, and leave nothing of it running."""
    warnings.simplefilter("ignore")
    with (room / "stderr").open("wb") as log:
        os.dup2(log.fileno(), 2)
    wake = processes.wakeup(signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
    # in a context of our own: an event loop that the parent made is not ours to use
    Context().run(Execution(job, channel, wake, room).run)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    processes.adopt_orphans()
    warm_up()
    main(
        pickle.loads((folder / "job").read_bytes()),  # noqa: S301
        socket.socket(fileno=int(sys.argv[2])),
        folder,
    )
    shutil.rmtree(folder, ignore_errors=True)
