"""A learning curve of a quick model, and where it seems to go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.measures.moments import standardised
from mlkit.data.measures.quick import affordable, quick_features

__all__ = ["Curve", "extrapolate", "learning_curve"]

SHARES = (0.125, 0.25, 0.5, 1.0)
CELLS = 300_000
MOST = 15_000
FLOORS = 40
SURE = 0.002
IN_RANGE = 1.2816  # standard errors: four fifths of what is normal lie within
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
    rows
        How many rows were drawn for it.
    """

    metric: str
    sizes: tuple[int, ...]
    scores: Floats
    rows: int = 0


def learning_curve(table: pd.DataFrame, group: str = "", seed: int = 0) -> Curve | None:
    """Return the learning curve of a quick model (extremely randomised trees).

    Each of three folds is judged by models that learnt from an eighth, a quarter, half
    and all of the other rows. Rows of one group are in one fold.

    Parameters
    ----------
    table
        Cleaned rows with a target in their schema, none missing. Of many, as many are
        drawn as hold 300,000 cells, 15,000 at most; a text counts as 80 cells, an
        image or a sound as 300.
    group
        A column whose equal values stay in one fold; "" takes the one with that role.
    seed
        Of the draw, the folds and the model.

    Returns
    -------
    Curve or None
        None where a class, or the groups, are fewer than the folds, or there is no
        feature.
    """
    schema = Schema.of(table)
    if not schema.features:
        return None
    drawn = _drawn(table, min(affordable(schema, schema.features, CELLS), MOST), seed)
    target = str(schema.target)
    numeric = schema[target].type == "number"
    truth = drawn[target].to_numpy(float) if numeric else _codes(drawn[target])
    group = group or next(iter(schema.with_role("group")), "")
    fold = _folds(truth, numeric, drawn.get(group), seed)
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
    if len(kept) < 2:
        return None
    return Curve(METRICS[kind], kept, scores[:, whole], len(drawn))


def extrapolate(
    sizes: Floats, scores: Floats, errors: Floats, ahead: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the scores to be expected of more rows, with an 80 % range.

    What is missing of 1 falls by a power law to a floor, ``a + b n**-c`` with ``c``
    from 0 to 1 (Hestness et al. 2017). Floors from none to nearly all of what is
    missing now are tried, and weighed by how well each fits what was seen. What each
    gains is told from the last score on, which is where the curve is now; how well
    that one is known goes into the range.

    Parameters
    ----------
    sizes, scores, errors
        What was seen, the smallest first, and the scores' standard errors.
    ahead
        More rows.

    Returns
    -------
    three arrays, shape (ahead,)
        Expected, low, high.

    Examples
    --------
    >>> sizes = np.array([100.0, 200.0, 400.0, 800.0])
    >>> seen = 0.8 - sizes**-0.5
    >>> now, low, high = extrapolate(sizes, seen, np.full(4, 0.002), np.array([3200.0]))
    >>> bool(low[0] < 0.8 - 3200**-0.5 < high[0]), now.round(2).tolist()
    (True, [0.78])
    """
    lacking = np.maximum(1 - scores, 1e-4)
    spread = np.maximum(errors, SURE)
    told, weights = [], []
    for floor in (1 - np.geomspace(1, 0.02, FLOORS)) * lacking.min():
        above = lacking - floor
        slope, start = np.polyfit(np.log(sizes), np.log(above), 1, w=above / spread)
        power = float(np.clip(slope, -1, 0))
        if power != slope:  # held at an end: the height that fits best
            start = np.average(
                np.log(above) - power * np.log(sizes), weights=(above / spread) ** 2
            )
        fitted = floor + np.exp(start) * sizes**power
        weights.append(np.sum(((fitted - lacking) / spread) ** 2) / -2)
        gained = np.exp(start) * (sizes[-1] ** power - ahead**power)
        told.append(np.minimum(scores[-1] + gained, 1))
    likely = np.exp(np.array(weights) - max(weights))
    expected, low, high = _weighed(np.array(told), likely / likely.sum())
    luck = IN_RANGE * spread[-1]
    low, high = expected - np.hypot(expected - low, luck), high - expected
    return expected, low, np.minimum(expected + np.hypot(high, luck), 1)


def _weighed(told: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the weighted mean, and the weighted 10 % and 90 % quantiles."""
    order = np.argsort(told, axis=0)
    ranked = np.take_along_axis(told, order, axis=0)
    reached = np.cumsum(weights[order], axis=0)
    low, high = (
        np.take_along_axis(ranked, (reached >= share).argmax(axis=0)[None], axis=0)[0]
        for share in (0.1, 0.9)
    )
    return np.minimum(weights @ told, 1), low, high  # the mean of ones is rounded, too


def _drawn(table: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
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
        words, found = pd.factorize(groups)
        lone = words < 0  # a row without a group is its own
        words[lone] = len(found) + np.arange(lone.sum())
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
        truth = standardised(truth)[0]
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
