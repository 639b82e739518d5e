"""Checks of a contract, with numpy alone: which rows fail which rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mlkit.core.values import Array, missing, numbers, texts, write

__all__ = ["CHECKS"]


def _not_number(values: Array, _: Mapping[str, Any]) -> Array:
    if values.dtype.kind in "fiu":
        return np.zeros(len(values), dtype=bool)
    claims = _flags(isinstance(v, (bool, np.bool_)) for v in values.tolist())
    return ~missing(values) & (np.isnan(numbers(values)) | claims)


def _not_text(values: Array, _: Mapping[str, Any]) -> Array:
    return ~missing(values) & _flags(not isinstance(v, str) for v in values.tolist())


def _out_of_range(values: Array, rule: Mapping[str, Any]) -> Array:
    found = numbers(values)
    failed = ~missing(values) & np.isnan(found)
    if rule.get("min") is not None:
        failed |= found < rule["min"]
    if rule.get("max") is not None:
        failed |= found > rule["max"]
    return failed


def _not_among(values: Array, rule: Mapping[str, Any]) -> Array:
    known = {None, *(write(value) for value in rule["values"])}
    return _flags(text not in known for text in texts(values).tolist())


def _too_long(values: Array, rule: Mapping[str, Any]) -> Array:
    return _flags(len(text or "") > rule["max"] for text in texts(values).tolist())


def _twice(values: Array, _: Mapping[str, Any]) -> Array:
    words = np.array([text or "" for text in texts(values).tolist()], dtype=object)
    counted = np.unique(words, return_inverse=True, return_counts=True)
    places, counts = counted[1], counted[2]
    return (counts[places] > 1) & ~missing(values)


def _flags(items: Any) -> Array:
    return np.fromiter(items, dtype=bool)


CHECKS: dict[str, Callable[[Array, Mapping[str, Any]], Array]] = {
    "length": _too_long,
    "number": _not_number,
    "range": _out_of_range,
    "required": lambda values, _: missing(values),
    "text": _not_text,
    "unique": _twice,
    "values": _not_among,
}
"""Checks by name: values, rule → True where a row fails."""
