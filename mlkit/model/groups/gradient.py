"""Exponentiated gradient: a blend fitted under a limit on the gap between groups."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier

from mlkit.core.errors import InputError
from mlkit.model.encoding.encode import Encoder
from mlkit.model.families import family, ready
from mlkit.model.fitted import Member, Model, Part, counts_of, estimator_of
from mlkit.model.problem import Problem, known
from mlkit.model.runtime import choice
from mlkit.model.slicing.candidates import coded
from mlkit.model.threads import one_thread

if TYPE_CHECKING:
    from mlkit.model.groups.price import Asked

__all__ = ["gradient", "joint"]

FEWEST, DRAWS, SLACK = 30, 25, 0.01
Array = NDArray[Any]


def joint(table: pd.DataFrame, columns: Sequence[str]) -> Array:
    """Return the group of each row by several columns; small ones are one."""
    code = np.zeros(len(table), np.int64)
    for name in columns:
        mine, names = coded(table, name)
        code = code * len(names) + mine
    _, code = np.unique(code, return_inverse=True)
    small = np.bincount(code) < FEWEST
    code = np.where(small[code], len(small), code)
    return np.asarray(np.unique(code, return_inverse=True)[1], np.int64)


class _Learner:
    """A family as fairlearn wants it: fit with weights, then say 0 or 1."""

    def __init__(self, name: str, problem: Problem, seed: int) -> None:
        self.name, self.problem, self.seed = name, problem, seed

    def fit(self, matrix: Any, goal: Any, sample_weight: Any) -> _Learner:
        """Fit one estimator."""
        self.made = estimator_of(
            family(self.name),
            Member(self.name),
            self.problem,
            np.asarray(matrix, np.float32),
            np.asarray(goal, np.int64),
            np.asarray(sample_weight, np.float64),
            self.seed,
        )
        return self

    def predict(self, matrix: Any) -> Array:
        """Say 0 or 1."""
        with one_thread():
            return choice(self.made.predict_proba(np.asarray(matrix, np.float32)))


def _errors(reductions: Any, truth: Array, counts: Array | None) -> Any:
    """Return the error rate as fairlearn wants it, in which rows count by a weight.

    None where all count alike.
    """
    if counts is None or not counts.any():
        return None
    share = counts / counts.mean()

    class Errors(reductions.ErrorRate):  # type: ignore[misc]
        """The share of errors, by weight."""

        def gamma(self, predictor: Callable[[Any], Array]) -> pd.Series:
            """Return it of what is predicted."""
            wrong = np.ravel(predictor(self.X)) != truth
            return pd.Series(float(np.mean(share * wrong)), self.index)

        def signed_weights(self, lambda_vec: pd.Series | None = None) -> pd.Series:
            """Return what it is worth to say 1 of each row."""
            return pd.Series(super().signed_weights(lambda_vec) * share)

    return Errors()


def gradient(
    table: pd.DataFrame, problem: Problem, asked: Asked, groups: pd.Series, seed: int
) -> Model:
    """Fit a blend of one family under a limit on the gap (Agarwal and others 2018).

    Errors count by the column with the role weight; in the gap all rows count alike.

    Parameters
    ----------
    table, problem
        Cleaned rows with their target, one of two classes.
    asked
        The aim, and the family.
    groups
        The group of each row as a code, by the table's index.
    seed
        Of every fit.

    Raises
    ------
    InputError
        Where fairlearn is not installed, or the family heeds no weights.
    """
    kind = ready(asked.family, problem.kind)
    if not kind.weighted:
        raise InputError(f"{kind.title} heeds no weights", where="mitigation")
    rows = known(table, problem)
    truth = problem.truth(rows)
    encoder, matrix = Encoder.learn(rows, problem, kind.encoding, truth, seed)
    counts = counts_of(rows, problem)
    reductions = _fairlearn()
    limit = {"parity": "DemographicParity", "odds": "EqualizedOdds"}[asked.aim]
    made = reductions.ExponentiatedGradient(
        _Learner(asked.family, problem, seed),
        getattr(reductions, limit)(difference_bound=SLACK),
        max_iter=DRAWS,
        objective=_errors(reductions, truth, counts),
    )
    with warnings.catch_warnings():
        # fairlearn sets new labels of a Series one by one, which pandas 4 will refuse
        warnings.simplefilter("ignore", DeprecationWarning)
        made.fit(matrix, truth, sensitive_features=groups[rows.index].to_numpy())
    model = Model(problem, truth, counts)
    model.encoders = [encoder]
    for at, weight in made.weights_.items():
        if weight > 1e-3:
            model.parts.append(_part(made.predictors_[at], asked.family, weight))
    total = sum(part.weight for part in model.parts)
    for part in model.parts:
        part.weight = float(part.weight / total)
    return model


def _part(learner: Any, name: str, weight: float) -> Part:
    """Return one fitted member of the blend; one that always says the same is none."""
    if isinstance(learner, _Learner):
        return Part(Member(name, {}, weight), 0, learner.made, [0, 1])
    code = int(learner.constant)
    width = int(getattr(learner, "n_features_in_", 1))
    constant = DummyClassifier(strategy="prior")
    constant.fit(np.zeros((2, width), np.float32), [code, code])
    return Part(Member("dummy", {}, weight), 0, constant, [code])


def _fairlearn() -> Any:
    try:
        return importlib.import_module("fairlearn.reductions")
    except ImportError:
        raise InputError(
            "exponentiated gradient needs fairlearn",
            where="decision 'mitigation'",
            todo="pip install fairlearn",
        ) from None
