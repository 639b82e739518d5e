"""Numbers as a person would write them."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["listed", "say", "signed"]

LARGE, TINY = 1e15, 1e-5
"""Beyond these a number is told by a power of ten."""
EXACT = 7
"""So many digits are kept of a score: what is beyond is noise of the machine."""


def listed(words: Iterable[str], most: int | None = None) -> str:
    """Join words as a person would; beyond `most` of them, count the others.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"]), listed(["a", "b", "c", "d"], 2)
    ('a', 'a, b and c', 'a, b and 2 others')
    """
    told = list(words)
    if most is not None and len(told) > most:
        told[most:] = [f"{len(told) - most} others"]
    *first, last = told
    return f"{', '.join(first)} and {last}" if first else last


def say(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, an exponent only at the ends.

    What is nearly 1 has more digits where it would read as 1: a score that is not
    perfect does not look perfect.

    Examples
    --------
    >>> say(0.99994), say(0.9996, 2), say(1 - 1e-12)
    ('0.9999', '0.9996', '1')
    >>> say(0.84591), say(1990.4), say(0.000012345), say(2.0), say(123456.7)
    ('0.846', '1,990', '0.0000123', '2', '123,457')
    >>> say(1.4472e307), say(-2e-20)
    ('1.45e+307', '-2e-20')
    """
    if not math.isfinite(value):
        return "undefined"
    if value == 0:
        return "0"
    if not TINY <= abs(value) < LARGE:
        return f"{value:.{digits}g}"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    text = f"{value:,.{min(max(places, 0), 12)}f}"
    while abs(value) < 1 and abs(float(text)) == 1 and places < EXACT:
        places += 1
        text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(value: float, digits: int = 2) -> str:
    """Write by how much something moved: with its sign, and no more digits than asked.

    Examples
    --------
    >>> signed(-917.3), signed(0.0467), signed(12345.6, 3)
    ('-920', '+0.047', '+12,300')
    """
    told = say(float(f"{abs(value):.{digits}g}"), digits)
    return f"{'-' if value < 0 else '+'}{told}"
