"""Describe each column in plain numbers that a record can keep.

Each type of column has a module of its own in this folder, named in the plural:
numbers, categories, dates, texts, images, audio. A module gives ``describe(values)``;
those of images and sounds also give ``alerts(values, column)`` and
``picture(values, classes)``, and are looked for only where such a column is.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pandas as pd

from mlkit.core.schema import Column

__all__ = ["describe", "module_of"]

MODULES = {
    "audio": "audio",
    "category": "categories",
    "date": "dates",
    "id": "categories",
    "image": "images",
    "number": "numbers",
    "text": "texts",
}


def describe(raw: pd.Series, values: pd.Series, column: Column) -> dict[str, Any]:
    """Return one column's measures.

    Parameters
    ----------
    raw
        Its cells as they were collected.
    values
        The same cells after cleaning, as numbers, words or moments.
    column
        Its type and roles after cleaning.

    Examples
    --------
    >>> cells = pd.Series([1.0, 2.0, None, 3.0])
    >>> found = describe(cells, cells, Column("x"))
    >>> found["missing"], found["median"]
    (1, 2.0)
    """
    gone, left = int(raw.isna().sum()), int(values.isna().sum())
    found: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "roles": list(column.roles),
        "missing": gone,
        "hidden": max(left - gone, 0),
    }
    found.update(module_of(column.type).describe(values))
    return found


def module_of(kind: str) -> ModuleType:
    """Return the module that measures one type of column.

    Examples
    --------
    >>> module_of("number").__name__
    'mlkit.data.measures.numbers'
    """
    return importlib.import_module(f"{__package__}.{MODULES[kind]}")
