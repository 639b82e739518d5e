"""A folder of sounds: labels from its sub-folders, or from a pattern in the names."""

from __future__ import annotations

from mlkit.core.sounds import check
from mlkit.data.sources import Found, Place, _folders

__all__ = ["OPTIONS", "claims", "read"]

OPTIONS = _folders.OPTIONS


def claims(place: Place) -> bool:
    """Whether this is a folder in which most files are sounds."""
    return _folders.claims(place, "audio")


def read(place: Place) -> Found:
    """Read a folder of sounds: the columns ``file``, ``audio`` and ``label``.

    A sound that is broken is a missing cell, and told.

    Raises
    ------
    InputError
        Where a pattern does not fit, or not one sound can be read.
    """
    return _folders.read(place, "audio", _sounding, _folders.kept)


def _sounding(data: bytes) -> bytes:
    check(data)
    return data
