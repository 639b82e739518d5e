"""Ask a model what it would say were some cells others, and encode those alone."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.columns import with_columns
from mlkit.model.encoding.encode import Encoder
from mlkit.model.fitted import Model

__all__ = ["changed", "said_of_all", "said_with"]

Array = NDArray[Any]
CELLS = 4_000_000


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
        What `Model.matrices` gives for `table`; columns that stay are taken from there.

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
    if matrices is None:
        return model.predicted(with_columns(table, columns))
    return model.said_of(changed(model, table, columns, matrices))


def changed(
    model: Model,
    table: pd.DataFrame,
    columns: Mapping[str, Any],
    matrices: Sequence[Array],
) -> list[Array]:
    """Return the matrices of rows some of whose columns are others.

    Parameters
    ----------
    model, table, columns, matrices
        As `said_with` takes them.
    """
    moved, made = with_columns(table, columns), []
    for encoder, old in zip(model.encoders, matrices, strict=True):
        lean, new = _narrow(encoder, columns), old.copy()
        cells = lean.transform(moved)
        for name in columns:
            new[:, encoder.places(name)] = cells[:, lean.places(name)]
        made.append(new)
    return made


def said_of_all(model: Model, asked: Iterable[Sequence[Array]]) -> Iterator[Array]:
    """Yield what a model says of several sets of matrices, many asked at one go.

    A model of many parts takes long to ask, however few the rows are.

    Parameters
    ----------
    model
        A fitted model.
    asked
        Matrices by set, as `Model.matrices` gives them.
    """
    held: list[Sequence[Array]] = []
    cells = 0
    for matrices in asked:
        held.append(matrices)
        cells += sum(matrix.size for matrix in matrices)
        if cells > CELLS:
            yield from _at_once(model, held)
            held, cells = [], 0
    if held:
        yield from _at_once(model, held)


def _at_once(model: Model, held: Sequence[Sequence[Array]]) -> list[Array]:
    ends = np.cumsum([len(matrices[0]) for matrices in held])
    whole = [np.concatenate(parts) for parts in zip(*held, strict=True)]
    return np.split(model.said_of(whole), ends[:-1])


def _narrow(encoder: Encoder, names: Container[str]) -> Encoder:
    """Return an encoder that looks at no word of other columns than these."""
    return replace(
        encoder,
        levels={n: v for n, v in encoder.levels.items() if n in names},
        rates={n: v for n, v in encoder.rates.items() if n in names},
        texts={n: v for n, v in encoder.texts.items() if n in names},
        embeddings={n: v for n, v in encoder.embeddings.items() if n in names},
        media={n: v for n, v in encoder.media.items() if n in names},
    )
