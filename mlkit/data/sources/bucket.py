"""Files and folders in any store that fsspec knows: s3, gs, hdfs, webhdfs, sftp ...

What lies there is fetched once, kept until it changes, and read by the source that
reads such files. ``s3://shop/orders.parquet`` is a file, ``s3://shop/orders`` a folder,
``s3://shop/2026-*.csv`` all files that match.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from mlkit.core.errors import InputError, MlkitError
from mlkit.core.files import digest, file_hash, folder_hash
from mlkit.data.sources import Found, Place
from mlkit.data.sources import read as read_place
from mlkit.data.sources._downloads import kept

__all__ = ["HANDS_ON", "OPTIONS", "claims", "fingerprint", "read"]

OPTIONS = {
    "fs.key": "who asks, such as env:AWS_ACCESS_KEY_ID; fs.* is for fsspec's class",
    "fs.secret": "what proves it, such as env:AWS_SECRET_ACCESS_KEY",
    "fs.endpoint_url": "where an S3 of your own answers",
}
HANDS_ON = True
OWN = "fs."
PASSED_OVER = {"", "file", "local", "http", "https", "data", "arrow_hdfs"}
EXTRAS = {
    "s3": ("s3fs", "s3"),
    "s3a": ("s3fs", "s3"),
    "gs": ("gcsfs", "gs"),
    "gcs": ("gcsfs", "gs"),
    "hdfs": ("hdfs_native", "hdfs"),
}
MARKS = ("ETag", "etag", "checksum", "crc32c", "md5", "md5Hash", "content_md5")
LATER = (
    *("mtime", "modificationTime", "modification_time", "last_modified"),
    *("LastModified", "updated", "modified", "modify", "created"),
)
BLOCK = 2**20
PLAIN: dict[str, Any] = {"true": True, "false": False, "none": None}


def claims(place: Place) -> bool:
    """Whether fsspec knows this kind of store."""
    if place.path is not None or place.scheme in PASSED_OVER:
        return False
    from fsspec import available_protocols

    return place.scheme in available_protocols()


def fingerprint(place: Place) -> str:
    """Return a hash of the names, sizes, ETags and times of what lies there."""
    with _told(place):
        system, path = _opened(place)
        return _mark(system, _files(system, path, place))


def read(place: Place) -> Found:
    """Fetch what lies there and read it.

    Raises
    ------
    InputError
        Where there is no such file, it may not be read, the store does not answer, or
        the library that speaks to it is not installed.
    """
    with _told(place):
        system, path = _opened(place)
        files = _files(system, path, place)
        mark = _mark(system, files)

        def fetch(folder: Path) -> None:
            for name, far in files.items():
                near = folder / name
                near.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(far, str(near))

        folder = kept(f"{place.uri} {digest(_own(place.options))}", mark, fetch)
    alone = [folder / name for name in files] if len(files) == 1 else []
    single = alone if alone and alone[0].name == PurePosixPath(path).name else []
    here = single[0] if single else folder
    others = {k: v for k, v in place.options.items() if not k.startswith(OWN)}
    found = read_place(replace(place, options=others).at(here))
    sizes = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    told = file_hash(here) if here.is_file() else folder_hash(here)
    facts = {**found.facts, "fetched from": place.scheme}
    return replace(found, facts=facts, size=sizes, sha256=told)


def _own(options: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in options.items() if k.startswith(OWN)}


def _opened(place: Place) -> tuple[Any, str]:
    """Return the file system and the path on it."""
    asked = {
        name.removeprefix(OWN): PLAIN.get(str(place.option(name)), place.option(name))
        for name in _own(place.options)
    }
    module, extra = EXTRAS.get(place.scheme, ("fsspec", ""))
    try:
        importlib.import_module(module)
        if place.scheme == "hdfs":
            from hdfs_native.fsspec import HdfsFileSystem

            parts = urlsplit(place.address)
            system = HdfsFileSystem(host=parts.hostname, port=parts.port, **asked)
            return system, parts.path
        from fsspec.core import url_to_fs

        return url_to_fs(place.address, **asked)  # type: ignore[no-any-return]
    except ImportError as error:
        line = f'pip install "mlkit-notebooks[{extra}]"' if extra else str(error)
        raise InputError(
            f"what speaks to {place.scheme} is not installed",
            where=place.uri,
            todo=line,
        ) from None


def _files(system: Any, path: str, place: Place) -> dict[str, str]:
    """Return what is to be fetched: its name here → its path there."""
    system.invalidate_cache()
    if any(mark in path for mark in "*?["):
        found = [far for far in system.glob(path) if system.isfile(far)]
        top = str(PurePosixPath(path.partition("*")[0] + "x").parent)
    elif system.isdir(path):
        found, top = system.find(path), path
    else:
        found, top = [path] if system.exists(path) else [], ""
    if not found:
        raise InputError(
            "there is no such file or folder",
            where=place.uri,
            todo="check the name; capitals count",
        )
    if not top:
        return {PurePosixPath(path).name: path}
    return {_below(str(far), top): str(far) for far in sorted(found)}


def _below(far: str, top: str) -> str:
    """Return a path below `top`; it never leads out of the folder it is put in."""
    start = urlsplit(top).path if "://" in top else top
    plain = urlsplit(far).path if "://" in far else far
    parts = PurePosixPath(plain.removeprefix(start.rstrip("/")).lstrip("/")).parts
    return str(PurePosixPath(*(p for p in parts if p not in ("..", "/"))))


def _mark(system: Any, files: Mapping[str, str]) -> str:
    told = {}
    for name, far in files.items():
        info = system.info(far)
        marks = [str(info[key]) for key in MARKS if info.get(key) is not None]
        times = [str(info[key]) for key in LATER if info.get(key) is not None]
        told[name] = [info.get("size"), *(marks or times or [_hash(system, far)])]
    return digest(told)


def _hash(system: Any, far: str) -> str:
    """Hash a file whose store tells no mark and no time of it."""
    found = hashlib.sha256()
    with system.open(far, "rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()


@contextmanager
def _told(place: Place) -> Iterator[None]:
    """Say in one clear error whatever a store's library raises."""
    try:
        yield
    except MlkitError:
        raise
    except FileNotFoundError:
        raise InputError(
            "there is no such file or folder",
            where=place.uri,
            todo="check the name; capitals count",
        ) from None
    except PermissionError as error:
        raise InputError(
            f"this may not be read from {place.scheme}",
            where=place.uri,
            got=str(error)[:300],
            todo="check the key and the secret: options such as fs.key = env:NAME",
        ) from None
    except Exception as error:
        raise InputError(
            f"{place.scheme} does not answer as it should",
            where=place.uri,
            got=f"{type(error).__name__}: {error}"[:300],
            todo="check the address, the network and the options fs.*",
        ) from None
