"""Cell operations by name, with numpy alone.

A text or number operation lives here; one on images or sounds in the module that
`ELSEWHERE` lists, which is imported when such an operation is first played.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from html import unescape
from importlib import import_module
from typing import Any

import numpy as np

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.values import (
    Array,
    clean_numbers,
    dates,
    each,
    number_words,
    numbers,
    texts,
    write,
)

__all__ = ["ELSEWHERE", "OPERATIONS", "PARTS", "TIDY", "Play", "player", "tidied"]

Play = Callable[[str, Array, Mapping[str, Any]], dict[str, Array]]
Read = Callable[[Array], Array]

ELSEWHERE: dict[str, str] = {
    "mode": "mlkit.core.pictures",
    "mono": "mlkit.core.sounds",
    "normalise": "mlkit.core.sounds",
    "resample": "mlkit.core.sounds",
    "resize": "mlkit.core.pictures",
    "smooth": "mlkit.core.pictures",
    "trim_silence": "mlkit.core.sounds",
}
"""Where the operations on images and sounds live, by name.

Such a module has ``apply(operation, cells)``, from bytes or None to bytes or None.
"""

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff]")
BETWEEN = re.compile("(?<=\\w)[\x00-\x08\x0b\x0c\x0e-\x1f]+(?=\\w)")
WINDOWS = {
    code: bytes([code]).decode("cp1252", "ignore") or None for code in range(0x80, 0xA0)
}
BLANKS = re.compile(r"[^\S\r\n]+")
ENTITY = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
)
AMOUNT = r"\s*({number})\s*({unit})\s*"
UNIT = r"[^\s\d.,+-][^\d]*?|"


def player(name: str, column: str) -> Play:
    """Return what plays an operation.

    Parameters
    ----------
    name
        The operation's, such as ``trim``.
    column
        Where it is to be played, for the message.

    Raises
    ------
    InputError
        For an unknown operation.
    """
    if name in ELSEWHERE:
        module = import_module(ELSEWHERE[name])
        return lambda where, cells, how: {where: module.apply(dict(how), cells)}
    try:
        return OPERATIONS[name]
    except KeyError:
        raise InputError(
            f"unknown cell operation {name!r}",
            where=f"column {column!r}",
            todo=did_you_mean(name, [*OPERATIONS, *ELSEWHERE]),
        ) from None


def tidied(text: str, steps: tuple[str, ...]) -> str:
    """Return a text made plain by some of `TIDY`, in that order.

    Parameters
    ----------
    text
        One cell.
    steps
        Any of ``entities`` (``&amp;`` is ``&``), ``control`` (no control characters,
        byte order marks and zero-width blanks; between letters a blank is left; the
        quotes and dashes of Windows are read), ``nfc``, ``nfkc`` (one way to write
        each character), ``blanks`` (one blank where there are several).

    Examples
    --------
    >>> tidied("Fish &amp;  chips", ("entities", "blanks"))
    'Fish & chips'
    """
    for name, step in TIDY.items():
        if name in steps:
            text = step(text)
    return text


TIDY: dict[str, Callable[[str], str]] = {
    "entities": lambda text: ENTITY.sub(lambda found: unescape(found[0]), text),
    "control": lambda text: CONTROL.sub("", BETWEEN.sub(" ", text.translate(WINDOWS))),
    "nfc": lambda text: unicodedata.normalize("NFC", text),
    "nfkc": lambda text: unicodedata.normalize("NFKC", text),
    "blanks": lambda text: BLANKS.sub(" ", text),
}
"""Ways to make a text plain, in the order in which they are taken."""


# operations: column, values, arguments → columns


def _text(column: str, values: Array, _: Mapping[str, Any]) -> dict[str, Array]:
    return {column: texts(values)}


def _trim(column: str, values: Array, _: Mapping[str, Any]) -> dict[str, Array]:
    return {column: _on_text(values, str.strip)}


def _lower(column: str, values: Array, _: Mapping[str, Any]) -> dict[str, Array]:
    return {column: _on_text(values, str.lower)}


def _tidy(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    steps = tuple(how["do"])
    return {column: _on_text(values, lambda text: tidied(text, steps))}


def _missing(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    if values.dtype.kind in "fiu":
        found = numbers(values)
        gone = numbers(np.array([write(value) for value in how["values"]], object))
        hit = np.isin(found, gone[~np.isnan(gone)])
        return {column: np.where(hit, np.nan, found) if hit.any() else found}
    if values.dtype.kind == "M":
        return {column: values}
    words = {write(value) for value in how["values"]}
    return {column: _on_text(values, lambda text: None if text in words else text)}


def _recode(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    mapping = how["mapping"]
    return {column: _on_text(values, lambda text: mapping.get(text, text))}


def _truth(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    said = {str(word).casefold(): "True" for word in how.get("true", ("true",))}
    said |= {str(word).casefold(): "False" for word in how.get("false", ("false",))}
    return {column: _on_text(values, lambda text: said.get(text.casefold(), text))}


def _number(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    marks = {k: how[k] for k in ("decimal", "thousands", "strip") if how.get(k)}
    return {column: numbers(values, **marks)}


def _unit(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    if values.dtype.kind in "fiub":
        return {column: numbers(values)}
    marks = (how.get("decimal") or ".", how.get("thousands") or "")
    units = {str(unit): Decimal(repr(size)) for unit, size in how["units"].items()}
    read = _amount_reader(units, *marks)
    return {column: clean_numbers(each(values, read).astype(float))}


def _amount_reader(
    units: Mapping[str, Decimal], decimal: str, thousands: str
) -> Callable[[Any], float]:
    pattern = _amounts(decimal, thousands)
    loose = {unit.casefold(): size for unit, size in units.items()}

    def read(value: Any) -> float:
        text = write(value)
        found = None if text is None else pattern.fullmatch(text)
        if found is None:
            return np.nan
        unit = found[2]
        size = units.get(unit, loose.get(unit.casefold())) if unit else Decimal(1)
        if size is None:
            return np.nan
        plain = found[1].replace(thousands, "") if thousands else found[1]
        return float(Decimal(plain.replace(decimal, ".")) * size)

    return read


@lru_cache
def _amounts(decimal: str, thousands: str) -> re.Pattern[str]:
    number = number_words(decimal, thousands).pattern
    return re.compile(AMOUNT.format(number=number, unit=UNIT))


def _clip(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    found = numbers(values)
    low, high = how.get("min"), how.get("max")
    if low is not None or high is not None:
        found = np.clip(found, low, high)
    return {column: found}


def _split(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    words, parts = texts(values), list(how["parts"])
    apart = _splitter(how, len(parts))
    whole = each(words, lambda text: None if text is None else apart(text))
    nothing = (None,) * len(parts)
    made = {column: words}
    for place, part in enumerate(parts):
        cells = np.empty(len(words), dtype=object)
        cells[:] = [(found or nothing)[place] for found in whole.tolist()]
        made[f"{column}_{part}"] = cells
    return made


def _splitter(
    how: Mapping[str, Any], count: int
) -> Callable[[str], tuple[str | None, ...]]:
    """Return what takes a text apart; what does not fit is all in the first part."""

    def fill(found: list[str | None]) -> tuple[str | None, ...]:
        plain = [part.strip() if part is not None else None for part in found]
        return (*plain, *[None] * (count - len(plain)))

    if how.get("pattern"):
        pattern = re.compile(how["pattern"])

        def by_pattern(text: str) -> tuple[str | None, ...]:
            found = pattern.fullmatch(text)
            return fill(list(found.groups()) if found else [text])

        return by_pattern
    return lambda text: fill([*text.split(how["by"], count - 1)])


def _date(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    return {column: dates(values, how.get("format", "iso"))}


def _date_parts(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    moments = dates(values)
    gone = np.isnat(moments)
    whole = not gone.any()
    known = moments if whole else moments[~gone]
    made = {column: moments}
    for part in how["parts"]:
        found = _part(part)(known).astype(np.float64)
        if not whole:
            spread = np.full(len(moments), np.nan)
            spread[~gone] = found
            found = spread
        made[f"{column}_{part}"] = found
    return made


def _fill(column: str, values: Array, how: Mapping[str, Any]) -> dict[str, Array]:
    value = how["value"]
    if values.dtype.kind == "f":
        return {column: np.where(np.isnan(values), float(value), values)}
    words = texts(values)
    return {column: each(words, lambda text: str(value) if text is None else text)}


def _drop(_: str, __: Array, ___: Mapping[str, Any]) -> dict[str, Array]:
    return {}


def _on_text(values: Array, change: Callable[[str], str | None]) -> Array:
    return each(texts(values), lambda text: None if text is None else change(text))


def _part(name: str) -> Read:
    try:
        return PARTS[name]
    except KeyError:
        raise InputError(
            f"unknown part of a date {name!r}", todo=did_you_mean(name, PARTS)
        ) from None


def _by_day(read: Read) -> Read:
    """Read each day between the first and the last once, where these are few."""

    def part(moments: Array) -> Array:
        days = _since(moments, DAY)
        low, high = int(days.min(initial=0)), int(days.max(initial=0))
        if high - low >= len(days):
            return read(days.astype("M8[D]"))
        told: Array = read(np.arange(low, high + 1).astype("M8[D]"))[days - low]
        return told

    return part


def _since(moments: Array, unit: int) -> Array:
    """Count whole units of microseconds since 1970."""
    count: Array = moments.astype("M8[us]", copy=False).view(np.int64) // unit
    return count


def _whole(days: Array, unit: str) -> Array:
    """Count the days since the last month or year began."""
    count: Array = (days - days.astype(f"M8[{unit}]").astype("M8[D]")).astype(np.int64)
    return count


DAY, HOUR, MINUTE = 86_400_000_000, 3_600_000_000, 60_000_000

PARTS: dict[str, Read] = {
    "year": _by_day(lambda days: days.astype("M8[Y]").astype(np.int64) + 1970),
    "month": _by_day(lambda days: days.astype("M8[M]").astype(np.int64) % 12 + 1),
    "day": _by_day(lambda days: _whole(days, "M") + 1),
    "weekday": lambda moments: (_since(moments, DAY) + 3) % 7,
    "yearday": _by_day(lambda days: _whole(days, "Y") + 1),
    "hour": lambda moments: _since(moments, HOUR) % 24,
    "minute": lambda moments: _since(moments, MINUTE) % 60,
    "days": lambda moments: _since(moments, DAY),
}
"""Parts of a date: Monday is weekday 0; ``days`` counts from 1970-01-01."""

OPERATIONS: dict[str, Play] = {
    "clip": _clip,
    "date": _date,
    "date_parts": _date_parts,
    "drop": _drop,
    "fill": _fill,
    "lower": _lower,
    "missing": _missing,
    "number": _number,
    "recode": _recode,
    "split": _split,
    "text": _text,
    "tidy": _tidy,
    "trim": _trim,
    "truth": _truth,
    "unit": _unit,
}
"""Operations on numbers, text and dates by name: column, values, how → columns."""
