"""Data made up to teach: ``synthetic:people?rows=500&seed=1``, its truth known.

What stands after the question mark is handed to `mlkit.data.synthesize.generate`; it
may be given as options as well. The same address gives the same rows.

Examples
--------
>>> found = read(Place("synthetic:classes?rows=100&seed=7"))
>>> found.columns.num_rows, found.target
(100, 'kind')
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pyarrow as pa

from mlkit.core.errors import InputError, MlkitError
from mlkit.core.schema import Schema
from mlkit.data.sources import Found, Place

__all__ = ["OPTIONS", "claims", "read"]

OPTIONS = {
    "rows": "how many rows; 500 if left out",
    "seed": "the same seed gives the same rows",
    "noise": "how much chance there is, where the kind takes it",
}
HANDS_ON = True


def claims(place: Place) -> bool:
    """Whether this is data to be made up."""
    return place.scheme == "synthetic"


def read(place: Place) -> Found:
    """Make a table up; its roles and types come with it.

    Raises
    ------
    InputError
        For an unknown kind, or a value that cannot be.
    """
    from mlkit.data.synthesis.generate import generate

    kind, _, query = place.uri.partition(":")[2].removeprefix("//").partition("?")
    told: dict[str, Any] = {**dict(parse_qsl(query)), **place.options}
    rows, seed = told.pop("rows", 500), told.pop("seed", 0)
    try:
        table = generate(kind, rows, seed=seed, **told)
    except MlkitError as error:
        raise InputError(
            error.what,
            where=place.uri,
            expected=error.expected,
            got=error.got,
            todo=error.todo,
        ) from None
    schema = Schema.of(table)
    table.attrs = {}
    roles = {c.name: ",".join(r for r in c.roles if r != "target") for c in schema}
    target = schema.target or ""
    return Found(
        pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(),
        False,
        {"format": "synthetic", "kind": kind},
        ("these rows are made up",),
        roles={name: told for name, told in roles.items() if told},
        types={c.name: c.type for c in schema if c.name != target},
        target=target,
        licence="made up by mlkit, free to use",
    )
