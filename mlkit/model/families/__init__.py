"""Families of models, one file each: a module here is a family.

A family says which problems it takes and how it wants its columns, builds an
estimator, draws settings for the search, guesses what a fit costs, and tells the plain
form of what was fitted. To add one, add a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any, Protocol, cast

import numpy as np
import pandas as pd

from mlkit.core.errors import InputError, UsageError, did_you_mean
from mlkit.model.encoding.encode import Encoding
from mlkit.model.formats.forms import Form
from mlkit.model.problem import Problem
from mlkit.model.telling import UNLABELLED

__all__ = ["Family", "able", "absent", "family", "first", "names", "ready"]


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
    first
        Whether it is compared where nobody names families.
    plain
        Whether a person can read the fitted model.
    formats
        The package formats it can take; none where it keeps its training rows.
    encoding
        How it wants its columns.
    takes
        The kinds of problems it takes, of `mlkit.model.telling.KINDS`, or of
        `mlkit.model.telling.UNLABELLED` where it learns without a target.
    weighted
        Whether it heeds the weights of rows.
    most
        It learns from so many rows at most, drawn by the seed; 0 takes all.
    install
        How to install what it needs; "" where mlkit brings it.
    """

    title: str
    order: int
    baseline: bool
    first: bool
    plain: bool
    formats: tuple[str, ...]
    encoding: Encoding
    takes: tuple[str, ...]
    weighted: bool
    most: int
    install: str

    def installed(self) -> bool:
        """Tell whether the library that it needs is there."""

    def cost(self, rows: int, columns: int, classes: int, /, **settings: Any) -> float:
        """Guess the seconds of one fit on one core.

        `columns` are the encoded matrix's; `classes` is 1 for a number.
        """

    def build(self, kind: str, rows: int, seed: int, **settings: Any) -> Any:
        """Return an unfitted estimator for a kind of problem and so many rows."""

    def shaped(self, estimator: Any, rows: int, columns: int) -> Any:
        """Return an unfitted estimator as it suits so many rows and columns.

        A family without it takes any table alike.
        """

    def draw(self, kind: str, rng: np.random.Generator) -> dict[str, Any]:
        """Return settings drawn from the family's own space."""

    def keep(self, estimator: Any, kind: str) -> Any:
        """Return what is kept of a fitted estimator; a family without it keeps all."""

    def suits(self, table: pd.DataFrame, problem: Problem) -> bool:
        """Tell whether a search tries it; a family without it is always tried."""

    def form(self, estimator: Any, kind: str) -> Form | None:
        """Return the plain form of a fitted estimator; None where it has none."""


def names() -> list[str]:
    """Return the families that learn from a target, the plainest first.

    Examples
    --------
    >>> names()[:2]
    ['dummy', 'linear']
    """
    return [name for name in _ordered() if not UNLABELLED.keys() & family(name).takes]


def able(kind: str) -> list[str]:
    """Return the families that take a kind of problem, and are installed.

    Examples
    --------
    >>> "naive_bayes" in able("two_classes"), "naive_bayes" in able("number")
    (True, False)
    >>> able("cluster")
    ['kmeans', 'mixture', 'hdbscan']
    """
    found = [name for name in _ordered() if kind in family(name).takes]
    return [name for name in found if family(name).installed()]


def first(kind: str) -> list[str]:
    """Return the families to compare where nobody names any.

    Examples
    --------
    >>> first("number")
    ['dummy', 'linear', 'tree', 'forest', 'boosting']
    """
    return [name for name in able(kind) if family(name).first]


def absent() -> dict[str, str]:
    """Return the families whose library is not installed, with the install line."""
    return {n: family(n).install for n in names() if not family(n).installed()}


def family(name: str) -> Family:
    """Return the family called `name`, installed or not.

    Raises
    ------
    UsageError
        Where there is none of that name.
    """
    if name not in _found():
        raise UsageError(
            f"there is no family {name!r}",
            where="families",
            todo=did_you_mean(name, _found()),
        )
    return cast(Family, importlib.import_module(f"{__name__}.{name}"))


def ready(name: str, kind: str) -> Family:
    """Return a family that is installed and takes a kind of problem.

    Raises
    ------
    UsageError
        Where there is none of that name, or it takes no such problem.
    InputError
        Where its library is absent.
    """
    found = family(name)
    if kind not in found.takes:
        raise UsageError(
            f"the family {name!r} takes no such problem",
            where="families",
            expected=", ".join(found.takes),
            got=kind,
            todo=f"take one of {', '.join(able(kind))}",
        )
    if not found.installed():
        raise InputError(
            f"{found.title} is not installed", where="families", todo=found.install
        )
    return found


def _ordered() -> list[str]:
    return sorted(_found(), key=lambda name: (family(name).order, name))


@cache
def _found() -> tuple[str, ...]:
    return tuple(module.name for module in pkgutil.iter_modules(__path__))
