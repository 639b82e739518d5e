"""Files that are badly written: encodings, delimiters, quotes, lines."""

from __future__ import annotations

import codecs
import csv
import gzip

from bad_tables.case import Case, repeated, text_of, with_columns

WORDS = with_columns(x=repeated(["café", "naïve", "Zürich", "10 €"]))
PLAIN = with_columns(x=repeated(["red", "blue", "green"]))
LINES = text_of(PLAIN).splitlines()
GERMAN = with_columns(x=repeated(["1.234,5", "12,25", "0,5", "7,0"]))
GERMAN["n"] = [cell.replace(".", ",") for cell in GERMAN["n"]]


def lines(*text: str, end: str = "\n") -> bytes:
    return (end.join(text) + end).encode()


def changed(place: int, line: str) -> bytes:
    """The plain file with one line put in another's place."""
    return lines(*LINES[:place], line, *LINES[place + 1 :])


BREAKS = with_columns(x=repeated(["one\nline", "two\r\nlines", 'a "word", said', ""]))
BREAKS["x"] = [cell or None for cell in BREAKS["x"]]
ALONE = {"t": ["yes", None, "no"] * 20}

FILES = [
    Case("an empty file", b"", ends="error", told=("empty",)),
    Case("nothing but blank lines", b"\n \n\n", ends="error", told=("empty",)),
    Case("a header alone", b"a,b,t\n", ends="error", told=("no row",)),
    Case("one row", b"a,b,t\n1,2,yes\n", ends="error", told=("one row",)),
    Case(
        "semicolons",
        text_of(PLAIN, delimiter=";").encode(),
        PLAIN,
        ("delimiter semicolon",),
    ),
    Case("tabs", text_of(PLAIN, delimiter="\t").encode(), PLAIN, ("delimiter tab",)),
    Case("bars", text_of(PLAIN, delimiter="|").encode(), PLAIN, ("delimiter bar",)),
    Case(
        "the wrong delimiter is told",
        text_of(PLAIN).encode(),
        how={"delimiter": "|"},
        ends="error",
        told=("no column 't'", "x,n,t"),
    ),
    Case(
        "semicolons and decimal commas",
        text_of(GERMAN, delimiter=";").encode(),
        GERMAN,
        ("decimal comma",),
    ),
    Case(
        "a byte order mark",
        codecs.BOM_UTF8 + text_of(WORDS).encode(),
        WORDS,
        ("encoding utf-8",),
    ),
    Case("Latin-1", text_of(WORDS).encode("cp1252"), WORDS, ("encoding cp1252",)),
    Case("UTF-16", text_of(WORDS).encode("utf-16"), WORDS, ("encoding utf-16",)),
    Case(
        "UTF-16 without a mark",
        text_of(WORDS).encode("utf-16-le"),
        WORDS,
        ("encoding utf-16",),
    ),
    Case("UTF-32", text_of(WORDS).encode("utf-32"), WORDS, ("encoding utf-32",)),
    Case(
        "the wrong encoding is told",
        text_of(WORDS).encode("cp1252"),
        how={"encoding": "utf-8"},
        ends="error",
        told=("not utf-8",),
    ),
    Case("line breaks in quotes", text_of(BREAKS).encode(), BREAKS),
    Case(
        "every field is quoted",
        text_of(PLAIN, quote=csv.QUOTE_ALL).encode(),
        PLAIN,
    ),
    Case(
        "single quotes",
        text_of(PLAIN, quote=csv.QUOTE_ALL).replace('"', "'").encode(),
        PLAIN,
    ),
    Case(
        "a row too long",
        changed(9, "red,1.5,yes,more"),
        ends="error",
        told=("line 10", "expected", "3 fields", "4 fields"),
    ),
    Case(
        "a row too short",
        changed(30, "red,1.5"),
        ends="error",
        told=("line 31", "2 fields"),
    ),
    Case(
        "a row cut off at the end",
        lines(*LINES)[:-8] + b"\n",
        ends="error",
        told=("line 61", "fields"),
    ),
    Case(
        "a quote left open",
        changed(9, '"red,1.5,yes'),
        ends="error",
        told=("quote", "line 10"),
    ),
    Case(
        "a quote inside a word",
        changed(9, '5" pipe,1.5,yes'),
        {
            **PLAIN,
            "x": [*PLAIN["x"][:8], '5" pipe', *PLAIN["x"][9:]],
            "n": [*PLAIN["n"][:8], "1.5", *PLAIN["n"][9:]],
            "t": [*PLAIN["t"][:8], "yes", *PLAIN["t"][9:]],
        },
    ),
    Case(
        "a comma at the end of every line",
        lines(*(line + "," for line in LINES)),
        PLAIN,
        ("empty last column",),
    ),
    Case(
        "a comma at the end of every row",
        lines(LINES[0], *(line + "," for line in LINES[1:])),
        PLAIN,
        ("empty last column",),
    ),
    Case(
        "a comma at the end of some rows",
        lines(*LINES[:20], LINES[20] + ",", *LINES[21:]),
        ends="error",
        told=("line 21",),
    ),
    Case(
        "row names without a name",
        lines(LINES[0], *(f"{i},{line}" for i, line in enumerate(LINES[1:]))),
        ends="error",
        told=("header has another number of fields", "line 1"),
    ),
    Case(
        "a comment on top",
        lines("# exported on 2026-01-31 by a tool", *LINES),
        PLAIN,
        ("line 1", "comment"),
    ),
    Case(
        "comments of several lines on top",
        lines("# made by a tool, version 2", "#", "# units: kg, m", *LINES),
        PLAIN,
        ("line 1 to 3", "comment"),
    ),
    Case(
        "a title and a blank line on top",
        lines("Sales of the year 2026", "", *LINES),
        PLAIN,
        ("line 1", "title"),
    ),
    Case(
        "a row of totals at the end",
        lines(*LINES, "Total,3030.5,"),
        {
            "x": [*PLAIN["x"], "Total"],
            "n": [*PLAIN["n"], "3030.5"],
            "t": [*PLAIN["t"], None],
        },
        ("last row", "total"),
    ),
    Case(
        "two header lines",
        lines("Thing,,Answer", *LINES),
        {
            "Thing": ["x", *PLAIN["x"]],
            "c2": ["n", *PLAIN["n"]],
            "Answer": ["t", *PLAIN["t"]],
        },
        ("second header",),
        target="Answer",
    ),
    Case(
        "the header comes again in the middle",
        lines(*LINES[:30], LINES[0], *LINES[30:]),
        {name: [*c[:29], name, *c[29:]] for name, c in PLAIN.items()},
        ("the header comes again as row 30",),
    ),
    Case(
        "mixed line ends",
        "".join(
            line + ("\r\n" if i % 2 else "\n") for i, line in enumerate(LINES)
        ).encode(),
        PLAIN,
    ),
    Case("line ends of an old Mac", "\r".join(LINES).encode() + b"\r", PLAIN),
    Case(
        "a lone carriage return in a row",
        lines(*LINES[:9], "re\rd,1.5,yes", *LINES[10:]),
        ends="error",
        told=("line 10",),
    ),
    Case("no line end at the end", lines(*LINES)[:-1], PLAIN),
    Case(
        "blank lines between the rows",
        lines(*LINES[:20], "", "", *LINES[20:], ""),
        PLAIN,
        ("2 blank lines",),
    ),
    Case(
        "rows of nothing but commas",
        lines(*LINES[:20], ",,", *LINES[20:]),
        {name: [*c[:19], None, *c[19:]] for name, c in PLAIN.items()},
        ("missing target",),
    ),
    Case(
        "one column whose blank lines are gaps",
        b"t\n" + b"".join(f"{w or ''}\n".encode() for w in ALONE["t"]),
        ALONE,
        ends="blocked",
        told=("20 blank lines are read as missing cells", "feature"),
    ),
    Case(
        "a NUL byte",
        changed(9, "r\0d,1.5,yes"),
        ends="error",
        told=("NUL", "line 10"),
    ),
    Case(
        "control characters",
        text_of(
            with_columns(x=repeated(["a\x01b", "\x1b[31mred", "tab\there"]))
        ).encode(),
        with_columns(x=repeated(["a\x01b", "\x1b[31mred", "tab\there"])),
        ("control",),
    ),
    Case(
        "a gzip file cut short",
        gzip.compress(text_of(PLAIN).encode(), mtime=0)[:-20],
        ends="error",
        told=("gzip", "cut short"),
        file="table.csv.gz",
    ),
    Case(
        "a web page instead of a table",
        b"<!DOCTYPE html>\n<html><head><title>Log in</title></head>\n<body>"
        b"<p>Please, log in, first</p>\n</body></html>\n",
        ends="error",
        told=("web page",),
    ),
    Case(
        "a workbook named .csv",
        b"PK\x03\x04" + bytes(range(256)) * 4,
        ends="error",
        told=("does not read",),
    ),
    Case(
        "a picture named .csv",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
        ends="error",
        told=("does not read",),
    ),
    Case(
        "blanks after every comma",
        text_of(PLAIN).replace(",", ", ").encode(),
        PLAIN,
        ("blanks after each delimiter",),
    ),
    Case(
        "blanks between the fields",
        text_of(PLAIN, delimiter=" ").replace(" ", "   ").encode(),
        PLAIN,
        ("delimiter blanks",),
    ),
    Case(
        "no header",
        text_of(PLAIN, header=False).encode(),
        {"c1": PLAIN["x"], "c2": PLAIN["n"], "c3": PLAIN["t"]},
        ("no header",),
        target="c3",
    ),
]
