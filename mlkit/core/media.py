"""Images and sounds of a project, kept once each by the hash of their bytes.

A cell of a column of type ``image`` or ``audio`` is such a hash, so that tables stay
small and their identity covers what is seen and heard. The bytes lie in one SQLite
file beside the store; outside of a project they lie in a file that goes when Python
ends.
"""

from __future__ import annotations

import atexit
import base64
import hashlib
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from mlkit.core.errors import StoreError
from mlkit.core.session import session

__all__ = [
    "FILE",
    "KINDS",
    "Media",
    "apart",
    "contents",
    "data_uri",
    "media",
    "needed",
    "passing",
]

FILE = "media.sqlite"
KINDS = ("image", "audio")
"""The types of columns whose cells are kept here."""
TABLE = (
    "CREATE TABLE IF NOT EXISTS media"
    " (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID"
)
WAIT = 60.0
MANY = 500
_APART: list[bool] = []


class Media:
    """The images and sounds in one file.

    Parameters
    ----------
    path
        An SQLite file; made with the first `put`.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> kept = Media(folder / "media.sqlite")
    >>> digest = kept.put(b"a picture")
    >>> kept.get(digest), kept.put(b"a picture") == digest, len(kept)
    (b'a picture', True, 1)
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._open: tuple[int, sqlite3.Connection] | None = None

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest, checked.

        Raises
        ------
        StoreError
            Where they are not kept here, or damaged.
        """
        with self._lock:
            asked = "SELECT bytes FROM media WHERE digest = ?"
            found = self._connection().execute(asked, (digest,)).fetchone()
        if found is None or _digest(found[0]) != digest:
            raise StoreError(
                "an image or sound is damaged" if found else "there is no such media",
                where=str(self.path),
                got=digest[:16],
                todo="read the source again: `mlkit run --refresh`",
            )
        return bytes(found[0])

    def put(self, data: bytes) -> str:
        """Keep `data` and return its digest, 64 hex digits."""
        return self.put_all([data])[0]

    def put_all(self, contents: Iterable[bytes]) -> list[str]:
        """Keep all of `contents`, in few durable writes; return their digests."""
        found: list[str] = []
        batch: list[tuple[str, bytes]] = []
        for data in contents:
            found.append(_digest(data))
            batch.append((found[-1], data))
            if len(batch) == MANY:
                self._write(batch)
                batch = []
        self._write(batch)
        return found

    def digests(self) -> Iterator[str]:
        """Yield all digests."""
        with self._lock:
            rows = self._connection().execute("SELECT digest FROM media").fetchall()
        yield from (digest for (digest,) in rows)

    def drop(self, digests: Collection[str]) -> None:
        """Let go of what nothing needs, and give the room back."""
        with self._lock:
            connection = self._connection()
            with connection:
                connection.executemany(
                    "DELETE FROM media WHERE digest = ?", [(d,) for d in digests]
                )
            connection.execute("VACUUM")

    def __len__(self) -> int:
        return sum(1 for _ in self.digests())

    def _write(self, batch: list[tuple[str, bytes]]) -> None:
        if batch:
            put = "INSERT OR IGNORE INTO media VALUES (?, ?)"
            with self._lock, self._connection() as connection:
                connection.executemany(put, batch)

    def _connection(self) -> sqlite3.Connection:
        """Return this process's connection: one must not cross a fork."""
        if self._open is None or self._open[0] != os.getpid():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            made = sqlite3.connect(self.path, timeout=WAIT, check_same_thread=False)
            made.execute("PRAGMA journal_mode = WAL")
            made.execute("PRAGMA synchronous = FULL")
            made.execute(TABLE)
            self._open = (os.getpid(), made)
        return self._open[1]


def needed(table: Path) -> set[str]:
    """Return the digests in a table of the store that was saved in `table`.

    Parameters
    ----------
    table
        The folder of a table's payload.
    """
    import pyarrow.parquet as pq

    from mlkit.core.files import read_json
    from mlkit.core.schema import Schema

    schema = Schema.from_dict(read_json(table / "schema.json"))
    names = schema.with_type("image") + schema.with_type("audio")
    if not names:
        return set()
    columns = pq.read_table(table / "table.parquet", columns=names).columns
    found = {cell for column in columns for cell in column.unique().to_pylist()}
    return {str(cell) for cell in found if cell is not None}


def media() -> Media:
    """Return the media of the project that this process works on."""
    project = None if _APART else session().project
    return _at((project.state if project else passing()) / FILE)


@contextmanager
def apart() -> Iterator[None]:
    """Keep nothing in the project meanwhile, as where files are only scored.

    Examples
    --------
    >>> with apart():
    ...     digest = media().put(b"a picture")
    ...     media().path.parent == passing()
    True
    """
    _APART.append(True)
    try:
        yield
    finally:
        _APART.pop()


def contents(cells: Iterable[Any]) -> list[bytes | None]:
    """Return the images or sounds of a column as bytes; None is missing.

    Parameters
    ----------
    cells
        Digests of what the project keeps, or bytes already.

    Raises
    ------
    StoreError
        For a digest of what is not kept here.

    Examples
    --------
    >>> contents([media().put(b"a picture"), b"another", None])
    [b'a picture', b'another', None]
    """
    kept = media()
    read = (kept.get(cell) if isinstance(cell, str) else cell for cell in cells)
    return [data if isinstance(data, bytes) else None for data in read]


@cache
def _at(path: Path) -> Media:
    return Media(path)


@cache
def passing() -> Path:
    """Return a folder for what is kept outside of a project; it goes with Python."""
    folder = Path(tempfile.mkdtemp(prefix="mlkit-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def data_uri(data: bytes, mime: str) -> str:
    """Return bytes as a source that needs no server.

    Parameters
    ----------
    data
        Of an image or a sound.
    mime
        What they are, such as ``image/png``.

    Examples
    --------
    >>> data_uri(b"ab", "image/png")
    'data:image/png;base64,YWI='
    """
    return f"data:{escape(mime)};base64,{base64.b64encode(data).decode()}"
