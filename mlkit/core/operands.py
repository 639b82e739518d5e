"""The parts of an expression: values that know where they are missing."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlkit.core.errors import InputError
from mlkit.core.values import Array, dates, each, missing, numbers, texts

__all__ = [
    "CALLS",
    "Value",
    "as_number",
    "as_truth",
    "both",
    "column",
    "compare",
    "either",
    "gone",
    "literal",
    "minus",
    "negated",
    "work_out",
]

EXACT = 2**53
DAY = 86_400_000_000
FAR = 1e18
ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "Is": operator.eq,
    "IsNot": operator.ne,
}
SUMS: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
}


@dataclass(frozen=True)
class Value:
    """Cells of one kind, one a row or a single one, and where they are known.

    Parameters
    ----------
    kind
        ``number`` (float64), ``date`` (datetime64[us]), ``text`` (str, "" where it is
        missing), ``truth`` (bool) or ``nothing``.
    values
        The cells.
    known
        False where a cell is missing.
    """

    kind: str
    values: Array
    known: Array

    @property
    def false(self) -> Array:
        """Where a truth is known to be false."""
        found: Array = self.known & ~self.values
        return found

    @property
    def true(self) -> Array:
        """Where a truth is known to be true."""
        found: Array = self.known & self.values
        return found


def gone(values: Array, rule: Mapping[str, Any]) -> Array:
    """Tell missing cells, the words that mean so included."""
    if values.dtype.kind in "iub":
        return np.zeros(len(values), dtype=bool)
    words = {str(word) for word in rule.get("missing", ())}
    if not words or values.dtype.kind in "fM":
        return missing(values)
    told = each(texts(values), lambda text: text is None or text.strip() in words)
    return told.astype(bool)


def column(values: Array, how: Mapping[str, Any]) -> Value:
    """Read a column's raw cells as a rule says, else by what they are."""
    own = {"M": "date", "f": "number", "i": "number", "u": "number"}
    kind, known = how.get("type") or own.get(values.dtype.kind), ~gone(values, how)
    if kind == "number":
        marks = {k: how[k] for k in ("decimal", "thousands", "strip") if how.get(k)}
        return Value("number", numbers(values, **marks), known)
    if kind == "date":
        return Value("date", dates(values, how.get("format", "iso")), known)
    words = each(texts(values), lambda text: (text or "").strip())
    return Value("text", words, known)


def literal(value: Any) -> Value:
    """Return a number, a word, a truth or nothing, as one cell."""
    known = np.ones(1, dtype=bool)
    if value is None:
        return Value("nothing", np.zeros(1), ~known)
    if isinstance(value, bool):
        return Value("truth", np.array([value]), known)
    if isinstance(value, str) or (isinstance(value, int) and abs(value) >= EXACT):
        return Value("text", np.array([str(value)], dtype=object), known)
    return Value("number", np.array([float(value)]), known)


def as_truth(value: Value, told: str) -> Value:
    """Return a truth; the words true and false are taken as such, others as false."""
    if value.kind == "truth":
        return value
    if value.kind == "text":
        words = each(value.values, lambda text: text.casefold() == "true")
        return Value("truth", words.astype(bool), value.known)
    raise InputError(
        "an expression is neither true nor false",
        where=told[:200],
        expected="a comparison, or a column of true and false",
    )


def as_number(value: Value, told: str) -> Value:
    """Return numbers; a word that is none is NaN, which no comparison holds of."""
    if value.kind == "number":
        return value
    if value.kind in ("text", "truth"):
        return Value("number", numbers(value.values), value.known)
    raise InputError("a date is no number", where=told[:200])


def both(parts: Sequence[Value]) -> Value:
    """Join truths by `and`: one that is false settles it, known or not the others."""
    true, false = parts[0].true, parts[0].false
    for part in parts[1:]:
        true, false = true & part.true, false | part.false
    return Value("truth", true, true | false)


def either(parts: Sequence[Value]) -> Value:
    """Join truths by `or`: one that is true settles it, known or not the others."""
    return negated(both([negated(part) for part in parts]))


def negated(value: Value) -> Value:
    """Turn a truth round."""
    return Value("truth", ~value.values, value.known)


def minus(value: Value) -> Value:
    """Turn the sign of numbers."""
    return Value("number", -value.values, value.known)


def compare(name: str, one: Value, other: Value, told: str) -> Value:
    """Compare two values, once both are of one kind."""
    if "nothing" in (one.kind, other.kind):
        return _with_nothing(name, one, other, told)
    one, other = _alike(one, other, told)
    left, right = one.values, other.values
    found = np.asarray(ORDERS[name](left, right)).astype(bool)
    return Value("truth", found, one.known & other.known)


def _with_nothing(name: str, one: Value, other: Value, told: str) -> Value:
    if name not in ("Eq", "NotEq", "Is", "IsNot"):
        raise InputError("nothing can only be equal or not", where=told[:200])
    asked = one if other.kind == "nothing" else other
    found = ~asked.known if name in ("Eq", "Is") else asked.known
    return Value("truth", found, np.ones_like(found))


def _alike(one: Value, other: Value, told: str) -> tuple[Value, Value]:
    kinds = {one.kind, other.kind}
    if len(kinds) == 1:
        return one, other
    if kinds == {"truth", "text"}:
        return as_truth(one, told), as_truth(other, told)
    if "date" not in kinds:
        return as_number(one, told), as_number(other, told)
    if kinds == {"date", "text"}:
        return _as_date(one, told), _as_date(other, told)
    raise InputError(
        "a date can be compared with a date only",
        where=told[:200],
        expected="such as `day >= '2026-01-31'`",
    )


def _as_date(value: Value, told: str) -> Value:
    if value.kind == "date":
        return value
    found = dates(value.values)
    if len(found) == 1 and np.isnat(found[0]):
        raise InputError(
            "this is no date",
            where=told[:200],
            expected="such as '2026-01-31'",
            got=repr(value.values[0]),
        )
    return Value("date", found, value.known)


def work_out(name: str, one: Value, other: Value, told: str) -> Value:
    """Add, take off, multiply or divide; days lie between two dates."""
    known = one.known & other.known
    if one.kind == other.kind == "date" and name == "Sub":
        apart = (one.values - other.values).astype("m8[us]")
        days = apart.astype(np.float64) / DAY
        return Value("number", np.where(np.isnat(apart), np.nan, days), known)
    if one.kind == "date" and other.kind == "number" and name in ("Add", "Sub"):
        moved = np.nan_to_num(other.values) * float(DAY)
        step = np.clip(moved, -FAR, FAR).astype(np.int64).astype("m8[us]")
        return Value("date", SUMS[name](one.values, step), known)
    left, right = as_number(one, told).values, as_number(other, told).values
    with np.errstate(all="ignore"):
        return Value("number", SUMS[name](left, right), known)


# what an expression may call: values, the call as written → value


def _on_numbers(function: Callable[..., Any]) -> Callable[..., Value]:
    def call(given: Sequence[Value], told: str) -> Value:
        _count(given, 1, told)
        value = as_number(given[0], told)
        return Value("number", function(value.values), value.known)

    return call


def _folded(function: Callable[..., Any]) -> Callable[..., Value]:
    def call(given: Sequence[Value], told: str) -> Value:
        if not given:
            _count(given, 1, told)
        found = as_number(given[0], told)
        for value in given[1:]:
            more = as_number(value, told)
            both_known = found.known & more.known
            found = Value("number", function(found.values, more.values), both_known)
        return found

    return call


def _on_text(
    function: Callable[[str], Any], kind: str = "text"
) -> Callable[..., Value]:
    def call(given: Sequence[Value], told: str) -> Value:
        _count(given, 1, told)
        value = _words(given[0])
        made = each(value.values, function)
        made = made.astype(np.float64) if kind == "number" else made
        return Value(kind, made, value.known)

    return call


def _with_word(function: Callable[[str, str], Any]) -> Callable[..., Value]:
    """Hold texts against one word, or against those of another column."""

    def call(given: Sequence[Value], told: str) -> Value:
        _count(given, 2, told)
        one, other = _words(given[0]), _words(given[1])
        known = one.known & other.known
        if len(other.values) == 1:
            word = other.values[0]
            found = each(one.values, lambda text: function(text, word))
        else:
            pairs = np.broadcast_arrays(one.values, other.values)
            found = np.array([function(*two) for two in zip(*pairs, strict=True)])
        return Value("truth", found.astype(bool), known)

    return call


def _matches(given: Sequence[Value], told: str) -> Value:
    _count(given, 2, told)
    pattern = str(given[1].values[0]) if len(given[1].values) == 1 else ""
    try:
        fits = re.compile(pattern).fullmatch
    except re.error as error:
        raise InputError(
            "this is no regular expression", where=told[:200], got=str(error)
        ) from None
    value = _words(given[0])
    found = each(value.values, lambda text: fits(text) is not None)
    return Value("truth", found.astype(bool), value.known)


def _gap(given: Sequence[Value], told: str) -> Value:
    _count(given, 1, told)
    return Value("truth", ~given[0].known, np.ones_like(given[0].known))


def _part(unit: str) -> Callable[..., Value]:
    units = {"year": ("Y", 1970), "month": ("M", 1), "day": ("D", 1)}

    def call(given: Sequence[Value], told: str) -> Value:
        _count(given, 1, told)
        value = _as_date(_words(given[0]), told)
        step, begin = units[unit]
        whole = {"Y": None, "M": "Y", "D": "M"}[step]
        found = value.values.astype(f"M8[{step}]").astype(np.int64)
        if whole:
            start = value.values.astype(f"M8[{whole}]").astype(f"M8[{step}]")
            found = found - start.astype(np.int64)
        told_by = np.where(np.isnat(value.values), np.nan, found + begin)
        return Value("number", told_by.astype(np.float64), value.known)

    return call


def _words(value: Value) -> Value:
    if value.kind in ("text", "date"):
        return value
    words = each(texts(value.values), lambda text: text or "")
    return Value("text", words, value.known)


def _count(given: Sequence[Value], count: int, told: str) -> None:
    if len(given) != count:
        raise InputError(f"this call takes {count} values", where=told[:200])


CALLS: dict[str, Callable[[Sequence[Value], str], Value]] = {
    "abs": _on_numbers(np.abs),
    "contains": _with_word(lambda text, word: word in text),
    "day": _part("day"),
    "endswith": _with_word(str.endswith),
    "known": lambda given, told: negated(_gap(given, told)),
    "len": _on_text(len, "number"),
    "lower": _on_text(str.lower),
    "matches": _matches,
    "max": _folded(np.maximum),
    "min": _folded(np.minimum),
    "missing": _gap,
    "month": _part("month"),
    "round": _on_numbers(np.round),
    "startswith": _with_word(str.startswith),
    "upper": _on_text(str.upper),
    "year": _part("year"),
}
"""What an expression may call."""
