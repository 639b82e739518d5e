"""What operations take, so that one that a person writes is checked before it plays."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.operations import TIDY
from mlkit.core.schema import Schema

__all__ = ["FITTED", "MEDIA", "ROW", "TAKES", "Takes", "fits"]

ALWAYS = frozenset({"op", "column", "part", "name", "why", "optional"})
TEXT = ("category", "text")
PLAIN = (*TEXT, "number", "date")


@dataclass(frozen=True)
class Takes:
    """What one operation takes.

    Parameters
    ----------
    needs, may
        Arguments by name, each with the test that its value passes.
    types
        The column types it works on.
    column
        Whether it names a column.
    any_of
        Arguments of which one at least is given.
    """

    needs: Mapping[str, str] = field(default_factory=dict)
    may: Mapping[str, str] = field(default_factory=dict)
    types: tuple[str, ...] = TEXT
    column: bool = True
    any_of: tuple[str, ...] = ()

    def check(self, one: Mapping[str, Any], where: str) -> None:
        """Check the arguments of an operation.

        Raises
        ------
        InputError
            Where one is absent, unknown or of another kind.
        """
        known = {**self.needs, **self.may}
        for name in one:
            if name not in known and name not in ALWAYS:
                raise InputError(
                    f"unknown argument {name!r}",
                    where=where,
                    todo=did_you_mean(str(name), known) if known else "leave it out",
                )
        absent = [name for name in self.needs if one.get(name) is None]
        if self.any_of and all(one.get(name) is None for name in self.any_of):
            absent = [" or ".join(self.any_of)]
        if absent:
            raise InputError(f"it lacks {absent[0]!r}", where=where)
        for name, kind in known.items():
            value = one.get(name)
            if value is not None and not KINDS[kind](value):
                raise InputError(
                    f"{name!r} is not what it should be",
                    where=where,
                    expected=kind,
                    got=repr(value)[:80],
                )
        _ordered(one, where)


def fits(one: Mapping[str, Any], schema: Schema, where: str) -> None:
    """Check that an operation fits the type of its column.

    Text may become numbers on the way, so what works on numbers fits text as well.

    Raises
    ------
    InputError
        Where it does not.
    """
    takes = {**TAKES, **ROW}[one["op"]]
    if not takes.column:
        return
    column = schema[one["column"]]
    if column.type not in takes.types:
        raise InputError(
            f"{one['op']!r} does not work on a column of type {column.type}",
            where=where,
            expected=" or ".join(takes.types),
        )
    if one["op"] == "fill" and "target" in column.roles:
        raise InputError(
            "a target that is missing cannot be made up",
            where=where,
            todo="leave it: rows without a target are flagged",
        )


def _ordered(one: Mapping[str, Any], where: str) -> None:
    low, high = one.get("min"), one.get("max")
    if low is not None and high is not None and low > high:
        raise InputError("min is above max", where=where, got=f"{low} and {high}")
    parts, pattern = one.get("parts"), one.get("pattern")
    if parts and pattern and re.compile(pattern).groups != len(parts):
        raise InputError(
            "the pattern has not a group for each part",
            where=where,
            expected=f"{len(parts)} groups in brackets",
            got=repr(pattern)[:80],
        )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and re.compile(value) is not None
    except re.error:
        return False


def _is_format(value: Any) -> bool:
    if not isinstance(value, str) or ("%" not in value and value != "iso"):
        return False
    moment = datetime(2001, 12, 31, 23, 58, 59)
    try:
        return value == "iso" or bool(datetime.strptime(moment.strftime(value), value))
    except ValueError:
        return False


def _all(test: Callable[[Any], bool], value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) > 0 and all(map(test, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_cell(value: Any) -> bool:
    return isinstance(value, (str, bool)) or _is_number(value)


def _is_words(value: Any) -> bool:
    return _all(_is_text, value) and len(set(value)) == len(value)


KINDS: dict[str, Callable[[Any], bool]] = {
    "a number": _is_number,
    "a number above 0": lambda value: _is_number(value) and value > 0,
    "a whole number above 0": lambda value: type(value) is int and value > 0,
    "true or false": lambda value: isinstance(value, bool),
    "a grey from 0 to 255": lambda value: type(value) is int and 0 <= value <= 255,
    "L or RGB": lambda value: value in ("L", "RGB"),
    "gaussian or median": lambda value: value in ("gaussian", "median"),
    "a text": _is_text,
    "one character": lambda value: isinstance(value, str) and len(value) == 1,
    "a text, number or truth value": _is_cell,
    "a list of values": lambda value: _all(_is_cell, value),
    "a list of different words": _is_words,
    "texts by text": lambda value: (
        isinstance(value, Mapping)
        and all(isinstance(text, str) for pair in value.items() for text in pair)
    ),
    "sizes above 0 by unit": lambda value: (
        isinstance(value, Mapping)
        and len(value) > 0
        and all(_is_text(unit) for unit in value)
        and all(_is_number(size) and size > 0 for size in value.values())
    ),
    "a regular expression": _is_pattern,
    "'iso', or a format of strptime": _is_format,
    f"some of {', '.join(TIDY)}": lambda value: (
        _is_words(value) and set(value) <= set(TIDY)
    ),
}
"""What a value may be, by how it is told."""

MARKS = {"decimal": "one character", "thousands": "one character"}
BOUNDS = {"min": "a number", "max": "a number"}

TAKES: dict[str, Takes] = {
    "clip": Takes(may=BOUNDS, types=(*TEXT, "number"), any_of=("min", "max")),
    "date": Takes(may={"format": "'iso', or a format of strptime"}),
    "drop": Takes(types=PLAIN),
    "fill": Takes({"value": "a text, number or truth value"}, types=(*TEXT, "number")),
    "lower": Takes(),
    "missing": Takes({"values": "a list of values"}, types=(*TEXT, "number")),
    "number": Takes(may={**MARKS, "strip": "a text"}, types=(*TEXT, "number")),
    "recode": Takes({"mapping": "texts by text"}),
    "split": Takes(
        {"parts": "a list of different words"},
        {"by": "a text", "pattern": "a regular expression"},
        any_of=("by", "pattern"),
    ),
    "text": Takes(types=(*TEXT, "number")),
    "tidy": Takes({"do": f"some of {', '.join(TIDY)}"}),
    "trim": Takes(),
    "truth": Takes(
        may={"true": "a list of different words", "false": "a list of different words"}
    ),
    "unit": Takes({"units": "sizes above 0 by unit"}, {**MARKS, "to": "a text"}),
}
"""The cell operations that a person may ask for."""

IMAGE, AUDIO = ("image",), ("audio",)
MEDIA: dict[str, Takes] = {
    "mode": Takes({"mode": "L or RGB"}, types=IMAGE),
    "mono": Takes(types=AUDIO),
    "normalise": Takes(
        may={"peak": "a number", "rms": "a number"}, types=AUDIO, any_of=("peak", "rms")
    ),
    "resample": Takes({"rate": "a whole number above 0"}, types=AUDIO),
    "resize": Takes(
        {"side": "a whole number above 0"},
        {"keep": "true or false", "pad": "a grey from 0 to 255"},
        types=IMAGE,
    ),
    "smooth": Takes(
        {"radius": "a number above 0"}, {"by": "gaussian or median"}, types=IMAGE
    ),
    "trim_silence": Takes(may={"below": "a number", "margin": "a number"}, types=AUDIO),
}
"""The operations on images and sounds that a person may ask for."""

TAKES |= MEDIA

ROW: dict[str, Takes] = {
    "duplicates": Takes(column=False),
    "near duplicates": Takes(column=False),
    "outliers": Takes(may=BOUNDS, types=(*TEXT, "number"), any_of=("min", "max")),
}
"""The row operations: they flag rows of this table, and are replayed on none."""

FITTED = frozenset(
    {"bin", "encode", "fit", "impute", "mean", "median", "mode_of", "one-hot", "rank"}
    | {"scale", "standardise", "standardize", "target_encode"}
)
"""Words for what is fitted on rows: it lives in the model, not here."""
