"""Fit a family that learns without a target; what comes out is a model like any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.model.encoding.encode import Encoder
from mlkit.model.families import ready
from mlkit.model.fitted import Member, Model, Part
from mlkit.model.patterns.bowls import Clusters
from mlkit.model.patterns.ranks import NAMES, Odds
from mlkit.model.problem import Problem
from mlkit.model.threads import one_thread

__all__ = ["Rows", "fit", "grow", "picked"]

SHARE = 0.05
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Rows:
    """Encoded rows.

    Parameters
    ----------
    matrix
        Shape (rows, columns).
    sources
        The table's column that each comes of.
    """

    matrix: Matrix
    sources: Sequence[str]

    def take(self, places: Any) -> Rows:
        """Return some of the rows."""
        return Rows(self.matrix[places], self.sources)

    @classmethod
    def of(
        cls, table: pd.DataFrame, problem: Problem, name: str
    ) -> tuple[Encoder, Rows]:
        """Encode a table as a family wants it."""
        encoding = ready(name, problem.kind).encoding
        made = Encoder.fit(table, problem.numbers, problem.categories, encoding)
        return made, cls(made.transform(table), made.sources)


def fit(
    name: str,
    settings: Mapping[str, Any],
    table: pd.DataFrame,
    problem: Problem,
    seed: int = 0,
) -> Model:
    """Fit one family to cleaned rows.

    Parameters
    ----------
    name, settings
        A family that takes the problem's kind, and its settings.
    table
        Cleaned rows.
    problem
        As `Problem.untold` tells it.
    seed
        Of everything drawn at random.

    Examples
    --------
    >>> table = pd.DataFrame({"x": [0.0, 0.1, 0.2, 5.0, 5.1] * 6})
    >>> model = fit("kmeans", {"clusters": 2}, table, Problem.untold(table, "cluster"))
    >>> model.predict(table.head(4)).tolist()
    ['1', '1', '1', '2']
    """
    encoder, rows = Rows.of(table, problem, name)
    made = grow(name, settings, rows, problem.kind, seed)
    chances = made.predict_proba(rows.matrix)
    if isinstance(made, Clusters):
        classes, truth = made.names, chances.argmax(axis=1)
    else:
        classes, truth = NAMES, (chances[:, 1] >= 1 - SHARE).astype(int)
    model = Model(replace(problem, classes=classes), truth)
    model.encoders = [encoder]
    seen = list(range(len(classes)))
    model.parts = [Part(Member(name, dict(settings)), 0, made, seen)]
    return model


def grow(
    name: str, settings: Mapping[str, Any], rows: Rows, kind: str, seed: int
) -> Clusters | Odds:
    """Fit a family to encoded rows, on one thread, on as many as it takes."""
    family = ready(name, kind)
    used = picked(len(rows.matrix), family.most, seed)
    some = rows if used is None else rows.take(used)
    with one_thread():
        unfitted = family.build(kind, len(some.matrix), seed, **settings)
        made: Clusters | Odds = unfitted.fit(some.matrix, some.sources)
    return made


def picked(rows: int, most: int, seed: int) -> NDArray[np.int64] | None:
    """Return the places of `most` rows drawn at random; None where all fit."""
    if not most or rows <= most:
        return None
    return np.sort(np.random.default_rng(seed).permutation(rows)[:most])
