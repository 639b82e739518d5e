"""Testing a project's notebooks: `mlkit test`, and `pytest --mlkit DIR`.

A notebook passes when running it again gives the outputs that it holds. nbval runs
the cells, one test a cell; mlkit adds that

- the notebooks run in the order of the graph, in a copy of the project, where each
  loads what the ones before it saved: nothing in the project changes;
- a cell that was never executed is an error, not a pass;
- numbers are compared by tolerance, pictures not at all, HTML by the text in it.

This module is a pytest plugin that every pytest start loads, so it imports nothing
heavy; `mlkit.engine.testing.replay` does the work.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlkit.core.errors import UsageError

if TYPE_CHECKING:
    import pytest

__all__ = ["TOLERANCE", "test_project"]

TOLERANCE = 1e-6


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    group = parser.getgroup("mlkit", "notebooks of mlkit projects")
    group.addoption(
        "--mlkit",
        action="store_true",
        help="test the notebooks of every folder that has an mlkit.toml",
    )
    group.addoption(
        "--mlkit-tolerance",
        type=float,
        default=TOLERANCE,
        metavar="SHARE",
        help="how much numbers in outputs may differ, relatively (%(default)s)",
    )


def pytest_collect_directory(
    path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Collect the notebooks of a project, in the order of its graph."""
    if not parent.config.getoption("mlkit") or not (path / "mlkit.toml").is_file():
        return None
    from mlkit.engine.testing.replay import Folder

    folder: pytest.Collector = Folder.from_parent(parent, path=path)
    return folder


def test_project(
    root: Path, update: bool = False, *, tolerance: float = TOLERANCE
) -> int:
    """Run a project's notebooks again and compare what they show.

    Parameters
    ----------
    root
        The project's folder, with an `mlkit.toml`.
    update
        Keep the new outputs in the notebooks instead of comparing them; if a cell
        fails, no notebook changes.
    tolerance
        How much numbers may differ, relatively.

    Returns
    -------
    int
        The exit code: 0 when all agree, 1 when one does not, 130 when interrupted.

    Raises
    ------
    UsageError
        When there is no project, no notebook in it, or none that was ever executed.
    """
    if not (root / "mlkit.toml").is_file():
        raise UsageError("there is no project here", where=str(root / "mlkit.toml"))
    from mlkit.engine.testing import fresh

    notebooks = fresh.order(root)
    if not notebooks:
        raise UsageError("the project has no notebooks", where=str(root))
    if update:
        return fresh.update(root)
    if not any(map(fresh.has_run, notebooks)):
        raise UsageError(
            f"no notebook of {root.resolve().name} holds outputs to compare with",
            where=str(root),
            todo="run `mlkit test --update` once: it keeps what the notebooks show",
        )
    return _pytest(root, f"--mlkit-tolerance={tolerance}")


# pytest collects by this name wherever the function is imported
test_project.__test__ = False  # type: ignore[attr-defined]


def _pytest(root: Path, *options: str) -> int:
    """Run pytest with this plugin alone, whatever the folder configures."""
    environment = {k: v for k, v in os.environ.items() if k not in _OURS}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    place = str(root.resolve())
    command = [sys.executable, "-m", "pytest", place, f"--rootdir={place}"]
    command += ["-c", os.devnull, "--noconftest", "-o", "python_files="]
    command += ["-p", "no:cacheprovider", "-p", "mlkit.engine.testing.plugin"]
    done = subprocess.run([*command, "--mlkit", "-q", *options], env=environment)
    return {0: 0, 1: 1, 2: 130}.get(done.returncode, 1)


_OURS = ("MLKIT_JOB", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")
