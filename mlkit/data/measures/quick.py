"""Any table as a matrix of plain numbers, for the quick models that checks use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema

__all__ = ["quick_features"]

TEXT_PARTS = 20
LEVELS = 30


def quick_features(
    table: pd.DataFrame, names: Sequence[str] | None = None
) -> NDArray[np.float32]:
    """Return the features of a table as numbers, shape (rows, made columns).

    Numbers stay, dates become parts, a category becomes ones and zeros, text becomes
    its strongest directions (skrub's TableVectorizer and StringEncoder). Missing
    numbers are NaN. Images and audio are passed over.

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
    import skrub

    schema = Schema.of(table)
    wanted = schema.features if names is None else names
    used = [n for n in wanted if schema[n].type not in ("id", "image", "audio")]
    plain = pd.DataFrame({str(i): table[n] for i, n in enumerate(used)})
    plain = plain.loc[:, plain.notna().any()].reset_index(drop=True)
    if plain.empty:
        return np.zeros((len(table), 1), np.float32)
    encoder = skrub.TableVectorizer(
        cardinality_threshold=LEVELS,
        high_cardinality=skrub.StringEncoder(n_components=TEXT_PARTS, random_state=0),
    )
    made = encoder.fit_transform(plain).to_numpy(np.float32, na_value=np.nan)
    with np.errstate(over="ignore"):
        return np.asarray(np.where(np.isfinite(made), made, np.nan), np.float32)
