"""Collect a table: types and roles told once, every row with a stable id.

Nothing is guessed in silence: what was found out, and what was left as it stood, is
in the receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mlkit.core.cells import reads, root
from mlkit.core.errors import InputError, did_you_mean, shortened
from mlkit.core.files import file_hash, folder_hash
from mlkit.core.schema import TYPES, Column, Schema
from mlkit.data import sources
from mlkit.data.charts.cards import many
from mlkit.data.media.packing import packed
from mlkit.data.reading import secrets
from mlkit.data.reading.collected import Collected, Receipt
from mlkit.data.reading.columns import (
    CLASSES,
    Further,
    decimal_of,
    lengthened,
    notes_of,
    read_columns,
)
from mlkit.data.reading.decided import DECIDED, decided
from mlkit.data.reading.identify import id_of
from mlkit.data.reading.infer import Inferred, without
from mlkit.data.reading.joining import joined, named
from mlkit.data.reading.target import as_target
from mlkit.data.sources import Found, Place
from mlkit.data.sources._added import added

__all__ = ["Collected", "Receipt", "collect"]

Roles = Mapping[str, str | Sequence[str]]
REFRESH = ("changed", "always", "daily", "never")


def collect(
    uri: str | Path,
    *,
    more: Sequence[str | Path] = (),
    target: str = "",
    id_column: str = "",
    target_type: str = "",
    types: Mapping[str, str] | None = None,
    roles: Roles | None = None,
    missing: Sequence[str] = ("",),
    header: bool | None = None,
    delimiter: str = "",
    encoding: str = "",
    sample: int | None = None,
    options: Mapping[str, Any] | None = None,
    refresh: str = "changed",
) -> Collected:
    """Read a table from a file, a folder or a URI and tell its types and roles.

    Codes with leading zeros, whole numbers beyond 2**53 and dates in no certain order
    stay text; ``NA`` is a word unless `missing` names it.

    Parameters
    ----------
    uri
        A path, relative to the project's root, or a URI such as ``sqlite:///shop.db``.
    more
        Further tables with the same columns, put below and read as the first one is:
        no type, role or row id of the first table changes. A row that is there already
        is not taken again.
    target
        The column to predict; in a file without a header ``c1``, ``c2`` ..., or the
        number alone.
    id_column
        The column that names the rows; "" to find one, or to name them by their cells.
    target_type
        ``category`` or ``number``; "" to judge.
    types, roles
        By column, where the types found are not wanted, and where columns are more
        than features: ``{"sex": "sensitive", "clinic": "group, private"}``.
    missing
        The cells that are missing, as they are written.
    header, delimiter, encoding
        How a text file is written; None and "" to find out.
    sample
        Keep only about this many rows, evenly spaced, for a first look.
    options
        What else this kind of source may be told, such as the ``sheet`` of a workbook.
    refresh
        When a remote source is looked at again: changed, always, daily or never.

    Raises
    ------
    InputError
        Where there is no such file or column, or the file cannot be read without
        losing something; it says where and what to do.

    Examples
    --------
    >>> from importlib.resources import files
    >>> where = files("palmerpenguins") / "data" / "penguins.csv"
    >>> penguins = collect(str(where), target="species", missing=["", "NA"])
    >>> penguins
    <Collected 344 rows × 8 columns>
    >>> Schema.of(penguins.table).target
    'species'
    """
    uri = str(uri)
    if refresh not in REFRESH:
        raise InputError(
            f"a source is not looked at {refresh!r}",
            where=uri,
            todo=did_you_mean(refresh, REFRESH),
        )
    how = {"header": header, "delimiter": delimiter, "encoding": encoding}
    given = {name: told for name, told in how.items() if told not in (None, "")}
    place = _place(uri, {**given, **(options or {})}, sample, refresh)
    found = packed(sources.read(place), place, types or {})
    first, below = found.columns.num_rows, []
    for other in map(str, more):
        there = _place(other, {}, None, refresh)
        below.append((other, packed(sources.read(there), there, types or {})))
        found = joined(found, below[-1][1], other)
    target = _by_place(target or found.target, found)
    if list(missing) == [""]:  # what has types knows its gaps: there "" is a text
        missing = found.schema_missing or ([""] if found.text else [])
    cells = without(found.columns, missing)
    _check_size(cells, uri)
    mark = decimal_of(cells.slice(0, first), found.text)
    asked = _Given(
        *(place, found, cells, target, target_type, id_column),
        missing=tuple(missing),
        first=first,
        further=tuple(Further.of(*one, missing, mark) for one in below),
    )
    roles, types = {**found.roles, **(roles or {})}, {**found.types, **(types or {})}
    made = _typed(asked, roles, types, uri)
    if told := added(place, made.table):
        asked = replace(asked, found=replace(found, notes=(*found.notes, *told)))
        receipt = replace(made.receipt, notes=(*made.receipt.notes, *told))
        return Collected(made.table, receipt, partial(asked.again, roles, types))
    return made


@dataclass(frozen=True)
class _Given:
    """A table as it was found, and what was told of it but types and roles."""

    place: Place
    found: Found
    cells: pa.Table
    target: str
    target_type: str
    id_column: str
    missing: tuple[str, ...]
    first: int
    further: tuple[Further, ...] = ()

    def again(
        self, roles: Roles, types: Mapping[str, str], more: Mapping[str, Any]
    ) -> Collected:
        """Type the same cells once more, as a decision wants some of the columns."""
        told = decided(more)
        roles = {**roles, **told.get("roles", {})}
        return _typed(self, roles, {**types, **told.get("types", {})}, DECIDED)


def _typed(
    given: _Given, roles: Roles, types: Mapping[str, str], where: str
) -> Collected:
    """Give the cells of a table their types and roles, and its rows their ids."""
    cells, found, target = given.cells, given.found, given.target
    id_column, sample = given.id_column, given.place.sample
    for name in (target, id_column, *roles, *types):
        _check_name(name, cells, found, where)
    _check_roles(roles, types, target)
    own = cells.slice(0, given.first) if given.first > 1 else cells
    types = {**types, **({id_column: "id"} if id_column else {})}
    read = read_columns(own, found.text, types)
    if target and read[target].values.isna().all():  # truth may have come in since
        read |= read_columns(cells.select([target]), found.text, types)
    notes = [*found.notes, *notes_of(read)]
    gaps = () if given.missing in ((), ("",)) else given.missing
    columns = {
        name: Column(name, i.type, _roles(name, roles), missing=gaps)
        for name, i in read.items()
    }
    values = {name: i.values for name, i in read.items()}
    if target:
        judged = as_target(values[target], columns[target], given.target_type, where)
        values[target], columns[target] = judged[0], judged[1]
        notes.append(judged[2])
    if given.further:
        notes += _lengthen(given, read, values, columns)
    known = (Schema(tuple(columns.values())), id_column, target, given.first)
    table, told = _identified(cells, pd.DataFrame(values), *known)
    notes += told
    kept = _spaced(table, sample)
    if len(kept) < len(table):
        notes.append(f"a first look: {len(kept):,} of {len(table):,} rows are kept")
    facts = {"decimal": decimal_of(own, found.text), **found.facts}
    receipt = _receipt(given.place, found, cells, facts, notes)
    schema = Schema(tuple(columns.values()))
    return Collected(schema.attach(kept), receipt, partial(given.again, roles, types))


def _lengthen(
    given: _Given,
    read: Mapping[str, Inferred],
    values: dict[str, pd.Series],
    columns: dict[str, Column],
) -> list[str]:
    """Put the cells of further tables below, types as they are; say what was lost."""
    notes, target = list[str](), given.target
    for name, column in columns.items():
        if len(values[name]) == given.cells.num_rows:
            continue
        kind, rest = column.type, given.cells[name].slice(given.first)
        if (name, kind, read[name].type) == (target, "category", "number"):
            kind = CLASSES
        made = lengthened(values[name], name, kind, rest, given.further)
        values[name] = made[0]
        notes += made[1]
    if target and columns[target].type == "category":
        classes = tuple(sorted(values[target].dropna().unique()))
        columns[target] = replace(columns[target], categories=classes)
    return notes


def _place(
    uri: str, options: Mapping[str, Any], sample: int | None, refresh: str
) -> Place:
    """Return the place of `uri`; a local one is noted as read."""
    secrets.check(uri)
    place = Place(uri, options=options, sample=sample, refresh=refresh)
    if place.scheme not in ("", "file"):
        if sources.is_remote(place):  # else its address, a parameter, tells it all
            mark, kind = sources.fingerprint(place), sources.name_of(place)
            reads(uri, kind=kind, refresh=refresh, fingerprint=mark, how=place.how)
        return place
    path = root() / uri.removeprefix("file://")
    path = reads(
        path if place.scheme else uri, kind="folder" if path.is_dir() else "file"
    )
    if not path.exists():
        raise _absent(path, uri)
    return place.at(path)


def _absent(path: Path, uri: str) -> InputError:
    """Say which file may have been meant instead of one that is not there."""
    folder = path.parent
    beside = [p.name for p in folder.iterdir()] if folder.is_dir() else []
    near = did_you_mean(path.name, beside)
    leads = "" if str(path) == uri else f"; it leads to {path.resolve()}"
    todo = near if near.startswith("did") else f"check the path{leads}"
    return InputError("there is no such file", where=uri, todo=todo)


def _check_size(cells: pa.Table, uri: str) -> None:
    if cells.num_rows < 2:
        raise InputError(
            "there is no row in this table"
            if not cells.num_rows
            else "a table of one row has nothing to learn from",
            where=uri,
            expected="two rows at the very least",
            got=f"{cells.num_rows} rows below the header",
            todo="check the file; if its first line is data, set header to False",
        )


def _by_place(target: str, found: Found) -> str:
    """Return the name of a target that may be told by its place, from 1 on."""
    bare = found.facts.get("header") is False and target.isdecimal()
    return f"c{int(target)}" if bare else target


def _check_name(name: str, cells: pa.Table, found: Found, uri: str) -> None:
    if not name or name in cells.column_names:
        return
    known, todo = ", ".join(cells.column_names), "check the name, capitals count"
    if found.facts.get("header") is False:
        (first,) = cells.slice(0, 1).to_pylist()
        cells_of = {c: "–" if v is None else str(v) for c, v in first.items()}
        told = ", ".join(f"{c} {shortened(v, 20)}" for c, v in cells_of.items())
        known = f"the file has no header, and its first row is {told}"
        todo = "name the column by its place, as c1 is the first"
    near = did_you_mean(name, cells.column_names)
    raise InputError(
        f"there is no column {name!r}",
        where=uri,
        expected=shortened(known, 300),
        todo=near if near.startswith("did") else todo,
    )


def _check_roles(roles: Roles, types: Mapping[str, str], target: str) -> None:
    for name, kind in types.items():
        if kind not in TYPES:
            raise InputError(
                f"unknown column type {kind!r}",
                where=f"column {name!r}",
                todo=did_you_mean(kind, TYPES),
            )
    named = [name for name in roles if "target" in _roles(name, roles)]
    if any(name != target for name in named):
        raise InputError(
            "the target is named by the parameter target, not by a role",
            where=f"column {named[0]!r}",
        )


def _roles(name: str, roles: Roles) -> tuple[str, ...]:
    given = roles.get(name, ())
    words = given.split(",") if isinstance(given, str) else given
    return tuple(word.strip() for word in words)


def _identified(
    cells: pa.Table,
    table: pd.DataFrame,
    schema: Schema,
    id_column: str,
    target: str,
    first: int,
) -> tuple[pd.DataFrame, list[str]]:
    """Index the table by its row ids, and say where they come from."""
    key = id_of(table[:first], schema, id_column)
    table.index, taken = named(cells, table, key, target, first)
    told = "rows are named by a hash of their cells"
    if key:
        told = f"rows are named by the column {key!r}"
    elif id_column:
        told = f"the values of {id_column!r} repeat or miss, so {told}"
    again = int((~taken).sum())
    if not again:
        return table, [told]
    return table[taken], [told, f"{many(again, 'row')} were there already"]


def _spaced(table: pd.DataFrame, sample: int | None) -> pd.DataFrame:
    if not sample or sample >= len(table):
        return table
    places = np.linspace(0, len(table) - 1, max(sample, 2)).astype(int)
    return table.iloc[np.unique(places)]


def _receipt(
    place: Place, found: Found, cells: pa.Table, facts: dict[str, Any], notes: list[str]
) -> Receipt:
    size, told = found.size, found.sha256
    if told:
        pass  # the source has hashed what it read
    elif place.path and place.is_folder:
        files = [file for file in place.path.rglob("*") if file.is_file()]
        size, told = sum(f.stat().st_size for f in files), folder_hash(place.path)
    elif place.path:
        size, told = place.path.stat().st_size, file_hash(place.path)
    shape = (cells.num_rows, cells.num_columns)
    return Receipt(place.uri, *shape, size, told, facts, tuple(notes), found.licence)
