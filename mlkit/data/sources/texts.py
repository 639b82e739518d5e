"""A folder of texts: labels from its sub-folders, or from a pattern in the names."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from mlkit.data.reading.dialect import decode
from mlkit.data.sources import Found, Place, _folders

__all__ = ["OPTIONS", "claims", "read"]

OPTIONS = {**_folders.OPTIONS, "encoding": "of all texts, where it is known"}


def claims(place: Place) -> bool:
    """Whether this is a folder in which most files are texts."""
    return _folders.claims(place, "texts")


def read(place: Place) -> Found:
    """Read a folder of texts: the columns ``file``, ``text`` and ``label``.

    A text that is empty or none is a missing cell, and told.

    Raises
    ------
    InputError
        Where a pattern does not fit, or not one text can be read.
    """
    asked = place.option("encoding")
    seen: Counter[str] = Counter()

    def said(data: bytes) -> str:
        text, encoding = decode(data, "", asked)
        seen[encoding] += 1
        return text

    found = _folders.read(place, "texts", said)
    facts = {**found.facts, "encoding": seen.most_common(1)[0][0]}
    told = ", ".join(f"{count:,} as {name}" for name, count in seen.most_common())
    notes = [f"they are written in several encodings: {told}"] if len(seen) > 1 else []
    return replace(found, facts=facts, notes=(*found.notes, *notes))
