"""Where tables come from, one file a source.

A source is a module with ``claims(path, head) -> bool``, told from the name and the
first bytes, and ``read(path, where, how) -> Found``.
"""

from __future__ import annotations

import atexit
import importlib
import pkgutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

import pyarrow as pa

from mlkit.core.errors import InputError

__all__ = ["Found", "Source", "source_of"]

PAUSE = 0.1


@dataclass(frozen=True)
class Found:
    """What a source found.

    Parameters
    ----------
    columns
        Text columns where `text`, typed ones otherwise.
    text
        Whether the cells are text whose types are still to be told.
    facts
        How it was read: ``format``, ``encoding``, ``delimiter``, ``header`` ...
    notes
        What a person should know, one sentence each.
    """

    columns: pa.Table
    text: bool
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Source(Protocol):
    """One place that tables come from."""

    def claims(self, path: Path, head: bytes) -> bool:
        """Whether this source reads such a file."""

    def read(self, path: Path, where: str, how: Mapping[str, Any]) -> Found:
        """Read it."""


def source_of(path: Path, where: str) -> Source:
    """Return the source that reads the file at `path`.

    Raises
    ------
    InputError
        Where none does.
    """
    _end_gently()
    with path.open("rb") as file:
        head = file.read(4096)
    for module in pkgutil.iter_modules(__path__):
        source = cast(Source, importlib.import_module(f"{__name__}.{module.name}"))
        if source.claims(path, head):
            return source
    raise InputError(
        "mlkit does not read this kind of file",
        where=where,
        expected="CSV, TSV or other delimited text, or Parquet",
        got=f"a file that begins with {head[:8]!r}",
        todo="export it as CSV or Parquet",
    )


@cache
def _end_gently() -> None:
    """Have this process wait a moment at its end.

    Arrow aborts a process that ends while the threads of a read still start or stop
    (apache/arrow issues 34314 and 39862).
    """
    atexit.register(time.sleep, PAUSE)
