"""Raw cells on their way to the model: cleaned, and flagged where training saw none.

Most cells are numbers that cleaning leaves as they are, or words that came before. All
such numbers are one matrix, and what becomes of a word is remembered. Every other cell
goes the way that rows go elsewhere, one operation after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from types import NoneType
from typing import Any, NamedTuple

import numpy as np

from mlkit.core import rows
from mlkit.core.checks import columns_of
from mlkit.core.media import KINDS
from mlkit.core.values import Array, missing, number_words, write
from mlkit.product.serving.fields import Field
from mlkit.product.serving.reader import Reader

__all__ = ["Flag", "Intake"]

Columns = Mapping[str, Sequence[Any]]
Plays = Sequence[Mapping[str, Any]]
READ = frozenset({"number", "unit"})
"""Operations that read numbers, and leave those alone that are some already."""
WORDED = frozenset({"lower", "missing", "text", "tidy", "trim"})
"""Operations that change no number, written as text."""
WORDS = WORDED | {"fill", "recode"}
"""Operations that make one word of another."""
SPOKEN = ("number", "spoken")
NUMBERS, WHOLE = {int, float}, 2**53
PLAIN = {*NUMBERS, NoneType}
DIGITS = frozenset("+-.0123456789e")
KNOWN, LONG = 1024, 64
"""How many words of a column are remembered, and how long each may be."""


class Flag(NamedTuple):
    """What is said of a row: in which row, in which place among all, and what."""

    row: int
    place: int
    told: dict[str, str]


class Intake:
    """What becomes of the cells of a request.

    Parameters
    ----------
    fields
        The columns of a request.
    operations
        The cleaning of those that the model looks at.
    rules
        Of the contract, as far as single rows are held against them.
    reader
        Of the images and sounds; None where the model looks at none.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        operations: Plays,
        rules: Plays,
        reader: Reader | None = None,
    ) -> None:
        self.fields, self.rules = fields, rules
        self._by_name = {field.name: field for field in fields}
        plays = {
            f.name: [o for o in operations if o["column"] == f.name] for f in fields
        }
        used = [place for place, field in enumerate(fields) if field.used]
        still = [p for p in used if _is_still(fields[p], plays[fields[p].name])]
        worded = [p for p in used if _is_worded(fields[p], plays[fields[p].name])]
        self._columns = {
            p: _Media(fields[p], reader, p)
            if reader and fields[p].kind in KINDS
            else _Column(fields[p], plays[fields[p].name], p)
            for p in used
        }
        self._numbers = _Numbers([self._columns[p] for p in still], rules)
        self._words = [_Words(self._columns[p]) for p in worded]
        self._others = [self._columns[p] for p in used if p not in {*still, *worded}]

    def take(self, cells: Columns, count: int) -> tuple[dict[str, Any], list[Flag]]:
        """Return cleaned columns for the model, and the flags in their order.

        Parameters
        ----------
        cells
            Every field, each `count` long; those left out are missing.
        count
            How many rows.
        """
        flags: list[Flag] = []
        if not self._by_name.keys() <= cells.keys():
            none = [None] * count
            cells = {name: cells.get(name, none) for name in self._by_name}
        raw, others = dict[str, Array](), self._others
        cleaned, held = self._numbers.take(cells, flags, raw)
        if not cleaned:
            others = [*self._numbers.columns, *others]
        for words in self._words:
            made = words.take(cells, flags)
            if made is None:
                others = [*others, words.column]
            else:
                cleaned[words.column.field.name] = made
        for column in others:
            cleaned |= column.take(cells, flags, raw)
        for place, rule in enumerate(self.rules):
            if place not in held:
                self._check(place, rule, cells, raw, flags)
        flags.sort(key=lambda flag: flag[:2])
        return cleaned, flags

    def _check(
        self,
        place: int,
        rule: Mapping[str, Any],
        cells: Columns,
        raw: dict[str, Array],
        flags: list[Flag],
    ) -> None:
        """Flag the rows that break a rule."""
        named = {*columns_of(rule), *rule.get("columns", ())}
        for name in self._by_name.keys() & named:
            if name not in raw:
                raw[name] = _array(self._by_name[name], cells[name])
        failed = rows.check([rule], raw)[rule["rule"]]
        about = {"field": ", ".join(columns_of(rule)), "flag": "contract"}
        told = {**about, "rule": rule["rule"]}
        after = len(self.fields) + place
        flags += [Flag(row, after, told) for row in np.flatnonzero(failed).tolist()]


class _Column:
    """One column, cleaned one operation after another."""

    def __init__(self, field: Field, plays: Plays, place: int) -> None:
        self.field, self.plays, self.place = field, plays, place

    def take(
        self, cells: Columns, flags: list[Flag], raw: dict[str, Array]
    ) -> dict[str, Array]:
        name = self.field.name
        raw[name] = _array(self.field, cells[name])
        cleaned = rows.apply(self.plays, {name: raw[name]})
        self.flag(raw[name], cleaned.get(name), flags)
        return cleaned

    def flag(self, raw: Array, cleaned: Any, flags: list[Flag]) -> None:
        """Flag the cells that are not as training saw them."""
        gaps, known = self.field.gaps, self.field.known
        made = [None] * len(raw) if cleaned is None else cleaned.tolist()
        lost = [False] * len(raw) if cleaned is None else missing(cleaned).tolist()
        worded = cleaned is not None and cleaned.dtype == object
        for row, cell in enumerate(raw.tolist()):
            if cell is None or cell in gaps:
                flags.append(self.says(row, "missing"))
            elif lost[row] or (worded and made[row] == rows.MISSING):
                blank = (write(cell) or "").strip() in gaps
                flags.append(self.says(row, "missing" if blank else "unreadable"))
            elif worded and known and made[row] not in known:
                flags.append(self.says(row, "unseen"))

    def says(self, row: int, flag: str) -> Flag:
        return Flag(row, self.place, {"field": self.field.name, "flag": flag})


class _Media(_Column):
    """A column of images or sounds, which become numbers before they are scored."""

    def __init__(self, field: Field, reader: Reader, place: int) -> None:
        super().__init__(field, (), place)
        self._reader = reader

    def take(
        self, cells: Columns, flags: list[Flag], _: dict[str, Array]
    ) -> dict[str, Array]:
        name = self.field.name
        made = self._reader.table(name, cells[name])
        for row in np.flatnonzero(np.isnan(made[:, 0])).tolist():
            gone = cells[name][row] is None
            flags.append(self.says(row, "missing" if gone else "unreadable"))
        return {name: made}


class _Numbers:
    """The columns that hold numbers, and hold the same numbers after cleaning."""

    def __init__(self, columns: Sequence[_Column], rules: Plays) -> None:
        self.columns = columns
        self.names = [column.field.name for column in columns]
        self._void = {
            word for c in columns for word in c.field.void if type(word) is float
        }
        self._fills = _upright(_filled(column.plays) for column in columns)
        ranged = [
            place
            for place, rule in enumerate(rules)
            if rule["check"] == "range" and rule.get("column") in self.names
        ]
        some = [rules[place] for place in ranged]
        self._ranged, self._all = ranged, frozenset(ranged)
        self._of = np.array([self.names.index(rule["column"]) for rule in some], int)
        self._low = _upright(_end(rule, "min", -np.inf) for rule in some)
        self._high = _upright(_end(rule, "max", np.inf) for rule in some)
        self._whole = _upright(rule.get("whole") or 0.0 for rule in some) > 0

    def take(
        self, cells: Columns, flags: list[Flag], raw: dict[str, Array]
    ) -> tuple[dict[str, Array], frozenset[int]]:
        """Return the columns, and the places of the rules that all rows hold.

        There are none of either where a cell is no plain number after all.
        """
        columns = [cells[name] for name in self.names]
        kinds = set(map(type, chain.from_iterable(columns)))
        if not columns or not kinds <= PLAIN:
            return {}, frozenset()
        made = np.array(columns, np.float64)
        for word in self._void:
            made[made == word] = np.nan
        if (np.abs(made) >= WHOLE).any():
            return {}, frozenset()
        raw.update(zip(self.names, made, strict=True))
        held, gone = self._held(made), np.isnan(made)
        if gone.any():
            for place, row in np.argwhere(gone).tolist():
                flags.append(self.columns[place].says(row, "missing"))
            made = np.where(gone, self._fills, made)
        cast = made.astype(np.float32)
        cast += np.float32(0)  # no zero has a sign
        return dict(zip(self.names, cast, strict=True)), held

    def _held(self, made: Array) -> frozenset[int]:
        """Return the places of the rules that all rows hold, seen at a glance."""
        some = made[self._of]
        broken = (some < self._low) | (some > self._high)
        if self._whole.any():
            broken |= self._whole & (some % 1 > 0)
        if not broken.any():
            return self._all
        kept = ~broken.any(axis=1)
        return frozenset(p for p, k in zip(self._ranged, kept, strict=True) if k)


class _Words:
    """A column of words that cleaning makes other words of."""

    def __init__(self, column: _Column) -> None:
        self.column = column
        self._known = dict[Any, str | None](), dict[Any, Flag]()

    def take(self, cells: Columns, flags: list[Flag]) -> Array | None:
        """Return the column; None where a cell is no word, or too long a one."""
        given, (made, odd) = cells[self.column.field.name], self._known
        try:
            words = [made[cell] for cell in given]
        except KeyError:
            new = {cell for cell in given if cell not in made}
            if not all(c is None or (type(c) is str and len(c) <= LONG) for c in new):
                return None
            made, odd = self._learn([*new])
            words = [made[cell] for cell in given]
        if not odd.keys().isdisjoint(given):
            told = ((row, odd.get(cell)) for row, cell in enumerate(given))
            flags += [flag._replace(row=row) for row, flag in told if flag]
        whole = np.empty(len(words), dtype=object)
        whole[:] = words
        return whole

    def _learn(
        self, new: Sequence[str | None]
    ) -> tuple[dict[Any, str | None], dict[Any, Flag]]:
        """Return what is known, with new words; too many, and it begins anew."""
        flags = list[Flag]()
        cleaned = self.column.take({self.column.field.name: new}, flags, {})
        words = cleaned[self.column.field.name].tolist()
        made, odd = self._known if len(self._known[0]) < KNOWN else ({}, {})
        made = {**made, **dict(zip(new, words, strict=True))}
        odd = {**odd, **{new[flag.row]: flag for flag in flags}}
        self._known = made, odd
        return self._known


def _is_still(field: Field, plays: Plays) -> bool:
    """Tell whether cleaning changes no number of a column, and adds no column."""
    read = [place for place, o in enumerate(plays) if o["op"] in READ]
    if field.kind not in SPOKEN or not read:
        return False
    before, after = plays[: read[-1]], plays[read[-1] + 1 :]
    plain = not any(o["op"] in WORDED for o in plays) or all(map(_is_plain, plays))
    still = all(o["op"] in WORDED | READ | {"fill"} for o in before)
    still &= all(o["op"] in ("fill", "missing") for o in after)
    return still and plain and all(map(_spares, plays))


def _is_plain(operation: Mapping[str, Any]) -> bool:
    """Tell whether a number comes back that was written as text, if it is read."""
    marks = f"{operation.get('thousands') or ''}{operation.get('strip') or ''}"
    return (operation.get("decimal") or ".") == "." and DIGITS.isdisjoint(marks)


def _spares(operation: Mapping[str, Any]) -> bool:
    """Tell whether an operation takes numbers for nothing else, and makes none."""
    if operation.get("part") is not None:
        return False
    if operation["op"] == "fill":
        return type(operation["value"]) in NUMBERS
    words = [write(value) or "" for value in operation.get("values", ())]
    return not any(number_words().fullmatch(word.strip()) for word in words)


def _is_worded(field: Field, plays: Plays) -> bool:
    """Tell whether cleaning makes one word of another, and no more columns."""
    ops = {operation["op"] for operation in plays}
    whole = all(operation.get("part") is None for operation in plays)
    return field.kind == "category" and bool(ops) and ops <= WORDS and whole


def _upright(cells: Iterable[float]) -> Array:
    """Return numbers one below the other."""
    return np.array([*cells], np.float64).reshape(-1, 1)


def _filled(plays: Plays) -> float:
    found = (float(o["value"]) for o in plays if o["op"] == "fill")
    return next(found, np.nan)


def _end(rule: Mapping[str, Any], name: str, otherwise: float) -> float:
    end = rule.get(name)
    return otherwise if end is None else float(end)


def _array(field: Field, cells: Sequence[Any]) -> Array:
    """Return cells as an array: of floats, where they are nothing but numbers.

    What was missing when rows were collected is missing here.
    """
    if field.kind in KINDS:
        cells = [None if cell is None else str(cell) for cell in cells]
    void, numeric = field.void, set(map(type, cells)) <= NUMBERS
    told = any(type(word) is float for word in void) if numeric else True
    if told and not void.isdisjoint(cells):
        cells = [None if c in void and type(c) is not bool else c for c in cells]
        numeric = set(map(type, cells)) <= NUMBERS
    if numeric and field.kind in SPOKEN:
        plain = np.array(cells, np.float64)
        if (np.abs(plain) < WHOLE).all():
            return plain
    made = np.empty(len(cells), dtype=object)
    made[:] = cells
    return made
