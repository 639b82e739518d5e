"""Which rows to label next: those about which a quick model is least certain."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.labels.features import scaled_features

__all__ = ["Ranker"]

LEARNT = 3000
RANKED = 5000
SEED = 0
Places = NDArray[np.intp]


class Ranker:
    """Ranks rows without a label by how uncertain a quick model is about them.

    The features are computed once, of up to 5,000 rows without a label and up to
    3,000 with one from the source; rows that people label join those that teach.

    Parameters
    ----------
    table
        Cleaned rows with a target of classes in their schema.

    Notes
    -----
    Margin sampling (Scheffer, Decomain and Wrobel 2001): the smallest difference
    between the two most probable classes of a logistic regression comes first.

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> words = ["low"] * 5 + [None] * 10 + ["high"] * 5
    >>> rows = pd.DataFrame({"x": range(20), "t": pd.array(words, "str")})
    >>> schema = Schema((Column("x"), Column("t", "category", ("target",))))
    >>> Ranker(schema.attach(rows)).rank({}).tolist()[-2:]
    [5, 14]
    """

    def __init__(self, table: pd.DataFrame) -> None:
        rng = np.random.default_rng(SEED)
        target = table[str(Schema.of(table).target)]
        known = target.notna().to_numpy()
        taught = _drawn(np.flatnonzero(known), LEARNT, rng)
        self.places = np.sort(
            np.concatenate([taught, _drawn(np.flatnonzero(~known), RANKED, rng)])
        )
        self.rows = table.index[self.places].astype("str")
        words = target.iloc[self.places].astype("str").to_numpy(object)
        words[~known[self.places]] = None
        self.source = words
        self._table = table
        self._features: NDArray[np.float32] | None = None

    def rank(self, labels: Mapping[str, Any]) -> Places:
        """Return places of rows without a label, the most uncertain first.

        Parameters
        ----------
        labels
            What people said, settled: row id → class, or None for "none".

        Returns
        -------
        array of int
            Empty while fewer than two classes are known.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        words = self._words(labels)
        taught = np.array([word is not None for word in words], bool)
        open_ = ~taught & ~self.rows.isin(list(labels))
        if len(set(words[taught])) < 2 or not open_.any():
            return np.zeros(0, np.intp)
        if self._features is None:
            self._features = scaled_features(self._table.iloc[self.places])
        model = LogisticRegression(C=0.1, max_iter=100)
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(self._features[taught], words[taught].astype(str))
        chances = np.sort(model.predict_proba(self._features[open_]), axis=1)
        margin = chances[:, -1] - chances[:, -2]
        found: Places = self.places[open_][np.argsort(margin, kind="stable")]
        return found

    def _words(self, labels: Mapping[str, Any]) -> NDArray[Any]:
        """Return each row's class as it stands, None where it has none."""
        words: NDArray[Any] = self.source.copy()
        at = self.rows.get_indexer(pd.Index(list(labels), dtype="str"))
        for place, word in zip(at, labels.values(), strict=True):
            if place >= 0:
                words[place] = None if word is None else str(word)
        return words


def _drawn(places: Places, most: int, rng: np.random.Generator) -> Places:
    return places if len(places) <= most else rng.choice(places, most, replace=False)
