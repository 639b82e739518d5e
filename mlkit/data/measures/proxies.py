"""Proxies: features that tell which group a row is of, though they do not name it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Column, Schema
from mlkit.data.measures.groups import FEWEST, Groups
from mlkit.data.measures.leaks import ties
from mlkit.data.measures.quick import quick_features

__all__ = ["proxies", "together"]

MOST = 2_000
MOST_ROWS = 20_000
LETTERS = 500
CLEAR = 0.1
SURE = 3.5
TARGET = "group of the row"

Codes = NDArray[np.intp]


def proxies(table: pd.DataFrame, groups: Groups, names: list[str]) -> dict[str, float]:
    """Return the features that tell the group, with how well each does alone.

    The score is the balanced accuracy above chance on rows left out, 0 to 1; those
    from a tenth on that luck does not explain are returned, the best first.

    Parameters
    ----------
    table
        Cleaned rows with their schema; up to 20,000 are drawn, of texts 2,000.
    groups
        Which group each row is of; groups below thirty rows are passed over.
    names
        The features to try: numbers, categories, and text.
    """
    rows, codes = _drawn(groups, MOST_ROWS)
    if not len(rows):
        return {}
    schema = Schema.of(table)
    plain = [n for n in names if schema[n].type in ("number", "category")]
    some = table.iloc[rows][plain].reset_index(drop=True)
    some[TARGET] = pd.array([str(code) for code in codes], dtype="str")
    columns = [Column(n, schema[n].type) for n in plain]
    target = Column(TARGET, "category", ("target",))
    found = dict(ties(Schema((*columns, target)).attach(some)))
    few, kinds = _drawn(groups, MOST)
    for name in names:
        if schema[name].type == "text":
            found[name] = _by_words(table[name].iloc[few], kinds)
    bars = {n: _bar(kinds if schema[n].type == "text" else codes) for n in found}
    sure = {n: round(score, 3) for n, score in found.items() if score >= bars[n]}
    return dict(sorted(sure.items(), key=lambda pair: (-pair[1], pair[0])))


def together(table: pd.DataFrame, groups: Groups, names: list[str]) -> float:
    """Return how well all features together tell the group, 0 to 1.

    Extremely randomised trees on two halves, on up to 2,000 rows; 0 where luck may
    explain it.

    Parameters
    ----------
    table, groups, names
        As `proxies` takes them.
    """
    from sklearn.ensemble import ExtraTreesClassifier

    rows, codes = _drawn(groups, MOST)
    if not len(rows) or not names:
        return 0.0
    matrix = np.nan_to_num(quick_features(table.iloc[rows], names), nan=-1e9)
    half = np.arange(len(rows)) // 2 % 2
    said = np.empty(len(rows), np.intp)
    how: Mapping[str, object] = {"class_weight": "balanced", "random_state": 0}
    for side in (0, 1):
        model = ExtraTreesClassifier(40, min_samples_leaf=3, **how)
        model.fit(matrix[half != side], codes[half != side])
        said[half == side] = model.predict(matrix[half == side])
    score = _above_chance(said, codes)
    return round(score, 3) if score >= _bar(codes) else 0.0


def _drawn(groups: Groups, most: int) -> tuple[Codes, Codes]:
    """Return some rows of groups that are big enough, and their groups from 0."""
    rng = np.random.default_rng(0)
    big = groups.counts >= FEWEST
    rows = rng.permutation(np.flatnonzero(big[groups.codes]))[:most]
    kinds, counts = np.unique(groups.codes[rows], return_counts=True)
    kept = np.sort(rows[np.isin(groups.codes[rows], kinds[counts >= 4])])
    _, codes = np.unique(groups.codes[kept], return_inverse=True)
    if len(kept) < FEWEST or codes.max(initial=0) < 1:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    return kept, codes.astype(np.intp)


def _by_words(texts: pd.Series, codes: Codes) -> float:
    """Return the score of a naive Bayes model of the words, half against half."""
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.naive_bayes import ComplementNB

    plain = texts.astype("str").where(texts.notna(), "").str.slice(0, LETTERS)
    made = HashingVectorizer(n_features=2**13, alternate_sign=False, norm=None)
    matrix = made.transform(plain.tolist())
    half, said = np.arange(len(codes)) // 2 % 2, np.empty(len(codes), np.intp)
    for side in (0, 1):
        model = ComplementNB().fit(matrix[half != side], codes[half != side])
        said[half == side] = model.predict(matrix[half == side])
    return _above_chance(said, codes)


def _above_chance(said: Codes, truth: Codes) -> float:
    right = np.bincount(truth, weights=said == truth) / np.bincount(truth)
    chance = 1 / len(right)
    return float(max((right.mean() - chance) / (1 - chance), 0.0))


def _bar(codes: Codes) -> float:
    """Return the score that luck hardly reaches, and a tenth at least."""
    counts = np.bincount(codes)
    chance = 1 / len(counts)
    error = float(np.sqrt(np.sum(chance * (1 - chance) / counts))) / len(counts)
    return max(CLEAR, SURE * error / (1 - chance))
