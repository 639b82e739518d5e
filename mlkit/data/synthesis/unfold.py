"""Words and gaps as latent dimensions of their own, and back.

A word is told by questions, the one that stands out most first: is it this one? else,
is it that one? Each question is a dimension, known only where those before it were
answered no; the rare words that are left share one dimension, in an order that goes
with the other columns. Columns whose gaps fall in the same rows share one dimension
that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlkit.data.synthesis.margins import normal_scores

__all__ = ["Part", "Unfolded", "fold", "unfold"]

QUESTIONS = (6, 2, 0)
SEEN = 20
LEVELS = 8
LENT = 3.0
WORTH = 20
LOOKED_AT = 5000

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Part:
    """The dimensions of one column.

    Parameters
    ----------
    asked
        The dimension of each question, and the code that a yes stands for.
    rest
        The dimension of what is left, or -1.
    order
        The code at each position of the rest; empty for numbers.
    gap
        The dimension that says where the column is missing, or -1.
    """

    asked: tuple[tuple[int, int], ...] = ()
    rest: int = -1
    order: tuple[int, ...] = ()
    gap: int = -1


@dataclass(frozen=True)
class Unfolded:
    """A matrix as latent dimensions.

    Parameters
    ----------
    dimensions
        Rows × dimensions; NaN where one is not known.
    needs
        For each dimension those that must be no for it to be known.
    parts
        For each column its dimensions.
    smooth
        For each dimension whether values between the real ones may be drawn.
    """

    dimensions: Floats
    needs: tuple[tuple[int, ...], ...]
    parts: tuple[Part, ...]
    smooth: tuple[bool, ...]


def fold(drawn: Floats, parts: Sequence[Part]) -> Floats:
    """Return columns of drawn dimensions, NaN where they say that a cell is missing.

    Parameters
    ----------
    drawn
        Rows × dimensions.
    parts
        For each column its dimensions.
    """
    columns = np.empty((len(drawn), len(parts)))
    for place, part in enumerate(parts):
        values = drawn[:, part.rest] if part.rest >= 0 else np.zeros(len(drawn))
        if part.order:
            values = np.array(part.order, float)[np.rint(values).astype(np.intp)]
        for dimension, code in reversed(part.asked):
            values = np.where(drawn[:, dimension] > 0.5, code, values)
        if part.gap >= 0:
            values = np.where(drawn[:, part.gap] > 0.5, np.nan, values)
        columns[:, place] = values
    return columns


def unfold(
    matrix: Floats,
    classes: Ints,
    words: Sequence[bool],
    smooth: Sequence[bool],
    most: int,
) -> Unfolded:
    """Return the latent dimensions of a matrix.

    Parameters
    ----------
    matrix
        Rows × columns; NaN where a cell is missing, codes from 0 for words.
    classes
        Each row's class from 0.
    words, smooth
        Which columns are codes, and which may take values between the real ones.
    most
        Up to how many dimensions words are told by questions.

    Examples
    --------
    >>> codes = np.array([[0.0], [1.0], [np.nan], [0.0]] * 20)
    >>> found = unfold(codes, np.zeros(80, int), [True], [False], 9)
    >>> found.dimensions[:4].T.tolist()
    [[1.0, 0.0, nan, 1.0], [0.0, 0.0, 1.0, 0.0]]
    >>> fold(found.dimensions[:3], found.parts).T.tolist()
    [[0.0, 1.0, nan]]
    """
    seen = _seen(matrix, classes, words) if any(words) else (np.zeros(0), matrix)
    for questions in QUESTIONS:
        draft, parts = _Draft(), []
        for place, word in enumerate(words):
            values = matrix[:, place]
            if word:
                others = seen[1][:, seen[0] != place]
                parts.append(_word(draft, values, questions, others))
            else:
                parts.append(Part(rest=draft.add(values, smooth=smooth[place])))
        parts = _with_gaps(draft, matrix, parts)
        if len(draft.dimensions) <= most:
            break
    dimensions = np.column_stack(draft.dimensions)
    needs, between = tuple(map(tuple, draft.needs)), tuple(draft.smooth)
    return Unfolded(dimensions, needs, tuple(parts), between)


class _Draft:
    """The dimensions as they grow."""

    def __init__(self) -> None:
        self.dimensions: list[Floats] = []
        self.needs: list[list[int]] = []
        self.smooth: list[bool] = []

    def add(
        self, values: Floats, needs: Sequence[int] = (), smooth: bool = False
    ) -> int:
        """Add a dimension and return its place."""
        self.dimensions.append(values.astype(float))
        self.needs.append(list(needs))
        self.smooth.append(smooth)
        return len(self.dimensions) - 1


def _word(draft: _Draft, values: Floats, questions: int, others: Floats) -> Part:
    """Add the dimensions of one column of codes."""
    known = np.isfinite(values)
    counts = np.bincount(values[known].astype(np.intp), minlength=1)
    first = _first(values, counts, questions, others)
    left = [code for code in range(len(counts)) if code not in first]
    asked: list[tuple[int, int]] = []
    open_rows = known.copy()
    for code in first:
        answer = np.where(open_rows, values == code, np.nan)
        asked.append((draft.add(answer, [place for place, _ in asked]), code))
        open_rows &= values != code
    rest = -1
    if len(left) > 1 or not first:
        if len(left) > 2 and others.shape[1]:
            along = _along(values, open_rows, len(counts), others)
            left = sorted(left, key=lambda code: (along[code], code))
        position = np.zeros(len(counts))
        position[left] = np.arange(len(left))
        codes = np.where(open_rows, values, 0).astype(np.intp)
        told = np.where(open_rows, position[codes], np.nan)
        rest = draft.add(told, [place for place, _ in asked])
    return Part(tuple(asked), rest, tuple(left))


def _first(values: Floats, counts: Ints, questions: int, others: Floats) -> list[int]:
    """Return the codes to ask for, at each step the one that stands out most.

    It stands out as far as the other columns of its rows are away from those of the
    rest, the more so the more rows it has.
    """
    rows = np.flatnonzero(np.isfinite(values))
    rows = rows[:: max(len(rows) // LOOKED_AT, 1)]
    codes, seen = values[rows].astype(np.intp), others[rows]
    left: list[int] = np.flatnonzero(counts >= WORTH).tolist()
    first: list[int] = []
    while left and len(first) < min(questions, len(counts) - 1):
        sizes = np.array([np.sum(codes == code) for code in left])
        means = np.array([seen[codes == code].sum(axis=0) for code in left])
        away = means / np.maximum(sizes, 1)[:, None] - seen.mean(axis=0)
        share = sizes / max(len(codes), 1)
        out = sizes / np.maximum(1 - share, 1e-9) * ((away**2).sum(axis=1) + 1e-6)
        code = left.pop(int(np.argmax(out)))
        keep = codes != code
        first, codes, seen = [*first, code], codes[keep], seen[keep]
    return first


def _with_gaps(draft: _Draft, matrix: Floats, parts: Sequence[Part]) -> list[Part]:
    """Add one dimension for each pattern of gaps, and say who needs which."""
    gone = np.isnan(matrix)
    some = np.flatnonzero(gone.any(axis=0))
    found = list(parts)
    if not len(some):
        return found
    marks, which = np.unique(gone[:, some], axis=1, return_inverse=True)
    places = [draft.add(mark) for mark in marks.T]
    for column, pattern in zip(some.tolist(), which.ravel().tolist(), strict=True):
        part, gap = parts[column], places[pattern]
        mine = [place for place, _ in part.asked] + [part.rest] * (part.rest >= 0)
        for place in mine:
            draft.needs[place].append(gap)
        found[column] = replace(part, gap=gap)
    return found


def _seen(matrix: Floats, classes: Ints, words: Sequence[bool]) -> tuple[Ints, Floats]:
    """Return what tells words apart: scores of numbers, gaps, marks of common words."""
    whose, parts = [], []
    for place in range(min(matrix.shape[1], SEEN)):
        values = matrix[:, place]
        known = np.isfinite(values)
        made = [(~known).astype(float)]
        if words[place]:
            counts = np.bincount(values[known].astype(np.intp), minlength=1)
            common = np.argsort(-counts, kind="stable")[:LEVELS]
            made += [(values == code).astype(float) for code in common]
        else:
            scores = np.zeros(len(values))
            scores[known] = normal_scores(values[known])
            made.append(scores)
        whose += [place] * len(made)
        parts += made
    seen = np.column_stack(parts)
    seen = seen - _means(seen, classes)[classes]
    size = np.sqrt((seen**2).mean(axis=0))
    return np.array(whose, np.intp), seen / np.where(size > 1e-9, size, 1)


def _means(seen: Floats, classes: Ints, lent: float = 0.0) -> Floats:
    kinds = int(classes.max()) + 1
    counts = np.bincount(classes, minlength=kinds).astype(float)
    sums = np.zeros((kinds, seen.shape[1]))
    np.add.at(sums, classes, seen)
    return np.asarray(sums / np.maximum(counts + lent, 1)[:, None])


def _along(
    values: Floats, rows: NDArray[np.bool_], levels: int, others: Floats
) -> Floats:
    """Return where words lie on the axis along which the other columns differ most.

    The first axis of a correspondence analysis.
    """
    codes = values[rows].astype(np.intp)
    means = np.zeros((levels, others.shape[1]))
    means[: codes.max() + 1] = _means(others[rows], codes, LENT)
    weights = np.sqrt(np.bincount(codes, minlength=levels))
    _, _, axes = np.linalg.svd(weights[:, None] * means, full_matrices=False)
    # the sign of an axis is free: fix it, so that every machine orders alike
    axis = axes[0] * np.sign(axes[0][np.argmax(np.abs(axes[0]))])
    return np.asarray(means @ axis)
