"""Categories of many levels: how the target was at each level, and how common it is.

A row of training sees a rate that was counted without it, on other folds; otherwise
the model would read its own answers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.model.measures.resampling import group_codes

__all__ = ["Rates", "folds_of", "goals_of"]

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]
Ints = NDArray[np.int64]
WEIGHT, FOLDS, MOST, WIDEST = 10.0, 5, 20_000, 12


@dataclass
class Rates:
    """What each level of a category becomes.

    Parameters
    ----------
    levels
        Those seen at least twice.
    table
        A row a level, the last for any other; float32.
    """

    levels: list[str]
    table: Floats

    def transform(self, words: pd.Series) -> Floats:
        """Return what each word becomes, shape (rows, rates)."""
        return self.table[pd.Index(self.levels).get_indexer(pd.Index(words))]

    @classmethod
    def fit(cls, words: pd.Series, goals: Numbers) -> Rates:
        """Learn the rates; a level of few rows is drawn towards the mean.

        Parameters
        ----------
        words
            The category, shape (rows,).
        goals
            What rates are taken of, shape (rows, rates).

        Notes
        -----
        Micci-Barreca (2001), with the mean counting as ten rows.

        Examples
        --------
        >>> words = pd.Series(["a"] * 30 + ["b"] * 10)
        >>> goals = np.repeat([1.0, 0.0], [30, 10])[:, None]
        >>> Rates.fit(words, goals).table[:, 0].tolist()
        [0.9375, 0.375, 0.75]
        """
        counts = words.value_counts()
        ranked = sorted(counts[counts > 1].items(), key=lambda p: (-p[1], str(p[0])))
        levels = sorted(str(level) for level, _ in ranked[:MOST])
        codes = pd.Index(levels).get_indexer(pd.Index(words))
        means = _means(codes, len(levels), goals)
        seen = np.append(counts.reindex(levels).to_numpy(float), 1.0)
        common = np.log1p(seen) / np.log1p(len(words))
        return cls(levels, np.column_stack([means, common]).astype(np.float32))

    def apart(
        self, words: pd.Series, goals: Numbers, folds: NDArray[np.int64]
    ) -> Floats:
        """Return what `transform` does, each row's rates counted on other folds."""
        made = self.transform(words)
        codes = pd.Index(self.levels).get_indexer(pd.Index(words))
        for fold in np.unique(folds):
            rest = folds != fold
            means = _means(codes[rest], len(self.levels), goals[rest])
            made[~rest, :-1] = means[codes[~rest]]
        return made


def goals_of(kind: str, goal: NDArray[np.float64 | np.int64], classes: int) -> Numbers:
    """Return what rates are taken of, shape (rows, rates); none of very many classes.

    Parameters
    ----------
    kind
        The kind of problem.
    goal
        Class codes or values, shape (rows,).
    classes
        How many classes there are.
    """
    values = goal.astype(np.float64)
    if kind == "ordered":
        return (values / max(classes - 1, 1))[:, None]
    if classes > WIDEST:
        return np.zeros((len(goal), 0))
    if classes > 2:
        return np.asarray(goal[:, None] == np.arange(classes), np.float64)
    return values[:, None]


def folds_of(rows: int, groups: pd.Series | None, seed: int) -> Ints:
    """Return each row's fold, drawn; rows of a group fall together.

    Examples
    --------
    >>> fold = folds_of(5, pd.Series(["a", "a", "b", None, None]), 0)
    >>> bool(fold[0] == fold[1]), len(set(fold))
    (True, 4)
    """
    rng = np.random.default_rng([seed, 5])
    if groups is None:
        return np.asarray(rng.permutation(rows) % FOLDS, np.int64)
    codes = group_codes(groups)
    return np.asarray((rng.permutation(codes.max() + 1) % FOLDS)[codes], np.int64)


def _means(codes: Ints, levels: int, goals: Numbers) -> Numbers:
    """Return a row of means a level, drawn towards that of all; its own is last."""
    prior = goals.mean(axis=0) if len(goals) else np.zeros(goals.shape[1])
    places = np.where(codes < 0, levels, codes)
    counts = np.bincount(places, minlength=levels + 1)[:, None]
    sums = np.zeros((levels + 1, goals.shape[1]))
    np.add.at(sums, places, goals)
    means = (sums + WEIGHT * prior) / (counts + WEIGHT)
    means[levels] = prior
    return np.asarray(means, np.float64)
