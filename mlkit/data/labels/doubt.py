"""How far each label is to be doubted, by quick models that did not see it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.data.charts.cards import significant
from mlkit.data.measures.moments import standardised

__all__ = ["COLUMNS", "Doubt", "doubt_classes", "doubt_numbers", "probabilities"]

COLUMNS = {
    "given": "str",
    "suggested": "str",
    "doubt": "float64",
    "likely": "str",
    "why": "str",
}
TREES = 100
NEAREST = 10
FAR = 3.5
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Doubt:
    """Doubtful labels, and how much a quick model is worth that doubts them.

    Parameters
    ----------
    table
        By row id: given, suggested, doubt, likely, why; the worst first.
    likely
        How many labels are likely wrong, those included that the table has no room for.
    agree
        The share of all labels that the model gives without having seen them; of
        numbers, the share of their variance that it explains.
    said
        Of numbers, each as given and as said by the model.
    """

    table: pd.DataFrame
    likely: int
    agree: float
    said: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)


def doubt_classes(
    features: Matrix, given: pd.Series, folds: int, most: int, seed: int
) -> Doubt:
    """Return the doubtful labels of classes.

    Parameters
    ----------
    features
        Scaled features, shape (rows, columns).
    given
        The labels, each class at least `folds` times.
    folds
        How many parts take turns.
    most
        How many rows to return at most.
    seed
        Of the folds and the model.
    """
    from cleanlab.filter import find_label_issues

    codes, words = pd.factorize(given.astype("str"), sort=True)
    chances = probabilities(features, codes, folds, seed)
    rows = np.arange(len(codes))
    own, others = chances[rows, codes], chances.copy()
    others[rows, codes] = -1.0
    best = others.argmax(axis=1)
    doubt = others[rows, best] - own
    likely = find_label_issues(codes, chances, n_jobs=1)
    order = np.lexsort((-doubt, ~likely))
    order = order[(doubt[order] > 0) | likely[order]][:most]
    near = _neighbours(features, order)
    found = pd.DataFrame(
        {
            "given": words[codes[order]],
            "suggested": words[best[order]],
            "doubt": np.round((doubt[order] + 1) / 2, 4),
            "likely": np.where(likely[order], "yes", "perhaps"),
            "why": [
                _words(
                    words,
                    codes,
                    near[i],
                    (int(best[row]), int(codes[row])),
                    chances[row],
                )
                for i, row in enumerate(order)
            ],
        },
        index=given.index[order],
    )
    agree = float((chances.argmax(axis=1) == codes).mean())
    return Doubt(_typed(found), int(likely.sum()), agree)


def doubt_numbers(
    features: Matrix, given: pd.Series, folds: int, most: int, seed: int
) -> Doubt:
    """Return the doubtful numbers.

    Parameters
    ----------
    features
        Scaled features, shape (rows, columns).
    given
        The numbers.
    folds
        How many parts take turns.
    most
        How many rows to return at most.
    seed
        Of the folds and the model.
    """
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    numbers = given.to_numpy(np.float64)
    model = ExtraTreesRegressor(TREES, min_samples_leaf=2, random_state=seed)
    turns = KFold(folds, shuffle=True, random_state=seed)
    plain, mean, spread = standardised(numbers)
    guess = cross_val_predict(model, features, plain, cv=turns)
    said = mean + spread * guess
    spreads = _spreads(plain - guess)
    far, likely = np.abs(spreads), np.abs(spreads) > FAR
    order = np.argsort(-far, kind="stable")
    order = order[far[order] > 1][:most]
    found = pd.DataFrame(
        {
            "given": numbers[order],
            "suggested": [significant(float(value)) for value in said[order]],
            "doubt": np.round(far[order], 2),
            "likely": np.where(likely[order], "yes", "perhaps"),
            "why": [
                f"{abs(off):.1f} spreads {'above' if off > 0 else 'below'} what rows "
                "like it have"
                for off in spreads[order]
            ],
        },
        index=given.index[order],
    )
    told = pd.DataFrame({"given": numbers, "said": said}, index=given.index)
    agree = 1 - float(np.mean((plain - guess) ** 2)) if plain.any() else 0.0
    return Doubt(_typed(found), int(likely.sum()), agree, told)


def probabilities(
    features: Matrix, codes: NDArray[np.intp], folds: int, seed: int
) -> NDArray[np.float64]:
    """Return each row's chance of each class, by models that did not see the row.

    Parameters
    ----------
    features
        Scaled features, shape (rows, columns).
    codes
        Classes from 0, shape (rows,).
    folds
        How many parts take turns.
    seed
        Of the folds and the models.

    Returns
    -------
    array
        Shape (rows, classes); each row sums to one.

    Examples
    --------
    >>> features = np.repeat([[-1.0], [1.0]], 10, axis=0).astype(np.float32)
    >>> probabilities(features, np.repeat([0, 1], 10), 5, 0).argmax(axis=1)[[0, -1]]
    array([0, 1])
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from threadpoolctl import threadpool_limits

    turns = StratifiedKFold(folds, shuffle=True, random_state=seed)
    models: list[Any] = [
        LogisticRegression(C=0.1, max_iter=100),
        ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=seed),
    ]
    # on small matrices threads wait for each other far longer than they work
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        said = [
            cross_val_predict(m, features, codes, cv=turns, method="predict_proba")
            for m in models
        ]
    mean: NDArray[np.float64] = np.mean(said, axis=0, dtype=np.float64)
    return mean


def _neighbours(features: Matrix, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the rows that are nearest to each of `rows`, itself left out."""
    from sklearn.neighbors import NearestNeighbors

    if not len(rows):
        return np.zeros((0, NEAREST), np.intp)
    near = min(NEAREST + 1, len(features))
    found = NearestNeighbors(n_neighbors=near).fit(features)
    places: NDArray[np.intp] = found.kneighbors(features[rows], return_distance=False)
    return np.array(
        [
            [p for p in line if p != row][: near - 1]
            for line, row in zip(places, rows, strict=True)
        ]
    )


def _words(
    words: pd.Index,
    codes: NDArray[np.intp],
    near: NDArray[np.intp],
    classes: tuple[int, int],
    chances: NDArray[np.float64],
) -> str:
    """Say what speaks for the suggested class, and what for the given one."""
    told = []
    for code in classes:
        count = int((codes[near] == code).sum())
        told.append(
            f"{words[code]!r} {chances[code]:.0%}, {count} of {len(near)} nearest rows"
        )
    return "; ".join(told)


def _spreads(residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return residuals in robust standard deviations."""
    centred = residuals - np.median(residuals)
    spread = 1.4826 * np.median(np.abs(centred)) or centred.std() or 1.0
    return np.asarray(centred / spread, np.float64)


def _typed(found: pd.DataFrame) -> pd.DataFrame:
    words = [name for name in found if found[name].dtype.kind not in "fi"]
    return found.astype(dict.fromkeys(words, "str"))
