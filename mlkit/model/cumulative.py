"""Proportional odds: a linear model of classes in order (McCullagh 1980)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

__all__ = ["Cumulative"]

Array = NDArray[Any]
LEAST = 1e-6


class Cumulative(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """One score a row, and cuts between the classes: P(y > k) = expit(x @ w - cut k).

    The classes are in the order of their labels as they sort, which codes from 0 on
    are; labels of no order are none of its business.

    Parameters
    ----------
    strength
        Of the penalty on the weights (L2), greater is plainer.
    most
        Iterations of the search, at most.

    Attributes
    ----------
    classes_
        The labels, in order.
    coef_
        The weights, shape (1, columns).
    cuts_
        Rising, one less than classes.
    n_iter_
        How many iterations the search took.

    Notes
    -----
    The likelihood is searched by L-BFGS over the weights, the first cut and the
    logarithms of the steps between cuts, so that they never cross.

    Examples
    --------
    >>> x = np.arange(12.0).reshape(-1, 1)
    >>> Cumulative().fit(x, np.repeat([0, 1, 2], 4)).predict(x).tolist()
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    """

    def __init__(self, strength: float = 1.0, most: int = 500) -> None:
        self.strength = strength
        self.most = most

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Cumulative:
        """Fit the weights and the cuts.

        Parameters
        ----------
        X
            Shape (rows, columns).
        y
            Labels, shape (rows,).
        sample_weight
            What each row counts, shape (rows,); None counts each once.

        Raises
        ------
        ValueError
            Where there are fewer than two classes.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("it needs two classes, and the labels hold only one class")
        columns = X.shape[1]
        start = np.concatenate([np.zeros(columns), _start(codes, weights)])
        found = minimize(
            _loss,
            start,
            args=(X, codes, weights, self.strength),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": self.most, "gtol": 1e-6},
        )
        self.coef_ = found.x[None, :columns]
        self.cuts_ = _cuts(found.x[columns:])
        self.n_iter_ = max(int(found.nit), 1)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities, shape (rows, classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        above = expit(X @ self.coef_.T - self.cuts_)
        ones, none = np.ones((len(X), 1)), np.zeros((len(X), 1))
        return np.asarray(-np.diff(np.hstack([ones, above, none]), axis=1))

    def predict(self, X: Any) -> Array:
        """Return the likeliest label of each row, shape (rows,)."""
        chances = self.predict_proba(X)
        return np.asarray(self.classes_[chances.argmax(axis=1)])

    def __sklearn_tags__(self) -> Any:
        """Tell that labels without an order are learnt poorly."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


def _start(codes: Array, weights: Array) -> Array:
    """Return the cuts that the classes' shares ask for, as they are searched."""
    shares = np.maximum(np.bincount(codes, weights), LEAST * max(weights.sum(), LEAST))
    odds = np.cumsum(shares / shares.sum())[:-1]
    cuts = np.log(odds / (1 - odds))
    return np.concatenate([cuts[:1], np.log(np.maximum(np.diff(cuts), LEAST))])


def _cuts(told: Array) -> Array:
    """Return the cuts from the first of them and the logarithms of the steps."""
    return np.cumsum(np.concatenate([told[:1], np.exp(told[1:])]))


def _loss(
    told: Array, X: Array, codes: Array, weights: Array, strength: float
) -> tuple[float, Array]:
    """Return the penalised negative log likelihood, and its gradient.

    The chance between two cuts is F(u) − F(l) = F(u) F(−l) (1 − exp(l − u)), whose
    logarithm never cancels.
    """
    columns = X.shape[1]
    coef, steps = told[:columns], told[columns:]
    ends = np.concatenate([[-np.inf], _cuts(steps), [np.inf]])
    score = X @ coef
    low, high = ends[codes] - score, ends[codes + 1] - score
    between = np.exp(-(ends[1:] - ends[:-1]))[codes]
    log = log_expit(high) + log_expit(-low) + np.log1p(-between)
    rise = between / (1 - between)
    by_high = weights * (expit(-high) + rise)
    by_low = -weights * (expit(low) + rise)
    value = -float(weights @ log) + 0.5 * strength * float(coef @ coef)
    slope = X.T @ (by_high + by_low) + strength * coef
    count = len(ends) - 2
    by_cut = np.bincount(codes, by_high, count + 1)[:count]
    by_cut += np.bincount(codes, by_low, count + 1)[1:]
    rest = np.cumsum(by_cut[::-1])[::-1]
    rest[1:] *= np.exp(steps[1:])
    return value, np.concatenate([slope, -rest])
