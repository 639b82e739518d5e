"""How a text table is written: encoding, delimiter, quotes and header, found out."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from mlkit.core.errors import InputError
from mlkit.core.values import number_words
from mlkit.data.reading.words import MISSING_WORDS

__all__ = ["Dialect", "decode", "has_header", "records", "sniff"]

DELIMITERS = ("\t", ";", "|", ",")
SAMPLE = 200
csv.field_size_limit(1 << 24)
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NUMBERS = (number_words(), number_words(".", ","), number_words(",", "."))


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Parameters
    ----------
    delimiter
        One character; a blank stands for any run of blanks.
    quote
        The character around fields that hold the delimiter.
    padded
        Whether a blank follows every delimiter.
    first
        The fields of the first record.
    wide
        How many fields the records after the first have.
    """

    delimiter: str = ","
    quote: str = '"'
    padded: bool = False
    first: tuple[str, ...] = ()
    wide: int = 0
    sample: tuple[tuple[str, ...], ...] = field(default=(), repr=False)


def decode(content: bytes, where: str, encoding: str = "") -> tuple[str, str]:
    """Return a file's text and its encoding.

    Parameters
    ----------
    content
        The file's bytes.
    where
        The file, for messages.
    encoding
        The encoding if it is known; "" to find it out.

    Raises
    ------
    InputError
        Where the bytes are no text: NUL bytes, or not of that encoding.

    Examples
    --------
    >>> decode("é".encode("latin-1"), "x.csv")
    ('é', 'cp1252')
    """
    encoding = encoding or _encoding(content)
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(
            f"this text is not {encoding}",
            where=where,
            got=str(error)[:120],
            todo="name the right encoding, or leave it out to have it found",
        ) from None
    place = text.find("\0")
    if place >= 0:
        raise InputError(
            "there is a NUL byte in this text",
            where=f"{where}, line {text.count(chr(10), 0, place) + 1}",
            todo="the file is broken or no text at all: export it again",
        )
    return text, encoding.replace("-sig", "")


def _encoding(content: bytes) -> str:
    for mark, name in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return name
    head = content[:4096]
    if head.count(0) > len(head) // 4:
        return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
    for name in ("utf-8", "cp1252"):
        try:
            content.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return "latin-1"


def sniff(text: str, where: str, delimiter: str = "") -> Dialect:
    r"""Find out how a text table is written.

    Parameters
    ----------
    text
        The table, or its first part.
    where
        The file, for messages.
    delimiter
        The delimiter if it is known; "" to find it out.

    Raises
    ------
    InputError
        Where there is nothing in it, or a quote is never closed.

    Examples
    --------
    >>> found = sniff("a;b\n1,5;2\n3,5;4\n", "x.csv")
    >>> found.delimiter, found.first, found.wide
    (';', ('a', 'b'), 2)
    """
    if not text.strip():
        raise InputError("the file is empty", where=where, todo="check the path")
    quote = _quote(text)
    marks = (delimiter,) if delimiter else DELIMITERS
    tried = {mark: _sample(text, mark, quote, where) for mark in marks}
    best = max(marks, key=lambda mark: _agreement(tried[mark]))
    rows = tried[best]
    if not delimiter and max(map(len, rows)) == 1:
        blank = _sample(text, " ", quote, where)
        if _agreement(blank) == 1.0 and len(blank[0]) > 1:
            best, rows = " ", blank
    padded = best != " " and _is_padded(rows)
    if padded:
        rows = _sample(text, best, quote, where, padded=True)
    wide = Counter(map(len, rows[1:] or rows)).most_common(1)[0][0]
    return Dialect(best, quote, padded, tuple(rows[0]), wide, tuple(map(tuple, rows)))


def records(
    text: str, dialect: Dialect, *, strict: bool = False, blank: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line it ends on.

    Parameters
    ----------
    text
        The table.
    dialect
        How it is written.
    strict
        Whether an open quote is an error.
    blank
        Whether a blank line is told, as no fields.
    """
    lines: Iterator[str] = io.StringIO(text, newline="")
    if dialect.delimiter == " ":
        lines = ("\t".join(line.split()) + "\n" for line in lines)
    reader = csv.reader(
        lines,
        delimiter="\t" if dialect.delimiter == " " else dialect.delimiter,
        quotechar=dialect.quote,
        skipinitialspace=dialect.padded,
        strict=strict,
    )
    for fields in reader:
        if fields or blank:
            yield reader.line_num, fields


def _sample(
    text: str, delimiter: str, quote: str, where: str, padded: bool = False
) -> list[list[str]]:
    found = []
    dialect = Dialect(delimiter, quote, padded)
    try:
        for _, fields in records(text, dialect):
            found.append(fields)
            if len(found) == SAMPLE:
                break
    except csv.Error as error:
        raise InputError(
            "a quote is opened and never closed",
            where=where,
            got=str(error),
            todo="close the quote, or export the file again",
        ) from None
    return found


def _quote(text: str) -> str:
    """Tell double quotes from single ones, which wrap a field of every line."""
    lines = text[:20000].splitlines()[:SAMPLE]
    if not lines or any('"' in line for line in lines):
        return '"'
    wrapped = re.compile(r"(^|[,;\t|])\s*'[^']*'\s*($|[,;\t|])")
    share = sum(bool(wrapped.search(line)) for line in lines) / len(lines)
    return "'" if share > 0.9 else '"'


def _agreement(rows: list[list[str]]) -> float:
    """Return the share of records with the commonest number of fields, if above 1."""
    counts = Counter(map(len, rows[1:] or rows))
    width, times = counts.most_common(1)[0]
    return times / counts.total() if width > 1 and len(rows[0]) > 1 else 0.0


def _is_padded(rows: list[list[str]]) -> bool:
    later = [cell for fields in rows for cell in fields[1:] if cell]
    return bool(later) and all(cell.startswith(" ") and cell.strip() for cell in later)


def has_header(rows: tuple[tuple[str, ...], ...]) -> bool:
    """Judge whether the first record names the columns.

    A name is not a number above numbers, and does not come again below itself.

    Parameters
    ----------
    rows
        The first records of the table.

    Examples
    --------
    >>> has_header((("age", "sex"), ("30", "f"), ("41", "m")))
    True
    >>> has_header((("29", "m"), ("30", "f"), ("41", "m")))
    False
    """
    first = [cell.strip() for cell in rows[0]]
    body = [row for row in rows[1:] if row != rows[0]]
    if not body or _counts_up(first):
        return True
    if "" in first[1:]:
        return all(not cell or not _is_number(cell) for cell in first)
    votes = 0.0
    for place, name in enumerate(first):
        below = [cells[place].strip() for cells in body if place < len(cells)]
        votes += _vote(name, [cell for cell in below if cell])
    return votes > 0


def _vote(name: str, below: list[str]) -> float:
    if not below:
        return 0.1
    if name.casefold() in MISSING_WORDS:
        return 0.0
    numeric = sum(map(_is_number, below)) / len(below)
    if _is_number(name):
        return -1.0 if numeric > 0.1 else -0.5
    if numeric > 0.9:
        return 1.0 if any(map(str.isalpha, name)) else 0.0
    return -1.0 if name in below else 0.2


def _counts_up(names: list[str]) -> bool:
    """Whether names are years in order, or pandas' own 0, 1, 2."""
    digits = [int(name) for name in names if re.fullmatch(r"[0-9]{1,4}", name)]
    steps = {after - before for before, after in pairwise(digits)}
    likely = bool(digits) and (digits[0] == 0 or 1800 <= digits[0] <= 2100)
    return likely and len(digits) > 1 and len(digits) >= len(names) - 2 and steps == {1}


def _is_number(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in NUMBERS)
