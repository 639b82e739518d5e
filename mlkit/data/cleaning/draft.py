"""The operations of one column as they grow, and the cells they leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError
from mlkit.core.operations import ELSEWHERE, player
from mlkit.core.rows import place_of
from mlkit.core.schema import Column
from mlkit.data.cleaning import media
from mlkit.data.cleaning.decided import Decided
from mlkit.data.cleaning.distinct import is_equal, look, settled
from mlkit.data.cleaning.offer import Offer, offered
from mlkit.data.cleaning.telling import wish

__all__ = ["Draft"]


Codes = NDArray[np.intp]


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
        self.pending = asked
        self.codes, cells = look(values, column)
        once = np.broadcast_to(np.intp(1), len(cells))
        self.counts = once if self.codes is None else np.bincount(self.codes)
        self.first = cells
        self.state: dict[str, NDArray[Any]] = {column.name: cells}
        self._counted: tuple[NDArray[Any], pd.Series] | None = None
        self.operations: list[dict[str, Any]] = []
        self.offers: list[Offer] = []
        self.marks: list[tuple[str, NDArray[np.bool_]]] = []

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
            told = {**operation, "why": wish(operation)}
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

    def hold(
        self, op: str, why: str, how: Mapping[str, Any], cells: int, *, default: bool
    ) -> bool:
        """Offer an operation that is played only if it is done: on images it is dear.

        Parameters
        ----------
        op, why, how
            As `offer` takes them.
        cells
            About how many cells it would change.
        default
            Whether it is done unless refused; else only if accepted.

        Returns
        -------
        bool
            Whether it was played.
        """
        name = self._unused(f"{op} {self.place}")
        operation = self._form(op, {**how, "name": name, "why": why})
        if (default or name in self.decided.accept) and name not in self.decided.refuse:
            return self._offer(operation, "done", self._play(operation))
        state = "refused" if name in self.decided.refuse else "offered"
        self.offers.append(Offer(operation, state, cells))
        return False

    def flag(self, why: str, **bounds: float) -> None:
        """Offer to flag the rows whose number lies outside of bounds."""
        name = self._unused(f"outliers {self.place}")
        operation = self._form("outliers", {**bounds, "name": name, "why": why})
        state = "done" if name in self.decided.accept else "offered"
        state = "refused" if name in self.decided.refuse else state
        self._mark(operation, state)

    def flag_asked(self) -> bool:
        """Flag rows whose number lies outside of bounds that a person gave."""
        mine = [op for op in self.pending if self._is_mine(op)]
        mine = [op for op in mine if op["op"] == "outliers"]
        for operation in mine:
            self.pending.remove(operation)
            self._mark({**operation, "why": wish(operation)}, "asked")
        return bool(mine)

    def _mark(self, operation: Mapping[str, Any], state: str) -> None:
        low, high = operation.get("min", -np.inf), operation.get("max", np.inf)
        out = (self.now < low) | (self.now > high)
        self.offers.append(Offer(operation, state, int(self.counts[out].sum())))
        if self.offers[-1].done:
            rows = out if self.codes is None else out[self.codes]
            self.marks.append((f"outlier in {self.place}", rows))

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
        offer = offered(operation, state, before, after.get(place), self.counts)
        self.offers.append(offer)
        if offer.done:
            self._put(operation, after)
        return offer.done

    def _put(self, operation: dict[str, Any], made: dict[str, NDArray[Any]]) -> None:
        """Take in what an operation made; the old array stays where none changed."""
        self.operations.append(operation)
        place = place_of(operation)
        before = self.state.pop(place)
        if place in made and is_equal(before, made[place]):
            made = {**made, place: before}
        self.state.update(made)

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
