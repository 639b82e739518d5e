"""Adversarial validation: how well a model tells rows of one part from another's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.measures.quick import affordable, quick_features

__all__ = ["Likeness", "likeness"]

MOST = 4000
CELLS = 320_000
FEWEST = 30
FOLDS = 4
SHOWN = 8


@dataclass(frozen=True)
class Likeness:
    """How well two sets of rows can be told apart.

    Parameters
    ----------
    auc, low, high
        The area under the ROC curve of a model that tells them apart, cross-validated,
        and its 95 % interval; 0.5 is "not at all".
    luck
        How far from 0.5 the area of a column that tells nothing may be.
    columns
        The columns that tell them apart best, each with its own area.
    """

    auc: float
    low: float
    high: float
    luck: float = 0.0
    columns: tuple[tuple[str, float], ...] = ()

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Likeness:
        """Read the plain form."""
        return cls(**{**form, "columns": tuple(map(tuple, form["columns"]))})


def likeness(
    table: pd.DataFrame,
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    names: Sequence[str] | None = None,
    seed: int = 0,
    groups: NDArray[np.intp] | None = None,
) -> Likeness | None:
    """Tell how well a model tells two sets of rows apart by their features.

    Parameters
    ----------
    table
        Cleaned rows with their schema.
    first, second
        Which rows are in which set, shape (rows,). Up to 4,000 of each are drawn, of
        texts 2,000, of images and sounds some 500.
    names
        The columns to tell them by; by default the features of the table's schema.
    seed
        Of the draw and the model.
    groups
        Rows of one group, such as copies of one row, are never both learned from and
        told, and count as one; shape (rows,). By default each row is its own.

    Returns
    -------
    Likeness or None
        None where a set has fewer than thirty rows, or groups, or there is no feature.

    Notes
    -----
    The interval is that of Hanley and McNeil (1982). An area below a half, as luck and
    rows give that come again and again, tells them apart no better than a half does.

    Examples
    --------
    >>> table = pd.DataFrame({"x": np.arange(200.0), "y": [1.0, 2.0] * 100})
    >>> early = np.arange(200) < 100
    >>> likeness(table, early, ~early).columns[0]
    ('x', 1.0)
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import (
        StratifiedGroupKFold,
        StratifiedKFold,
        cross_val_predict,
    )

    rng = np.random.default_rng(seed)
    schema = Schema.of(table)
    names = schema.features if names is None else list(names)
    most = min(affordable(schema, names, CELLS) // 2, MOST)
    drawn = [_drawn(np.flatnonzero(which), most, rng) for which in (first, second)]
    counts = [len(d) if groups is None else len(np.unique(groups[d])) for d in drawn]
    if min(counts) < FEWEST or not names:
        return None
    rows = np.concatenate(drawn)
    which = np.repeat([0, 1], [len(part) for part in drawn])
    matrix = quick_features(table.iloc[rows], names)
    model = ExtraTreesClassifier(100, min_samples_leaf=5, random_state=seed)
    how, along = StratifiedKFold, None
    if groups is not None:
        how, along = StratifiedGroupKFold, groups[rows]
    folds = how(FOLDS, shuffle=True, random_state=seed)
    filled = np.where(np.isnan(matrix), np.float32(-1e9), matrix)
    args = {"groups": along, "cv": folds, "method": "predict_proba"}
    said = cross_val_predict(model, filled, which, **args)
    auc = float(roc_auc_score(which, said[:, 1]))
    low, high = (round(end, 4) for end in _interval(auc, *counts))
    luck = round(0.5 - _interval(0.5, *counts)[0], 4)
    told = _by_column(table.iloc[rows], names, which)
    return Likeness(round(auc, 4), low, high, luck, told)


def _drawn(
    rows: NDArray[np.intp], most: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _interval(auc: float, negatives: int, positives: int) -> tuple[float, float]:
    easy, hard = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = (
        auc * (1 - auc)
        + (positives - 1) * (easy - auc**2)
        + (negatives - 1) * (hard - auc**2)
    ) / (negatives * positives)
    half = 1.96 * float(np.sqrt(max(spread, 0.0)))
    return max(auc - half, 0.0), min(auc + half, 1.0)


def _by_column(
    table: pd.DataFrame, names: Sequence[str], which: NDArray[np.intp]
) -> tuple[tuple[str, float], ...]:
    """Return the columns that alone tell the sets apart best."""
    from sklearn.metrics import roc_auc_score

    halves = np.random.default_rng(0).permutation(len(which)) % 2
    found = []
    for name in names:
        values = table[name]
        if values.dtype.kind in "fiuM":
            gone = values.isna().to_numpy()
            ranks = np.where(gone, -1.0, values.rank().to_numpy())
        else:
            ranks = _by_level(values, which, halves)
        auc = float(roc_auc_score(which, ranks))
        found.append((name, round(max(auc, 1 - auc), 3)))
    return tuple(sorted(found, key=lambda pair: -pair[1])[:SHOWN])


def _by_level(
    values: pd.Series, which: NDArray[np.intp], halves: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return each level's share in the second set, as the other half has it."""
    words = values.astype("str").reset_index(drop=True)
    told = np.full(len(which), which.mean())
    for half in (0, 1):
        learnt, judged = halves != half, halves == half
        shares = pd.Series(which[learnt]).groupby(words[learnt].to_numpy()).mean()
        told[judged] = words[judged].map(shares).fillna(which.mean()).to_numpy(float)
    return told
