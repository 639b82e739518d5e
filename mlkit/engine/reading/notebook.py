"""Reading a notebook without running it.

Only `json` and the reader of its language are used, so that a plan over many
notebooks costs little.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlkit.core.errors import ParameterError, UsageError
from mlkit.engine.reading.reader import (
    Cell,
    Parameter,
    Problem,
    Reader,
    Reading,
    reader_of,
)

__all__ = [
    "Notebook",
    "Parameter",
    "Problem",
    "executed",
    "notebooks",
    "read",
    "sources",
    "step_name",
    "walk",
    "write_parameters",
]

MOMENT, LOOK = 0.25, 0.02  # seconds: how long writing takes, and between two looks
_NOT_OURS = frozenset({"runs", "node_modules", "__pycache__"})
MARKS = ("pyvenv.cfg", "mlkit.toml")  # of an environment, and of another project
_SCRATCH = re.compile(r"Untitled.*\.ipynb|.*-Copy\d+\.ipynb")


@dataclass(frozen=True)
class Notebook:
    """What one notebook says about itself.

    Parameters
    ----------
    path
        Where it lies.
    name
        The step's name: the file's, without the number in front.
    language, kernel
        What its cells are written in, and the kernelspec that runs them.
    parameters
        What its `parameters` cell states, in order.
    has_parameters
        Whether there is such a cell.
    loads, saves, unseals, decides
        The names in its calls, in order of appearance.
    seals
        Those of `saves` that are sealed.
    gates
        Whether it ends in a gate.
    code
        Its other code cells for the key, free of comments and layout. A cell with
        a magic is its text.
    problems
        What stops it from being wired.
    wired
        Whether it speaks of mlkit at all; the problems of others concern nobody.
    """

    path: Path
    name: str
    language: str
    kernel: str
    parameters: tuple[Parameter, ...]
    has_parameters: bool
    loads: tuple[str, ...]
    saves: tuple[str, ...]
    seals: tuple[str, ...]
    unseals: tuple[str, ...]
    decides: tuple[str, ...]
    gates: bool
    code: tuple[str, ...]
    problems: tuple[Problem, ...]
    wired: bool

    @property
    def is_step(self) -> bool:
        """Whether it has a parameters cell and saves something."""
        return self.has_parameters and bool(self.saves)

    @property
    def is_reader(self) -> bool:
        """Whether it only loads."""
        return not self.saves and bool(self.loads or self.unseals)


def read(path: Path) -> Notebook:
    """Read a notebook without running it.

    Parameters
    ----------
    path
        An `.ipynb` file, format 4.

    Raises
    ------
    UsageError
        When it is not there or not a notebook.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "04_clean.ipynb")
    >>> _ = path.write_text('{"nbformat": 4, "metadata": {}, "cells": []}')
    >>> read(path).name
    'clean'
    """
    document = _document(path)
    cells = tuple(_cells(document))
    language, kernel = _kernel(document)
    reader = reader_of(language)
    found = reader.read(cells) if reader else _unread(cells, language)
    return Notebook(
        path=path,
        name=step_name(path),
        language=language,
        kernel=kernel,
        has_parameters=any("parameters" in cell.tags for cell in cells),
        wired=any("mlkit" in cell.source for cell in cells),
        **vars(found),
    )


def step_name(path: Path) -> str:
    """Return the name of a notebook as a step: its file's, without the number.

    Examples
    --------
    >>> step_name(Path("steps/04_clean.ipynb"))
    'clean'
    """
    return re.sub(r"^\d+[a-z]?_(?=.)", "", path.stem)


def sources(path: Path) -> list[str]:
    """Return the text of a notebook's code cells."""
    return [cell.source for cell in _cells(_document(path))]


def executed(nb: Notebook) -> bool:
    """Tell whether every code cell of a notebook that is not empty was executed."""
    found = _document(nb.path).get("cells", ())
    code = [c for c in found if c.get("cell_type") == "code" and _source(c).strip()]
    return all(cell.get("execution_count") for cell in code)


def _unread(cells: tuple[Cell, ...], language: str) -> Reading:
    problem = Problem(
        f"there is no reader for {language or 'this language'} yet",
        cell=1,
        line=1,
        source=cells[0].source.partition("\n")[0] if cells else "",
        todo="write the step in Python",
    )
    code = tuple(cell.source for cell in cells if "parameters" not in cell.tags)
    return Reading(code=code, problems=(problem,))


def _document(path: Path) -> dict[str, Any]:
    try:
        document = _parsed(path)
    except OSError as error:
        raise UsageError(
            f"the notebook cannot be opened: {error.strerror}", where=str(path)
        ) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "the file is not a notebook: it is not JSON",
            where=str(path),
            got=str(error),
            todo="mend it, restore it, or move it out of the project",
        ) from None
    _check(document, path)
    return dict(document)


def _parsed(path: Path) -> Any:
    """Parse a notebook; wait for one that an editor writes in place this moment."""
    patience = MOMENT
    while True:
        try:
            return json.loads(path.read_text(encoding="utf-8-sig"))
        except ValueError:
            if patience <= 0 or time.time() - path.stat().st_mtime > MOMENT:
                raise
        time.sleep(LOOK)
        patience -= LOOK


def _check(document: Any, path: Path) -> None:
    good = isinstance(document, dict) and isinstance(document.get("cells"), list)
    if good and document.get("nbformat") == 4:
        good = all(isinstance(cell, dict) for cell in document["cells"])
        if good and isinstance(document.get("metadata", {}), dict):
            return
    version = document.get("nbformat") if isinstance(document, dict) else None
    raise UsageError(
        "the file is not a notebook that can be read",
        where=str(path),
        expected="a Jupyter notebook of format 4",
        got=f"format {version}" if version else "another kind of JSON",
        todo="open and save it in JupyterLab, or move it out of the project",
    )


def _cells(document: Mapping[str, Any]) -> list[Cell]:
    code = [cell for cell in document["cells"] if cell.get("cell_type") == "code"]
    return [
        Cell(index, _source(cell), _tags(cell)) for index, cell in enumerate(code, 1)
    ]


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(map(str, source))


def _tags(cell: Mapping[str, Any]) -> frozenset[str]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return frozenset(map(str, tags)) if isinstance(tags, list) else frozenset()


def _kernel(document: Mapping[str, Any]) -> tuple[str, str]:
    metadata = document.get("metadata", {})
    spec, info = (
        part if isinstance(part, dict) else {}
        for part in (metadata.get("kernelspec"), metadata.get("language_info"))
    )
    language = str(spec.get("language") or info.get("name") or "python").lower()
    default = "python3" if language == "python" else ""
    return language, str(spec.get("name") or default)


def write_parameters(path: Path, values: Mapping[str, Any]) -> None:
    """Edit the parameters cell of a notebook in place.

    Only the text of the values changes: comments, order and layout stay, and so
    does every other cell. The file is replaced in one stroke.

    Parameters
    ----------
    path
        The notebook.
    values
        New values by name.

    Raises
    ------
    ParameterError
        For an unknown name, or a value of the wrong type.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "split.ipynb")
    >>> cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]},
    ...         "source": ["seed: int = 0  # of the split"]}
    >>> _ = path.write_text(json.dumps({"nbformat": 4, "cells": [cell]}))
    >>> write_parameters(path, {"seed": 7})
    >>> read(path).parameters[0].default
    7
    """
    document = _document(path)
    cell = next((cell for cell in document["cells"] if _is_parameters(cell)), None)
    reader = reader_of(_kernel(document)[0])
    if cell is None or reader is None:
        raise ParameterError(
            "the notebook has no parameters cell that can be edited",
            where=str(path),
            todo="tag a cell `parameters`, with one `name: type = literal` a line",
        )
    cell["source"] = _rewritten(reader, cell, values, path)
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    _replace(path.resolve(), text.encode(errors="backslashreplace"))


def _is_parameters(cell: Mapping[str, Any]) -> bool:
    return cell.get("cell_type") == "code" and "parameters" in _tags(cell)


def _rewritten(
    reader: Reader, cell: Mapping[str, Any], values: Mapping[str, Any], path: Path
) -> str | list[str]:
    try:
        source = reader.rewrite(_source(cell), values)
    except ParameterError as error:
        error.where = f"{path}, {error.where}"
        raise
    return source if isinstance(cell["source"], str) else source.splitlines(True)


def _replace(path: Path, content: bytes) -> None:
    from mlkit.core.files import write_bytes  # only writers need it

    mode = path.stat().st_mode & 0o7777
    write_bytes(path, content)
    path.chmod(mode)


def notebooks(root: Path) -> tuple[list[Path], list[str]]:
    """Find the notebooks of a project.

    Hidden folders, checkpoints, `runs/`, `node_modules`, virtual environments and
    other projects inside this one are passed over; so are `Untitled*.ipynb` and
    `*-CopyN.ipynb`, with a notice.

    Parameters
    ----------
    root
        The project's folder.

    Returns
    -------
    tuple
        The notebooks, sorted by path, and the notices, one sentence each.

    Raises
    ------
    UsageError
        When there is no such folder.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> notebooks(pathlib.Path(tempfile.mkdtemp()))
    ([], [])
    """
    if not root.is_dir():
        raise UsageError("there is no such folder", where=str(root))
    found: list[Path] = []
    notices: list[str] = []
    for here, files in walk(root):
        for name in files:
            if not name.endswith(".ipynb") or name.startswith("."):
                continue
            path = here / name
            if _SCRATCH.fullmatch(name):
                place = path.relative_to(root).as_posix()
                notices.append(f"{place} is passed over: rename it to make it a step.")
            else:
                found.append(path)
    return sorted(found), sorted(notices)


def walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield the folders that may hold a project's notebooks, with their files."""
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [name for name in sorted(folders) if _enter(here / name)]
        yield here, sorted(files)


def _enter(folder: Path) -> bool:
    if folder.name.startswith(".") or folder.name in _NOT_OURS:
        return False
    return not any((folder / mark).exists() for mark in MARKS)
