"""A folder of files of one kind as a table, a row a file.

Each source that reads such a folder tells which endings are its own and how it takes
one file.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa

from mlkit.core.errors import InputError
from mlkit.core.files import digest
from mlkit.core.media import media
from mlkit.data.charts.cards import many
from mlkit.data.reading.foldernames import named
from mlkit.data.sources import Found, Place

__all__ = ["COLUMN", "ENDINGS", "OPTIONS", "claims", "kept", "read"]

OPTIONS = {
    "pattern": "what the names tell, such as {label}_{speaker}_{take} or {label}/*"
}
ENDINGS = {
    "images": frozenset(
        (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
    ),
    "audio": frozenset(
        (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au")
    ),
    "texts": frozenset((".txt", ".md", ".text")),
}
COLUMN = {"images": "image", "audio": "audio", "texts": "text"}
FILE = "file"
JUNK = frozenset({"desktop.ini", "thumbs.db", "__macosx"})
LOOKED_AT = 2000
NAMED = 5
WORKERS = 4
AT_ONCE = 64
BYTES_AT_ONCE = 64 * 2**20
NO_SIZE = "an empty file"

T = TypeVar("T")


@dataclass(frozen=True)
class _Taken(Generic[T]):
    """What was made of one file: a cell, or why there is none."""

    cell: T | None
    why: str = ""
    size: int = 0
    sha256: str = ""


def claims(place: Place, kind: str) -> bool:
    """Whether this is a folder in which most files are of this kind.

    Parameters
    ----------
    place
        Anything.
    kind
        ``images``, ``audio`` or ``texts``.
    """
    if place.path is None or not place.is_folder:
        return False
    first = islice(_walk(place.path, Counter()), LOOKED_AT)
    seen = Counter(_kind(PurePosixPath(name).suffix) for name in first)
    best = max(ENDINGS, key=lambda known: seen[known])
    # a table may have a README beside it: texts are claimed where they are the most
    enough = 2 * seen[best] > seen.total() if best == "texts" else seen[best] > 0
    return best == kind and enough


def read(
    place: Place,
    kind: str,
    take: Callable[[bytes], T],
    store: Callable[[Iterator[T]], list[str]] | None = None,
) -> Found:
    """Read a folder: a row a file, its label from the folders or a pattern.

    Parameters
    ----------
    place
        The folder.
    kind
        ``images``, ``audio`` or ``texts``.
    take
        Makes a cell of a file's bytes, or raises an InputError that says why not.
    store
        Makes text of cells; None where they are text already.

    Returns
    -------
    Found
        The columns ``file``, the kind's own, and what the names tell.

    Raises
    ------
    InputError
        Where there is no such file, or not one can be read.
    """
    root = place.file
    passed: Counter[str] = Counter()
    names = sorted(_walk(root, passed))
    mine = [n for n in names if PurePosixPath(n).suffix.lower() in ENDINGS[kind]]
    plain, column = [_plain(name) for name in mine], COLUMN[kind]
    told = named(plain, place.option("pattern"), (FILE, column))
    labels = told.columns.get(told.target, [None] * len(mine))
    places = _sampled(labels, place.sample)
    taken, cells = _take(root, [mine[i] for i in places], take, store)
    if not any(cell is not None for cell in cells):
        raise _nothing(place, kind, mine, taken)
    files = [plain[i] for i in places]
    words = {n: [known[i] for i in places] for n, known in told.columns.items()}
    notes = [*told.notes, *_foreign(names, mine, passed), *_unread(files, taken)]
    if len(places) < len(mine):
        notes.append(f"a first look: {len(places):,} of {len(mine):,} files are read")
    hashes = {name: one.sha256 for name, one in zip(files, taken, strict=True)}
    typed = {FILE: files, column: cells, **words}
    return Found(
        pa.table({name: pa.array(v, pa.string()) for name, v in typed.items()}),
        text=True,
        facts={"format": f"folder of {kind}", "files": len(mine), "decimal": ""},
        notes=tuple(notes),
        roles=told.roles,
        types={FILE: "id", column: column, **told.types},
        target=told.target,
        size=sum(one.size for one in taken),
        sha256=digest(hashes),
    )


def kept(contents: Iterator[bytes]) -> list[str]:
    """Keep images or sounds, some megabytes at a time; return their digests."""
    found: list[str] = []
    batch: list[bytes] = []
    for data in contents:
        batch.append(data)
        if sum(map(len, batch)) > BYTES_AT_ONCE:
            found += media().put_all(batch)
            batch = []
    return found + media().put_all(batch)


def _walk(root: Path, passed: Counter[str]) -> Iterator[str]:
    """Yield the files below a folder by relative name, junk and hidden ones counted."""
    for folder, inner, names in os.walk(root):
        passed.update(name for name in inner if _is_junk(name))
        inner[:] = sorted(name for name in inner if not _is_junk(name))
        for name in sorted(names):
            if _is_junk(name):
                passed[name] += 1
            else:
                yield (Path(folder) / name).relative_to(root).as_posix()


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name.casefold() in JUNK


def _kind(suffix: str) -> str:
    return next((k for k, known in ENDINGS.items() if suffix.lower() in known), "")


def _plain(name: str) -> str:
    """Write a name that is no UTF-8 as text."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _sampled(labels: Sequence[str | None], sample: int | None) -> list[int]:
    """Return the places of about so many files, evenly over labels and within them."""
    if not sample or sample >= len(labels):
        return list(range(len(labels)))
    by_label: dict[str | None, list[int]] = {}
    for at, label in enumerate(labels):
        by_label.setdefault(label, []).append(at)
    each = max(sample // len(by_label), 1)
    places: list[int] = []
    for mine in by_label.values():
        spaced = np.linspace(0, len(mine) - 1, min(each, len(mine))).astype(int)
        places += [mine[i] for i in spaced]
    return sorted(places)


def _take(
    root: Path,
    names: Sequence[str],
    take: Callable[[bytes], T],
    store: Callable[[Iterator[T]], list[str]] | None,
) -> tuple[list[_Taken[T]], list[str | None]]:
    """Take the files in turn, some at once, and keep what was made of them."""
    taken: list[_Taken[T]] = []
    cells: list[str | None] = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            made = list(pool.map(lambda name: _one(root / name, take), some))
            known = [one.cell for one in made if one.cell is not None]
            words = iter(store(iter(known)) if store else map(str, known))
            cells += [None if one.cell is None else next(words) for one in made]
            taken += [_Taken(None, t.why, t.size, t.sha256) for t in made]
    return taken, cells


def _one(path: Path, take: Callable[[bytes], T]) -> _Taken[T]:
    try:
        data = path.read_bytes()
    except OSError as error:
        return _Taken(None, f"not to be opened: {error.strerror}")
    seen = (len(data), hashlib.sha256(data).hexdigest())
    if not data:
        return _Taken(None, NO_SIZE, *seen)
    try:
        return _Taken(take(data), "", *seen)
    except InputError as error:
        return _Taken(None, error.got or error.what, *seen)


def _unread(files: Sequence[str], taken: Sequence[_Taken[T]]) -> list[str]:
    """Name the files that cannot be read, and why."""
    bad = [(f, one.why) for f, one in zip(files, taken, strict=True) if one.why]
    if not bad:
        return []
    named_ = "; ".join(f"{file}: {why}" for file, why in bad[:NAMED])
    more = f"; and {len(bad) - NAMED:,} more" if len(bad) > NAMED else ""
    count = many(len(bad), "file")
    return [f"{count} cannot be read, the cell is missing: {named_}{more}"]


def _foreign(
    names: Sequence[str], mine: Sequence[str], passed: Mapping[str, int]
) -> list[str]:
    """Say which files were passed over."""
    notes = []
    if passed:
        shown = ", ".join(sorted(passed)[:NAMED])
        count = many(sum(passed.values()), "hidden or system file")
        notes.append(f"{count} passed over: {_plain(shown)}")
    rest = sorted(set(names) - set(mine))
    if rest:
        kinds = Counter(
            PurePosixPath(name).suffix.lower() or "no ending" for name in rest
        )
        told = ", ".join(f"{n:,} {kind}" for kind, n in kinds.most_common(NAMED))
        shown = ", ".join(_plain(name) for name in rest[:3])
        notes.append(
            f"{many(len(rest), 'file')} of another kind passed over ({told}): {shown}"
        )
    tables = [n for n in rest if PurePosixPath(n).suffix.lower() in (".csv", ".tsv")]
    if tables:
        notes.append(
            f"{_plain(tables[0])} may tell more of the files: collect it instead, and "
            'tell which column holds their paths: types = {"path": "image"}'
        )
    return notes


def _nothing(
    place: Place, kind: str, mine: Sequence[str], taken: Sequence[_Taken[T]]
) -> InputError:
    return InputError(
        f"not one of the {kind} can be read" if mine else f"there are no {kind} here",
        where=place.uri,
        got=f"{_plain(mine[0])}: {taken[0].why}" if mine else "",
        todo="check the folder",
    )
