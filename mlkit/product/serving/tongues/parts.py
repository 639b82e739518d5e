"""Rows as a form, ``multipart/form-data``: a part a cell, named for its column.

Files go without base64, and a browser's or curl's form needs no program. A column that
comes several times has several rows. The part ``request.id`` names the request.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from mlkit.product.serving.forms import Asked, Form
from mlkit.product.serving.refused import Refused

__all__ = ["ID", "read"]

ID = "request.id"
MANY = 20_000
"""How many parts are read."""


def read(body: bytes | bytearray, kind: str, form: Form) -> Asked:
    """Read a form.

    Parameters
    ----------
    body
        Its parts.
    kind
        The header ``Content-Type``, with the boundary between them.
    form
        What rows look like.

    Raises
    ------
    Refused
        415 where there is no python-multipart, 413 for too many parts or rows, 422 for
        what is no such form.
    """
    parts = _Parts(form.media)
    parts.read(bytes(body), kind)
    names = parts.columns.pop(ID, [""])
    if len(names) > 1 or not isinstance(names[0], str):
        raise Refused(422, "a request has one id", where=ID)
    return form.take(names[0], parts.columns)


class _Parts:
    """The cells of a form, gathered while it is parsed."""

    def __init__(self, media: Collection[str]) -> None:
        self.media = media
        self.columns: dict[str, list[Any]] = {}
        self._count, self._whole = 0, False
        self._header, self._value = b"", b""
        self._about, self._data = b"", list[bytes]()

    def read(self, body: bytes, kind: str) -> None:
        try:
            import python_multipart as library
            from python_multipart.exceptions import FormParserError
        except ImportError:
            told = "this server reads no forms: pip install python-multipart beside it"
            raise Refused(415, told) from None
        logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
        self._options = library.multipart.parse_options_header
        boundary = self._options(kind)[1].get(b"boundary", b"")
        if not boundary:
            raise Refused(422, "the header Content-Type names no boundary")
        try:
            parser = library.MultipartParser(boundary, self._calls())
            parser.write(body)
            parser.finalize()
        except FormParserError as error:
            raise Refused(422, f"this is no form: {error}") from None
        if not self._whole:
            raise Refused(422, "this is no form, or it is cut short")

    def _calls(self) -> Any:
        """Return what is called for each piece, as the parser has it."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, at, end: self._name(data[at:end]),
            "on_header_value": lambda data, at, end: self._tell(data[at:end]),
            "on_header_end": self._head,
            "on_part_data": lambda data, at, end: self._data.append(data[at:end]),
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._count += 1
        if self._count > MANY:
            raise Refused(413, f"a form has at most {MANY} parts")
        self._about, self._data = b"", []
        self._header, self._value = b"", b""

    def _finish(self) -> None:
        self._whole = True

    def _name(self, piece: bytes) -> None:
        self._header += piece

    def _tell(self, piece: bytes) -> None:
        self._value += piece

    def _head(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._about = self._value
        self._header, self._value = b"", b""

    def _end(self) -> None:
        """Put a cell below its column."""
        try:
            name = self._options(self._about)[1][b"name"].decode()
        except (LookupError, UnicodeError):
            raise Refused(422, "a part of the form has no name") from None
        data = b"".join(self._data)
        cells = self.columns.setdefault(name, [])
        try:
            cells.append(data if name in self.media else data.decode())
        except UnicodeError:
            where = f"$.columns.{name}[{len(cells)}]"
            what = "this is no text in UTF-8"
            raise Refused(422, what, where=where, field=name) from None
