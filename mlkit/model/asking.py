"""Ask a model what it would say were some cells others, and read no text twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from mlkit.model.fitted import Model

__all__ = ["said_with"]

Array = NDArray[Any]


def said_with(
    model: Model,
    table: pd.DataFrame,
    columns: Mapping[str, Any],
    matrices: Sequence[Array] | None = None,
) -> Array:
    """Return what a model says of rows some of whose columns are others.

    Parameters
    ----------
    model
        A fitted model.
    table
        Cleaned rows.
    columns
        The cells to put in their place, by column.
    matrices
        What `Model.matrices` gives for `table`; texts that stay are taken from there.

    Examples
    --------
    >>> from mlkit.model.fitted import fit
    >>> from mlkit.model.problem import Problem
    >>> x = [float(number) for number in range(40)]
    >>> rows = pd.DataFrame({"x": x, "y": x})
    >>> model = fit("tree", {}, rows, Problem("number", "y", "rmse", numbers=("x",)))
    >>> bool((said_with(model, rows, {"x": 3.0}) == model.predicted(rows)[3]).all())
    True
    """
    changed, texts = table.assign(**columns), set(model.problem.texts)
    if matrices is None or not texts or texts & set(columns):
        return model.predicted(changed)
    made = []
    for encoder, old in zip(model.encoders, matrices, strict=True):
        lean, new = replace(encoder, texts={}), old.copy()
        cells = lean.transform(changed)
        for name in columns:
            new[:, encoder.places(name)] = cells[:, lean.places(name)]
        made.append(new)
    return model.said_of(made)
