"""What a source keeps between two reads, beside the store: never a secret, no rows.

Outside of a project it lies in a folder that goes when Python ends.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from mlkit.core.cells import root
from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.files import digest
from mlkit.core.session import session
from mlkit.data.sources import Place

__all__ = ["kept", "local", "written"]

LENGTH = 24


def kept(place: Place, room: str) -> Path:
    """Return the path, without an ending, under which a place keeps something.

    Parameters
    ----------
    place
        What it is kept by: the address and the options, secrets as references.
    room
        A folder below ``.mlkit``, such as ``downloads``.
    """
    project = session().project
    base = project.state if project else _passing()
    return base / room / digest(place.how)[:LENGTH]


def written(place: Place) -> str:
    """Return a place's address, secrets as references; what it refers to as a whole.

    Examples
    --------
    >>> written(Place("postgresql://ann:env:PASSWORD@db/shop"))
    'postgresql://ann:env:PASSWORD@db/shop'
    """
    return place.address if place.uri.startswith("env:") else place.uri


def local(name: str, where: str) -> Path:
    """Return the path of a database's file: from the project's root, as all paths.

    Parameters
    ----------
    name
        As the address has it.
    where
        The address, for messages.

    Raises
    ------
    InputError
        Where there is no such file.
    """
    path = root() / name
    if not path.exists() and "MLKIT_COPY_OF" in os.environ:
        path = Path(os.environ["MLKIT_COPY_OF"]) / name
    if path.is_file():
        return path
    folder = (root() / name).parent
    beside = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
    raise InputError(
        "there is no such database",
        where=where,
        got=str(root() / name),
        todo=did_you_mean(Path(name).name, beside[:50])
        if beside
        else "check the path; it is relative to the project's root",
    )


@cache
def _passing() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mlkit-sources-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
