"""HDBSCAN: clusters are where rows lie dense; rows between them belong to none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.cluster import HDBSCAN
from sklearn.metrics import pairwise_distances

from mlkit.model.encoding.encode import Encoding
from mlkit.model.formats.forms import Bowls
from mlkit.model.patterns.bowls import Clusters
from mlkit.model.patterns.space import Space

title = "dense regions (HDBSCAN)"
order = 62
baseline = False
first = True
plain = False
formats = ("onnx",)
encoding = Encoding(scale=True, levels=20, rates=False, topics=0)
takes = ("cluster",)
weighted = False
most = 10_000
install = ""

EXAMPLES = 256


def installed() -> bool:
    """Tell that it is always there."""
    return True


def cost(rows: int, columns: int, classes: int, /, **settings: Any) -> float:  # noqa: ARG001
    """Guess the seconds of a fit: distances between all rows."""
    known = min(rows, most)
    return 0.005 + known * known * (2e-8 + 1e-9 * min(columns, 20))


def build(
    kind: str,  # noqa: ARG001
    rows: int,
    seed: int,  # noqa: ARG001
    *,
    smallest: float = 0.05,
) -> Any:
    """Return HDBSCAN; a cluster holds at least the share `smallest` of the rows."""
    return Regions(max(5, round(smallest * min(rows, most))))


def draw(kind: str, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001
    """Draw the share of rows in the smallest cluster."""
    return {"smallest": round(float(10 ** rng.uniform(-2, -0.7)), 4)}


def form(estimator: Clusters, kind: str) -> Bowls:  # noqa: ARG001
    """Return one bowl an example."""
    return estimator.form


class Regions:
    """HDBSCAN that is not fitted yet.

    Notes
    -----
    HDBSCAN (Campello, Moulavi and Sander 2013) says nothing of new rows. So a stand-in
    is kept: at most 256 rows, spread over the clusters, are examples, and a new row
    belongs where the nearest example does, or to none where that is far. How often the
    stand-in agrees with HDBSCAN on the rows it learnt from is kept as ``agrees``.
    """

    def __init__(self, smallest: int) -> None:
        self.smallest = smallest

    def fit(self, matrix: Any, sources: Sequence[str]) -> Clusters:
        """Fit, and return the examples; no cluster at all leaves one for every row."""
        space = Space.fit(matrix, sources)
        cells = space.transform(matrix)
        most_ = min(self.smallest, max(len(cells) // 2, 2))
        made = HDBSCAN(min_cluster_size=most_, min_samples=min(5, most_), copy=True)
        found = np.asarray(made.fit_predict(cells), np.int64)
        count = int(found.max()) + 1
        labels = np.where(found < 0, count, found)
        if not count:
            count, labels = 1, np.zeros(len(cells), np.int64)
        return _stand_in(space, cells, labels, count)


def _stand_in(space: Space, cells: Any, labels: Any, count: int) -> Clusters:
    each = max(EXAMPLES // count, 1)
    examples = [_spread(cells[labels == k], each) for k in range(count)]
    group = np.repeat(np.arange(count + 1), [*map(len, examples), 1])
    near = np.stack(
        [(pairwise_distances(cells, one) ** 2).min(axis=1) for one in examples], axis=1
    )
    far = _far(near.min(axis=1), labels < count)
    wide = max(float(np.median(near.min(axis=1)[labels < count])), far / 50, 1e-9)
    centre = np.concatenate([*examples, np.zeros((1, cells.shape[1]))]).T
    scale = np.full_like(centre, np.sqrt(0.5 / wide))
    scale[:, -1] = 0
    bias = np.zeros(len(group))
    bias[-1] = -far * 0.5 / wide
    said = np.where(near.min(axis=1) <= far, near.argmin(axis=1), count)
    facts = {"agrees": float((said == labels).mean())}
    return Clusters(space, (centre, scale, bias), group, said, rest=True, facts=facts)


def _spread(cells: Any, count: int) -> Any:
    """Return rows that lie all over a cluster, each far from those before it.

    Gonzalez (1985), started at the row nearest to the mean.
    """
    if len(cells) <= count:
        return cells
    gap = ((cells - cells.mean(axis=0)) ** 2).sum(axis=1)
    taken = [int(gap.argmin())]
    gap = ((cells - cells[taken[0]]) ** 2).sum(axis=1)
    while len(taken) < count:
        taken.append(int(gap.argmax()))
        gap = np.minimum(gap, ((cells - cells[taken[-1]]) ** 2).sum(axis=1))
    return cells[taken]


def _far(near: Any, belongs: Any) -> float:
    """Return the squared distance that best tells rows of a cluster from the rest."""
    if belongs.all():
        return float(near.max()) * 2 + 1e-9
    order = np.argsort(near, kind="stable")
    right = np.cumsum(belongs[order]) + (~belongs).sum() - np.cumsum(~belongs[order])
    at = int(right.argmax())
    after = near[order[min(at + 1, len(order) - 1)]]
    return float((near[order[at]] + after) / 2) + 1e-9
