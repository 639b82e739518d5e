"""What a person prefers: the best model, one she can read, one for all formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlkit.core.errors import UsageError, did_you_mean
from mlkit.model.families import able, family
from mlkit.model.measures.metrics import METRICS
from mlkit.model.problem import Problem

__all__ = [
    "FORMATS",
    "PREFERENCES",
    "checked",
    "entries",
    "fits",
    "legible",
    "plainest",
    "weighed",
]

PREFERENCES = ("best", "transparent", "portable")
WEIGHED = ("auto", "balanced", "none")
FORMATS = ("onnx", "pmml", "pfa")
Item = tuple[str, dict[str, Any]]
LEGIBLE: tuple[Item, ...] = (
    ("tree", {"depth": 2}),
    ("tree", {"depth": 3}),
    ("ordinal", {}),
    ("linear", {"strength": 30.0, "sparse": True}),
    ("linear", {"strength": 5.0, "sparse": True}),
    ("linear", {"strength": 1.0}),
    ("linear", {"strength": 30.0}),
    ("tree", {"depth": 4}),
    ("boosting", {"leaves": 2, "trees": 100, "rate": 0.1, "columns": 1.0}),
    ("boosting", {"leaves": 2, "trees": 300, "rate": 0.1, "columns": 1.0}),
)


def checked(prefer: str) -> str:
    """Return a preference that there is.

    Raises
    ------
    UsageError
        Where there is none of that name.
    """
    return _among(prefer, PREFERENCES, "preference", "prefer")


def weighed(class_weight: str) -> str:
    """Return a way to weigh classes that there is.

    Raises
    ------
    UsageError
        Where there is none of that name.
    """
    return _among(class_weight, WEIGHED, "way to weigh classes", "class_weight")


def _among(word: str, words: Sequence[str], what: str, where: str) -> str:
    if word not in words:
        raise UsageError(
            f"there is no {what} {word!r}",
            where=where,
            expected=", ".join(words),
            todo=did_you_mean(word, words),
        )
    return word


def fits(name: str, prefer: str) -> bool:
    """Tell whether a family is what a person prefers.

    Examples
    --------
    >>> fits("forest", "transparent"), fits("forest", "portable")
    (False, True)
    """
    if prefer == "transparent":
        return family(name).plain or name in dict(LEGIBLE)
    return prefer != "portable" or set(FORMATS) <= set(family(name).formats)


def legible(
    problem: Problem, names: Sequence[str] = (), out: Sequence[str] = ()
) -> list[Item]:
    """Return families with settings that a person can read, the plainest first.

    They are small trees, linear models with few terms, one score with cuts between
    classes in order, and additive models: boosted trees of one question each, so that
    every column has one curve.

    Parameters
    ----------
    problem
        What is predicted.
    names
        Only these families, with their defaults where a person can read them though
        they are not listed here; none takes all that are.
    out
        Families that were crossed out, or that cannot be packaged.

    Examples
    --------
    >>> legible(Problem("number", "y", "rmse", numbers=("x",)))[0]
    ('tree', {'depth': 2})
    """
    sparse = problem.kind == "number"
    listed = [
        (name, dict(settings))
        for name, settings in LEGIBLE
        if problem.kind in family(name).takes
        and (sparse or not settings.get("sparse"))
        and name in (names or [name])
    ]
    rest = [name for name in names if name not in dict(listed) and family(name).plain]
    more: list[Item] = [(name, {}) for name in rest]
    return [item for item in (*listed, *more) if item[0] not in out]


def entries(
    problem: Problem, prefer: str, names: Sequence[str], out: Sequence[str] = ()
) -> list[Item]:
    """Return the families and settings that a search begins with, beside the guess.

    Parameters
    ----------
    problem
        What is predicted.
    prefer
        One of `PREFERENCES`.
    names
        Only these families; none takes all that are installed.
    out
        Families that were crossed out, or that cannot be packaged.
    """
    out = ("dummy", *out)
    if prefer == "transparent":
        return legible(problem, names, out)
    wanted = FORMATS if prefer == "portable" else ("onnx",)
    listed = names or [n for n in able(problem.kind) if not family(n).baseline]
    listed = list(dict.fromkeys(["linear", *listed])) if not names else list(names)
    return [
        (name, {})
        for name in listed
        if name not in out and set(wanted) <= set(family(name).formats)
    ]


def plainest(
    items: Sequence[tuple[str, Mapping[str, Any]]],
    scores: Sequence[Sequence[float]],
    metric: str,
) -> int:
    """Return the place of the plainest within a standard error of the best.

    Parameters
    ----------
    items
        Families and settings, the plainest first.
    scores
        The metric of each on each fold.
    metric
        Its name.

    Notes
    -----
    The one-standard-error rule of Breiman and others 1984, with the error of the
    differences fold by fold, as the folds are the same for all.

    Examples
    --------
    >>> items = [("tree", {}), ("linear", {})]
    >>> plainest(items, [[0.79, 0.81], [0.80, 0.80]], "roc_auc")
    0
    """
    sign = 1.0 if METRICS[metric].greater else -1.0
    table = sign * np.array(scores)
    best = int(table.mean(axis=1).argmax())
    behind = table[best] - table
    folds = table.shape[1]
    error = behind.std(axis=1, ddof=1) / np.sqrt(folds) if folds > 1 else 0.0
    noise = 1e-12 * np.abs(table[best]).mean()
    near = behind.mean(axis=1) <= error + noise
    return next(at for at in range(len(items)) if near[at] or at == best)
