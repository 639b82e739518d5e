"""Images and sounds in the log: base64 in the JSON of a request, digests in tables."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mlkit.core.media import KINDS

__all__ = ["Keep", "digests", "media_of", "named", "plainly", "unpacked"]

NOUNS = {"image": "an image", "audio": "a sound"}
UNITS = (("MB", 1e6), ("kB", 1e3))
Keep = Callable[[Iterable[bytes]], Sequence[str]]
"""What takes the bytes of images or sounds, and returns their digests."""


def digests(contents: Iterable[bytes]) -> list[str]:
    """Return the digests of images or sounds, as `mlkit.core.media` has them."""
    return [hashlib.sha256(data).hexdigest() for data in contents]


def unpacked(cell: Any) -> bytes | None:
    """Return the bytes of a logged image or sound; None where it is none.

    Examples
    --------
    >>> unpacked("aGk="), unpacked("no base64"), unpacked(None)
    (b'hi', None, None)
    """
    if not isinstance(cell, str) or not cell:
        return None
    try:
        return binascii.a2b_base64(cell.encode("ascii"), strict_mode=True) or None
    except ValueError:
        return None


def named(cells: Iterable[Any], keep: Keep = digests) -> list[str | None]:
    """Return the digest of each logged image or sound, None where it is none.

    Parameters
    ----------
    cells
        As the log has them.
    keep
        What is to become of the bytes.
    """
    contents = [unpacked(cell) for cell in cells]
    known = iter(keep(data for data in contents if data is not None))
    return [None if data is None else next(known) for data in contents]


def media_of(about: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a model that are images or sounds, and are logged.

    Parameters
    ----------
    about
        What the log knows of the model.

    Examples
    --------
    >>> media_of({"schema": {"input": [{"name": "photo", "type": "image"}]}})
    {'photo': 'image'}
    """
    columns = about.get("schema", {}).get("input", ())
    return {
        column["name"]: column["type"]
        for column in columns
        if column["type"] in KINDS and "private" not in column.get("roles", ())
    }


def plainly(cell: Any, kind: str) -> Any:
    """Say what an image or a sound is, and how large; another cell comes back.

    Examples
    --------
    >>> plainly("aGk=", "image"), plainly(None, "audio")
    ('an image, 2 bytes', None)
    """
    data = unpacked(cell)
    if data is None:
        return cell
    for unit, size in UNITS:
        if len(data) >= size:
            return f"{NOUNS[kind]}, {len(data) / size:.3g} {unit}"
    return f"{NOUNS[kind]}, {len(data)} bytes"
