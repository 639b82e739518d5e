"""Hashes of files, remembered by size, times and inode."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from mlkit.core.files import file_hash, read_state, write_json

__all__ = ["Stats"]

SETTLED = 0.1  # seconds a file must have been quiet for its hash to be remembered


class Stats:
    """Remembers the hash of a file until its size, times or inode change.

    Parameters
    ----------
    path
        The file in which the hashes are kept between runs.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, list[object]] = read_state(path, dict) or {}
        self._changed = False

    def hash(self, path: Path) -> str | None:
        """Return the SHA-256 of a file, or None where there is none."""
        try:
            stat = path.stat()
        except OSError:
            return None
        mark = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        known = self._known.get(str(path))
        if isinstance(known, list) and known[:-1] == mark:
            return str(known[-1])
        if not path.is_file():
            return None
        found = file_hash(path)
        if max(stat.st_mtime, stat.st_ctime) < time.time() - SETTLED:
            self._known[str(path)] = [*mark, found]
            self._changed = True
        return found

    def save(self) -> None:
        """Keep what was learnt, where one may write; without it, more is hashed."""
        if self._changed:
            with suppress(OSError):
                write_json(self.path, self._known)
            self._changed = False
