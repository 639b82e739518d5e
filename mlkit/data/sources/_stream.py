"""JSON read value by value from a stream, strictly, in bounded memory.

Strictly: a name that an object gives twice is an error, for one value would be lost; a
number beyond the range of a float is kept as it is written.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, TextIO

from mlkit.core.errors import InputError
from mlkit.data.sources._cells import Number

__all__ = ["Stream", "strict"]

CHUNK = 1 << 20
MOST = 1 << 26
BLANK = re.compile(r"[ \t\r\n]*")
DEEPEST = 4


class Twice(ValueError):
    """A name that an object gives twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Twice(f"the name {twice!r} is given twice in one object")
    return made


def _real(text: str) -> float | Number:
    value = float(text)
    beyond = math.isinf(value) and text[-1] != "y"  # of Infinity
    return Number(text) if beyond else value


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_real)


def strict(text: str, where: str, line: int = 1) -> Any:
    """Return the one value of a text.

    Parameters
    ----------
    text
        JSON.
    where
        The file, for messages.
    line
        The line of the file on which the text begins.

    Raises
    ------
    InputError
        It names the line.

    Examples
    --------
    >>> strict('{"a": 1.5, "b": 1e999}', "x.json")
    {'a': 1.5, 'b': '1e999'}
    """
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise _bad(error, where, line) from None


class Stream:
    """A JSON text, walked from its start to its end.

    Parameters
    ----------
    file
        The text.
    where
        The file, for messages.

    Examples
    --------
    >>> import io
    >>> stream = Stream(io.StringIO('{"n": 2, "data": [{"a": 1}, {"a": 2}]}'), "x")
    >>> list(stream.records("data"))
    [({'a': 1}, '{"a": 1}'), ({'a': 2}, '{"a": 2}')]
    """

    def __init__(self, file: TextIO, where: str) -> None:
        self.where = where
        self.found: list[str] = []
        self.took: str = ""
        self._file = file
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def records(self, path: str = "") -> Iterator[tuple[Any, str]]:
        """Yield each record and its text: of the one list there, or of that at `path`.

        Parameters
        ----------
        path
            Names joined by dots, such as ``result.items``; "" for the list itself, or
            for the only list of objects in an object.

        Raises
        ------
        InputError
            Where the text is not JSON, there is no such list, or several without a
            `path`; ``found`` lists those that were met, ``took`` the one read.
        """
        first = self._next()
        if not first:
            raise InputError("the file is empty", where=self.where)
        if first not in ("[", "{"):
            raise self._unfit("a list of records, or an object that holds one")
        if first == "[" and path:
            raise self._unfit("an object, for records were asked for", path)
        if first == "[":
            yield from self._items()
        else:
            yield from self._search("", path)
        if self._next():
            raise self._broken("more text after the end of the value")
        if first == "{" and not self.found:
            expected = f"a list at {path!r}" if path else "one list of objects in it"
            raise self._unfit(expected, path)
        if not path and len(self.found) > 1:
            raise InputError(
                "several lists of records stand in this JSON",
                where=self.where,
                got=", ".join(self.found),
                todo=f'name one by the option records, such as "{self.found[0]}"',
            )

    def _search(self, base: str, path: str) -> Iterator[tuple[Any, str]]:
        """Walk an object for lists of records."""
        self._at += 1
        if self._next() == "}":
            self._at += 1
            return
        names: set[str] = set()
        while True:
            name = self._value()
            if not isinstance(name, str):
                raise self._broken("a name in quotes was expected")
            if name in names:
                raise self._broken(f"the name {name!r} is given twice in one object")
            names.add(name)
            self._take(":")
            yield from self._member(f"{base}.{name}" if base else name, path)
            if self._take(",}") == "}":
                return

    def _member(self, here: str, path: str) -> Iterator[tuple[Any, str]]:
        begins = self._next()
        below = path.startswith(f"{here}.") or (not path and here.count(".") < DEEPEST)
        if begins == "{" and below:
            yield from self._search(here, path)
        elif begins == "[" and (path == here or not path):
            yield from self._list(here, path)
        else:
            self._value()

    def _list(self, here: str, path: str) -> Iterator[tuple[Any, str]]:
        records = self._items()
        first = next(records, None)
        if first is None and not path:
            return
        if not path and first and not isinstance(first[0], dict):
            for _ in records:
                pass
            return
        self.found.append(here)
        if len(self.found) == 1:
            self.took = here
            if first:
                yield first
            yield from records
        for _ in records:
            pass

    def _items(self) -> Iterator[tuple[Any, str]]:
        self._at += 1
        if self._next() == "]":
            self._at += 1
            return
        while True:
            self._next()
            value, text = self._decoded()
            yield value, text
            if self._take(",]") == "]":
                return

    def _value(self) -> Any:
        self._next()
        return self._decoded()[0]

    def _decoded(self) -> tuple[Any, str]:
        """Return the value that begins here; read on until it is whole."""
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
                if end < len(self._text) or self._ended:
                    break
            except Twice as error:
                raise self._broken(str(error)) from None
            except (ValueError, RecursionError) as error:
                far = len(self._text) - self._at > MOST
                if self._ended or far or isinstance(error, RecursionError):
                    before = self._text[: self._at]
                    raise _bad(error, self.where, self._line, before) from None
            self._more()
        text = self._text[self._at : end]
        self._at = end
        return value, text

    def _next(self) -> str:
        """Return the next character that is no blank; "" at the end."""
        while True:
            self._at = BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._more()

    def _take(self, wanted: str) -> str:
        found = self._next()
        if not found or found not in wanted:
            told = " or ".join(wanted)
            raise self._broken(f"{told} was expected, {found or 'the end'} found")
        self._at += 1
        return found

    def _more(self) -> None:
        """Let go of what was read, and read on: at least as much as is kept."""
        self._line += self._text.count("\n", 0, self._at)
        self._text, self._at = self._text[self._at :], 0
        more = self._file.read(max(CHUNK, len(self._text)))
        self._ended = not more
        self._text += more

    def _broken(self, what: str) -> InputError:
        line = self._line + self._text.count("\n", 0, self._at)
        return broken(what, self.where, line)

    def _unfit(self, expected: str, path: str = "") -> InputError:
        return InputError(
            "there are no records in this JSON",
            where=self.where,
            expected=expected,
            todo=f"check the option records, {path!r}"
            if path
            else "say where they stand by the option records, such as result.items",
        )


def broken(what: str, where: str, line: int) -> InputError:
    """Return the error for JSON that is none from `line` on."""
    return InputError(
        "this is not JSON",
        where=f"{where}, line {line}",
        got=what,
        todo="mend or take out this line, or write the file again",
    )


def _bad(error: Exception, where: str, line: int, before: str = "") -> InputError:
    if isinstance(error, RecursionError):
        return broken("lists or objects nested too deeply", where, line)
    if isinstance(error, json.JSONDecodeError):
        line += error.doc.count("\n", 0, error.pos)
        column = error.colno
        return broken(f"{error.msg}, at character {column}", where, line)
    line += before.count("\n")
    return broken(str(error), where, line)
