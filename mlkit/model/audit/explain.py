"""What a model looks at: permutation importance of columns and of groups of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.measures.associations import associations
from mlkit.model.audit.asking import said_of_all
from mlkit.model.audit.dependence import dependence
from mlkit.model.audit.giveaway import leaks
from mlkit.model.fitted import Model
from mlkit.model.measures.measure import units
from mlkit.model.measures.metrics import metric_of, score
from mlkit.model.measures.resampling import interval, resamples

__all__ = ["Importance", "clusters", "dependence", "importance", "leaks", "pace"]

Array = NDArray[Any]
DRAWS = 200
ALIKE = 0.7
MOST = 60


@dataclass(frozen=True)
class Importance:
    """How much worse a model gets when one feature, or a few together, are shuffled.

    Parameters
    ----------
    feature
        The column; of several, their names joined by ``+``.
    loss
        The mean loss in the metric, positive where the model gets worse.
    error
        Its standard error over the shuffles.
    low, high
        Its 95 % interval over shuffles and resampled rows.
    members
        The columns, where several were shuffled as one.
    """

    feature: str
    loss: float
    error: float
    low: float = 0.0
    high: float = 0.0
    members: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether the model certainly gets worse without it."""
        return self.low > 0

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Importance:
        """Read the plain form."""
        return cls(**{**form, "members": tuple(form.get("members", ()))})


def importance(
    model: Model,
    table: pd.DataFrame,
    repeats: int = 5,
    seed: int = 0,
    together: Iterable[Sequence[str]] | None = None,
    *,
    threshold: float = 0.5,
) -> tuple[Importance, ...]:
    """Return permutation importance (Breiman 2001), the most important first.

    Parameters
    ----------
    model
        A fitted model.
    table
        Cleaned rows with their target, best ones the model has not seen.
    repeats
        Shuffles of each feature.
    seed
        Of the shuffles and of the resampling.
    together
        Sets of columns, each shuffled as one; None takes every feature alone.
    threshold
        Of two classes, the least probability that says the second.

    Notes
    -----
    Of columns that say the same, each alone looks idle: the model still has the other.
    Shuffled as one they show what they are worth (Gregorutti and others 2015). The
    interval pools resamples of the rows, a part of them for each shuffle.
    """
    problem, rng = model.problem, np.random.default_rng(seed)
    metric, truth = metric_of(problem), problem.truth(table)
    matrices = model.matrices(table)
    plain = metric.taken(model.said_of(matrices), threshold)
    groups, counted = units(problem, table)
    whole = score(problem, truth, plain, counted)
    more: Any = {"repeats": max(DRAWS // repeats, 10), "groups": groups}
    weights = [
        np.concatenate(
            list(resamples(len(truth), seed=seed + k, weights=counted, **more))
        )
        for k in range(repeats)
    ]
    before = [metric.many(truth, plain, one) for one in weights]
    sign = 1.0 if metric.greater else -1.0
    sets = [(n,) for n in problem.features] if together is None else together
    found, shuffles = (
        [],
        [
            (tuple(names), [rng.permutation(len(table)) for _ in range(repeats)])
            for names in sets
        ],
    )
    asked = (_shuffled(model, matrices, *one) for one in shuffles)
    for (names, _), told in zip(shuffles, said_of_all(model, asked), strict=True):
        said = [metric.taken(one, threshold) for one in np.split(told, repeats)]
        lost = sign * (
            whole - np.array([score(problem, truth, one, counted) for one in said])
        )
        drawn = [
            sign * (b - metric.many(truth, one, w))
            for b, one, w in zip(before, said, weights, strict=True)
        ]
        found.append(_importance(names, lost, np.concatenate(drawn)))
    return tuple(sorted(found, key=lambda one: (-one.loss, one.feature)))


def _importance(names: tuple[str, ...], lost: Array, drawn: Array) -> Importance:
    error = float(lost.std(ddof=1) / np.sqrt(len(lost))) if len(lost) > 1 else 0.0
    mean = float(lost.mean())
    low, high = interval(drawn, mean)
    if not np.isfinite([low, high]).all():
        low = high = mean
    return Importance(
        " + ".join(names),
        _round(mean),
        _round(error),
        _round(low),
        _round(high),
        names if len(names) > 1 else (),
    )


def _shuffled(
    model: Model, matrices: list[Array], names: Sequence[str], orders: list[Array]
) -> list[Array]:
    """Return the matrices with features in other orders, one order below another.

    A matrix's columns come of one feature each: so they are shuffled, and the table
    need not be encoded again.
    """
    made = []
    for encoder, matrix in zip(model.encoders, matrices, strict=True):
        places = [place for name in names for place in encoder.places(name)]
        copies = np.tile(matrix, (len(orders), 1))
        copies[:, places] = matrix[np.concatenate(orders)][:, places]
        made.append(copies)
    return made


def clusters(
    table: pd.DataFrame, features: Sequence[str], least: float = ALIKE
) -> list[tuple[str, ...]]:
    """Return the sets of features that go together, each pair at least so much.

    Parameters
    ----------
    table
        Cleaned rows with their schema.
    features
        Which columns to look at.
    least
        Rank correlation, corrected Cramér's V or correlation ratio, from 0 to 1.

    Notes
    -----
    Complete linkage on one less the strength of the association: within a set, no pair
    is weaker than `least`.

    Examples
    --------
    >>> x = np.arange(100.0)
    >>> other = np.random.default_rng(0).normal(size=100)
    >>> clusters(pd.DataFrame({"x": x, "y": -x, "z": other}), ["x", "y", "z"])
    [('x', 'y')]
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    names = [name for name in features if name in table][:MOST]
    found = associations(Schema.of(table).only(names).attach(table[names]))
    if len(found.names) < 2:
        return []
    apart = 1 - np.abs(np.array(found.strengths))
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(np.maximum(apart, apart.T), checks=False), "complete")
    codes = fcluster(tree, 1 - least, "distance")
    sets = [
        tuple(n for n, code in zip(found.names, codes, strict=True) if code == one)
        for one in dict.fromkeys(codes)
    ]
    return [one for one in sets if len(one) > 1]


def pace(model: Model) -> float:
    """Return how much slower than a plain model this one answers, by its parts.

    Examples
    --------
    >>> from mlkit.model.fitted import fit
    >>> from mlkit.model.problem import Problem
    >>> rows = pd.DataFrame({"x": [0.0, 1.0] * 20, "y": ["no", "yes"] * 20})
    >>> task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
    >>> pace(fit("tree", {}, rows, task))
    1.0
    """
    return max(1.0, len(model.parts) / 2)


def _round(value: float) -> float:
    return float(f"{value:.7g}")
