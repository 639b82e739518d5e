"""Any table as a matrix of plain numbers, for the quick models that checks use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.media import KINDS
from mlkit.core.schema import Schema
from mlkit.data.measures.moments import visible

__all__ = ["LETTERS", "affordable", "ends_of", "quick_features"]

LETTERS = 2_000
"""Of a longer text the first and the last thousand letters are looked at."""

TEXT_PARTS = 20
WORDS = 20_000
SHORT = 60
LEVELS = 30
COST = {"text": 80, "image": 300, "audio": 300}

Matrix = NDArray[np.float32]


def quick_features(table: pd.DataFrame, names: Sequence[str] | None = None) -> Matrix:
    """Return the features of a table as numbers, shape (rows, made columns).

    Numbers stay, dates become parts, a category becomes ones and zeros (skrub's
    TableVectorizer), text becomes its strongest directions (latent semantic analysis,
    Deerwester et al. 1990), images and sounds their measures. Missing numbers are NaN.

    Parameters
    ----------
    table
        Cleaned rows.
    names
        The columns to use; by default the features of the table's schema.

    Examples
    --------
    >>> frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": ["a", "b", "a"]})
    >>> quick_features(frame).shape
    (3, 2)
    """
    schema = Schema.of(table)
    wanted = schema.features if names is None else names
    used = [n for n in wanted if schema[n].type != "id" and table[n].notna().any()]
    rich = [n for n in used if _is_rich(table[n], schema[n].type)]
    plain = [name for name in used if name not in rich]
    blocks = [_plain(table, plain)] if plain else []
    blocks += [_rich(table[name], schema[name].type) for name in rich]
    made = np.hstack(blocks) if blocks else np.zeros((len(table), 1), np.float32)
    return made.astype(np.float32, copy=False)


def affordable(schema: Schema, names: Sequence[str], cells: int) -> int:
    """Return how many rows hold so many cells, of which a text counts 80, an image 300.

    Parameters
    ----------
    schema
        The table's.
    names
        The columns that are looked at.
    cells
        As many as there is time for.

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> affordable(Schema((Column("x"), Column("told", "text"))), ["x"], 300_000)
    300000
    >>> affordable(Schema((Column("x"), Column("told", "text"))), ["told"], 300_000)
    3750
    """
    width = sum(COST.get(schema[name].type, 1) for name in names)
    return max(cells // max(width, 1), 500)


def ends_of(texts: pd.Series) -> list[str]:
    """Return texts, of the longer ones the two ends.

    Examples
    --------
    >>> [len(text) for text in ends_of(pd.Series(["ab", None, "x" * 9000]))]
    [2, 0, 2001]
    """
    plain = texts.astype("str").where(texts.notna(), "")
    half = LETTERS // 2
    return [
        text if len(text) <= LETTERS else f"{text[:half]} {text[-half:]}"
        for text in plain.tolist()
    ]


def _is_rich(values: pd.Series, kind: str) -> bool:
    many = kind in ("text", "category") and values.dtype.kind not in "fiubM"
    return kind in KINDS or (many and values.nunique() > LEVELS)


def _plain(table: pd.DataFrame, names: Sequence[str]) -> Matrix:
    import skrub

    frame = pd.DataFrame({str(i): _seen(table[name]) for i, name in enumerate(names)})
    encoder = skrub.TableVectorizer(
        cardinality_threshold=LEVELS + 1, high_cardinality="drop"
    )
    made = encoder.fit_transform(frame.reset_index(drop=True))
    with np.errstate(over="ignore"):
        numbers = made.to_numpy(np.float32, na_value=np.nan)
        return np.asarray(np.where(np.isfinite(numbers), numbers, np.nan), np.float32)


def _seen(values: pd.Series) -> pd.Series:
    """Return numbers as trees see them, and all else as it is."""
    if values.dtype.kind not in "fiu":
        return values
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    return pd.Series(visible(numbers), values.index)


def _rich(values: pd.Series, kind: str) -> Matrix:
    if kind not in KINDS:
        return _directions(ends_of(values))
    from mlkit.data.media import features

    return features(values, kind)


def _directions(texts: list[str]) -> Matrix:
    """Return the strongest directions of weighted words, of short texts of letters."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    short = np.mean([len(text) for text in texts]) < SHORT
    how = {"analyzer": "char_wb", "ngram_range": (3, 4)} if short else {}
    weigh = TfidfVectorizer(max_features=WORDS, sublinear_tf=True, min_df=2, **how)
    try:
        weighed = weigh.fit_transform(texts)
    except ValueError:  # no word comes twice
        return np.zeros((len(texts), 1), np.float32)
    most = min(TEXT_PARTS, *(size - 1 for size in weighed.shape))
    if most < 1:
        return np.asarray(weighed.toarray(), np.float32)
    with np.errstate(invalid="ignore"):  # texts that are all alike have no spread
        found = TruncatedSVD(most, random_state=0).fit_transform(weighed)
    return np.asarray(found, np.float32)
