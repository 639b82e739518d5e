"""What a reader of notebook cells takes and gives, whatever the language.

The reader of a language is the module `<language>_cells` beside this one; it has the
two functions of the `Reader` protocol. A new language is a new module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, cast

from mlkit.core.errors import ParameterError
from mlkit.engine.reading.kinds import Kind, Misfit, fit, guess, kind_of
from mlkit.engine.reading.literals import scan

__all__ = ["Cell", "Parameter", "Problem", "Reader", "Reading", "reader_of"]


@dataclass(frozen=True)
class Cell:
    """A code cell: its place among the code cells (from 1), its text, its tags."""

    index: int
    source: str
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Problem:
    """Something in a notebook that stops it from being wired.

    Parameters
    ----------
    what
        One sentence: what is wrong.
    cell, line
        Where: the cell's place among the code cells, and the line in it, from 1.
    source
        That line.
    todo
        What the reader can do about it.
    """

    what: str
    cell: int
    line: int
    source: str
    todo: str


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook, as its `parameters` cell states it.

    Parameters
    ----------
    name
        An identifier.
    type
        The source text of its annotation; "" if there is none, and then the type
        is the default's.
    default
        The value in the cell.
    help
        What its comments say.
    line
        Its line in the cell, from 1.
    """

    name: str
    type: str
    default: Any
    help: str = ""
    line: int = 1

    def accept(self, value: Any) -> Any:
        """Return the value to inject, or refuse it.

        Parameters
        ----------
        value
            A literal. A whole number becomes a float where a float is wanted, a
            list a tuple or a set; a bool is never a number.

        Raises
        ------
        ParameterError
            When the value is of the wrong type, not finite, or no literal.

        Examples
        --------
        >>> Parameter("test_size", "float", 0.2).accept(1)
        1.0
        """
        try:
            return fit(self._kind(), value)
        except Misfit as no:
            raise self._refuse(no, value) from None

    def parse(self, text: str) -> Any:
        """Return the value that a person typed, as in `-p name=text`.

        Parameters
        ----------
        text
            What was typed: text stays text where text is wanted; `true`, `false`,
            `none`, numbers; JSON or Python literals for containers.

        Raises
        ------
        ParameterError
            When it is no value of this parameter's type.

        Examples
        --------
        >>> Parameter("columns", "tuple[str, ...]", ()).parse('["age"]')
        ('age',)
        """
        try:
            return scan(self._kind(), text)
        except Misfit as no:
            raise self._refuse(no, text) from None

    def _kind(self) -> Kind:
        return kind_of(self.type) if self.type else guess(self.default)

    def _refuse(self, no: Misfit, value: Any) -> ParameterError:
        taken = f"{self._kind().name}, as its default {self.default!r}"
        return ParameterError(
            f"parameter {self.name!r} cannot take this value: {no}",
            where=f"line {self.line} of the parameters cell",
            expected=self.type or taken,
            got=repr(value),
            todo=no.todo or f"give a value like {self.default!r}",
        )


@dataclass(frozen=True)
class Reading:
    """What a reader found in the code cells of one notebook."""

    parameters: tuple[Parameter, ...] = ()
    loads: tuple[str, ...] = ()
    saves: tuple[str, ...] = ()
    seals: tuple[str, ...] = ()
    unseals: tuple[str, ...] = ()
    decides: tuple[str, ...] = ()
    gates: bool = False
    code: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


class Reader(Protocol):
    """What the module of a language offers."""

    def read(self, cells: Sequence[Cell]) -> Reading:
        """Read the code cells of one notebook."""

    def rewrite(self, source: str, values: Mapping[str, Any]) -> str:
        """Put new values into the text of a parameters cell, and change no more."""


def reader_of(language: str) -> Reader | None:
    """Find the reader of a kernel's language, or None.

    Parameters
    ----------
    language
        As the kernelspec names it; case does not matter.

    Examples
    --------
    >>> reader_of("Python").__name__
    'mlkit.engine.reading.python_cells'
    >>> reader_of("julia") is None
    True
    """
    word = re.sub(r"\W", "_", language.lower())
    module = f"mlkit.engine.reading.{word}_cells"
    return cast(Reader, import_module(module)) if find_spec(module) else None
