"""Files that are whole or absent, and their hashes.

A write goes to a temporary file beside its target, is synced, renamed over it, and
the folder is synced: a kill or a full disk leaves the old file or the new one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

__all__ = [
    "append_line",
    "canonical",
    "digest",
    "file_hash",
    "folder_hash",
    "publish",
    "read_json",
    "read_state",
    "scratch",
    "sync_folder",
    "write_bytes",
    "write_json",
]


T = TypeVar("T")


def canonical(value: Any) -> bytes:
    """Return the one JSON text of `value`: sorted keys, no spaces, finite numbers.

    Examples
    --------
    >>> canonical({"b": 1, "a": [True, None]})
    b'{"a":[true,null],"b":1}'
    """
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    ).encode("utf-8", "surrogatepass")


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical form of `value`, as 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_hash(path: Path, leave_out: frozenset[str] = frozenset()) -> str:
    """Return the SHA-256 of a folder's sorted tree of names and file hashes."""
    files = sorted(p for p in path.rglob("*") if p.is_file())
    names = {p.relative_to(path).as_posix(): p for p in files}
    return digest({n: file_hash(p) for n, p in names.items() if n not in leave_out})


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path: Path, content: bytes) -> None:
    """Replace the file at `path` by `content`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Replace the file at `path` by `value` as readable JSON that diffs well."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(path, text.encode() + b"\n")


def read_json(path: Path) -> Any:
    """Return the JSON in the file at `path`, or None where there is no file."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None


def read_state(path: Path, kind: type[T]) -> T | None:
    """Return the `kind` in a JSON file that can be made anew; None if it is damaged.

    Examples
    --------
    >>> read_state(Path("no/such/file"), dict) is None
    True
    """
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None
    return found if isinstance(found, kind) else None


def append_line(path: Path, record: Any) -> None:
    """Append `record` to a file of JSON lines, in one durable write.

    Raises
    ------
    OSError
        If it could not be written whole, as on a full disk.
    """
    line = canonical(record) + b"\n"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        if os.write(handle, line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def scratch(beside: Path) -> Iterator[Path]:
    """Give an empty folder next to `beside`; it is gone at the end unless moved."""
    beside.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=beside.parent, prefix=".writing-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, target: Path) -> None:
    """Move a finished folder to `target` durably; an equal one already there wins."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            sync_folder(path)
    sync_folder(folder)
    folder.chmod(0o777 & ~_umask())
    try:
        folder.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    sync_folder(target.parent)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
