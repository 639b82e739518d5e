"""Checks of a contract, with numpy alone: which rows fail which rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mlkit.core.values import Array, dates, each, missing, numbers, texts, write

__all__ = ["CHECKS"]


def _not_number(values: Array, _: Mapping[str, Any]) -> Array:
    if values.dtype.kind in "fiu":
        return np.zeros(len(values), dtype=bool)
    claims = _flags(isinstance(v, (bool, np.bool_)) for v in values.tolist())
    return ~missing(values) & (np.isnan(numbers(values)) | claims)


def _not_text(values: Array, _: Mapping[str, Any]) -> Array:
    return ~missing(values) & _flags(not isinstance(v, str) for v in values.tolist())


def _out_of_range(values: Array, rule: Mapping[str, Any]) -> Array:
    marks = {k: rule[k] for k in ("decimal", "thousands", "strip") if rule.get(k)}
    found = numbers(values, **marks)
    failed = ~_gone(values, rule) & np.isnan(found)
    if rule.get("min") is not None:
        failed |= found < rule["min"]
    if rule.get("max") is not None:
        failed |= found > rule["max"]
    return failed


def _not_date(values: Array, rule: Mapping[str, Any]) -> Array:
    return ~_gone(values, rule) & np.isnat(dates(values, rule.get("format", "iso")))


def _not_among(values: Array, rule: Mapping[str, Any]) -> Array:
    known = {(write(value) or "").strip() for value in rule["values"]}
    found = each(texts(values), lambda text: text is None or text.strip() in known)
    return ~found.astype(bool)


def _too_long(values: Array, rule: Mapping[str, Any]) -> Array:
    return _flags(len(text or "") > rule["max"] for text in texts(values).tolist())


def _twice(values: Array, _: Mapping[str, Any]) -> Array:
    words = np.array([text or "" for text in texts(values).tolist()], dtype=object)
    counted = np.unique(words, return_inverse=True, return_counts=True)
    places, counts = counted[1], counted[2]
    return (counts[places] > 1) & ~missing(values)


def _gone(values: Array, rule: Mapping[str, Any]) -> Array:
    """Tell missing cells, the words that mean so included."""
    words = {str(word) for word in rule.get("missing", ())}
    if not words or values.dtype.kind in "fiubM":
        return missing(values)
    told = each(texts(values), lambda text: text is None or text.strip() in words)
    return told.astype(bool)


def _flags(items: Any) -> Array:
    return np.fromiter(items, dtype=bool)


CHECKS: dict[str, Callable[[Array, Mapping[str, Any]], Array]] = {
    "date": _not_date,
    "length": _too_long,
    "number": _not_number,
    "range": _out_of_range,
    "required": lambda values, _: missing(values),
    "text": _not_text,
    "unique": _twice,
    "values": _not_among,
}
"""Checks by name: values, rule → True where a row fails."""
