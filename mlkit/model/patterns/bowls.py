"""Clusters as bowls: a row belongs where its squared distance tells it to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.formats.forms import Bowls, Linear, Quadratic
from mlkit.model.patterns.space import Space

__all__ = ["Clusters", "depths"]

Array = NDArray[Any]


class Clusters:
    """Fitted clusters, as plain arrays: each is the nearest of one bowl or of many.

    Parameters
    ----------
    space
        Where rows lie.
    centre, scale, bias
        Of the bowls; see `mlkit.model.formats.forms.Quadratic`.
    group
        The cluster of each bowl, shape (bowls,).
    labels
        The cluster of each row that was learnt from, shape (rows,).
    rest
        Whether the last cluster is of rows that belong to none.
    facts
        What else was found: ``bic`` of a mixture, how often a stand-in ``agrees``.
    """

    def __init__(
        self,
        space: Space,
        bowls: tuple[Array, Array, Array],
        group: Array,
        labels: Array,
        *,
        rest: bool = False,
        facts: dict[str, float] | None = None,
    ) -> None:
        order = _by_size(labels, int(group.max()) + 1, rest=rest)
        place = np.argsort(order)
        self.space = space
        self.centre, self.scale, self.bias = bowls
        self.group = place[group]
        self.labels = place[labels]
        self.rest = rest
        self.facts = dict(facts or {})

    @property
    def count(self) -> int:
        """How many clusters there are, less the rows that belong to none."""
        return int(self.group.max()) + 1 - self.rest

    @property
    def names(self) -> tuple[str, ...]:
        """The clusters' names: the largest is 1."""
        found = tuple(str(k + 1) for k in range(self.count))
        return (*found, "none") if self.rest else found

    @property
    def form(self) -> Bowls:
        """The plain form."""
        return Bowls(
            Linear(self.space.rotation, self.space.offset),
            Quadratic(self.centre, self.scale, self.bias),
            tuple(int(k) for k in self.group),
        )

    def predict(self, matrix: Array) -> NDArray[np.int64]:
        """Return the cluster of each row, shape (rows,)."""
        return np.asarray(self.predict_proba(matrix).argmax(axis=1), np.int64)

    def predict_proba(self, matrix: Array) -> NDArray[np.float64]:
        """Return how surely each row belongs to each cluster, (rows, clusters)."""
        scores = depths(self.form, matrix)
        scores -= scores.max(axis=1, keepdims=True)
        best = [scores[:, self.group == k].max(axis=1) for k in np.unique(self.group)]
        chances = np.exp(np.stack(best, axis=1))
        return np.asarray(chances / chances.sum(axis=1, keepdims=True), np.float64)


def depths(form: Bowls, matrix: Array) -> NDArray[np.float64]:
    """Return how deep rows lie in each bowl, float64, shape (rows, bowls)."""
    cells = np.asarray(matrix, np.float64) @ form.space.weights + form.space.bias
    bowls = form.bowls
    square = bowls.scale**2
    level = bowls.bias - (bowls.centre**2 * square).sum(axis=0)
    straight = cells @ (2 * bowls.centre * square)
    return np.asarray((cells * cells) @ -square + straight + level, np.float64)


def _by_size(labels: Array, count: int, *, rest: bool) -> Array:
    """Return the clusters, the largest first, and what belongs to none at the end."""
    sizes = np.bincount(labels, minlength=count).astype(float)
    if rest:
        sizes[-1] = -1
    return np.argsort(-sizes, kind="stable")
