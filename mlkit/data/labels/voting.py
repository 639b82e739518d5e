"""Votes of rules into one label a row, with a probability."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.data.labels.rules import Votes

__all__ = ["COMBINE", "dawid_skene", "majority"]

ROUNDS = 200
NEAR = 1e-6
PRIOR = 1.0
TRUST = 2.0
Codes = NDArray[Any]
Chances = NDArray[Any]


def majority(votes: Votes, _: Codes | None = None) -> Chances:
    """Return each label's share of the votes, shape (rows, classes).

    Parameters
    ----------
    votes
        What the rules say; a majority learns nothing from what is known.

    Examples
    --------
    >>> votes = Votes(("a", "b"), ("no", "yes"), np.array([[1, 1], [0, -1], [-1, -1]]))
    >>> majority(votes).tolist()
    [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]]
    """
    counts = _counts(votes.codes, len(votes.classes))
    shares: Chances = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return shares


def dawid_skene(votes: Votes, truth: Codes) -> Chances:
    """Return each label's probability by expectation maximisation.

    Every rule has a table of how often it says what, or nothing, of rows of each true
    class. Tables and true classes are estimated in turns, from the majority on. A
    rule that speaks of one class only is worth something because its silence counts.

    Parameters
    ----------
    votes
        What the rules say.
    truth
        Places in the classes, −1 where not known, shape (rows,): they are held fast.

    Returns
    -------
    array
        Shape (rows, classes); each row sums to one.

    Notes
    -----
    Dawid and Skene (1979), with silence as one more answer, and a prior that a rule
    is more often right than not.

    Examples
    --------
    >>> codes = np.array([[1, 1, 0]] * 6 + [[0, 0, 0]] * 6 + [[0, 1, -1]])
    >>> votes = Votes(("a", "b", "c"), ("no", "yes"), codes)
    >>> dawid_skene(votes, np.full(13, -1)).argmax(axis=1).tolist()
    [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    """
    kinds, of_row, often = np.unique(
        np.column_stack([votes.codes, truth]),
        axis=0,
        return_inverse=True,
        return_counts=True,
    )
    codes, known = kinds[:, :-1], kinds[:, -1]
    classes = len(votes.classes)
    said = _said(codes, classes)
    trust = np.full((classes, classes + 1), PRIOR / (classes + 1))
    trust[:, :classes] += TRUST * np.eye(classes)
    chances = _hold(_start(codes, classes, often), known)
    for _ in range(ROUNDS):
        before, weighed = chances, chances * often[:, None]
        shares = weighed.sum(axis=0) + PRIOR
        tables = np.einsum("nk,nrv->rkv", weighed, said) + trust
        tables /= tables.sum(axis=2, keepdims=True)
        told = np.einsum("nrv,rkv->nk", said, np.log(tables))
        told += np.log(shares / shares.sum())
        made = np.exp(told - told.max(axis=1, keepdims=True))
        chances = _hold(made / made.sum(axis=1, keepdims=True), known)
        if np.abs(chances - before).max(initial=0.0) < NEAR:
            break
    return chances[of_row.ravel()]


def _start(codes: Codes, classes: int, often: NDArray[np.intp]) -> Chances:
    """Return the shares of the votes; all rows' where none spoke."""
    counts = _counts(codes, classes)
    usual = (counts * often[:, None]).sum(axis=0) + PRIOR
    counts[counts.sum(axis=1) == 0] = usual
    start: Chances = counts / counts.sum(axis=1, keepdims=True)
    return start


def _counts(codes: Codes, classes: int) -> Chances:
    found: Chances = (codes[:, :, None] == np.arange(classes)).sum(axis=1)
    return found.astype(np.float64)


def _said(codes: Codes, classes: int) -> Chances:
    """Return ones and zeros, shape (rows, rules, classes + 1); silence is last."""
    answers = np.where(codes < 0, classes, codes)
    found: Chances = answers[:, :, None] == np.arange(classes + 1)
    return found.astype(np.float64)


def _hold(chances: Chances, known: Codes) -> Chances:
    sure = known >= 0
    chances[sure] = np.eye(chances.shape[1])[known[sure]]
    return chances


COMBINE: dict[str, Callable[[Votes, Codes], Chances]] = {
    "dawid_skene": dawid_skene,
    "majority": majority,
}
"""How votes become one label, by name."""
