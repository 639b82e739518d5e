"""Features that know too much: columns, and words, that give the target away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError
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
Half = tuple[NDArray[np.bool_], NDArray[np.int64], int]


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

    Raises
    ------
    InputError
        Where no rows can tell: a class has one row alone, say.

    Examples
    --------
    >>> rows = pd.DataFrame({"paid": [0.0, 1.0] * 30, "y": ["no", "yes"] * 30})
    >>> leaks(rows, Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("paid",)))
    {'paid': 1.0}
    """
    names = problem.numbers + problem.categories
    if not names:
        return {}
    metric, bar = LEAK[problem.kind]
    rows = known(table, problem).head(most)
    alone, tried = _halves(rows, replace(problem, metric=metric), seed)
    others = [problem.target, problem.weight, alone.group]
    settings = {"depth": 8, "leaf": 3}
    found = {}
    for name in names:
        kept, one = (
            list(dict.fromkeys(n for n in (name, *others) if n)),
            alone.only([name]),
        )
        scores = [
            cross.trial(
                "tree", settings, rows.loc[some, kept], one, fold, k, seed
            ).score
            for some, fold, k in tried
        ]
        got = float(np.mean(scores))
        if got >= bar:
            found[name] = _round(got)
    return found


def _halves(
    rows: pd.DataFrame, problem: Problem, seed: int
) -> tuple[Problem, list[Half]]:
    """Return the problem as it is to be judged, and the trials that tell something.

    Where folds in time or by group tell nothing, rows are drawn for them.
    """
    apart = replace(problem, group="")
    for task, table in ((problem, rows), (apart, rows[[problem.target]])):
        try:
            fold = cross.folds(table, task, 2, seed)
        except InputError:  # one group alone, or a single row
            continue
        if found := list(_tellable(rows, task, fold)):
            return task, found
    raise InputError(
        f"no rows can tell whether one feature gives {problem.target} away",
        where=f"column {problem.target!r}",
        expected="two halves of the rows in which it varies alike",
        got=f"{len(rows):,} rows",
        todo="collect more rows, of every class",
    )


def _tellable(
    rows: pd.DataFrame, problem: Problem, fold: NDArray[np.int64]
) -> Iterator[Half]:
    """Yield the folds that tell: which rows they take, the folds of these, and which.

    On both sides the target varies, and no class is judged that was not learnt.
    """
    truth = problem.truth(rows)
    for k in range(int(fold.max()) + 1):
        inside, outside = fold == k, cross.learnt(rows, problem, fold, k)
        if problem.classes:
            inside &= np.isin(truth, truth[outside])
        counts = cross.counted(problem, rows, [inside])
        weights = counts[0] if counts else None
        varied = all(len(np.unique(truth[side])) > 1 for side in (inside, outside))
        if varied and cross.definable(problem, truth[inside], weights):
            some = inside | outside
            yield some, fold[some], k


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
