"""Running the notebooks of a project again, and comparing outputs with tolerance.

nbval does the running and the reporting, with its tags (`nbval-skip`,
`nbval-ignore-output`, `raises-exception`); its own comparison stands on `!=` of
strings, and here the strings are `Shown`, which know tolerance.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbval import plugin as nbval
from nbval.kernel import RunningKernel

from mlkit.engine.reading.notebook import read
from mlkit.engine.testing.fresh import as_copy_of, copied, order
from mlkit.engine.testing.shown import Shown, readable

__all__ = ["Cell", "File", "Folder"]

_NBVAL = {
    "nbval": False,
    "nbval_lax": False,
    "nbval_sanitize_with": None,
    "nbval_current_env": False,
    "nbval_kernel_name": None,
    "nbval_cell_timeout": 2000.0,
    "nbval_kernel_startup_timeout": 120.0,
    "nbdime": False,
}
_SLOWEST = 120.0  # seconds that an output may take to arrive after its cell ended


class Folder(pytest.Directory):
    """A project: its notebooks, in the order of the graph."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.root = Path(self.path)
        self._copy: tempfile.TemporaryDirectory[str] | None = None

    def collect(self) -> Iterator[pytest.Collector]:
        """Collect a file for every notebook."""
        for name, value in _NBVAL.items():
            if not hasattr(self.config.option, name):
                setattr(self.config.option, name, value)
        for path in order(self.root):
            yield File.from_parent(self, path=path)

    def setup(self) -> None:
        """Copy the project, so that nothing in it changes."""
        self._copy = tempfile.TemporaryDirectory(prefix="mlkit-test-")
        self.copy = copied(self.root, Path(self._copy.name))
        self._as_copy = as_copy_of(self.root)
        self._as_copy.__enter__()

    def teardown(self) -> None:
        """Remove the copy."""
        if self._copy:
            self._as_copy.__exit__(None, None, None)
            self._copy.cleanup()


class Kernel(RunningKernel):  # type: ignore[misc]
    """A kernel that knows its history, so that a `;` at the end hides a result."""

    def execute_cell_input(
        self, cell_input: str, allow_stdin: bool | None = None
    ) -> str:
        """Send a cell off, and return the message's id."""
        sent: str = self.kc.execute(
            cell_input, allow_stdin=bool(allow_stdin), stop_on_error=False
        )
        return sent


class File(nbval.IPyNbFile):  # type: ignore[misc]
    """One notebook, run in the copy by a kernel of its own."""

    parent: Folder

    def collect(self) -> Iterator[pytest.Item]:
        """Collect a test for every code cell, counted from 1."""
        for number, item in enumerate(super().collect(), start=1):
            yield Cell.from_parent(
                self,
                name=f"Cell {number}",
                cell_num=number,
                cell=item.cell,
                options=item.options,
            )

    def setup(self) -> None:
        """Start the kernel in the notebook's own folder, as Jupyter does."""
        option = self.config.option
        kernel = option.nbval_kernel_name or read(Path(self.path)).kernel
        place = self.parent.copy / Path(self.path).relative_to(self.parent.root)
        self.kernel = Kernel(
            kernel,
            cwd=str(place.parent),
            startup_timeout=option.nbval_kernel_startup_timeout,
        )
        self.setup_sanitize_files()


class Cell(nbval.IPyNbCell):  # type: ignore[misc]
    """One code cell, which must have been run, and show the same again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.output_timeout = _SLOWEST

    def runtest(self) -> None:
        """Run the cell and compare."""
        unrun = self.cell.execution_count is None and self.cell.source.strip()
        if unrun and not self.options["skip"]:
            self.raise_cell_error(
                "The notebook's cell was never executed, so there is nothing to "
                "compare with: run the notebook, or `mlkit test --update`"
            )
        super().runtest()

    def compare_outputs(self, test: Any, ref: Any, skip_compare: Any = None) -> bool:
        """Compare what a person reads in the outputs."""
        same: bool = super().compare_outputs(
            readable(test), readable(ref), skip_compare
        )
        return same

    def sanitize(self, s: Any) -> Any:
        """Make texts comparable with tolerance, without the paths of this machine."""
        text = super().sanitize(s)
        if not isinstance(text, str):
            return text
        for place in (self.parent.parent.copy, self.parent.parent.root.resolve()):
            text = text.replace(str(place), "<project>")
        return Shown(text, self.config.option.mlkit_tolerance)
