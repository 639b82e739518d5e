"""Amounts with a unit: 5 kg, 300 g, 12 km/h."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from mlkit.core.values import number_words

__all__ = ["FAMILIES", "amounts"]

FAMILIES: tuple[dict[str, str], ...] = (
    {"kg": "1", "g": "0.001", "mg": "0.000001", "t": "1000"}
    | {"lb": "0.45359237", "lbs": "0.45359237", "oz": "0.028349523125"},
    {"m": "1", "km": "1000", "cm": "0.01", "mm": "0.001", "mi": "1609.344"}
    | {"ft": "0.3048", "in": "0.0254", "yd": "0.9144", "inch": "0.0254"},
    {"s": "1", "sec": "1", "ms": "0.001", "min": "60", "mins": "60", "h": "3600"}
    | {"hr": "3600", "hrs": "3600", "hour": "3600", "hours": "3600"}
    | {"day": "86400", "days": "86400", "week": "604800", "weeks": "604800"},
    {"month": "1", "months": "1", "mo": "1", "year": "12", "years": "12"}
    | {"yr": "12", "yrs": "12"},
    {"l": "1", "L": "1", "ml": "0.001", "mL": "0.001", "cl": "0.01", "dl": "0.1"},
    {"B": "1", "kB": "1000", "KB": "1000", "MB": "1000000", "GB": "1000000000"}
    | {"TB": "1000000000000"},
    {"km/h": "1", "kmh": "1", "mph": "1.609344", "m/s": "3.6"},
    {"W": "1", "kW": "1000", "MW": "1000000"},
    {"Hz": "1", "kHz": "1000", "MHz": "1000000", "GHz": "1000000000"},
    {"m²": "1", "m2": "1", "sqm": "1", "sqft": "0.09290304", "ha": "10000"},
)
"""Units of one kind, with their size in the first."""

ALONE = frozenset({"°", "°C", "°F", "K", "V", "A", "hp", "rpm", "bpm", "mmHg", "pts"})
LETTERS = re.compile(r"[^\W\d_]{2,12}")
FEWEST = 3


def amounts(words: Sequence[str], counts: Sequence[int]) -> dict[str, Any] | None:
    """Return how these words are read as amounts, or None where they are none.

    Every word is a number and a unit; the units are one and the same, or of one kind.

    Parameters
    ----------
    words, counts
        The distinct cells of a column, trimmed, without those that hide a gap, and
        how often each occurs.

    Returns
    -------
    dict or None
        ``units``, the size of each in the most frequent, which is ``to``.

    Examples
    --------
    >>> amounts(["5 kg", "3.5 kg", "12 kg"], [1, 1, 1])
    {'units': {'kg': 1.0}, 'to': 'kg'}
    >>> amounts(["5 kg", "300 g", "2 kg"], [1, 1, 1])
    {'units': {'kg': 1.0, 'g': 0.001}, 'to': 'kg'}
    >>> amounts(["5th", "3rd"], [1, 1]) is None
    True
    """
    pattern = re.compile(rf"({number_words().pattern})\s*([^\s\d.,+-][^\d]*?|m2)\s*")
    often: Counter[str] = Counter()
    for word, count in zip(words, counts, strict=True):
        found = pattern.fullmatch(word)
        if found is None or re.match("[+-]?0[0-9]", word):
            return None
        often[found[2]] += count
    if not often:
        return None
    to = often.most_common(1)[0][0]
    sizes = _sizes(list(often), to)
    if sizes is None or (to not in _known() and len(words) < FEWEST):
        return None
    return {"units": sizes, "to": to}


def _sizes(found: list[str], to: str) -> dict[str, float] | None:
    """Return each unit's size in `to`, or None where they are not of one kind."""
    if found == [to]:
        return {to: 1.0} if to in _known() or LETTERS.fullmatch(to) else None
    for family in FAMILIES:
        if all(unit in family for unit in found):
            whole = Decimal(family[to])
            ordered = sorted(found, key=lambda unit: unit != to)
            return {unit: float(Decimal(family[unit]) / whole) for unit in ordered}
    return None


def _known() -> frozenset[str]:
    return ALONE.union(*FAMILIES)
