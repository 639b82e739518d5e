"""The operations of one column as they grow, and the cells they leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import is_
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.core.operations import ELSEWHERE, player
from mlkit.core.rows import place_of
from mlkit.core.schema import Column
from mlkit.core.values import missing
from mlkit.data.cleaning import media
from mlkit.data.cleaning.decided import Decided
from mlkit.data.cleaning.takes import ROW
from mlkit.data.cleaning.telling import cell

__all__ = ["Draft", "Offer", "look", "settled"]

MOST = 5

Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Offer:
    """One operation that is done, or could be.

    Parameters
    ----------
    operation
        The JSON dict, with a ``name`` and a ``why``.
    state
        ``done``, ``asked`` (done, because a person asked), ``refused`` or ``offered``
        (not done unless a person accepts it).
    cells
        How many cells it changes, or of a row operation, how many rows it flags.
    lost
        How many of these cells it cannot read, and makes missing.
    examples
        Cells before, after, and how many there are, the most frequent first; texts in
        quotes.
    """

    operation: Mapping[str, Any]
    state: str
    cells: int
    lost: int = 0
    examples: tuple[tuple[str, str, int], ...] = ()

    @property
    def name(self) -> str:
        """The name by which it is refused or accepted."""
        return str(self.operation["name"])

    @property
    def why(self) -> str:
        """What a person should know of it, in one sentence."""
        told = f"; {self.lost:,} cannot be read and become missing" * (self.lost > 0)
        return f"{self.operation['why']}{told}"

    @property
    def done(self) -> bool:
        """Whether it is done."""
        return self.state in ("done", "asked")

    @property
    def flags(self) -> bool:
        """Whether it flags rows; else it changes cells."""
        return self.operation["op"] in ROW


def look(values: pd.Series, column: Column) -> tuple[Codes | None, NDArray[Any]]:
    """Return the distinct cells of a column, and which of them each row has.

    Parameters
    ----------
    values
        The raw cells.
    column
        Its type: numbers and dates are not told apart, but taken as they are.

    Returns
    -------
    int array of shape (rows,) or None, array
        None where the second is the column itself.
    """
    if values.dtype.kind in "fiuM" and column.type in ("number", "date"):
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            values = values.dt.tz_convert("UTC").dt.tz_localize(None)
        return None, values.to_numpy()
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    cells = pd.Series(distinct).to_numpy(dtype=object, copy=True)
    cells[np.asarray(pd.isna(distinct), dtype=bool)] = None
    return codes, cells


def settled(
    values: NDArray[Any],
    codes: Codes | None,
    raw: tuple[pd.Series, NDArray[Any]] | None,
) -> Any:
    """Return the cells of a column, row by row; the raw column where none changed.

    Parameters
    ----------
    values
        What became of the distinct cells.
    codes
        Which of them each row has; None where `values` are the rows themselves.
    raw
        The raw column and its distinct cells, if it has the same name.
    """
    if raw is not None and _is_same(values, raw[1], raw[0]):
        return raw[0]
    if values.dtype == object:
        words = pd.array(values, dtype="str")
        return words if codes is None else words.take(codes)
    return values if codes is None else values[codes]


def _is_same(values: NDArray[Any], cells: NDArray[Any], whole: pd.Series) -> bool:
    """Whether a column can stay as it is: the same cells, of the same type."""
    if values.dtype != object:
        return values is cells and values.dtype == whole.dtype
    return whole.dtype == "str" and _is_equal(values, cells)


def _is_equal(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two arrays are one, or hold the same objects."""
    if one is other or one.dtype != object or other.dtype != object:
        return one is other
    return all(map(is_, one.tolist(), other.tolist()))


class Draft:
    """The operations of one column as they grow, and the cells they leave.

    Parameters
    ----------
    values
        The raw cells.
    column
        Its type and roles.
    decided
        What a person wants otherwise.
    """

    def __init__(
        self, values: pd.Series, column: Column, decided: Decided | None = None
    ) -> None:
        self.values = values
        self.column = column
        self.part: str | None = None
        self.decided = decided or Decided()
        asked = self.decided.of_column(column.name)
        self.pending = [op for op in asked if op["op"] not in ROW]
        self.codes, cells = look(values, column)
        counts = None if self.codes is None else np.bincount(self.codes)
        self.counts = np.ones(len(cells), dtype=np.intp) if counts is None else counts
        self.first = cells
        self.state: dict[str, NDArray[Any]] = {column.name: cells}
        self._counted: tuple[NDArray[Any], pd.Series] | None = None
        self.operations: list[dict[str, Any]] = []
        self.offers: list[Offer] = []

    @property
    def is_target(self) -> bool:
        """Whether the column is to be predicted."""
        return "target" in self.column.roles

    @property
    def place(self) -> str:
        """The column that operations are played on now."""
        return place_of({"column": self.column.name, "part": self.part})

    @property
    def now(self) -> NDArray[Any]:
        """What the operations so far have made of the distinct cells."""
        return self.state[self.place]

    def words(self) -> pd.Series:
        """Count the cells by word, missing ones left out."""
        if self._counted is None or self._counted[0] is not self.now:
            self._counted = self.now, self._count()
        return self._counted[1]

    def _count(self) -> pd.Series:
        codes, words = pd.factorize(self.now)
        known = codes >= 0
        counts = np.bincount(codes[known], self.counts[known], len(words))
        return pd.Series(counts.astype(np.intp), index=pd.Index(words, dtype=object))

    def add(self, op: str, **how: Any) -> None:
        """Play an operation that needs no telling."""
        self._take(self._form(op, how))

    def must(self, op: str, why: str, **how: Any) -> None:
        """Play a named operation that cannot be refused."""
        name = self._unused(f"{op} {self.place}")
        operation = self._form(op, {**how, "name": name, "why": why})
        self._offer(operation, "done", self._play(operation))

    def asked(self, *ops: str) -> bool:
        """Play what a person asked for of these kinds; tell whether there was any."""
        mine = [op for op in self.pending if self._is_mine(op) and op["op"] in ops]
        for operation in mine:
            self.pending.remove(operation)
            told = {"why": "a person asked for it", **operation}
            self._offer(told, "asked", self._play(told))
        return bool(mine)

    def offer(
        self,
        op: str,
        why: str,
        how: Mapping[str, Any] | None = None,
        *,
        named: str = "",
        default: bool = True,
    ) -> bool:
        """Play a named operation unless it is refused, or nobody accepted it.

        Parameters
        ----------
        op
            What it is.
        why
            The rule that proposes it, with its evidence.
        how
            Its arguments.
        named
            The first word of its name, if not `op`.
        default
            Whether it is done unless refused; else only if accepted.

        Returns
        -------
        bool
            Whether it was played.
        """
        base = f"{named or op} {self.place}"
        told = {**(how or {}), "name": self._unused(base), "why": why}
        operation = self._form(op, told)
        after = self._play(operation)
        decided, names = self.decided, {base, operation["name"]}
        state = "done" if default or names.intersection(decided.accept) else "offered"
        state = "refused" if names.intersection(decided.refuse) else state
        return self._offer(operation, state, after)

    def flag(self, op: str, rows: int, why: str, **how: Any) -> None:
        """Offer a row operation, that flags `rows` if somebody accepts it."""
        name = self._unused(f"{op} {self.place}")
        operation = self._form(op, {**how, "name": name, "why": why})
        state = "done" if name in self.decided.accept else "offered"
        state = "refused" if name in self.decided.refuse else state
        self.offers.append(Offer(operation, state, rows))

    def end(self) -> None:
        """Tell of what was asked for and found no place.

        Raises
        ------
        InputError
            Where an operation does not fit what the column has become.
        """
        for operation in self.pending:
            raise InputError(
                f"{operation['op']!r} does not work on {place_of(operation)!r}",
                where=f'decision "cleaning", {operation["name"]!r}',
                expected="a column of another type, or text that reads as numbers",
                got=f"a {self.column.type} when its turn comes",
            )

    def cells(self) -> dict[str, Any]:
        """Return the columns that the operations make, row by row."""
        kept = {self.column.name: (self.values, self.first)}
        return {
            name: settled(values, self.codes, kept.get(name))
            for name, values in self.state.items()
        }

    def _form(self, op: str, how: Mapping[str, Any]) -> dict[str, Any]:
        part = {} if self.part is None else {"part": self.part}
        optional = {"optional": True} if self.is_target else {}
        return {"op": op, "column": self.column.name, **part, **how, **optional}

    def _play(self, operation: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        place = place_of(operation)
        if operation["op"] in ELSEWHERE:
            return {place: media.play([operation], self.state[place])}
        return player(operation["op"], place)(place, self.state[place], operation)

    def _take(self, operation: dict[str, Any]) -> None:
        self._put(operation, self._play(operation))

    def _offer(
        self, operation: dict[str, Any], state: str, after: dict[str, NDArray[Any]]
    ) -> bool:
        place = place_of(operation)
        before = self.state[place]
        offer = self._told(operation, state, before, after.get(place))
        self.offers.append(offer)
        if offer.done:
            self._put(operation, after)
        return offer.done

    def _put(self, operation: dict[str, Any], made: dict[str, NDArray[Any]]) -> None:
        """Take in what an operation made; the old array stays where none changed."""
        self.operations.append(operation)
        place = place_of(operation)
        before = self.state.pop(place)
        if place in made and _is_equal(before, made[place]):
            made = {**made, place: before}
        self.state.update(made)

    def _told(
        self,
        operation: Mapping[str, Any],
        state: str,
        before: NDArray[Any],
        after: NDArray[Any] | None,
    ) -> Offer:
        if after is None:
            return Offer(operation, state, int(self.counts.sum()))
        if operation["op"] == "split":
            return self._told_split(operation, state, before)
        changed = _changed(before, after)
        lost = changed & missing(after) if operation["op"] != "missing" else [False]
        places = np.flatnonzero(changed)
        top = places[np.argsort(-self.counts[places], kind="stable")[:MOST]]
        examples = tuple(
            (cell(before[i]), cell(after[i]), int(self.counts[i])) for i in top
        )
        cells = int(self.counts[places].sum())
        gone = int(self.counts[np.flatnonzero(lost)].sum())
        return Offer(operation, state, cells, gone, examples)

    def _told_split(
        self, operation: Mapping[str, Any], state: str, before: NDArray[Any]
    ) -> Offer:
        known = np.flatnonzero(~missing(before))
        top = known[np.argsort(-self.counts[known], kind="stable")[:MOST]]
        place, parts = place_of(operation), operation["parts"]
        made = player("split", place)(place, before[top], operation)
        examples = tuple(
            (
                cell(before[i]),
                " | ".join(cell(made[f"{place}_{part}"][n]) for part in parts),
                int(self.counts[i]),
            )
            for n, i in enumerate(top)
        )
        return Offer(operation, state, int(self.counts[known].sum()), 0, examples)

    def _is_mine(self, operation: Mapping[str, Any]) -> bool:
        return place_of(operation) == self.place

    def _unused(self, base: str) -> str:
        taken = {offer.name for offer in self.offers}
        taken |= {str(op["name"]) for op in self.decided.add}
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base} {count}"
        return name


def _changed(before: NDArray[Any], after: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which cells differ: in value, or as words and numbers do."""
    if before is after:
        return np.zeros(len(before), dtype=bool)
    gone, left = missing(before), missing(after)
    if before.dtype.kind != after.dtype.kind and {
        before.dtype.kind,
        after.dtype.kind,
    } & {"O", "M"}:
        return ~(gone & left)
    differs = np.asarray(before != after, dtype=bool) & ~gone & ~left
    return np.asarray((gone != left) | differs, dtype=bool)
