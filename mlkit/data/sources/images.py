"""A folder of images: labels from its sub-folders, or from a pattern in the names."""

from __future__ import annotations

from mlkit.core.pictures import opened
from mlkit.data.sources import Found, Place, _folders

__all__ = ["OPTIONS", "claims", "read"]

OPTIONS = _folders.OPTIONS
ENOUGH = 64


def claims(place: Place) -> bool:
    """Whether this is a folder in which most files are images."""
    return _folders.claims(place, "images")


def read(place: Place) -> Found:
    """Read a folder of images: the columns ``file``, ``image`` and ``label``.

    An image that is broken is a missing cell, and told.

    Raises
    ------
    InputError
        Where a pattern does not fit, or not one image can be read.
    """
    return _folders.read(place, "images", _seen, _folders.kept)


def _seen(data: bytes) -> bytes:
    opened(data, ENOUGH)
    return data
