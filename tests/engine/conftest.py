"""Steps of a few cells, executed by workers of their own."""

import time
import uuid

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from mlkit.engine.execution.worker import Job, Worker
from mlkit.engine.kernels.warm import KernelServer

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


class Bench:
    """A folder in which notebooks are executed."""

    def __init__(self, root, mark):
        self.root = root
        self.mark = mark
        self.cwd = root / "steps"
        self.cwd.mkdir()
        self.output = root / "runs" / "out.ipynb"

    def job(self, *cells, name="step", parameters_cell="rows = 1", **options):
        """Write a notebook and the job that executes it."""
        path = self.root / f"{name}.ipynb"
        document = new_notebook(metadata={"kernelspec": KERNEL})
        document.cells = [new_code_cell(source) for source in (parameters_cell, *cells)]
        document.cells[0].metadata["tags"] = ["parameters"]
        nbformat.write(document, path)
        output = self.output.with_name(f"{name}-out.ipynb")
        return Job(
            **{"step": name, "notebook": path, "output": output, "cwd": self.cwd}
            | options
        )

    def run(self, *cells, **options):
        """Execute cells; return the outcome and the executed notebook."""
        job = self.job(*cells, **options)
        worker = Worker.start(job)
        outcome = worker.wait(60)
        self.events = worker.events()
        return outcome, self.executed(job)

    @staticmethod
    def executed(job):
        """Read an executed notebook, if there is one."""
        return nbformat.read(job.output, 4) if job.output.exists() else None

    def left(self):
        """List the commands of marked processes that are still alive."""
        found = []
        for process in psutil.process_iter():
            try:
                marked = process.environ().get("MLKIT_TEST_MARK") == self.mark
                if marked and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(" ".join(process.cmdline()))
            except psutil.Error:
                continue
        return found

    def assert_nobody_left(self, seconds=5.0):
        """Assert that within `seconds` nothing marked is alive any more."""
        until(lambda: not self.left(), seconds, self.left)


def until(condition, seconds=5.0, tell=lambda: ""):
    """Poll until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, tell()
        time.sleep(0.02)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """A folder to execute steps in, away from the user's own Jupyter data."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv("MLKIT_TEST_MARK", mark)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return Bench(tmp_path, mark)


@pytest.fixture
def server(bench):
    """A kernel server with next to nothing imported."""
    with KernelServer.start() as running:
        yield running


@pytest.fixture
def eventually():
    """Poll until a condition holds."""
    return until
