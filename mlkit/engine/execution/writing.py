"""Executed notebooks on disk: whole or not at all, and trusted by Lab."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any

import nbformat
from jupyter_core.paths import jupyter_data_dir
from nbformat.sign import NotebookNotary, SQLiteSignatureStore

__all__ = ["discard", "sign", "text_of", "write"]


def text_of(notebook: Any) -> bytes:
    """Write a version 4 notebook as the bytes of its file."""
    text: str = nbformat.v4.writes_json(notebook)
    # a lone surrogate becomes the JSON escape of the same name
    return text.encode("utf-8", "backslashreplace") + b"\n"


def write(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole, or as it was.

    Raises
    ------
    OSError
        If it could not be written, as on a full disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".writing-{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def discard(path: Path) -> None:
    """Delete a stale file, for good."""
    if path.exists():
        path.unlink()
        _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Store(SQLiteSignatureStore):  # type: ignore[misc]
    """The user's signatures; left where they are when somebody else has them locked."""

    def _connect_db(self, db_file: str) -> sqlite3.Connection:
        detect = sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES
        db = sqlite3.connect(db_file, timeout=10, detect_types=detect)
        self.init_db(db)
        return db


def sign(notebook: Any) -> None:
    """Sign a notebook, so that Lab shows its widgets; do without if it cannot be."""
    folder = Path(jupyter_data_dir())
    with contextlib.suppress(Exception):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        store = _Store(str(folder / "nbsignatures.db"))
        with contextlib.closing(store):
            NotebookNotary(data_dir=str(folder), store_factory=lambda: store).sign(
                notebook
            )
