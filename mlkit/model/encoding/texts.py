"""Text as numbers: topics, and how near a text comes to each answer.

Weighted counts of words and of pairs of words are multiplied by weights that are whole
numbers, so small that every sum is exact in float32 in whatever order it is taken.
ONNX therefore gives the same bits; trees may split on them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from sys import getsizeof
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.model.encoding.counts import chosen, counted, read
from mlkit.model.encoding.tokens import MOST, plain
from mlkit.model.threads import one_thread

__all__ = ["CAP", "COUNTS", "LENGTHS", "UNIT", "Texts", "takes"]

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]
SHORT, LOOKED_AT, UNIT, LARGEST, KEPT = 8, 400, 8, 127, 200_000_000
CAP, EMPTY = 31, 1e-6
BEGUN, LETTER, WORD = 0.05, 3e-7, 6
COUNTS = np.round(UNIT * (1 + np.log(np.maximum(np.arange(CAP + 1), 1))))
COUNTS = (COUNTS * (np.arange(CAP + 1) > 0)).astype(np.float32)
"""What a word that comes so often weighs: at most `UNIT` times its count."""
LENGTHS = (1 / np.sqrt(np.maximum(np.arange(3 * MOST + 1), 1))).astype(np.float32)
"""By length: what a text's sums are multiplied by."""


@dataclass
class Texts:
    """How one text column becomes columns of numbers.

    Parameters
    ----------
    words
        Words, pairs of words and pieces that are counted, sorted.
    pieces
        Whether pieces of three letters are.
    weights
        Whole numbers of at most ±127, shape (words, columns).
    mean, scale
        Of each column; float32.
    names
        A name a column.
    """

    words: list[str]
    pieces: bool
    weights: Floats
    mean: Floats
    scale: Floats
    names: list[str]

    def __getstate__(self) -> dict[str, Any]:
        """Keep the words as one text: each would be a node of its own in a file."""
        return {**vars(self), "words": "\n".join(self.words)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        words = state["words"].split("\n") if state["words"] else []
        vars(self).update(state, words=words)

    def transform(self, values: pd.Series) -> Floats:
        """Return the columns of some texts, shape (rows, columns)."""
        key = _key(values, self.weights, self.mean)
        made: Floats = _once(key, lambda: self._transform(values))
        return made.copy()

    def _transform(self, values: pd.Series) -> Floats:
        sums, lengths = _weighed(counted(values, self.pieces, self.words))
        return self.scaled((sums @ self.weights) * lengths[:, None])

    def scaled(self, cells: Floats) -> Floats:
        """Return columns from sums that were multiplied by what lengths say."""
        return ((cells - self.mean) * self.scale).astype(np.float32)

    @classmethod
    def learn(
        cls,
        values: pd.Series,
        goals: Numbers,
        folds: NDArray[np.int64],
        topics: int,
        seed: int = 0,
    ) -> tuple[Texts, Floats] | None:
        """Learn from texts and answers; None where no word comes again.

        Parameters
        ----------
        values
            The text column, shape (rows,).
        goals
            What texts are to come near to, shape (rows, goals).
        folds
            Each row's fold: a row's nearness is told by the others' answers.
        topics
            How many topics, at most.
        seed
            Of everything drawn at random.

        Returns
        -------
        Texts
            For other rows.
        matrix
            Of these rows, shape (rows, columns).

        Notes
        -----
        Topics are latent semantic analysis (Deerwester and others 1990) of term
        frequencies times inverse document frequencies; nearness is ridge regression
        on the same.
        """
        key = _key(values, goals, folds, np.array([topics, seed]))
        told = _once(key, lambda: _learn(cls, values, goals, folds, topics, seed))
        return None if told is None else (told[0], told[1].copy())


def takes(table: pd.DataFrame, names: Sequence[str], rows: int) -> float:
    """Guess the seconds that learning the words of so many rows takes, on one core.

    Parameters
    ----------
    table
        Some of the rows; their texts tell how long the others are.
    names
        The text columns.
    rows
        How many rows are learnt from.

    Examples
    --------
    >>> table = pd.DataFrame({"said": ["word " * 800] * 10})
    >>> takes(table, ["said"], 1000) > takes(table, ["said"], 100) > takes(table, [], 9)
    True
    """
    some = table.iloc[:: max(1, len(table) // LOOKED_AT)]
    most = MOST * WORD
    letters = sum(float(some[n].str.len().clip(upper=most).mean()) for n in names)
    return BEGUN * len(names) + LETTER * float(np.nan_to_num(letters)) * rows


MEMO: OrderedDict[bytes, Any] = OrderedDict()
"""What was made of which texts: families that want texts alike learn them once.

It holds about `KEPT` bytes; what was used longest ago goes first.
"""


def _once(key: bytes, make: Callable[[], Any]) -> Any:
    if key in MEMO:
        MEMO.move_to_end(key)
        return MEMO[key]
    MEMO[key] = made = make()
    while len(MEMO) > 1 and sum(map(_bytes, MEMO.values())) > KEPT:
        MEMO.popitem(last=False)
    return made


def _bytes(made: Any) -> int:
    """Return about how much memory is held by what was learnt, or by columns."""
    if isinstance(made, tuple):
        told, cells = made
        return int(cells.nbytes + told.weights.nbytes + sum(map(getsizeof, told.words)))
    return 0 if made is None else int(made.nbytes)


def _key(values: pd.Series, *more: NDArray[Any]) -> bytes:
    cells = values.astype(object).where(values.notna(), None).to_numpy()
    found = blake2b(pd.util.hash_array(cells, categorize=False).tobytes())
    for array in more:
        found.update(f"{array.dtype} {array.shape}".encode() + array.tobytes())
    return found.digest()


def _learn(
    cls: type[Texts],
    values: pd.Series,
    goals: Numbers,
    folds: NDArray[np.int64],
    topics: int,
    seed: int,
) -> tuple[Texts, Floats] | None:
    pieces = _short(values)
    counts, words = chosen(*read(values, pieces))
    if not words:
        return None
    sums, lengths = _weighed(counts)
    rarity = _rarity(counts)
    matrix = sums.multiply(lengths[:, None]).multiply(rarity[None, :]).tocsr()
    size = float(np.sqrt(matrix.power(2).sum(axis=1).mean())) or 1.0
    matrix = matrix / size
    parts = _topics(matrix, topics, seed)
    near, apart = _nearness(matrix, goals, folds)
    exact = rarity[:, None] * np.hstack([parts, near])
    unit = LARGEST / np.maximum(np.abs(exact).max(axis=0), 1e-12)
    weights = np.round(exact * unit).astype(np.float32)
    cells = (sums @ weights) * lengths[:, None]
    cells[:, parts.shape[1] :] = apart * unit[parts.shape[1] :] * size
    spread = cells.std(axis=0)
    names = [*_named(words, weights[:, : parts.shape[1]]), *_ranked(near.shape[1])]
    made = cls(
        words,
        pieces,
        weights,
        cells.mean(axis=0).astype(np.float32),
        (1 / np.where(spread > 1e-9, spread, 1.0)).astype(np.float32),
        names,
    )
    return made, made.scaled(cells)


def _short(values: pd.Series) -> bool:
    """Tell whether half of the texts have few words."""
    given = values.dropna()
    some = given.iloc[:: max(1, len(given) // LOOKED_AT)]
    counts = [plain(str(text)[:LOOKED_AT]).count(" ") + 1 for text in some]
    return bool(counts) and float(np.median(counts)) <= SHORT


def _weighed(counts: Any) -> tuple[Any, Floats]:
    """Return weighted counts, and by row what sums are multiplied by."""
    sums = counts.tocsr().astype(np.float32)
    sums.data = COUNTS[np.minimum(sums.data, CAP).astype(np.int64)]
    whole = np.asarray(sums.sum(axis=1)).ravel().astype(np.int64) // UNIT
    return sums, LENGTHS[np.minimum(whole, len(LENGTHS) - 1)]


def _rarity(counts: Any) -> Numbers:
    rows = counts.shape[0]
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + rows) / (1 + seen)) + 1, np.float64)


def _topics(matrix: Any, topics: int, seed: int) -> Numbers:
    """Return the weights of words in topics, shape (words, topics).

    A direction in which no two texts differ is left out: nothing but rounding, it would
    say anything of other texts.
    """
    from sklearn.utils.extmath import randomized_svd

    most = min(topics, min(matrix.shape) - 1)
    if most < 1:
        return np.zeros((matrix.shape[1], 0))
    some = matrix[:: max(1, matrix.shape[0] // 10_000)]
    if some.shape[0] <= most:
        some = matrix
    with one_thread():
        _, sizes, found = randomized_svd(some, most, n_iter=4, random_state=seed)
    told = sizes > sizes[0] * EMPTY
    return np.asarray(found[told].T, np.float64)


def _nearness(
    matrix: Any, goals: Numbers, folds: NDArray[np.int64]
) -> tuple[Numbers, Numbers]:
    """Return weights of words for each goal, and each row's nearness by the others."""
    apart = np.zeros(goals.shape)
    if not goals.shape[1]:
        return np.zeros((matrix.shape[1], 0)), apart
    for fold in np.unique(folds):
        rest = folds != fold
        if rest.any():
            apart[~rest] = matrix[~rest] @ _ridge(matrix[rest], goals[rest])
    return _ridge(matrix, goals), apart


def _ridge(matrix: Any, goals: Numbers) -> Numbers:
    from sklearn.linear_model import Ridge

    model = Ridge(1.0, fit_intercept=False, solver="sparse_cg", tol=1e-4)
    model.fit(matrix, goals - goals.mean(axis=0))
    return np.asarray(np.atleast_2d(model.coef_).T, np.float64)


def _named(words: Sequence[str], weights: Floats) -> Iterator[str]:
    """Yield a topic's name: the words, or else the pieces, that weigh most in it.

    Of a word and of pairs with it just the first is named.
    """
    whole = np.array([not word.startswith("#") for word in words])
    for column in weights.T:
        size = np.abs(column) * (whole if (column[whole] != 0).any() else 1)
        named, met = list[str](), set[str]()
        for at in np.argsort(-size, kind="stable")[:LOOKED_AT]:
            parts = set(words[at].split(" "))
            if len(named) < 3 and not parts & met:
                named.append(words[at])
                met |= parts
        yield ", ".join(named)


def _ranked(count: int) -> list[str]:
    return ["nearness"] if count == 1 else [f"nearness {k + 1}" for k in range(count)]
