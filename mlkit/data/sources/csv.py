"""Delimited text, gzipped or plain: every cell as the text that stands there."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from mlkit.core.errors import InputError
from mlkit.data.reading import dialect as dialects
from mlkit.data.reading.dialect import Dialect
from mlkit.data.reading.oddities import oddities
from mlkit.data.reading.preamble import PAGE, above, told
from mlkit.data.sources import Found, Place

__all__ = ["OPTIONS", "claims", "read"]

OPTIONS = {
    "header": "whether line 1 names the columns",
    "delimiter": "the character between fields",
    "encoding": "such as utf-8 or latin-1",
}

SUFFIXES = {".csv", ".tsv", ".tab", ".txt", ".data", ".dat", ""}
GZIP = b"\x1f\x8b"
BINARY = (b"PAR1", b"PK\x03\x04", b"SQLite", b"\x89", b"%PDF", b"\xd0\xcf")
HEAD = 1 << 18
NAMES = {"\t": "tab", " ": "blanks", ";": "semicolon", "|": "bar", ",": "comma"}


def claims(place: Place) -> bool:
    """Whether this is delimited text."""
    if place.path is None or place.is_folder:
        return False
    return place.suffix in SUFFIXES and not place.begins.startswith(BINARY)


def read(place: Place) -> Found:
    """Read delimited text; every cell stays text.

    Parameters
    ----------
    place
        The file; its options tell how it is written, where that is known.

    Raises
    ------
    InputError
        For an empty file, NUL bytes, an open quote, rows of unequal length, a column
        name that is used twice, or gzip that is cut short.
    """
    where, content = place.uri, _content(place.file, place.uri)
    text, encoding = dialects.decode(content, where, place.option("encoding"))
    notes: list[str] = []
    text, top = _below(text, where, place.option("delimiter"), notes)
    found = dialects.sniff(_head(text), where, place.option("delimiter"))
    header = place.option("header", None)
    header = dialects.has_header(found.sample) if header is None else bool(header)
    columns = _cells(text, found, header, Spot(where, top), notes)
    if found.padded:
        columns = [pc.utf8_trim_whitespace(column) for column in columns]
        notes.append("blanks after each delimiter were taken off")
    names = _names(found, header, Spot(where, top), notes)
    columns, names = _without_empty(columns, names, found, notes)
    _same_names(names, len(columns), Spot(where, top))
    notes += oddities(columns, names)
    facts = {
        "format": "csv",
        "encoding": encoding,
        "delimiter": NAMES.get(found.delimiter, found.delimiter)
        if found.wide > 1
        else "",
        "header": header,
    }
    return Found(pa.table(columns, names=names), True, facts, tuple(notes))


@dataclass(frozen=True)
class Spot:
    """Where a table lies: its file, and how many lines stand above it."""

    file: str
    top: int = 0

    def line(self, number: int) -> str:
        """Name a line, counted from the table's first."""
        return f"{self.file}, line {number + self.top}"


def _below(text: str, where: str, delimiter: str, notes: list[str]) -> tuple[str, int]:
    """Return the table without what stands above it, and how many lines do."""
    if PAGE.match(text):
        raise InputError(
            "this is a web page, and no table",
            where=where,
            got=" ".join(text.split())[:60],
            todo="download the file itself; a page may ask you to log in first",
        )
    top = above(_head(text), where, delimiter)
    if not top:
        return text, 0
    notes.append(told(text, top))
    size = sum(map(len, islice(io.StringIO(text, newline=""), top)))
    return text[size:], top


def _content(path: Path, where: str) -> bytes:
    content = path.read_bytes()
    if not content.startswith(GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            "this gzip file cannot be read",
            where=where,
            got=str(error)[:120],
            todo="it may be cut short: copy or write it again",
        ) from None


def _head(text: str) -> str:
    """Return the first part of a text, cut after a line."""
    if len(text) <= HEAD:
        return text
    end = text.rfind("\n", 0, HEAD)
    return text[: end + 1] if end > 0 else text


def _cells(
    text: str, found: Dialect, header: bool, spot: Spot, notes: list[str]
) -> list[pa.Array]:
    blanks = _blank_lines(text, found)
    if blanks:
        as_what = "read as missing cells" if found.wide == 1 else "passed over"
        lines = "1 blank line is" if blanks == 1 else f"{blanks:,} blank lines are"
        notes.append(f"{lines} {as_what}")
    plain = found.delimiter != " " and not (found.padded and found.quote in text)
    # an odd number of quotes: one may be open, which only a slow look tells
    odd = text.count(found.quote) % 2 or (blanks and found.wide == 1)
    if not plain or odd:
        return _slow(text, found, header, spot)
    try:
        return _fast(text, found, header)
    except (pa.ArrowInvalid, pa.ArrowException):
        return _slow(text, found, header, spot)


def _blank_lines(text: str, found: Dialect) -> int:
    """Count the blank lines between the first record and the last."""
    body = text.strip("\r\n")
    if not any(mark in body for mark in ("\n\n", "\n\r\n", "\r\r")):
        return 0
    if found.quote not in body and found.delimiter != " ":
        lines = io.StringIO(body, newline="")
        return sum(not line.strip("\r\n") for line in lines)
    fields = [fields for _, fields in dialects.records(body, found, blank=True)]
    return sum(not cells for cells in fields)


def _fast(text: str, found: Dialect, header: bool) -> list[pa.Array]:
    wide = found.wide
    names = [str(place) for place in range(wide)]
    skip = next(dialects.records(text, found))[0] if header else 0
    table = arrow_csv.read_csv(
        io.BytesIO(text.encode()),
        read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=skip),
        parse_options=arrow_csv.ParseOptions(
            delimiter=found.delimiter,
            quote_char=found.quote,
            newlines_in_values=found.quote in text,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    return [column.combine_chunks() for column in table.columns]


def _slow(text: str, found: Dialect, header: bool, spot: Spot) -> list[pa.Array]:
    """Read record by record, and say which one is wrong."""
    rows: list[list[str]] = []
    begins, named = 1, not header
    if text.count(found.quote) % 2:
        _mind_open_quote(text, found, spot)
    body = text.rstrip("\r\n")
    for ends, fields in dialects.records(body, found, blank=True):
        if fields and not named:
            named = True
        elif fields or (found.wide == 1 and (rows or named)):
            _same_width(fields or [""], found.wide, spot.line(begins))
            rows.append(fields or [""])
        begins = ends + 1
    cells = zip(*rows, strict=True) if rows else [()] * found.wide
    return [pa.array(column, pa.string()) for column in cells]


def _mind_open_quote(text: str, found: Dialect, spot: Spot) -> None:
    begins = 1
    try:
        for ends, _ in dialects.records(text, found, strict=True):
            begins = ends + 1
    except csv.Error as error:
        if "end of data" in str(error) or "limit" in str(error):
            raise InputError(
                "a quote is opened and never closed",
                where=spot.line(begins),
                todo="close the quote, or export the file again",
            ) from None


def _same_width(fields: list[str], wide: int, where: str) -> None:
    if len(fields) != wide:
        raise InputError(
            "a row has another number of fields than the rest",
            where=where,
            expected=f"{wide} fields",
            got=f"{len(fields)} fields: {', '.join(fields)[:80]}",
            todo="mend that line: a delimiter inside a field needs quotes around it",
        )


def _names(found: Dialect, header: bool, spot: Spot, notes: list[str]) -> list[str]:
    count = len(found.first) if header else found.wide
    if not header:
        notes.append(f"no header: the columns are named c1 to c{count}")
        return [f"c{place}" for place in range(1, count + 1)]
    plain = [" ".join(name.split()) for name in found.first]
    names = [name or f"c{place}" for place, name in enumerate(plain, start=1)]
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise InputError(
            f"a column name is used twice: {', '.join(twice)}",
            where=spot.line(1),
            todo="rename one of them; if line 1 is data, set header to False",
        )
    bare = [name for name, word in zip(names, plain, strict=True) if not word]
    if bare and (len(bare) > 1 or names[-1] != bare[0]):
        notes.append(f"columns without a name are called {', '.join(bare[:8])}")
    if any(p and p != n for p, n in zip(plain, found.first, strict=True)):
        notes.append("blanks in the names of columns were taken off")
    return names


def _without_empty(
    columns: list[pa.Array], names: list[str], found: Dialect, notes: list[str]
) -> tuple[list[pa.Array], list[str]]:
    """Leave out the empty last column that a delimiter at the end of a row makes."""
    named = len(columns) == len(names) and bool(found.first[-1].strip())
    if named or len(columns) < 2 or _any_text(columns[-1]):
        return columns, names
    notes.append("every row ends with a delimiter: the empty last column is left out")
    return columns[:-1], names[: len(columns) - 1]


def _any_text(column: pa.Array) -> bool:
    return bool(pc.any(pc.greater(pc.utf8_length(column), 0)).as_py())


def _same_names(names: list[str], count: int, spot: Spot) -> None:
    if len(names) != count:
        raise InputError(
            "the header has another number of fields than the rows",
            where=spot.line(1),
            expected=f"{count} names, as the rows have fields",
            got=f"{len(names)} names",
            todo="name every column; row names need a name of their own",
        )
