"""Annotations: labels as JSON lines, appended one by one and never rewritten.

A line is an object with ``row``, ``label``, ``by``, ``at`` and, where known,
``seconds``, ``note`` and ``undone``. The last line of a person about a row wins; an
undone one takes her label back; one without a row takes everything back.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from mlkit.core.errors import UsageError
from mlkit.core.files import canonical, sync_folder

__all__ = ["Annotation", "Labels", "append", "current", "read"]

Labels = dict[str, dict[str, Any]]
"""Who gave a row which label: row id → person → label; None is "has no label"."""


@dataclass(frozen=True)
class Annotation:
    """One label that one person gave one row, or took back.

    Parameters
    ----------
    row
        The row's id; "" with `undone`: all rows, of everybody.
    label
        A word or a number; None says that the row has no label.
    by, at
        Who, and when (ISO 8601, UTC).
    seconds
        How long the person looked; None where not measured.
    note
        What she wrote beside it.
    undone
        Whether this takes the person's label of the row back.
    """

    row: str = ""
    label: str | float | None = None
    by: str = ""
    at: str = ""
    seconds: float | None = None
    note: str = ""
    undone: bool = False

    @property
    def line(self) -> dict[str, Any]:
        """The JSON form, without what says nothing."""
        form = asdict(self)
        empty: dict[str, Any] = {
            "row": "",
            "seconds": None,
            "note": "",
            "undone": False,
        }
        if self.undone:
            empty["label"] = self.label
        return {k: v for k, v in form.items() if k not in empty or v != empty[k]}


def append(path: Path, given: Iterable[Annotation]) -> None:
    """Add lines in one durable write; a last line torn by a crash is mended first.

    Parameters
    ----------
    path
        A file of JSON lines; it is made where there is none.
    given
        What to add, in order.

    Raises
    ------
    OSError
        If it could not be written whole, as on a full disk.
    """
    text = b"".join(canonical(one.line) + b"\n" for one in given)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with _held(path) as handle:
        _mend(path, handle)
        if text and os.write(handle, text) != len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(handle)
    if new:
        sync_folder(path.parent)


def read(path: Path) -> tuple[list[Annotation], bool]:
    """Return all annotations of a file in order, and whether its last line is torn.

    Raises
    ------
    UsageError
        Where another line cannot be read: which, and what to do.
    """
    texts = path.read_bytes().split(b"\n") if path.exists() else [b""]
    torn = not _whole(texts[-1])
    kept = texts[:-1] if torn else texts
    lines = [(n, text) for n, text in enumerate(kept, 1) if text.strip()]
    return [_parse(text, n, path) for n, text in lines], torn


def current(given: Iterable[Annotation], before: Labels | None = None) -> Labels:
    """Return the labels that hold: the last of each person about each row.

    Parameters
    ----------
    given
        In the order they were given.
    before
        Labels that held before them.

    Examples
    --------
    >>> current([Annotation("a", "cat", "ann"), Annotation("a", "dog", "bob"),
    ...          Annotation("a", "owl", "ann"), Annotation("b", "cat", "bob"),
    ...          Annotation("b", by="bob", undone=True)])
    {'a': {'ann': 'owl', 'bob': 'dog'}}
    """
    found = {row: dict(said) for row, said in (before or {}).items()}
    for one in given:
        if one.undone and not one.row:
            found.clear()
        elif one.undone:
            found.get(one.row, {}).pop(one.by, None)
        else:
            found.setdefault(one.row, {})[one.by] = one.label
    return {row: said for row, said in found.items() if said}


def _whole(text: bytes) -> bool:
    """Tell whether a last line is all there: a part of an object is no JSON."""
    try:
        return not text.strip() or isinstance(json.loads(text), Mapping)
    except ValueError:
        return False


def _is_label(label: object) -> bool:
    number = isinstance(label, int | float) and isfinite(label)
    return label is None or isinstance(label, str) or number


def _parse(text: bytes, number: int, path: Path) -> Annotation:
    try:
        made = Annotation(**json.loads(text))
        if not _is_label(made.label):
            raise TypeError("a label is a word, a finite number or null")
        if not (made.row or made.undone) or not all(
            isinstance(word, str) for word in (made.row, made.by, made.at, made.note)
        ):
            raise TypeError("row, by, at and note are text, and a label has a row")
        return made
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(
            "a label cannot be read",
            where=f"{path}, line {number}",
            expected='{"row": "...", "label": "...", "by": "...", "at": "..."}',
            got=str(error).replace("Annotation.__init__() ", ""),
            todo="mend or delete that line",
        ) from None


@contextmanager
def _held(path: Path) -> Iterator[int]:
    """Open a file for appending; one process at a time holds it."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _mend(path: Path, handle: int) -> None:
    """End a last line that is whole, and cut off one that is torn."""
    content = path.read_bytes()
    last = content[content.rfind(b"\n") + 1 :]
    if not last:
        return
    if _whole(last):
        os.write(handle, b"\n")
    else:
        os.ftruncate(handle, len(content) - len(last))
