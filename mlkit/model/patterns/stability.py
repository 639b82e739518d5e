"""Whether clusters come again when the rows are drawn anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from mlkit.model.patterns.bowls import Clusters
from mlkit.model.patterns.fitting import Rows, grow
from mlkit.model.patterns.space import Space

__all__ = ["FEWEST", "Repeats", "again", "apart", "jaccard"]

SHARE, MOST = 0.7, 1000
FEWEST = 5
"""Rows for each cluster, at least, where clusters are to be looked for."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Repeats:
    """How clusters did in repeats on parts of the rows.

    Parameters
    ----------
    agreement
        The adjusted Rand index with the clusters of all rows, one a repeat.
    clusters
        By cluster, how much of it came again: its Jaccard index with the likest
        cluster, shape (repeats, clusters).
    """

    agreement: Floats
    clusters: Floats

    @property
    def stability(self) -> float:
        """The mean agreement."""
        return float(self.agreement.mean()) if len(self.agreement) else 0.0


def again(
    name: str,
    settings: Mapping[str, Any],
    rows: Rows,
    labels: NDArray[Any],
    count: int,
    *,
    repeats: int,
    seed: int = 0,
) -> Repeats:
    """Fit again to parts of the rows, and compare the clusters of all rows.

    Parameters
    ----------
    name, settings
        A family and its settings.
    rows
        Encoded rows.
    labels
        Their clusters, shape (rows,).
    count
        How many clusters are to come again: the first ones.
    repeats
        How often; each time seven rows of ten are drawn.
    seed
        Of the drawing.

    Notes
    -----
    The agreement is that of Ben-Hur, Elisseeff and Guyon (2002), cluster by cluster
    that of Hennig (2007): below 0.5 a cluster dissolves, from 0.75 on it is stable.
    """
    rng = np.random.default_rng(seed)
    agreement, clusters = [], []
    for turn in range(repeats):
        some = rng.permutation(len(labels))[: max(int(SHARE * len(labels)), 2)]
        made = grow(name, settings, rows.take(np.sort(some)), "cluster", seed + turn)
        said = made.predict(rows.matrix) if isinstance(made, Clusters) else labels
        agreement.append(adjusted_rand_score(labels, said))
        clusters.append(list(jaccard(labels, said, count)))
    return Repeats(np.array(agreement), np.array(clusters).reshape(repeats, count))


def jaccard(labels: NDArray[Any], said: NDArray[Any], count: int) -> Iterator[float]:
    """Yield for each cluster the overlap with the likest of others, 0 to 1.

    Parameters
    ----------
    labels, said
        Two sets of clusters of the same rows, shape (rows,).
    count
        How many of the first are asked about.

    Examples
    --------
    >>> list(jaccard(np.array([0, 0, 1, 1]), np.array([1, 1, 1, 0]), 2))
    [0.66..., 0.5]
    """
    for cluster in range(count):
        mine = labels == cluster
        best = 0.0
        for other in np.unique(said[mine]) if mine.any() else ():
            theirs = said == other
            best = max(best, float((mine & theirs).sum() / (mine | theirs).sum()))
        yield best


def apart(rows: Rows, labels: NDArray[Any], count: int, seed: int = 0) -> Floats:
    """Return how much nearer rows lie to their own cluster than to the next.

    Parameters
    ----------
    rows
        Encoded rows.
    labels
        Their clusters; `count` and above belong to none, and get 0.
    count
        How many clusters there are.
    seed
        Of the thousand rows that are looked at, where there are more.

    Returns
    -------
    ndarray
        Silhouettes (Rousseeuw 1987), −1 to 1, shape (rows looked at,).
    """
    used = np.random.default_rng(seed).permutation(len(labels))[:MOST]
    cells = Space.fit(rows.matrix, rows.sources).transform(rows.matrix[used])
    mine = labels[used]
    belongs = mine < count
    found = np.zeros(len(used))
    if 1 < len(np.unique(mine[belongs])) < belongs.sum():
        found[belongs] = silhouette_samples(cells[belongs], mine[belongs])
    return found
