"""Features that know too much: columns, and words, that give the target away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.model.problem import Problem, known
from mlkit.model.tuning import cross

__all__ = ["leaks", "telling"]

LEAK = {
    "two_classes": ("roc_auc", 0.99),
    "many_classes": ("balanced_accuracy", 0.98),
    "ordered": ("balanced_accuracy", 0.98),
    "number": ("r2", 0.99),
    "count": ("r2", 0.99),
}
WORDS, LETTERS, FEWEST = 300, 5000, 40


def leaks(
    table: pd.DataFrame, problem: Problem, most: int = 4000, seed: int = 0
) -> dict[str, float]:
    """Return the features that alone predict the target nearly perfectly.

    A small tree on one feature at a time is judged on rows left out: by ROC AUC from
    0.99, balanced accuracy from 0.98 (many classes), or R² from 0.99 (a number).

    Parameters
    ----------
    table
        Cleaned rows with their target.
    problem
        What is to be predicted.
    most
        Rows to look at, at most.
    """
    metric, bar = LEAK[problem.kind]
    rows = table.head(most)
    alone = replace(problem, metric=metric)
    fold = cross.folds(rows, alone, 2, seed)
    others = [problem.target, *([problem.weight] if problem.weight else [])]
    others += [problem.group] if problem.group and problem.group not in others else []
    found = {}
    for name in (*problem.numbers, *problem.categories):
        some = rows[[name, *(n for n in others if n != name)]]
        one = alone.only([name])
        settings = {"depth": 8, "leaf": 3}
        tried = [
            cross.trial("tree", settings, some, one, fold, k, seed) for k in (0, 1)
        ]
        got = float(np.mean([t.score for t in tried]))
        if got >= bar:
            found[name] = _round(got)
    return found


def telling(
    table: pd.DataFrame,
    problem: Problem,
    texts: Sequence[str] | None = None,
    most: int = 4000,
) -> dict[str, tuple[float, tuple[str, ...]]]:
    """Return the texts of which a few words give a class away, how well, and which.

    A text may well tell its class by all of its words: that is what it is for. But
    where a tree that asks of three words at most is right nearly always, on rows left
    out, the answer itself is likely to stand in the text.

    Parameters
    ----------
    table
        Cleaned rows with their target.
    problem
        What is to be predicted; a number is passed over.
    texts
        The columns; None takes those of type text that a model may learn from.
    most
        Rows to look at, at most.

    Examples
    --------
    >>> cells = [f"{i}: " + ("closed, PAID" if i % 2 else "open") for i in range(60)]
    >>> rows = pd.DataFrame({"note": cells, "y": ["no", "yes"] * 30})
    >>> task = Problem("two_classes", "y", "roc_auc", ("no", "yes"))
    >>> telling(rows, task, ["note"])["note"][0]
    1.0
    """
    if texts is None:
        schema = Schema.of(table)
        texts = [n for n in schema.with_type("text") if schema[n].is_feature]
    rows = known(table, problem).head(most)
    if not problem.classes or len(rows) < FEWEST:
        return {}
    truth = problem.truth(rows)
    found = {}
    for name in texts:
        got, words = _by_words(rows[name].fillna("").astype(str), truth)
        if got >= LEAK["many_classes"][1]:
            found[name] = (_round(got), words)
    return found


def _by_words(cells: pd.Series, truth: NDArray[Any]) -> tuple[float, tuple[str, ...]]:
    """Return the balanced accuracy of a tree of few words, and its words."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.metrics import recall_score
    from sklearn.tree import DecisionTreeClassifier

    pattern = r"(?u)\b\w+\b"
    counter = CountVectorizer(binary=True, max_features=WORDS, token_pattern=pattern)
    try:
        matrix = counter.fit_transform(cells.str.slice(0, LETTERS))
    except ValueError:  # not a word in it
        return 0.0, ()
    half = np.arange(len(truth)) // 2 % 2
    guess, asked = np.empty(len(truth), np.int64), set()
    names = counter.get_feature_names_out()
    for side in (0, 1):
        tree = DecisionTreeClassifier(max_depth=2, min_samples_leaf=3, random_state=0)
        tree.fit(matrix[half != side], truth[half != side])
        guess[half == side] = tree.predict(matrix[half == side])
        asked |= {str(names[at]) for at in tree.tree_.feature if at >= 0}
    got = recall_score(truth, guess, average="macro", zero_division=0)
    return float(got), tuple(sorted(asked)[:6])


def _round(value: float) -> float:
    return float(f"{value:.7g}")
