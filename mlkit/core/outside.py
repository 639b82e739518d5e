"""Fingerprints of the outside things a step reads: files and folders."""

from __future__ import annotations

from pathlib import Path

from mlkit.core.files import file_hash, folder_hash

__all__ = ["ABSENT", "fingerprint_of"]

ABSENT = "absent"


def fingerprint_of(kind: str, path: Path) -> str:
    """Return the hash of a file or of a folder's tree, or ``absent``.

    Examples
    --------
    >>> fingerprint_of("file", Path("no/such/file"))
    'absent'
    """
    if kind == "folder":
        return folder_hash(path) if path.is_dir() else ABSENT
    return file_hash(path) if path.is_file() else ABSENT
