"""A learning curve of a quick model, and where it seems to go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.measures.quick import quick_features

__all__ = ["Curve", "extrapolate", "learning_curve"]

SHARES = (0.125, 0.25, 0.5, 1.0)
CELLS = 300_000
FOLDS = 3
TREES = 60
METRICS = {"two": "ROC AUC", "many": "balanced accuracy", "number": "R²"}

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Curve:
    """How well a quick model does with more and more rows.

    Parameters
    ----------
    metric
        What the scores are; 1 is perfect.
    sizes
        Rows learnt from.
    scores
        By fold and size, shape (folds, sizes).
    """

    metric: str
    sizes: tuple[int, ...]
    scores: Floats


def learning_curve(table: pd.DataFrame, seed: int = 0) -> Curve | None:
    """Return the learning curve of a quick model (extremely randomised trees).

    Each of three folds is judged by models that learnt from an eighth, a quarter, half
    and all of the other rows. Rows of one group are in one fold.

    Parameters
    ----------
    table
        Cleaned rows with a target in their schema, none missing. Of many, some
        thousands are drawn.
    seed
        Of the draw, the folds and the model.

    Returns
    -------
    Curve or None
        None where a class, or the groups, are fewer than the folds.
    """
    schema = Schema.of(table)
    drawn = _drawn(table, len(schema.features), seed)
    target = str(schema.target)
    numeric = schema[target].type == "number"
    truth = drawn[target].to_numpy(float) if numeric else _codes(drawn[target])
    group = next(iter(schema.with_role("group")), None)
    fold = _folds(truth, numeric, None if group is None else drawn[group], seed)
    if fold is None:
        return None
    kind = "number" if numeric else "two" if truth.max() < 2 else "many"
    matrix = np.nan_to_num(quick_features(drawn).astype(float), nan=-1e9)
    sizes = [int(np.bincount(fold).min() * (FOLDS - 1) * share) for share in SHARES]
    scores = np.full((FOLDS, len(sizes)), np.nan)
    for left_out in range(FOLDS):
        learnt = np.random.default_rng(seed).permutation(
            np.flatnonzero(fold != left_out)
        )
        judged = np.flatnonzero(fold == left_out)
        for place, size in enumerate(sizes):
            rows = learnt[:size]
            scores[left_out, place] = _score(kind, matrix, truth, rows, judged, seed)
    whole = np.isfinite(scores).all(axis=0)
    kept = tuple(size for size, ok in zip(sizes, whole, strict=True) if ok)
    return Curve(METRICS[kind], kept, scores[:, whole]) if len(kept) > 1 else None


def extrapolate(sizes: Floats, scores: Floats, ahead: Floats) -> Floats:
    """Return the scores to be expected of more rows.

    The error falls by a power law, ``b n**-c`` with ``c`` from 0 to 1 (Hestness et al.
    2017), fitted to the sizes seen, the larger ones counting more, and is never let
    rise.

    Parameters
    ----------
    sizes, scores
        What was seen, the smallest first.
    ahead
        More rows.

    Examples
    --------
    >>> sizes = np.array([100.0, 200.0, 400.0])
    >>> extrapolate(sizes, 1 - sizes**-0.5, np.array([1600.0])).round(4).tolist()
    [0.975]
    """
    errors = np.maximum(1 - scores, 1e-4)
    weights = np.sqrt(sizes)
    slope, _ = np.polyfit(np.log(sizes), np.log(errors), 1, w=weights)
    power = float(np.clip(slope, -1, 0))
    return np.asarray(1 - errors[-1] * (ahead / sizes[-1]) ** power)


def _drawn(table: pd.DataFrame, width: int, seed: int) -> pd.DataFrame:
    most = max(CELLS // max(width, 1), 500)
    if len(table) <= most:
        return table
    rng = np.random.default_rng(seed)
    return table.iloc[np.sort(rng.choice(len(table), most, replace=False))]


def _codes(values: pd.Series) -> Ints:
    codes, _ = pd.factorize(values, sort=True)
    return codes


def _folds(
    truth: Floats | Ints, numeric: bool, groups: pd.Series | None, seed: int
) -> Ints | None:
    """Return each row's fold, even in the target, or whole in its group."""
    from sklearn.model_selection import GroupKFold, StratifiedKFold

    even = (
        _codes(pd.qcut(pd.Series(truth).rank(method="first"), 5)) if numeric else truth
    )
    if groups is not None:
        words = groups.astype("str").to_numpy()
        if len(np.unique(words)) < FOLDS:
            return None
        parts = GroupKFold(FOLDS, shuffle=True, random_state=seed)
        pairs = parts.split(even, even, words)
    else:
        if np.bincount(even.astype(np.intp)).min() < FOLDS:
            return None
        even_parts = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        pairs = even_parts.split(even, even)
    fold = np.zeros(len(truth), np.intp)
    for place, (_, judged) in enumerate(pairs):
        fold[judged] = place
    return fold


def _score(
    kind: str,
    matrix: Floats,
    truth: Floats | Ints,
    learnt: Ints,
    judged: Ints,
    seed: int,
) -> float:
    """Fit on some rows and score on others; NaN where the score is undefined."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score

    how = {"n_estimators": TREES, "min_samples_leaf": 2, "random_state": seed}
    if kind == "number":
        model = ExtraTreesRegressor(**how).fit(matrix[learnt], truth[learnt])
        return float(r2_score(truth[judged], model.predict(matrix[judged])))
    if len(np.unique(truth[learnt])) < 2 or len(np.unique(truth[judged])) < 2:
        return np.nan
    model = ExtraTreesClassifier(**how).fit(matrix[learnt], truth[learnt])
    if kind == "two":
        said = model.predict_proba(matrix[judged])[:, 1]
        return float(roc_auc_score(truth[judged], said))
    seen = np.isin(truth[judged], truth[learnt])
    if not seen.all():
        return np.nan
    return float(balanced_accuracy_score(truth[judged], model.predict(matrix[judged])))
