"""Families of models, one file each: a module here is a family.

A family says how it wants its columns, builds an estimator, draws settings for the
search, and tells the plain form of what was fitted. To add one, add a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Protocol, cast

import numpy as np

from mlkit.core.errors import UsageError, did_you_mean
from mlkit.model.encode import Encoding
from mlkit.model.forms import Form

__all__ = ["Family", "family", "names"]


class Family(Protocol):
    """What a module in this folder offers.

    Attributes
    ----------
    title
        Its name in words.
    order
        Its place in tables: the plainest first.
    baseline
        Whether it is there to compare with.
    plain
        Whether a person can read the fitted model.
    formats
        The package formats it can take.
    encoding
        How it wants its columns.
    """

    title: str
    order: int
    baseline: bool
    plain: bool
    formats: tuple[str, ...]
    encoding: Encoding

    def build(self, kind: str, rows: int, seed: int, **settings: Any) -> Any:
        """Return an unfitted estimator for a kind of problem and so many rows."""

    def draw(self, kind: str, rng: np.random.Generator) -> dict[str, Any]:
        """Return settings drawn from the family's own space."""

    def form(self, estimator: Any, kind: str) -> Form:
        """Return the plain form of a fitted estimator."""


def names() -> list[str]:
    """Return the names of all families, the plainest first.

    Examples
    --------
    >>> names()[:3]
    ['dummy', 'linear', 'tree']
    """
    found = [module.name for module in pkgutil.iter_modules(__path__)]
    return sorted(found, key=lambda name: (family(name).order, name))


def family(name: str) -> Family:
    """Return the family called `name`.

    Raises
    ------
    UsageError
        Where there is none of that name.
    """
    found = [module.name for module in pkgutil.iter_modules(__path__)]
    if name not in found:
        raise UsageError(
            f"there is no family {name!r}",
            where="families",
            todo=did_you_mean(name, found),
        )
    return cast(Family, importlib.import_module(f"{__name__}.{name}"))
