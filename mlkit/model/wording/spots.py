"""One text as a model counts it, and what is left of it without some of its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.model.encoding.texts import CAP, COUNTS, LENGTHS, UNIT, Texts
from mlkit.model.encoding.tokens import grams, plain
from mlkit.model.fitted import Model

__all__ = ["UNTOLD", "Spots", "embedded", "put", "spoken", "without"]

Array = NDArray[Any]
Floats = NDArray[np.float32]
UNTOLD = "What its sentence embedding says, which reads a text whole, is not told of."


@dataclass(frozen=True)
class Spots:
    """Where a text has what a model counts: words, pairs of neighbours, pieces.

    Parameters
    ----------
    words
        The distinct words of the text, in the order in which they first come.
    gram
        By spot: the place of what is counted in `Texts.words`.
    first, second
        By spot: the words, by their place in `words`, without which it is not there.
    """

    words: tuple[str, ...]
    gram: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]

    @classmethod
    def of(cls, text: Any, texts: Texts) -> Spots:
        """Find what some texts' counts take of a text.

        Examples
        --------
        >>> values = pd.Series(["not bad", "not bad", "bad not", "so so"])
        >>> texts, _ = Texts.learn(values, np.eye(4)[:, :1], np.arange(4) % 2, 1)
        >>> found = Spots.of("Bad, BAD film", texts)
        >>> found.words, [texts.words[at] for at in found.gram][:3]
        (('bad', 'film'), ['bad', 'bad', '#<ba'])
        """
        told = plain(text, texts.pieces)
        whole = told.partition(" . ")[0].split(" ") if told else []
        place = {word: at for at, word in enumerate(dict.fromkeys(whole))}
        each = np.array([place[word] for word in whole], np.int64)
        found = grams(told)
        pieces = np.repeat(each, [len(word) for word in whole]) if whole else each
        rest = len(found) - len(whole) - max(len(whole) - 1, 0)
        first = np.concatenate([each, pieces[:rest], each[:-1]])
        second = np.concatenate([each, pieces[:rest], each[1:]])
        known = {word: at for at, word in enumerate(texts.words)}
        gram = np.array([known.get(one, -1) for one in found], np.int64)
        kept = gram >= 0
        return cls(tuple(place), gram[kept], first[kept], second[kept])

    def only(self, words: Sequence[int]) -> Spots:
        """Return the same with some of the words, among them all that are counted."""
        place = np.zeros(len(self.words), np.int64)
        place[list(words)] = np.arange(len(words))
        told = tuple(self.words[at] for at in words)
        return Spots(told, self.gram, place[self.first], place[self.second])

    def growing(self, ranks: Array, texts: Texts) -> Floats:
        """Return a text's columns as its words come back, one after the other.

        Parameters
        ----------
        ranks
            By walk when each word comes, from 0, shape (walks, words).
        texts
            What `of` was given.

        Returns
        -------
        matrix
            Shape (walks, words + 1, columns); the first of a walk has no word.
        """
        from scipy.sparse import csr_matrix

        walks, steps = ranks.shape[0], len(self.words) + 1
        arrival = np.maximum(ranks[:, self.first], ranks[:, self.second]) + 1
        order = np.argsort(self.gram * steps + arrival, axis=1, kind="stable")
        gram = np.sort(self.gram, kind="stable")
        start = np.searchsorted(gram, gram)
        count = np.minimum(np.arange(len(gram)) - start, CAP)
        more = COUNTS[np.minimum(count + 1, CAP)] - COUNTS[count]
        row = (
            np.take_along_axis(arrival, order, axis=1)
            + steps * np.arange(walks)[:, None]
        )
        cells = np.tile(more, walks), (row.ravel(), np.tile(gram, walks))
        grown = csr_matrix(cells, (walks * steps, len(texts.words)), dtype=np.float64)
        sums = (grown @ texts.weights).reshape(walks, steps, -1).cumsum(axis=1)
        whole = np.asarray(grown.sum(axis=1)).reshape(walks, steps).cumsum(axis=1)
        return _columns(texts, sums, whole)

    def lacking(self, texts: Texts) -> Floats:
        """Return a text's columns without each of its words, shape (words, columns)."""
        from scipy.sparse import csr_matrix

        wide, words = len(texts.words), len(self.words)
        total = np.bincount(self.gram, minlength=wide)
        other = self.second != self.first
        word = np.concatenate([self.first, self.second[other]])
        gram = np.concatenate([self.gram, self.gram[other]])
        both, lost = np.unique(word * wide + gram, return_counts=True)
        at = both % max(wide, 1)
        less = COUNTS[np.minimum(np.maximum(total[at] - lost, 0), CAP)]
        less = less - COUNTS[np.minimum(total[at], CAP)]
        cells = less, (both // max(wide, 1), at)
        taken = csr_matrix(cells, (words, wide), dtype=np.float64)
        have = COUNTS[np.minimum(total, CAP)].astype(np.float64)
        sums = have @ texts.weights + taken @ texts.weights
        whole = have.sum() + np.asarray(taken.sum(axis=1)).ravel()
        return _columns(texts, sums, whole)


def spoken(model: Model, text: Any, name: str) -> tuple[list[str], list[Spots | None]]:
    """Return a text's words that a model counts, and by encoder where they are.

    Parameters
    ----------
    model
        A fitted model.
    text
        A cell.
    name
        Its column; an encoder that looks at no text has None.
    """
    met: dict[bytes, Spots] = {}
    found: list[Spots | None] = []
    for encoder in model.encoders:
        texts = encoder.texts.get(name)
        if texts is None:
            found.append(None)
            continue
        key = "\n".join([str(texts.pieces), *texts.words]).encode()
        if key not in met:
            met[key] = Spots.of(text, texts)
        found.append(met[key])
    used = sorted({at for s in met.values() for at in (*s.first, *s.second)})
    words = next(iter(met.values())).words if met else ()
    kept = {id(spots): spots.only(used) for spots in met.values()}
    return [words[at] for at in used], [
        None if s is None else kept[id(s)] for s in found
    ]


def embedded(model: Model, name: str) -> bool:
    """Tell whether a model reads the sentence embedding of a text column too."""
    return any(name in encoder.embeddings for encoder in model.encoders)


def put(
    model: Model,
    matrices: Sequence[Array],
    name: str,
    columns: Sequence[Floats | None],
    rows: int,
) -> list[Floats]:
    """Return one row's matrices, repeated, with others of a text's columns.

    Parameters
    ----------
    model, matrices
        A fitted model, and what it makes of one row.
    name
        The text column.
    columns
        By encoder those of its words, shape (rows, columns); None leaves them as they
        are. A sentence embedding, which reads a text whole, stays as it is.
    rows
        How many.
    """
    made = []
    for encoder, matrix, mine in zip(model.encoders, matrices, columns, strict=True):
        new = np.repeat(matrix, rows, axis=0)
        if mine is not None:
            new[:, encoder.places(name)[: mine.shape[1]]] = mine
        made.append(new)
    return made


def without(
    model: Model,
    row: pd.DataFrame,
    name: str,
    matrices: Sequence[Array] | None = None,
) -> tuple[list[str], list[Array]]:
    """Return a text's words, and the matrices of its row without each of them.

    Parameters
    ----------
    model
        A fitted model.
    row
        One cleaned row.
    name
        The text column.
    matrices
        What `Model.matrices` gives for the row, where that is known.

    Returns
    -------
    list
        The distinct words that the model counts.
    list
        Matrices as `Model.matrices` gives them: the row as it is, then without each
        word; shape (1 + words, …).
    """
    words, spots = spoken(model, row[name].iloc[0], name)
    whole = model.matrices(row) if matrices is None else matrices
    lacking = [
        None if s is None else s.lacking(encoder.texts[name])
        for encoder, s in zip(model.encoders, spots, strict=True)
    ]
    rest = put(model, whole, name, lacking, len(words))
    return words, [np.concatenate(both) for both in zip(whole, rest, strict=True)]


def _columns(texts: Texts, sums: Array, whole: Array) -> Floats:
    length = np.minimum(whole.astype(np.int64) // UNIT, len(LENGTHS) - 1)
    return texts.scaled(sums.astype(np.float32) * LENGTHS[length][..., None])
