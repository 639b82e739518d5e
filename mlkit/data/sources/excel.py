"""Workbooks: .xlsx, .xlsm, .xlsb, .xls and .ods, cells as the program keeps them.

A date is a date, a number a number, and a code such as ``007`` that was kept as text
stays text. The row that names the columns is found below titles, and the receipt says
which it is; empty rows and columns are passed over. A cell that holds an error such as
``#N/A`` is missing.

Options: ``sheet``, a name or a number counted from 1; ``header``, the number of the
row that names the columns, or false where none does.

Examples
--------
>>> options = {"sheet": "2026", "header": "3"}  # collect(..., options=options)
"""

from __future__ import annotations

import datetime as dt
import html
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlkit.core.errors import InputError, did_you_mean
from mlkit.data.reading.dialect import has_header
from mlkit.data.sources import Found, Place
from mlkit.data.sources._cells import Gathered, batches

__all__ = ["OPTIONS", "claims", "read"]

OPTIONS = {
    "sheet": "the sheet to read: its name, or its number counted from 1",
    "header": "the number of the row that names the columns; false for none",
}
SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
ABOVE = 50
EXACT = 2**53
ROUNDED = 10**15
MOST = 4 << 30
BLOCK = 1 << 20
WORDS = {"true": True, "false": False, "none": False, "": None}

Row = list[Any]


def claims(place: Place) -> bool:
    """Whether this is a workbook."""
    if place.path is None or place.is_folder or place.is_packed:
        return False
    return place.suffix in SUFFIXES


def read(place: Place) -> Found:
    """Read one sheet of a workbook.

    Parameters
    ----------
    place
        The file; its options tell the sheet and the row of the header.

    Raises
    ------
    InputError
        Where the file is torn or has a password, there is no such sheet, or a column
        name is used twice.
    """
    notes: list[str] = []
    book = _opened(place)
    name, rows, merged = _sheet(book, place, notes)
    start, names = _header(rows, place, notes)
    body = [(number, row) for number, row in enumerate(rows, 1) if number > start]
    kept = [(number, row) for number, row in body if any(c is not None for c in row)]
    _count(notes, len(body) - len(kept), "row")
    header = any(name is not None for name in names)
    places, names = _columns(names, [row for _, row in kept], notes)
    _same_names(names, place.uri)
    cells = Gathered(names)
    for batch in batches(kept):
        cells.add_rows([[row[at] for at in places] for _, row in batch])
    table = cells.table()
    notes += [*cells.notes, *_errors(place.file, name)]
    notes += _rounded(table) + _torn(kept, merged, start)
    facts = {"format": place.suffix.removeprefix("."), "sheet": name, "header": header}
    return Found(table, False, facts, tuple(notes))


def _opened(place: Place) -> Any:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    _check_size(place)
    try:
        return CalamineWorkbook.from_path(place.file)
    except PasswordError:
        raise InputError(
            "this workbook has a password",
            where=place.uri,
            todo="save a copy without one, or export the sheet as CSV",
        ) from None
    except (CalamineError, OSError) as error:
        raise InputError(
            "this workbook cannot be read",
            where=place.uri,
            got=str(error)[:160],
            todo="it may be cut short: copy it or save it again",
        ) from None


def _check_size(place: Place) -> None:
    """Refuse a small file that would unfold to more than memory holds."""
    if not zipfile.is_zipfile(place.file):
        return
    with zipfile.ZipFile(place.file) as packed:
        size = sum(part.file_size for part in packed.infolist())
    if size > MOST:
        raise InputError(
            "this workbook unfolds to more than can be read",
            where=place.uri,
            expected=f"at most {MOST:,} bytes",
            got=f"{size:,} bytes",
            todo="export the sheet as CSV or Parquet",
        )


def _sheet(
    book: Any, place: Place, notes: list[str]
) -> tuple[str, list[Row], list[tuple[Any, Any]]]:
    """Return a sheet's name, its rows from the first line on, and what is merged."""
    names, asked = list(book.sheet_names), str(place.option("sheet"))
    seen = [m.name for m in book.sheets_metadata if str(m.visible).endswith(".Visible")]
    if asked and asked not in names:
        number = int(asked) if asked.isdecimal() else 0
        if not 1 <= number <= len(names):
            raise InputError(
                f"there is no sheet {asked!r}",
                where=place.uri,
                got=", ".join(names)[:300],
                todo=did_you_mean(asked, names),
            )
        asked = names[number - 1]
    for name in [asked] if asked else [*seen, *names]:
        sheet = book.get_sheet_by_name(name)
        rows = [list(map(_cell, row)) for row in sheet.to_python(skip_empty_area=False)]
        if any(cell is not None for row in rows for cell in row):
            others = [repr(other) for other in names if other != name]
            if others and not asked:
                notes.append(
                    f"of {len(names)} sheets {name!r} is read, and not"
                    f" {', '.join(others)[:200]}: the option sheet chooses"
                )
            return name, rows, list(sheet.merged_cell_ranges or ())
    raise InputError(
        "this sheet is empty" if asked else "every sheet is empty", where=place.uri
    )


def _cell(value: Any) -> Any:
    if value == "" or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    if isinstance(value, (dt.time, dt.timedelta)):
        return str(value)
    return value


def _header(rows: list[Row], place: Place, notes: list[str]) -> tuple[int, Row]:
    """Return the number of the row that names the columns, and its cells; 0 for none.

    It is the first row that is filled at least half as much as the fullest one.
    """
    asked = place.option("header", None)
    asked = WORDS.get(asked.strip().lower(), asked) if isinstance(asked, str) else asked
    if isinstance(asked, str) and not (asked.isdecimal() and int(asked) <= len(rows)):
        raise InputError(
            f"there is no row {asked!r} to name the columns",
            where=place.uri,
            expected=f"1 to {len(rows)}, or false",
        )
    if isinstance(asked, str):
        return int(asked), rows[int(asked) - 1]
    filled = [sum(cell is not None for cell in row) for row in rows]
    most = max(filled[: ABOVE * 4])
    first = next(at for at, count in enumerate(filled) if count * 2 >= most)
    if asked is False or (asked is None and not _names(rows, first)):
        above = [at for at in range(first) if filled[at]]
        if above:
            notes.append(f"the {len(above)} rows above row {first + 1} hold no data")
        return first, [None] * len(rows[first])
    if any(filled[:first]):
        notes.append(f"row {first + 1} names the columns; what stands above is a title")
    return first + 1, rows[first]


def _names(rows: list[Row], first: int) -> bool:
    """Whether a row names the columns below it."""
    head = [cell for cell in rows[first] if cell is not None]
    if all(isinstance(cell, str) for cell in head):
        return len(set(head)) == len(head)
    sample = [
        tuple("" if c is None else str(c) for c in row)
        for row in rows[first : first + ABOVE]
    ]
    return has_header(tuple(sample))


def _columns(
    head: Row, rows: Sequence[Row], notes: list[str]
) -> tuple[list[int], list[str]]:
    """Return the places of the columns that hold something, and their names."""
    wide = max([len(head), *(len(row) for row in rows[:1])])
    full = [any(row[at] is not None for row in rows) for at in range(wide)]
    named = [*head, *[None] * (wide - len(head))]
    places = [at for at in range(wide) if full[at] or named[at] is not None]
    _count(notes, wide - len(places), "column")
    bare = all(name is None for name in named)
    unnamed = [f"c{at + 1}" for at in places if named[at] is None]
    if unnamed and not bare:
        notes.append(f"columns without a name are called {', '.join(unnamed)[:100]}")
    return places, [_name(named[at], at) for at in places]


def _name(cell: Any, at: int) -> str:
    if cell is None:
        return f"c{at + 1}"
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    return " ".join(str(cell).split())


def _count(notes: list[str], count: int, what: str) -> None:
    if count > 0:
        notes.append(f"{count} empty {what}{'s' * (count > 1)} passed over")


def _same_names(names: list[str], where: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"a column name is used twice: {', '.join(twice)}",
            where=where,
            todo="rename one, or tell the row of the names by the option header",
        )


def _rounded(table: pa.Table) -> list[str]:
    """Say where a workbook cannot have kept every digit."""
    import pyarrow.compute as pc

    found = [
        name
        for name in table.column_names
        if pa.types.is_integer(table[name].type)
        or pa.types.is_floating(table[name].type)
        if (pc.max(pc.abs(table[name])).as_py() or 0) >= ROUNDED
    ]
    told = "holds numbers of more than 15 digits, which a workbook keeps rounded"
    return [f"{', '.join(found)}: {told}"] if found else []


def _torn(
    kept: list[tuple[int, Row]], merged: list[tuple[Any, Any]], start: int
) -> list[str]:
    """Say what in the body does not look like a row of a table."""
    notes = []
    if any(end[0] >= start for _, end in merged):
        notes.append(
            "of merged cells the first holds the value, the others are missing"
        )
    if len(kept) > 2 and len([c for c in kept[-1][1] if c is not None]) == 1 < len(
        [c for c in kept[-2][1] if c is not None]
    ):
        number = kept[-1][0]
        notes.append(f"row {number}, the last, has one cell only: is it a remark?")
    return notes


def _errors(path: Path, sheet: str) -> list[str]:
    """Say which cells hold an error; calamine gives them as empty ones."""
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as packed:
        if path.suffix.lower() == ".ods":
            part, pattern = "content.xml", rb'calcext:value-type="(error)"'
        else:
            part, pattern = _part(packed, sheet), rb'<c r="([A-Z]+\d+)"[^>]*t="e"'
        if part not in packed.namelist():
            return []
        found, rest = [], b""
        with packed.open(part) as file:
            while block := file.read(BLOCK):
                text = rest + block
                found += [m.group(1).decode() for m in re.finditer(pattern, text)]
                rest = text[text.rfind(b"<") :]
    if not found:
        return []
    where = (
        ""
        if found[0] == "error"
        else f" ({', '.join(found[:5])}{' ...' * (len(found) > 5)})"
    )
    cells = "cell holds an error" if len(found) == 1 else "cells hold an error"
    return [f"{len(found)} {cells} such as #N/A{where}, and is read as missing"]


def _part(packed: zipfile.ZipFile, sheet: str) -> str:
    """Return the file inside a workbook that holds a sheet."""
    names = packed.namelist()
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return ""
    book = packed.read("xl/workbook.xml").decode("utf-8", "replace")
    links = packed.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
        found = dict(re.findall(r'([\w:]+)="([^"]*)"', tag))
        if html.unescape(found.get("name", "")) != sheet:
            continue
        for link in re.findall(r"<Relationship\b[^>]*>", links):
            told = dict(re.findall(r'(\w+)="([^"]*)"', link))
            if told.get("Id") == found.get("r:id"):
                target = told.get("Target", "")
                return target.removeprefix("/") if target[0] == "/" else f"xl/{target}"
    return ""
