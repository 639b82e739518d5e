"""Columns of a table that hold paths of images or sounds: the files are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlkit.core.cells import reads, root
from mlkit.core.errors import InputError
from mlkit.core.media import KINDS, media
from mlkit.core.pictures import opened
from mlkit.core.sounds import check
from mlkit.data.charts.cards import many
from mlkit.data.media.unpacking import unpacked
from mlkit.data.sources import Found, Place
from mlkit.data.sources._folders import COLUMN, ENDINGS

__all__ = ["packed"]

FILES_OF = {"image": "images, which are read", "audio": "sounds, which are read"}
NAMED = 5
AT_ONCE = 32
FILES = 1000
ENOUGH = 64
LOOKED_AT = 20


def packed(found: Found, place: Place, types: Mapping[str, str]) -> Found:
    """Keep the images and sounds that columns name by their path, or hold as bytes.

    Parameters
    ----------
    found
        What a source found.
    place
        Where; the paths are relative to its folder, or to the project's root.
    types
        The types that were asked for, by column. A column of which no type is, and
        whose cells name images or sounds that are there, is taken for what it names.

    Returns
    -------
    Found
        The same with digests for cells; a file that is not there or cannot be read is
        a missing cell, and told.

    Raises
    ------
    InputError
        Where a path leads out of the table's folder and the project, or not one of
        the files of a column can be read.
    """
    asked = {
        name: kind
        for name, kind in types.items()
        if kind in KINDS and name in found.columns.column_names
        if found.types.get(name) != kind
    }
    named = _named(found, place, types)
    asked |= named
    if not asked:
        return found
    columns, notes = _first(found.columns, place.sample), list(found.notes)
    if columns.num_rows < found.columns.num_rows:
        shown = f"{columns.num_rows:,} of {found.columns.num_rows:,} rows"
        notes.append(f"a first look: {shown} are read")
    for name, kind in asked.items():
        at = columns.column_names.index(name)
        cells = columns.column(name)
        if pa.types.is_struct(cells.type) or _is_bytes(cells.type):
            made = unpacked(cells, kind)
        else:
            made, told = _kept(cells, kind, name, place)
            notes += told
        columns = columns.set_column(at, name, made)
    for name, kind in named.items():
        keep = f'types={{"{name}": "text"}}'
        notes.append(f"{name}: its cells name {FILES_OF[kind]}: {keep} keeps the names")
    known = {**found.types, **named}
    return replace(found, columns=columns, notes=tuple(notes), types=known)


def _named(found: Found, place: Place, types: Mapping[str, str]) -> dict[str, str]:
    """Return the columns whose first cells all name images, or sounds, that exist."""
    if place.path is None or place.is_folder:
        return {}
    bounds = [place.path.parent.resolve(), root().resolve()]
    told = {}
    for name in found.columns.column_names:
        cells = found.columns.column(name)
        if name in types or name in found.types or not pa.types.is_string(cells.type):
            continue
        words = [word for word in cells.unique()[: LOOKED_AT + 1].to_pylist() if word]
        kinds = {_suffixed(word) for word in words}
        if len(kinds) == 1 and "" not in kinds and _all_there(words, bounds):
            told[name] = kinds.pop()
    return told


def _suffixed(word: str) -> str:
    """Return what a file name's ending says it is; "" for no image and no sound."""
    ending = PurePath(word).suffix.lower()
    kinds = [COLUMN[name] for name, endings in ENDINGS.items() if ending in endings]
    return next((kind for kind in kinds if kind in KINDS), "")


def _all_there(words: list[str], bounds: list[Path]) -> bool:
    try:
        return all(_is_there(_inside(word, bounds, "")) for word in words)
    except InputError:
        return False


def _first(columns: pa.Table, sample: int | None) -> pa.Table:
    if not sample or sample >= columns.num_rows:
        return columns
    places = np.linspace(0, columns.num_rows - 1, max(sample, 2)).astype(int)
    return columns.take(pa.array(np.unique(places)))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _kept(
    cells: pa.ChunkedArray, kind: str, name: str, place: Place
) -> tuple[pa.Array, list[str]]:
    """Return the digests of the files that the cells name, and what went wrong."""
    if place.path is None:
        raise InputError(
            f"the files that {name!r} names are not read from a remote place",
            where=f"{place.uri}, column {name!r}",
            todo="download the table and its files first",
        )
    words = pc.cast(cells, pa.string())
    bounds = [place.path.parent.resolve(), root().resolve()]
    found: dict[str, str] = {}
    bad: dict[str, str] = {}
    files = {
        word: _inside(word, bounds, f"{place.uri}, column {name!r}")
        for word in words.unique().to_pylist()
        if word not in (None, "")
    }
    _note(list(files.values()))
    for start in range(0, len(files), AT_ONCE):
        read = {}
        for word in list(files)[start : start + AT_ONCE]:
            try:
                read[word] = _read(files[word], kind)
            except InputError as error:
                bad[word] = error.got or error.what
        digests = media().put_all(read.values())
        found |= dict(zip(read, digests, strict=True))
    if files and not found:
        raise InputError(
            f"not one of the files that {name!r} names can be read",
            where=f"{place.uri}, column {name!r}",
            expected="paths from the table's folder, or from the project's root",
            got="; ".join(f"{word}: {why}" for word, why in list(bad.items())[:2]),
        )
    made = pa.array([found.get(word) for word in words.to_pylist()], pa.string())
    return made, _told(name, bad)


def _inside(word: str, bounds: list[Path], where: str) -> Path:
    """Return the file that a cell names; it must lie within one of the bounds."""
    try:
        tried = [(bound / word).resolve() for bound in bounds]
    except (OSError, ValueError):  # such as a NUL character
        tried = []
    allowed = [
        file for file in tried if any(file.is_relative_to(bound) for bound in bounds)
    ]
    there = next((file for file in allowed if _is_there(file)), None)
    if there is None and (not allowed or any(map(_is_there, tried))):
        raise InputError(
            "a path leads out of the table's folder",
            where=where,
            expected=f"a file below {bounds[0].name!r}, or in the project",
            got=word[:200],
            todo="move the files beside the table",
        )
    return there or allowed[0]


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # such as a name that is too long
        return False


def _read(file: Path, kind: str) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError("not read", got=str(error.strerror).lower()) from None
    if kind == "image":
        opened(data, ENOUGH)
    else:
        check(data)
    return data


def _note(files: list[Path]) -> None:
    """Note what the step depends on: the files, or where they are many, the folders."""
    there = [file for file in files if _is_there(file)]
    if len(there) <= FILES:
        for file in there:
            reads(file)
        return
    for folder in sorted({file.parent for file in there}):
        reads(folder, kind="folder")


def _told(name: str, bad: Mapping[str, str]) -> list[str]:
    if not bad:
        return []
    shown = "; ".join(f"{word}: {why}" for word, why in list(bad.items())[:NAMED])
    more = f"; and {len(bad) - NAMED:,} more" if len(bad) > NAMED else ""
    count = many(len(bad), "file")
    return [f"{name}: {count} cannot be read, the cells are missing: {shown}{more}"]
