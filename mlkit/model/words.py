"""Numbers as a person would write them."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["listed", "say"]

LARGE, TINY = 1e15, 1e-9
"""Beyond these a number is told by a power of ten."""


def listed(words: Iterable[str]) -> str:
    """Join words as a person would.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def say(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, an exponent only at the ends.

    Examples
    --------
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
    return text.rstrip("0").rstrip(".") if "." in text else text
