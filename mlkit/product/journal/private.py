"""Private cells: left out of the log, or kept as hashes that tell only what is equal.

A hash is HMAC-SHA-256 (RFC 2104) with the project's key, over the column's name and
the cell; who has the log and not the key cannot try values out.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlkit.core.errors import InputError
from mlkit.core.files import sync_folder
from mlkit.core.values import write

__all__ = ["hashed", "key_of", "shown"]

SIZE = 32


def shown(
    cells: Mapping[str, Sequence[Any]], private: Collection[str], key: bytes
) -> dict[str, Sequence[Any]]:
    """Return the cells of a request as they are kept.

    Parameters
    ----------
    cells
        By column.
    private
        The private columns.
    key
        With what they are hashed; b"" leaves them out.

    Examples
    --------
    >>> shown({"age": [40], "name": ["Ann"]}, {"name"}, b"")
    {'age': [40]}
    >>> shown({"age": [40], "name": ["Ann", None]}, {"name"}, b"k")["name"]
    ['39a13cac13e25596c12119bd625ee847', None]
    """
    return {
        name: [hashed(name, cell, key) for cell in column]
        if name in private
        else column
        for name, column in cells.items()
        if key or name not in private
    }


def hashed(column: str, cell: Any, key: bytes) -> str | None:
    """Return the hash of a cell, 32 hex digits; None where it is missing."""
    text = write(cell)
    if text is None:
        return None
    told = f"{column}\0{text}".encode("utf-8", "surrogatepass")
    return hmac.digest(key, told, "sha256").hex()[:SIZE]


def key_of(state: Path) -> bytes:
    """Return a project's key, made once; servers whose logs are merged share it.

    Parameters
    ----------
    state
        The folder that is not committed, ``.mlkit``; the key is its ``log.key``.

    Raises
    ------
    InputError
        Where the file holds no key.
    """
    path = state / "log.key"
    state.mkdir(parents=True, exist_ok=True)
    scratch = state / f".log.key-{secrets.token_hex(8)}"
    if not path.exists():
        handle = os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(SIZE))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another server was first
            os.link(scratch, path)
        scratch.unlink()
        sync_folder(state)
    text = path.read_text().strip()
    if len(text) != 2 * SIZE or set(text) - set("0123456789abcdef"):
        raise InputError("this is no key of a log", where=str(path))
    return bytes.fromhex(text)
