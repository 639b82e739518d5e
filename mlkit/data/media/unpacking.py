"""Images and sounds that lie in the cells of a table: kept, and replaced by digests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from mlkit.core.media import media

__all__ = ["class_names", "kinds", "unpacked"]

PARTS = {"bytes", "path"}
KINDS = {"Image": "image", "Audio": "audio"}


def unpacked(column: pa.ChunkedArray, kind: str) -> pa.Array:
    """Keep the images or sounds of a column and return their digests.

    Parameters
    ----------
    column
        Structs ``{bytes, path}``, as Hugging Face's datasets write them, or bytes.
    kind
        ``image`` or ``audio``; what they are is told when they are looked at.

    Returns
    -------
    Array of strings
        The digest of each; null where a cell is null or holds no bytes.

    Examples
    --------
    >>> cells = pa.chunked_array([[{"bytes": b"x", "path": "a.png"}, None]])
    >>> digests = unpacked(cells, "image").to_pylist()
    >>> media().get(digests[0]), digests[1]
    (b'x', None)
    """
    del kind  # the bytes are kept alike
    known = [place for place, data in enumerate(_bytes(column)) if data]
    contents = (data for data in _bytes(column) if data)
    found: list[str | None] = [None] * len(column)
    for place, digest in zip(known, media().put_all(contents), strict=True):
        found[place] = digest
    return pa.array(found, pa.string())


def kinds(schema: pa.Schema) -> dict[str, str]:
    """Return which columns of a table hold images or sounds, told by their types.

    Parameters
    ----------
    schema
        Of the Parquet file; Hugging Face's own description of it comes first.

    Examples
    --------
    >>> cell = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    >>> kinds(pa.schema([("image", cell), ("label", pa.int64())]))
    {'image': 'image'}
    """
    told = _told(schema)
    found = {}
    for column in schema:
        kind = KINDS.get(str(told.get(column.name, {}).get("_type", "")))
        if kind is None and _is_packed(column.type):
            kind = "audio" if "audio" in column.name.lower() else "image"
        if kind is not None and (_is_packed(column.type) or _is_bytes(column.type)):
            found[column.name] = kind
    return found


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Return the names that stand for the numbers 0, 1, ... of class label columns.

    Parameters
    ----------
    schema
        Of a Parquet file whose metadata hold Hugging Face's description of it.
    """
    names = {
        name: form.get("names")
        for name, form in _told(schema).items()
        if form.get("_type") == "ClassLabel" and name in schema.names
    }
    return {name: list(map(str, given)) for name, given in names.items() if given}


def _told(schema: pa.Schema) -> Mapping[str, Mapping[str, Any]]:
    try:
        form = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = form["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    if not isinstance(features, dict):
        return {}
    return {str(n): form for n, form in features.items() if isinstance(form, dict)}


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_packed(kind: pa.DataType) -> bool:
    if not pa.types.is_struct(kind):
        return False
    names = {kind.field(i).name for i in range(kind.num_fields)}
    return names == PARTS and _is_bytes(kind.field("bytes").type)


def _bytes(column: pa.ChunkedArray) -> Iterator[bytes | None]:
    for cell in column:
        value = (
            cell["bytes"] if pa.types.is_struct(cell.type) and cell.is_valid else cell
        )
        yield value.as_py() if value.is_valid else None
