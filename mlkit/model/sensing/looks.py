"""What can be said in a word of an image or a sound, to tell rows apart by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.columns import with_columns
from mlkit.core.descriptors import describe
from mlkit.core.media import KINDS
from mlkit.core.schema import Schema
from mlkit.core.visual import GREY

__all__ = ["looks", "with_looks"]


def looks(values: pd.Series, kind: str) -> dict[str, NDArray[Any]]:
    """Return how bright and how contrasty images are, or how long sounds are.

    Parameters
    ----------
    values
        Digests of one column.
    kind
        ``image`` or ``audio``.

    Returns
    -------
    dict
        By measure a value a row, NaN where there is none or it cannot be read.

    Examples
    --------
    >>> from PIL import Image
    >>> from mlkit.core.media import media
    >>> from mlkit.core.pictures import written
    >>> white = media().put(written(Image.new("L", (8, 8), 255)))
    >>> found = looks(pd.Series([white, None]), "image")
    >>> found["brightness"].tolist(), found["contrast"].tolist()
    ([1.0, nan], [0.0, nan])
    """
    cells = values.astype(object).where(values.notna(), None)
    told = describe(cells.tolist(), kind).astype(np.float64)
    if kind == "audio":
        return {"seconds": np.round(10 ** told[:, -1], 2)}
    grey = told[:, :GREY]
    return {
        "brightness": np.round(grey.mean(axis=1), 3),
        "contrast": np.round(grey.std(axis=1), 3),
    }


def with_looks(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a column more for each measure of its images and sounds.

    Parameters
    ----------
    table
        Cleaned rows with their schema.
    """
    made = {
        f"{column.name}: {word}": cells
        for column in Schema.of(table)
        if column.type in KINDS and column.name in table
        for word, cells in looks(table[column.name], column.type).items()
    }
    return with_columns(table, made) if made else table
