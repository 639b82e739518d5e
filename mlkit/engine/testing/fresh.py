"""A project's notebooks, run again from fresh in a copy of the project."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlkit.core.project import Project
from mlkit.engine.planning import graph
from mlkit.engine.reading.notebook import notebooks, read

__all__ = ["as_copy_of", "copied", "has_run", "order", "update"]

_LEFT_OUT = (".mlkit", "runs", ".git", ".venv", "node_modules", "__pycache__")


def order(root: Path) -> list[Path]:
    """List the notebooks to test: steps as the graph has them, then the others.

    Steps that `[use]` passes over and steps marked `manual` are left out.

    Parameters
    ----------
    root
        The project's folder.

    Raises
    ------
    WiringError
        When the notebooks do not make a graph.
    """
    project = Project(root)
    found = graph.build(project)
    settings = project.config("steps", {})
    manual = {name for name, one in settings.items() if one.get("manual")}
    steps = [nb.path for name, nb in found.steps.items() if name not in manual]
    out = {nb.path for nb in found.spares}
    out |= {found.steps[name].path for name in manual & set(found.steps)}
    rest = [path for path in notebooks(root)[0] if path not in out | set(steps)]
    return steps + rest


def has_run(path: Path) -> bool:
    """Tell whether any cell of a notebook was ever executed."""
    cells = json.loads(path.read_bytes())["cells"]
    return any(cell.get("execution_count") for cell in cells)


@contextmanager
def as_copy_of(root: Path) -> Iterator[None]:
    """Have kernels know that they work in a copy of the project at `root`.

    Their loads do not say that they read drafts, for all do, and paths that lead out
    of the project lead where they led from the original.
    """
    before = os.environ.get("MLKIT_COPY_OF")
    os.environ["MLKIT_COPY_OF"] = str(root.resolve())
    try:
        yield
    finally:
        if before is None:
            del os.environ["MLKIT_COPY_OF"]
        else:
            os.environ["MLKIT_COPY_OF"] = before


def copied(root: Path, into: Path) -> Path:
    """Copy a project without its store and its runs, and say where it is now."""
    copy = into.resolve() / root.resolve().name
    leave = shutil.ignore_patterns(*_LEFT_OUT)
    shutil.copytree(root, copy, ignore=leave, ignore_dangling_symlinks=True)
    return copy


def update(root: Path) -> int:
    """Run a project's notebooks in a copy and keep their outputs in the project.

    Parameters
    ----------
    root
        The project's folder.

    Returns
    -------
    int
        0, or 1 when a cell failed; then no notebook has changed.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from traitlets.config import Config

    from mlkit.engine.execution import writing

    done: dict[Path, Any] = {}
    with tempfile.TemporaryDirectory(prefix="mlkit-test-") as folder, as_copy_of(root):
        copy = copied(root, Path(folder))
        for path in order(root):
            place = path.relative_to(root)
            done[path] = nbformat.read(path, as_version=4)
            client = NotebookClient(
                done[path],
                kernel_name=read(path).kernel,
                timeout=None,
                record_timing=False,
                config=Config(KernelManager=_sockets(Path(folder), len(done))),
                resources={"metadata": {"path": str((copy / place).parent)}},
            )
            try:
                client.execute()
            except (CellExecutionError, DeadKernelError) as error:
                print(f"{place} failed, no notebook was changed\n{error}")  # noqa: T201
                return 1
            print(f"{place} ran")  # noqa: T201
    for path, notebook in done.items():
        writing.write(path, writing.text_of(notebook))
        writing.sign(notebook)
    return 0


def _sockets(folder: Path, number: int) -> dict[str, str]:
    """Talk to kernels through files of our own, where there are such sockets."""
    if os.name != "posix":
        return {}
    return {"transport": "ipc", "connection_file": str(folder / f"{number}.json")}
