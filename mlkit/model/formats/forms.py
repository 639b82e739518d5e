"""The plain forms of a fitted estimator, which every export format is written from.

A family tells the form of its estimator once; ONNX today, PMML and PFA later, read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Bowls",
    "Form",
    "Layers",
    "Linear",
    "Quadratic",
    "Ranked",
    "Trees",
    "floor32",
    "join",
]

Array = NDArray[Any]


@dataclass(frozen=True)
class Linear:
    """Scores that are a weighted sum: ``x @ weights + bias``.

    Parameters
    ----------
    weights
        Shape (columns, scores).
    bias
        Shape (scores,); of one column of weights, as many scores as it has.
    link
        From scores to what is predicted: ``none``, ``pair`` (p → 1 − p, p),
        ``logistic`` (score → 1 − p, p), ``softmax``, ``exp``, or ``cumulative`` (for
        each cut between classes in order the log-odds of a class beyond it).
    """

    weights: Array
    bias: Array
    link: str = "none"


@dataclass(frozen=True)
class Trees:
    """Scores that are a sum over trees, each a set of nodes in flat arrays.

    Parameters
    ----------
    tree, node
        Which tree, and which node in it; shape (nodes,). Node 0 is a root.
    column, threshold
        A row goes to `left` where its column ≤ threshold (float32), else to `right`.
    left, right
        Node numbers in the same tree.
    leaf
        Whether the node is a leaf.
    missing_left
        Whether a missing value goes left.
    values
        What each leaf adds to the scores, shape (nodes, scores).
    base
        What is added to every row, shape (scores,).
    link
        As in `Linear`.
    """

    tree: Array
    node: Array
    column: Array
    threshold: Array
    left: Array
    right: Array
    leaf: Array
    missing_left: Array
    values: Array
    base: Array
    link: str = "none"


@dataclass(frozen=True)
class Layers:
    """Scores of a network of dense layers, each but the last followed by ReLU.

    Parameters
    ----------
    weights
        By layer, shape (inputs, outputs).
    bias
        By layer, shape (outputs,).
    link
        As in `Linear`.
    """

    weights: tuple[Array, ...]
    bias: tuple[Array, ...]
    link: str = "none"


@dataclass(frozen=True)
class Quadratic:
    """Scores that are squared distances: ``bias - sum(((x - centre) * scale) ** 2)``.

    Parameters
    ----------
    centre, scale
        Shape (columns, scores).
    bias
        Shape (scores,).
    link
        As in `Linear`.
    """

    centre: Array
    scale: Array
    bias: Array
    link: str = "softmax"


@dataclass(frozen=True)
class Bowls:
    """Squared distances after a straight map, all in double precision.

    Parameters
    ----------
    space
        The map.
    bowls
        The distances; its link is that of the whole.
    group
        The score that each bowl counts for: a score is the best of its bowls.
    """

    space: Linear
    bowls: Quadratic
    group: tuple[int, ...]

    @property
    def link(self) -> str:
        """From scores to what is predicted, as in `Linear`."""
        return self.bowls.link


@dataclass(frozen=True)
class Ranked:
    """One score turned into its rank: straight lines between knots.

    Parameters
    ----------
    inner
        What the score is computed by; it is taken with its sign changed.
    knots
        In order, shape (knots,).
    start, slope, level
        By the number of knots that are reached, shape (knots + 1,): the rank is
        ``level + slope * (score - start)``.
    link
        As in `Linear`.
    """

    inner: Trees | Bowls
    knots: Array
    start: Array
    slope: Array
    level: Array
    link: str = "pair"


Form = Linear | Trees | Layers | Quadratic | Bowls | Ranked


def join(trees: Iterable[Trees], base: Array, link: str) -> Trees:
    """Return one form of many trees, each given with tree number 0."""
    parts = list(trees)
    sizes = [len(part.node) for part in parts]
    names = [
        "node",
        "column",
        "threshold",
        "left",
        "right",
        "leaf",
        "missing_left",
        "values",
    ]
    columns = {n: np.concatenate([getattr(p, n) for p in parts]) for n in names}
    return Trees(
        tree=np.repeat(np.arange(len(parts)), sizes), **columns, base=base, link=link
    )


def floor32(thresholds: Array) -> Array:
    """Round float64 thresholds down to float32.

    For a float32 ``x``, ``x <= t`` and ``x <= floor32(t)`` are the same question,
    whereas rounding to the nearest may send a tie the other way.

    Examples
    --------
    >>> t = 1 + 9e-8
    >>> float(np.float32(t)) <= t, float(floor32(np.array([t]))[0]) <= t
    (False, True)
    """
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
        low = np.nextafter(near, np.float32(-np.inf))
    return np.where(near.astype(np.float64) > thresholds, low, near)
