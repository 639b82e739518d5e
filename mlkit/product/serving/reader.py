"""What reads the images and sounds of requests, each once, before they are scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core import rows
from mlkit.core.errors import InputError
from mlkit.core.media import KINDS
from mlkit.product.serving.fields import Field
from mlkit.product.serving.forms import Asked
from mlkit.product.serving.media import Cell, decoded, example, weigh
from mlkit.product.serving.refused import Refused

__all__ = ["Reader"]

Floats = NDArray[np.float32]
Plays = Sequence[Mapping[str, Any]]
TOGETHER = 4
"""How many of the largest a request may have; or many smaller ones."""


class Reader:
    """What reads the images and sounds of requests for one package.

    Parameters
    ----------
    fields
        The columns of a request.
    operations
        The cleaning of those that the model looks at.

    Raises
    ------
    InputError
        Where what reads them is not installed.
    """

    def __init__(self, fields: Sequence[Field], operations: Plays) -> None:
        self.fields = [field for field in fields if field.kind in KINDS]
        self._plays = {
            f.name: [o for o in operations if o["column"] == f.name]
            for f in self.fields
        }
        for field in self.fields:
            if field.used:
                self._try(field)

    def read(self, asked: Asked) -> Asked:
        """Return a request with all of its images and sounds read.

        Raises
        ------
        Refused
            422 for what is no base64, or none that can be read, with its place; 413
            where they are too many.
        """
        columns, weight = dict[str, Sequence[Any]](), 0.0
        for field in self.fields:
            columns[field.name] = self._decoded(field, asked)
            for row, cell in enumerate(columns[field.name] if field.used else ()):
                if cell is not None:
                    weight += self._weighed(field, cell, asked, row)
            if weight > TOGETHER:
                told = "these images or sounds are too large together: ask for fewer"
                raise Refused(413, told, field=field.name)
        for field in self.fields:
            if field.used:
                self._read(field, columns[field.name], asked)
        return replace(asked, cells={**asked.cells, **columns})

    def table(self, name: str, cells: Sequence[Any]) -> Floats:
        """Return the numbers of a column, shape (rows, width); NaN where missing.

        Parameters
        ----------
        name
            Of the column.
        cells
            Cells that this or another has read, bytes, or None.
        """
        kind = next(field.kind for field in self.fields if field.name == name)
        known = [getattr(cell, "told", None) for cell in cells]
        mine = [getattr(cell, "by", None) is self for cell in cells]
        if all(own or cell is None for own, cell in zip(mine, cells, strict=True)):
            return _stacked(known, kind)
        data = [getattr(cell, "data", cell) for cell in cells]
        return self._described(name, kind, data)

    def _decoded(self, field: Field, asked: Asked) -> list[Cell | None]:
        """Return a column's cells as bytes; what was missing in training is None."""
        made: list[Cell | None] = [*asked.cells[field.name]]
        for row, cell in enumerate(made):
            if cell is None:
                continue
            if isinstance(cell.given, str):
                try:
                    void = cell.given in field.void
                    cell.data = b"" if void else decoded(cell.given)
                except ValueError as error:
                    raise _unfit(field, str(error), asked, row) from None
            cell.given = None
            if not cell.data:
                made[row] = None
        return made

    def _weighed(self, field: Field, cell: Cell, asked: Asked, row: int) -> float:
        try:
            return weigh(field.kind, cell.data)
        except InputError as error:
            raise _unfit(field, _told(error), asked, row) from None

    def _read(self, field: Field, cells: Sequence[Cell | None], asked: Asked) -> None:
        there = [row for row, cell in enumerate(cells) if cell is not None]
        some = [cell for cell in cells if cell is not None]
        told = self._described(field.name, field.kind, [cell.data for cell in some])
        for row, cell, numbers in zip(there, some, told, strict=True):
            if np.isnan(numbers[0]):
                raise _unfit(field, _why(field.kind, cell.data), asked, row)
            cell.by, cell.told = self, numbers

    def _described(self, name: str, kind: str, data: Sequence[bytes | None]) -> Floats:
        from mlkit.core.descriptors import describe

        cells = np.empty(len(data), dtype=object)
        cells[:] = data
        cleaned = rows.apply(self._plays[name], {name: cells}) if len(cells) else {}
        return describe(list(cleaned.get(name, cells)), kind)

    def _try(self, field: Field) -> None:
        """Read an example, so that what is not installed is told at once."""
        try:
            told = self._described(field.name, field.kind, [example(field.kind)])
        except ImportError as error:
            raise InputError(
                "what reads the images or sounds of this package is not installed",
                where=f"column {field.name!r}",
                got=str(error),
                todo="pip install -r requirements.txt, which lies in the package",
            ) from None
        if np.isnan(told).any():
            what = "the cleaning of this package makes nothing of an image or sound"
            raise InputError(what, where=f"column {field.name!r}")


def _stacked(told: Sequence[Floats | None], kind: str) -> Floats:
    from mlkit.core.descriptors import WIDTHS

    made = np.full((len(told), WIDTHS[kind]), np.nan, np.float32)
    for row, numbers in enumerate(told):
        if numbers is not None:
            made[row] = numbers
    return made


def _why(kind: str, data: bytes) -> str:
    """Return why something cannot be read."""
    from mlkit.core import pictures, sounds

    try:
        pictures.opened(data) if kind == "image" else sounds.check(data)
    except InputError as error:
        return _told(error)
    return f"this {'image' if kind == 'image' else 'sound'} cannot be read"


def _told(error: InputError) -> str:
    told = ": ".join([error.what, *_words(error)])
    return f"{told}; {error.todo}" if error.todo else told


def _words(error: InputError) -> Iterator[str]:
    if error.got:
        yield f"{error.got}, {error.expected}" if error.expected else error.got


def _unfit(field: Field, what: str, asked: Asked, row: int) -> Refused:
    where = asked.place.format(row, field.name)
    return Refused(422, what, where=where, field=field.name)
