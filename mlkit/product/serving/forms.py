"""A request's body, read by the package's schema: types first, then what text says.

What is read is typed by msgspec, which refuses NaN, Infinity, numbers that are too
large for a float, and whatever is nested; so nothing of a request is ever a path, a
pattern or a program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from types import NoneType
from typing import Any

import msgspec
import numpy as np

from mlkit.core.errors import did_you_mean, shortened
from mlkit.core.media import KINDS
from mlkit.core.values import dates, number_words
from mlkit.product.serving.fields import CELLS, Field
from mlkit.product.serving.media import taken
from mlkit.product.serving.refused import Refused

__all__ = ["Asked", "Form"]

PLACE = re.compile(r" - at `(.*)`$", re.DOTALL)
APART = re.compile(r" - at `(\$\.(?:rows\[\d+\]|columns))`$")
"""Where a place is, and where it is after a client's own words."""
FIELD = re.compile(r"^\$\.(?:rows\[\d+\]|columns)\.(.*?)(?:\[\d+\])?$", re.DOTALL)
ROW = re.compile(r"\$\.rows\[(\d+)\]")
NAMED = re.compile(r"(required|unknown) field `(.*)`$", re.DOTALL)
UNKNOWN = "Object contains unknown field"
"""How msgspec begins where it repeats a name that is a client's own."""
LISTED = "Expected `object`, got `array`"
"""What msgspec says of a list where a request belongs."""
BARE = 'rows stand in a request: {"rows": [{"column": cell, ...}, ...]}'
IDS = re.compile(r"[A-Za-z0-9._:-]{1,128}")
LARGEST = 2**1023
NUMBERS = {int, float}
FLOATS = {float, NoneType}
"""What a float may be is what msgspec reads as one."""
ODD = {ord(sign): 0xE000 + ord(sign) for sign in ['"', "\\", *map(chr, range(32))]}
EVEN = {value: key for key, value in ODD.items()}
"""What msgspec takes in no field's name, in the private area of Unicode, and back."""
Names = Callable[[str], Collection[str] | None]
"""What names the object at a place has; None where nobody knows."""
BY_ROW, BY_COLUMN = "$.rows[{}].{}", "$.columns.{1}[{0}]"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be answered.

    Parameters
    ----------
    id
        As the client named it; "" where it did not.
    cells
        Raw cells by column, each column as long as `rows`.
    rows
        How many.
    place
        Where in the body a cell is, by its row and its column.
    """

    id: str
    cells: Mapping[str, Sequence[Any]]
    rows: int
    place: str = BY_COLUMN


class Form:
    """What the body of a request looks like.

    Parameters
    ----------
    fields
        The columns, see `fields_of`.
    target
        The column that is predicted; it may be there, and is not looked at.
    most
        How many rows a request may have.

    Attributes
    ----------
    media
        The columns of images and sounds, which are still to be read, see `Reader`.
    """

    def __init__(self, fields: Sequence[Field], target: str, most: int) -> None:
        self.fields, self.most = tuple(fields), most
        self.names = [field.name for field in fields]
        self.known = [*self.names, target]
        self._numbers = [field.name for field in fields if field.kind == "number"]
        self._others = [field for field in fields if field.kind != "number"]
        row = _struct("Row", fields, target, _cell)
        columns = _struct("Columns", fields, target, _list)
        unset = msgspec.UNSET
        parts = [
            ("id", str | msgspec.UnsetType, unset),
            ("rows", _list(row) | msgspec.UnsetType, unset),
            ("columns", columns | msgspec.UnsetType, unset),
        ]
        self._body: Any = msgspec.defstruct("Body", parts, forbid_unknown_fields=True)
        self.media = frozenset(f.name for f in fields if f.kind in KINDS)
        self._hook = taken if self.media else None
        self._decoder = msgspec.json.Decoder(self._body, dec_hook=self._hook)
        self._odd = any(name.translate(ODD) != name for name in self.known)

    def read(self, body: bytes | bytearray) -> Asked:
        """Read a body.

        Raises
        ------
        Refused
            422 with the place and the field, or 413 for too many rows.
        """
        try:
            found: Any = self._loose(body) if self._odd else self._decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise self._refusal(str(error), partial(_names_at, body)) from None
        return self._asked(found)

    def take(self, name: str, columns: Mapping[str, Sequence[Any]]) -> Asked:
        """Take columns that came in another tongue, by the same rules.

        Parameters
        ----------
        name
            The request's id; "" where it has none.
        columns
            Plain Python values, None for what is missing.

        Raises
        ------
        Refused
            As `read` does.
        """
        spelt = {name.translate(ODD): cells for name, cells in columns.items()}
        whole = {"columns": spelt, **({"id": name} if name else {})}
        try:
            found = msgspec.convert(whole, self._body, dec_hook=self._hook)
        except (msgspec.MsgspecError, UnicodeError, OverflowError) as error:
            raise self._refusal(str(error), lambda _: columns) from None
        return self._asked(found)

    def _loose(self, body: bytes | bytearray) -> Any:
        """Read a body whose names cannot be those of a type: respelt, then typed."""
        found = msgspec.json.decode(body, type=dict[str, Any])
        if isinstance(found.get("rows"), list):
            found["rows"] = [_respelt(row) for row in found["rows"]]
        if "columns" in found:
            found["columns"] = _respelt(found["columns"])
        return msgspec.convert(found, self._body, dec_hook=self._hook)

    def _asked(self, found: Any) -> Asked:
        """Hold what was read against what types do not say."""
        name = "" if found.id is msgspec.UNSET else found.id
        if found.id is not msgspec.UNSET and not IDS.fullmatch(name):
            what = "an id has 1 to 128 letters, digits, and . _ : -"
            raise Refused(422, what, where="$.id")
        given = (found.rows is not msgspec.UNSET, found.columns is not msgspec.UNSET)
        if sum(given) != 1:
            raise Refused(422, "a request has either rows or columns", where="$")
        cells, rows = self._by_row(found.rows) if given[0] else self._by_column(found)
        if not rows:
            raise Refused(422, "there is no row", where="$")
        if rows > self.most:
            raise Refused(413, f"a request has at most {self.most} rows", where="$")
        place = BY_ROW if given[0] else BY_COLUMN
        numbers = [cells[name] for name in self._numbers]
        kinds = set(map(type, chain.from_iterable(numbers)))
        plain = kinds <= FLOATS or (kinds <= NUMBERS and all(map(_is_small, numbers)))
        for field in self._others if plain else self.fields:
            _check(field, cells[field.name], place)
        return Asked(name, cells, rows, place)

    def _by_row(self, rows: Sequence[Any]) -> tuple[dict[str, Sequence[Any]], int]:
        columns = list(zip(*map(msgspec.structs.astuple, rows), strict=True))
        return dict(zip(self.names, columns, strict=False)), len(rows)

    def _by_column(self, found: Any) -> tuple[dict[str, Sequence[Any]], int]:
        columns = msgspec.structs.astuple(found.columns)
        given = dict(zip(self.known, columns, strict=True))
        lengths = {name: len(c) for name, c in given.items() if c is not None}
        rows = max(lengths.values(), default=0)
        for name, length in lengths.items():
            if length != rows:
                where, what = f"$.columns.{name}", f"{length} cells where others"
                raise Refused(422, f"{what} have {rows}", where=where, field=name)
        absent = [None] * rows
        cells = {n: absent if given[n] is None else given[n] for n in self.names}
        return cells, rows

    def _refusal(self, told: str, names: Names) -> Refused:
        """Say what msgspec says, with the field apart and a client's own words cut.

        Of fields that are missing it says the first: here all are told.
        """
        theirs = told.startswith(UNKNOWN)
        told = (shortened(told) if theirs else told).translate(EVEN)
        place = (APART if theirs else PLACE).search(told)
        where = place[1] if place else ""
        what = told[: place.start()] if place else told
        named = NAMED.search(what)
        within = FIELD.search(where)
        field = within[1] if within else named[2] if named else ""
        if named and named[1] == "unknown" and where:
            what = f"{what}; {did_you_mean(field, self.known)}"
        if named and named[1] == "required" and where:
            what = self._missing(names(where), field) or what
        if not where and (field in self.known or what == LISTED):
            what, field = BARE, ""
        return Refused(422, what, where=where, field=field)

    def _missing(self, names: Collection[str] | None, first: str) -> str:
        """Name the fields that an object has to have and has not; "" for one alone."""
        needed = [field.name for field in self.fields if field.required]
        missing = [n for n in needed if names is not None and n not in names]
        if len(missing) < 2 or first not in missing:
            return ""
        listed = ", ".join(f"`{name}`" for name in missing)
        return f"Object missing required fields {listed}"


class _Objects(msgspec.Struct):
    """A body whose rows and columns are not read yet."""

    rows: list[msgspec.Raw] = []
    columns: msgspec.Raw = msgspec.Raw(b"{}")


def _names_at(body: bytes | bytearray, where: str) -> Collection[str] | None:
    """Return the names of the object at a place in a body; None where it is torn."""
    row = ROW.fullmatch(where)
    try:
        found = msgspec.json.decode(body, type=_Objects)
        whole = found.rows[int(row[1])] if row else found.columns
        return set(msgspec.json.decode(whole, type=dict[str, msgspec.Raw]))
    except (msgspec.MsgspecError, UnicodeError, RecursionError, IndexError):
        return None


def _struct(name: str, fields: Sequence[Field], target: str, of: Any) -> Any:
    """Make the type of a row, or of the columns, whose names may be anything."""
    parts, names = list[Any](), dict[str, str]()
    for place, field in enumerate(fields):
        names[f"c{place}"] = field.name.translate(ODD)
        cell = of(CELLS[field.kind])
        left_out = () if field.required else (None,)
        parts.append((f"c{place}", cell if field.required else cell | None, *left_out))
    names["target"] = target.translate(ODD)
    parts.append(("target", of(CELLS["category"]) | None, None))
    return msgspec.defstruct(
        *(name, parts), rename=names, forbid_unknown_fields=True, kw_only=True, gc=False
    )


def _respelt(names: Any) -> Any:
    if not isinstance(names, dict):
        return names
    return {name.translate(ODD): cells for name, cells in names.items()}


def _cell(kind: Any) -> Any:
    return kind


def _list(kind: Any) -> Any:
    return list.__class_getitem__(kind)


def _check(field: Field, cells: Sequence[Any], place: str) -> None:
    """Refuse text that is not what its column holds, and numbers beyond a float."""
    kinds = set(map(type, cells))
    if int not in kinds and (str not in kinds or field.kind not in WRONG):
        return
    if kinds <= NUMBERS and _is_small(cells):
        return
    for row, cell in enumerate(cells):
        kind = type(cell)
        if kind is int and not -LARGEST < cell < LARGEST:
            raise _unfit(field, "the number is too large", place, row)
        if kind is str and field.kind in WRONG and cell not in field.gaps:
            what = WRONG[field.kind](cell)
            if what:
                raise _unfit(field, what, place, row)


def _is_small(numbers: Sequence[Any]) -> bool:
    """Tell whether numbers are no larger than a float may be."""
    return bool(min(numbers) > -LARGEST and max(numbers) < LARGEST)


def _no_number(cell: str) -> str:
    plain = cell.strip()
    return "" if number_words().fullmatch(plain) or not plain else "this is no number"


def _no_date(cell: str) -> str:
    read = dates(np.array([cell], dtype=object))
    return "this is no date" if np.isnat(read[0]) and cell.strip() else ""


WRONG = {"number": _no_number, "date": _no_date}


def _unfit(field: Field, what: str, place: str, row: int) -> Refused:
    where = place.format(row, field.name)
    return Refused(422, what, where=where, field=field.name)
