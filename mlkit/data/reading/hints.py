"""What the words of a text column hint at: gaps, numbers, dates, spellings.

`profile` tells of these hints, `clean` turns them into operations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from unicodedata import is_normalized

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.operations import CONTROL, ENTITY
from mlkit.core.values import moments, number_words, numbers
from mlkit.data.reading.words import FALSE, MISSING_WORDS, NO_NUMBERS, SENTINELS, TRUE

__all__ = [
    "TIDIED",
    "between",
    "date_formats",
    "hidden",
    "marks",
    "sentinels",
    "spellings",
    "truths",
    "untidy",
    "untidy_more",
    "yes_and_no",
]

TIDIED = {
    "entities": "HTML entities such as &amp; are read",
    "control": "control characters and marks without width are taken out",
    "nfc": "characters in several pieces are put together (Unicode NFC)",
    "blanks": "one blank stands where there were several",
}
"""What is done to make a text plain, by step."""

MORE = {
    "nfkc": "letters and digits of full width, ligatures and the like made plain "
    "(Unicode NFKC)",
    "blanks": "one blank where there are several",
}
PAIR = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?\s*([/x×:;|~-])\s*[0-9]+(?:\.[0-9]+)?")
SEVERAL = re.compile(r"[^\S\r\n]{2}|[^\S\r\n ]")
CODE = re.compile(r"[+-]?0[0-9]")
CURRENCY = "$€£¥%"
EXACT = 2**53
LONGEST = max(map(len, NO_NUMBERS))
MARKS: tuple[dict[str, str], ...] = (
    {},
    {"thousands": ","},
    {"decimal": ",", "thousands": "."},
    {"decimal": ","},
    {"thousands": " "},
    {"thousands": "'"},
)
DAYS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y"),
    *("%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y"),
    *("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y"),
)
HOURS = ("", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S")


def hidden(words: Sequence[str], *, target: bool = False) -> list[str]:
    """Return the words that hide a missing value.

    A dash, a full stop or ``none`` does so only among numbers or dates; ``NA`` does
    not among codes of two capitals, where it may be Namibia.

    Parameters
    ----------
    words
        The distinct cells of a column, trimmed.
    target
        Whether they are classes, of which ``-`` and ``none`` may be one.

    Examples
    --------
    >>> hidden(["?", "red", "-"]), hidden(["?", "3", "-"]), hidden(["NA", "ZA", "US"])
    (['?'], ['-', '?'], [])
    """
    plain = {word: word.casefold() for word in words if len(word) <= LONGEST}
    found = {word for word, other in plain.items() if other in MISSING_WORDS}
    more = {word for word, other in plain.items() if other in NO_NUMBERS} - found
    if more and not target:
        away = found | more
        found |= more if _are_amounts([w for w in words if w not in away]) else set()
    rest = [word for word in words if word not in found]
    if len(rest) > 1 and all(re.fullmatch("[A-Z]{2}", word) for word in rest):
        found -= {"NA"}
    return sorted(found) if rest else []


def marks(words: Sequence[str]) -> dict[str, str] | None:
    """Return how these words are written as numbers, or None where they are none.

    Codes with leading zeros, and whole numbers beyond 2**53, are no numbers.

    Parameters
    ----------
    words
        The distinct cells of a column, trimmed, without those that hide a gap.

    Examples
    --------
    >>> marks(["1,200", "35"]), marks(["$5", "$7.50"]), marks(["007", "12"])
    ({'thousands': ','}, {'strip': '$'}, None)
    """
    strip = "".join(sorted(c for c in CURRENCY if any(c in w for w in words)))
    plain = [word.strip(strip).strip() if strip else word for word in words]
    for tried in MARKS:
        pattern = number_words(tried.get("decimal", "."), tried.get("thousands", ""))
        if plain and all(map(pattern.fullmatch, plain)):
            if any(map(CODE.match, plain)):
                return None
            found = numbers(np.array(plain, dtype=object), **tried)
            exact = np.isfinite(found) & (np.abs(found) < EXACT)
            return (
                {**tried, **({"strip": strip} if strip else {})} if all(exact) else None
            )
    return None


def date_formats(words: Sequence[str]) -> list[str]:
    """Return every format that reads all of these words as dates.

    One format is clear, two are ambiguous: 02/01/2026 may be February or January.

    Parameters
    ----------
    words
        The distinct cells of a column, trimmed, without those that hide a gap.

    Examples
    --------
    >>> date_formats(["31/01/2026", "02/01/2026"])
    ['%d/%m/%Y']
    >>> date_formats(["02/01/2026", "03/01/2026"])
    ['%d/%m/%Y', '%m/%d/%Y']
    """
    if not words or not all(re.search(r"\d", w) and len(w) >= 6 for w in words[:20]):
        return []
    formats = [day + hour for day in DAYS for hour in HOURS]
    for part in (words[:20], words):
        formats = [form for form in formats if _all_dates(part, form)]
    return formats


def spellings(words: Sequence[str], counts: Sequence[int]) -> dict[str, str]:
    """Return which words are another's spelling: they differ in capitals or blanks.

    Parameters
    ----------
    words, counts
        The distinct cells of a column, trimmed, and how often each occurs.

    Examples
    --------
    >>> spellings(["Yes", "yes", "No"], [5, 2, 9])
    {'yes': 'Yes'}
    """
    if all(len(word) <= 1 for word in words):
        return {}
    best: dict[str, tuple[int, str]] = {}
    for word, count in sorted(zip(words, counts, strict=True)):
        plain = " ".join(word.split()).casefold()
        if plain not in best or count > best[plain][0]:
            best[plain] = (count, word)
    meant = {word: best[" ".join(word.split()).casefold()][1] for word in words}
    return {word: other for word, other in sorted(meant.items()) if word != other}


def truths(words: Sequence[str]) -> dict[str, str]:
    """Return what words for true and false are to be, so that JSON's are the same.

    Parameters
    ----------
    words
        The distinct cells of a column, trimmed.

    Examples
    --------
    >>> truths(["true", "FALSE"]), truths(["true", "maybe"])
    ({'true': 'True', 'FALSE': 'False'}, {})
    """
    if not {word.casefold() for word in words} <= {"true", "false"}:
        return {}
    return {word: word.capitalize() for word in words if word != word.capitalize()}


def yes_and_no(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return which words say yes and which no, where all do in several ways.

    Parameters
    ----------
    words
        The distinct cells of a column, trimmed.

    Examples
    --------
    >>> yes_and_no(["Yes", "y", "no", "N"]), yes_and_no(["yes", "no"])
    ((['y', 'yes'], ['n', 'no']), ([], []))
    """
    plain = {word.casefold() for word in words}
    if len(plain) < 3 or not plain <= TRUE | FALSE:
        return [], []
    return sorted(plain & TRUE), sorted(plain & FALSE)


def untidy(words: Sequence[str], *, blanks: bool = True) -> list[str]:
    """Return the steps that would make some of these words plainer.

    Parameters
    ----------
    words
        The distinct cells of a column.
    blanks
        Whether several blanks in a row are untidy.

    Examples
    --------
    >>> untidy(["Fish &amp; chips", "a  b"]), untidy(["plain", " padded "])
    (['entities', 'blanks'], [])
    """
    odd = [w for w in words if not _is_plain(w)]
    found = []
    if any("&" in word and ENTITY.search(word) for word in odd):
        found.append("entities")
    if any(map(CONTROL.search, odd)):
        found.append("control")
    if not all(w.isascii() or is_normalized("NFC", w) for w in odd):
        found.append("nfc")
    if blanks and any(SEVERAL.search(word.strip()) for word in odd):
        found.append("blanks")
    return found


def _is_plain(word: str) -> bool:
    """Whether a text needs no second look: what is plain is so in most of them."""
    return (
        word.isascii() and word.isprintable() and "&" not in word and "  " not in word
    )


def untidy_more(words: Sequence[str]) -> dict[str, str]:
    """Return further steps that would change these words, and what each does.

    Parameters
    ----------
    words
        The distinct cells of a column.

    Examples
    --------
    >>> list(untidy_more(["１２", "ok"])), list(untidy_more(["a  b"]))
    (['nfkc'], ['blanks'])
    """
    odd = [w for w in words if not _is_plain(w)]
    wide = not all(w.isascii() or is_normalized("NFKC", w) for w in odd)
    several = any(SEVERAL.search(word.strip()) for word in odd)
    needed = {"nfkc": wide, "blanks": several}
    return {step: why for step, why in MORE.items() if needed[step]}


def between(words: Sequence[str]) -> str:
    """Return the mark between the two numbers that every word is, or nothing.

    Parameters
    ----------
    words
        The distinct cells of a column, trimmed, without those that hide a gap.

    Examples
    --------
    >>> between(["120/80", "95/60", "110/70"]), between(["2-bed", "3-bed"])
    ('/', '')
    """
    if len(words) < 3:
        return ""
    marks_found = set()
    for word in words:
        found = PAIR.fullmatch(word)
        if found is None:
            return ""
        marks_found.add(found[1])
    return marks_found.pop() if len(marks_found) == 1 else ""


def sentinels(values: pd.Series | NDArray[Any]) -> list[float]:
    """Return the numbers that seem to stand for a missing one, such as -999.

    They lie at an end, come more than once, and far from all the rest.

    Parameters
    ----------
    values
        A number column.

    Examples
    --------
    >>> sentinels(pd.Series([-999.0, 3.0, 4.0, -999.0, 5.0]))
    [-999.0]
    """
    cells = np.asarray(values, dtype=float)
    if not len(cells):
        return []
    ends = {float(np.fmin.reduce(cells)), float(np.fmax.reduce(cells))}
    likely = [value for value in SENTINELS if abs(value) >= 99 and value in ends]
    known = cells[np.isfinite(cells)] if likely else cells
    return [value for value in likely if _stands_out(known, value)]


def _stands_out(known: NDArray[np.float64], value: float) -> bool:
    rest = known[known != value]
    if len(known) - len(rest) < 2 or not len(rest):
        return False
    low, high = rest.min(), rest.max()
    if not ((rest > low) & (rest < high)).any():
        return False
    spread = high - low
    if value < 0:
        return bool(low >= 0 and -value > spread / 10)
    return bool(value > high + 5 * spread)


def _are_amounts(words: Sequence[str]) -> bool:
    return bool(words) and (marks(words) is not None or bool(date_formats(words)))


def _all_dates(words: Sequence[str], form: str) -> bool:
    read = moments(form)
    try:
        for word in words:
            read(word)
    except ValueError:
        return False
    return True
