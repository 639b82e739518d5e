"""Where tables come from, one file a source.

A source is a module with ``OPTIONS`` (what `collect` may be told, name → help),
``claims(place) -> bool``, told from the scheme, the name and the first bytes, and
``read(place) -> Found``. Exactly one source claims a place.

A remote source also has ``fingerprint(place) -> str``: an ETag, a snapshot, a cursor
or a query's maximum, found at little cost. The step that read it is stale once it
differs. A source that fetches a file hands it on, ``read(place.at(path))``, to the
source that reads such files; it says so by ``HANDS_ON = True``, and options that it
does not know are then the other's.

Secrets are references, ``env:NAME``, in addresses and in options: `Place.address` and
`Place.option` hold what they stand for, all else and every message the reference.
"""

from __future__ import annotations

import atexit
import importlib
import os
import pkgutil
import re
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol, cast

import pyarrow as pa

from mlkit.core.errors import InputError, did_you_mean
from mlkit.data.reading import secrets

__all__ = [
    "Found",
    "Place",
    "Source",
    "fingerprint",
    "is_remote",
    "name_of",
    "options_of",
    "read",
    "scheme_of",
    "source_of",
]

PAUSE = 0.1
HEAD = 4096
GZIP = b"\x1f\x8b"
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)(?=://)|(sklearn|synthetic)(?=:)")


@dataclass(frozen=True)
class Place:
    """A place that a table is read from.

    Parameters
    ----------
    uri
        As it was given; it names the place in messages, secrets unresolved.
    path
        Where it lies on this machine, a file or a folder; None where it does not.
    head
        The file's first 4096 bytes.
    options
        What was asked beyond the place itself, as the source's ``OPTIONS`` name it.
    sample
        About how many rows are wanted for a first look; None for all. A source may
        read less than everything then, and says so in its notes; it may also ignore
        it, for `collect` thins out what it is given.
    refresh
        When something remote is looked at again: changed, always, daily or never.
    quick
        Whether someone waits for a look: it is then given up early.

    Examples
    --------
    >>> Place("sqlite:///shop.db").scheme, Place("data/x.CSV").suffix
    ('sqlite', '.csv')
    """

    uri: str
    path: Path | None = None
    head: bytes = b""
    options: Mapping[str, Any] = field(default_factory=dict)
    sample: int | None = None
    refresh: str = "changed"
    quick: bool = False

    @property
    def address(self) -> str:
        """The URI with its secrets in place: never for a message."""
        return str(secrets.filled(self.uri))

    @property
    def scheme(self) -> str:
        """What stands before ``://``, such as ``s3``; "" for a path."""
        return "" if self.path else scheme_of(self.uri)

    @property
    def suffix(self) -> str:
        """The ending of the file's name in lower case, ``.gz`` taken off."""
        name = (self.path.name if self.path else self.uri).lower()
        return Path(name.removesuffix(".gz") if self.is_packed else name).suffix

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder on this machine."""
        return self.path is not None and self.path.is_dir()

    @property
    def is_packed(self) -> bool:
        """Whether it is a gzip file."""
        return self.head.startswith(GZIP)

    @cached_property
    def begins(self) -> bytes:
        """The first bytes, unpacked where it is a gzip file."""
        if not self.is_packed:
            return self.head
        try:
            return zlib.decompressobj(wbits=31).decompress(self.head, HEAD)
        except zlib.error:
            return b""

    @property
    def file(self) -> Path:
        """The path of what is known to lie on this machine."""
        if self.path is None:
            raise InputError("this is no file on this machine", where=self.uri)
        return self.path

    def at(self, path: Path) -> Place:
        """Return the same place, now that it lies at `path` on this machine."""
        head = b""
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(HEAD)
        return replace(self, path=path, head=head)

    def option(self, name: str, default: Any = "") -> Any:
        """Return the option `name`, or `default` where it was not given or empty.

        What it refers to as ``env:NAME`` is put in place.
        """
        value = self.options.get(name)
        return default if value is None or value == "" else secrets.filled(value)

    @property
    def how(self) -> dict[str, Any]:
        """What is needed to look at the place again, secrets as references."""
        return {"uri": self.uri, "options": dict(self.options)}


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
    roles, types, target
        What the source knows of columns, such as the ``label`` that a folder's name
        gives; what is told to `collect` comes first.
    schema_missing
        The words that mean a missing cell there, where the source knows them.
    size, sha256
        How many bytes were read and their hash, where it is no local file or folder.
    licence
        Under which terms it may be used, where the source says so.
    """

    columns: pa.Table
    text: bool
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    schema_missing: tuple[str, ...] = ()
    size: int = 0
    sha256: str = ""
    licence: str = ""


class Source(Protocol):
    """One place that tables come from."""

    OPTIONS: Mapping[str, str]

    def claims(self, place: Place) -> bool:
        """Whether this source reads such a place."""

    def read(self, place: Place) -> Found:
        """Read it."""


def scheme_of(uri: str) -> str:
    """Return the scheme of a URI, "" for a path.

    A whole URI may be a reference, such as ``env:DATABASE_URL``.

    Examples
    --------
    >>> [scheme_of(u) for u in ("s3://b/x.csv", "sklearn:iris", "a:b.csv", "/x.csv")]
    ['s3', 'sklearn', '', '']
    """
    found = SCHEME.match(os.environ.get(uri[4:], "") if uri[:4] == "env:" else uri)
    return found.group() if found else ""


def read(place: Place) -> Found:
    """Read a place by the source that claims it.

    Raises
    ------
    InputError
        Where no source does, the source knows no such option, or it cannot read;
        no secret is in the message.
    """
    source = source_of(place)
    known = source.OPTIONS
    for name in place.options:
        if name not in known and not getattr(source, "HANDS_ON", False):
            raise InputError(
                f"there is no option {name!r} for such data",
                where=place.uri,
                expected=", ".join(known) or "no option",
                todo=did_you_mean(name, known),
            )
    with secrets.hidden(place.uri, place.options):
        return source.read(place)


def fingerprint(place: Place) -> str:
    """Return what tells whether a remote place changed, found at little cost.

    Raises
    ------
    InputError
        Where it cannot be reached.
    """
    look = getattr(source_of(place), "fingerprint", None)
    if look is None:  # such as a generator: what it gives is told by its address
        return place.uri
    with secrets.hidden(place.uri, place.options):
        return str(look(place))


def is_remote(place: Place) -> bool:
    """Whether what lies there may change: it is no path, and not made by its address.

    Examples
    --------
    >>> [is_remote(Place(u)) for u in ("s3://b/x.csv", "sklearn:iris", "x.csv")]
    [True, False, False]
    """
    return bool(place.scheme) and hasattr(source_of(place), "fingerprint")


def source_of(place: Place) -> Source:
    """Return the source that reads `place`.

    Raises
    ------
    InputError
        Where none does.
    """
    _end_gently()
    for source in _sources():
        if source.claims(place):
            return source
    if place.scheme:
        raise InputError(
            f"mlkit does not read from {place.scheme!r}",
            where=place.uri,
            todo="check what stands before the colon, or download it first",
        )
    kind = "a folder of none of these" if place.is_folder else ""
    raise InputError(
        "mlkit does not read this kind of file",
        where=place.uri,
        expected="CSV, TSV or other delimited text, JSON, Excel or Parquet",
        got=kind or f"a file that begins with {place.head[:8]!r}",
        todo="export it as CSV or Parquet",
    )


def name_of(place: Place) -> str:
    """Return the name of the source that reads `place`, such as ``csv``."""
    return str(source_of(place).__name__.rpartition(".")[2])  # type: ignore[attr-defined]


def options_of(place: Place) -> Mapping[str, str]:
    """Return the options that the source of `place` takes, with their help."""
    return source_of(place).OPTIONS


def _sources() -> Iterator[Source]:
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            yield cast(Source, importlib.import_module(f"{__name__}.{module.name}"))


@cache
def _end_gently() -> None:
    """Have this process wait a moment at its end.

    Arrow aborts a process that ends while the threads of a read still start or stop
    (apache/arrow issues 34314 and 39862).
    """
    atexit.register(time.sleep, PAUSE)
